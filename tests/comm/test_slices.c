/* The borders of a batch's slices, for any number of ranks. */

#include "check.h"
#include "vit/slices.h"
#include "vit/tree.h"

static void slices_cover_the_batch_in_whole_units(size_t ranks, size_t unit) {
    Slices slices;
    assert_ok(slices_init(&slices, ranks, unit));
    for (size_t images = 0; images < 70; images++) {
        slices_set(&slices, images);
        assert_true(slices.images == images && slices.units == (images + unit - 1) / unit);
        assert_true(slices.image[0] == 0 && slices.unit[0] == 0);
        assert_true(slices.image[ranks] == images && slices.unit[ranks] == slices.units);
        size_t nodes = 0, least = slices.units, most = 0;
        for (int r = 0; r < (int)ranks; r++) {
            const size_t units = slices.unit[r + 1] - slices.unit[r];
            const size_t first = slices_first(&slices, r), end = first + slices_count(&slices, r);
            assert_true(end == slices.image[r + 1]);
            assert_true(first == slices.unit[r] * unit || first == images);
            assert_true(slices_count(&slices, r) <= units * unit);
            least = units < least ? units : least;
            most = units > most ? units : most;
            nodes += slices_nodes(&slices, r);
        }
        assert_true(most - least <= 1);
        assert_true(nodes == slices_all_nodes(&slices));
    }
    slices_free(&slices);
}

/* By looking at every batch of an epoch. */
static void the_most_of_an_epoch_is_found(int rank, size_t ranks, size_t samples, size_t batch_size,
                                          size_t unit) {
    const Ranks here = {.rank = rank, .size = (int)ranks};
    SlicesMost most, wanted = {0};
    Slices slices;
    assert_ok(slices_most(&here, samples, batch_size, unit, &most));
    assert_ok(slices_init(&slices, ranks, unit));
    for (size_t done = 0; done < samples; done += batch_size) {
        slices_set(&slices, samples - done < batch_size ? samples - done : batch_size);
        const size_t images = slices_count(&slices, rank), nodes = slices_nodes(&slices, rank);
        const size_t all = slices_all_nodes(&slices);
        wanted.images = images > wanted.images ? images : wanted.images;
        wanted.nodes = nodes > wanted.nodes ? nodes : wanted.nodes;
        wanted.all_nodes = all > wanted.all_nodes ? all : wanted.all_nodes;
    }
    assert_true(most.images == wanted.images && most.nodes == wanted.nodes);
    assert_true(most.all_nodes == wanted.all_nodes);
    slices_free(&slices);
}

static void any_ranks_and_units(void **state) {
    (void)state;
    for (size_t ranks = 1; ranks < 20; ranks += 3)
        for (size_t unit = 1; unit < 9; unit++)
            slices_cover_the_batch_in_whole_units(ranks, unit);
}

static void any_epoch(void **state) {
    (void)state;
    for (int rank = 0; rank < 5; rank++)
        for (size_t samples = 1; samples < 90; samples += 7)
            for (size_t batch_size = 5; batch_size < 100; batch_size += 11)
                the_most_of_an_epoch_is_found(rank, 5, samples, batch_size, 3);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_ranks_and_units),
        cmocka_unit_test(any_epoch),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
