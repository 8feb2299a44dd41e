/* Agreement, shares, broadcasts, and what comes together on rank 0. */

#include "mpi_check.h"
#include "vit/slices.h"
#include <string.h>

static void all_agree_on_success(void) {
    CHECK(ranks_agree(&world, STATUS_OK) == STATUS_OK);
}

/* Ranks from `first` on fail: all learn of `first` alone. */
static void the_first_failing_rank_is_heard(int first) {
    Status mine = STATUS_OK;
    if (world.rank >= first)
        mine =
            status_fail(world.rank == first ? STATUS_IO : STATUS_DATA, "broken on %d", world.rank);
    const Status status = ranks_agree(&world, mine);
    char wanted[64];
    snprintf(wanted, sizeof wanted, "broken on %d", first);
    CHECK(status == STATUS_IO);
    CHECK(strstr(status_message(), wanted) != NULL);
    snprintf(wanted, sizeof wanted, "rank %d on ", first);
    CHECK((strstr(status_message(), wanted) != NULL) == (first > 0));
}

static void shares_cover_everything_once(void) {
    for (size_t total = 0; total < 50; total++)
        for (size_t parts = 1; parts < 20; parts++) {
            size_t next = 0, least = total, most = 0;
            for (size_t p = 0; p < parts; p++) {
                size_t first, count;
                ranks_share(total, parts, p, &first, &count);
                CHECK(first == next);
                next = first + count;
                least = count < least ? count : least;
                most = count > most ? count : most;
                for (size_t i = first; i < next; i++)
                    CHECK(ranks_owner(total, parts, i) == p);
            }
            CHECK(next == total && most - least <= 1);
        }
}

static void gathered_in_rank_order(void) {
    int all[64], mine = 10 * world.rank;
    CHECK(world.size <= 64);
    ranks_gather(&world, &mine, sizeof mine, all);
    for (int r = 0; r < world.size; r++)
        CHECK(all[r] == 10 * r);
}

static void broadcast_comes_from_rank_0(void) {
    char text[100] = "";
    if (world.rank == 0)
        strcpy(text, "hello");
    ranks_broadcast(&world, text, sizeof text);
    CHECK(strcmp(text, "hello") == 0);
}

/* Rows of three bytes, the last of them the image's number. */
static void slices_come_together_in_order(size_t images) {
    char mine[3 * 40] = "", all[3 * 40 + 1] = "";
    Slices slices;
    CHECK(slices_init(&slices, (size_t)world.size, 1) == STATUS_OK);
    slices_set(&slices, images);
    const size_t first = slices_first(&slices, world.rank);
    for (size_t i = 0; i < slices_count(&slices, world.rank); i++)
        memcpy(mine + 3 * i, (char[]){'a', 'b', (char)(first + i)}, 3);
    all[3 * images] = '!';
    slices_collect(&slices, &world, mine, 3, world.rank == 0 ? all : NULL);
    for (size_t i = 0; world.rank == 0 && i < images; i++)
        CHECK(memcmp(all + 3 * i, (char[]){'a', 'b', (char)i}, 3) == 0);
    CHECK(all[3 * images] == '!');
    slices_free(&slices);
}

int main(int argc, char **argv) {
    test_start(&argc, &argv);
    all_agree_on_success();
    for (int first = 0; first < world.size; first++)
        the_first_failing_rank_is_heard(first);
    shares_cover_everything_once();
    gathered_in_rank_order();
    broadcast_comes_from_rank_0();
    for (size_t images = 0; images <= 40; images += images < 4 ? 1 : 12)
        slices_come_together_in_order(images);
    return test_end();
}
