#include "check.h"
#include "vit/epoch_order.h"

enum { COUNT = 5000 };

static void an_epoch_is_a_permutation(void **state) {
    (void)state;
    for (size_t count = 0; count < 40; count++) {
        uint32_t order[40];
        bool seen[40] = {false};
        epoch_order(1, 2, count, order);
        for (size_t i = 0; i < count; i++) {
            assert_true(order[i] < count && !seen[order[i]]);
            seen[order[i]] = true;
        }
    }
}

/* In a random permutation about one element stays in its place. */
static size_t in_common(const uint32_t *a, const uint32_t *b) {
    size_t same = 0;
    for (size_t i = 0; i < COUNT; i++)
        same += a[i] == b[i];
    return same;
}

static void epochs_and_seeds_differ(void **state) {
    (void)state;
    static uint32_t a[COUNT], b[COUNT], c[COUNT], again[COUNT], identity[COUNT];
    epoch_order(1, 0, COUNT, a);
    epoch_order(1, 0, COUNT, again);
    epoch_order(1, 1, COUNT, b);
    epoch_order(2, 0, COUNT, c);
    for (uint32_t i = 0; i < COUNT; i++)
        identity[i] = i;
    assert_memory_equal(a, again, sizeof a);
    assert_true(in_common(a, b) < 12 && in_common(a, c) < 12 && in_common(a, identity) < 12);
}

/* Each element is equally likely in each place: chi-square over 6 x 6 with 25 degrees of freedom
 * stays below 60 (p = 1e-4) for this seed. */
static void all_places_are_equally_likely(void **state) {
    (void)state;
    enum { N = 6, EPOCHS = 6000 };
    double seen[N][N] = {{0}}, chi = 0.0;
    for (uint64_t epoch = 0; epoch < EPOCHS; epoch++) {
        uint32_t order[N];
        epoch_order(3, epoch, N, order);
        for (size_t i = 0; i < N; i++)
            seen[i][order[i]] += 1.0;
    }
    for (size_t i = 0; i < N; i++)
        for (size_t j = 0; j < N; j++)
            chi += pow(seen[i][j] - EPOCHS / N, 2.0) / (EPOCHS / N);
    assert_true(chi < 60.0);
}

/* Any order and any division of an epoch has the digest of all; any sample in another's place does
 * not. */
static void coverage_tells_whether_each_sample_was_used_once(void **state) {
    (void)state;
    enum { N = 1000 };
    uint32_t order[N];
    epoch_order(5, 2, N, order);
    const uint64_t all = epoch_coverage_of_all(&(Samples){.count = N});
    assert_true(epoch_coverage(order, N) == all);
    assert_true(epoch_coverage(order, 7) + epoch_coverage(order + 7, N - 7) == all);
    assert_true(epoch_coverage(order, N - 1) != all);
    for (size_t i = 0; i < N; i++) {
        const uint32_t kept = order[i];
        order[i] = order[(i + 1) % N];
        assert_true(epoch_coverage(order, N) != all);
        order[i] = kept;
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_epoch_is_a_permutation),
        cmocka_unit_test(epochs_and_seeds_differ),
        cmocka_unit_test(all_places_are_equally_likely),
        cmocka_unit_test(coverage_tells_whether_each_sample_was_used_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
