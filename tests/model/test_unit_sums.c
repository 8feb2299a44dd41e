/* The sums over a batch's units have the bits of the tree's definition (tree.h), however its slice
 * is divided into chunks and among threads. */

#include "check.h"
#include "unit_sums.h"
#include "vit/measuring.h"
#include "vit/size.h"
#include <omp.h>

/* More floats than a thread adds at a time. */
enum { UNITS = 45, FLOATS = 5003 };

typedef struct Case {
    float *unit;   /* [UNITS, FLOATS] the gradient of every unit */
    float *wanted; /* [FLOATS] */
} Case;

/* Units [first, first + count) come back, each thread a contiguous part of them. */
static void bring_back(UnitSums *sums, const Case *c, size_t first, size_t count) {
#pragma omp parallel num_threads((int)sums->threads)
    {
        const size_t t = (size_t)omp_get_thread_num(), threads = (size_t)omp_get_num_threads();
        for (size_t u = count * t / threads; u < count * (t + 1) / threads; u++) {
            float *sum = unit_sums_open(sums, t);
            for (size_t i = 0; i < FLOATS; i++)
                sum[i] += c->unit[(first + u) * FLOATS + i];
            unit_sums_close(sums, t, first + u);
        }
    }
}

/* By the definition: the left half plus the right half, which may be the smaller one. */
static void sum_of_node(const Case *c, size_t first, size_t end, float *sum) {
    size_t half = 1;
    if (end - first == 1) {
        memcpy(sum, c->unit + first * FLOATS, FLOATS * sizeof *sum);
        return;
    }
    while (2 * half < end - first)
        half *= 2;
    float *right = test_array(FLOATS, sizeof *right);
    sum_of_node(c, first, first + half, sum);
    sum_of_node(c, first + half, end, right);
    for (size_t i = 0; i < FLOATS; i++)
        sum[i] += right[i];
    memory_free(right);
}

/* Sums of units [first, end) of UNITS, `chunk` at a time. The caller frees *sums and *memory. */
static size_t sums_of(UnitSums *sums, float **memory, const Case *c, size_t threads, size_t chunk,
                      size_t first, size_t end, float *node[static TREE_NODES_MOST]) {
    Arena arena = {0};
    assert_ok(unit_sums_init(sums, kernels_best(), threads, end - first, chunk, FLOATS));
    unit_sums_place(sums, &arena);
    arena = (Arena){.base = *memory = test_array(arena.used, sizeof **memory)};
    unit_sums_place(sums, &arena);
    const size_t nodes = tree_cover(UNITS, first, end, NULL);
    for (int turn = 0; turn < 2; turn++) { /* the second in used sums */
        unit_sums_start(sums, UNITS);
        for (size_t base = first; base < end; base += chunk) {
            bring_back(sums, c, base, size_smaller(chunk, end - base));
            unit_sums_join(sums);
        }
        unit_sums_finish(sums, nodes, node);
    }
    return nodes;
}

static int open_case(void **state) {
    static Case c;
    omp_set_dynamic(0);
    c.unit = test_values((size_t)UNITS * FLOATS, 1.0f, 1);
    c.wanted = test_array(FLOATS, sizeof *c.wanted);
    *state = &c;
    return 0;
}

static int close_case(void **state) {
    const Case *c = *state;
    memory_free(c->unit);
    memory_free(c->wanted);
    return 0;
}

static void any_division_gives_the_sums_of_the_tree(void **state) {
    Case *c = *state;
    static const size_t slice[][2] = {{0, UNITS}, {0, 1}, {7, 40}, {32, UNITS}, {44, UNITS}};
    static const size_t threads[] = {1, 2, 3, 5}, chunks[] = {1, 4, 7, UNITS};
    for (size_t s = 0; s < sizeof slice / sizeof *slice; s++)
        for (size_t q = 0; q < 16; q++) {
            UnitSums sums;
            TreeNode cover[TREE_NODES_MOST];
            float *memory, *node[TREE_NODES_MOST];
            const size_t first = slice[s][0], end = slice[s][1];
            const size_t nodes =
                sums_of(&sums, &memory, c, threads[q % 4], chunks[q / 4], first, end, node);
            assert_int_equal(tree_cover(UNITS, first, end, cover), nodes);
            for (size_t n = 0; n < nodes; n++) {
                sum_of_node(c, cover[n].first, cover[n].end, c->wanted);
                assert_memory_equal(node[n], c->wanted, FLOATS * sizeof(float));
            }
            unit_sums_free(&sums);
            memory_free(memory);
        }
}

static void a_slice_without_units_has_no_sums(void **state) {
    UnitSums sums;
    float *memory, *node[TREE_NODES_MOST];
    assert_int_equal(sums_of(&sums, &memory, *state, 3, 4, 10, 10, node), 0);
    unit_sums_free(&sums);
    memory_free(memory);
}

static void in_any_order_all_is_in_the_first_node(void **state) {
    const Case *c = *state;
    enum { FIRST = 7, END = 40 };
    UnitSums sums;
    float *memory, *node[TREE_NODES_MOST];
    measuring_set(MEASURE_ANY_ORDER, true);
    const size_t nodes = sums_of(&sums, &memory, c, 3, 5, FIRST, END, node);
    measuring_set(MEASURE_ANY_ORDER, false);
    assert_true(nodes > 2);
    for (size_t i = 0; i < FLOATS; i++) {
        double exact = 0.0;
        for (size_t u = FIRST; u < END; u++)
            exact += (double)c->unit[u * FLOATS + i];
        /* END - FIRST additions to sums below that many. */
        assert_true(fabs((double)node[0][i] - exact) <= 6e-8 * (END - FIRST) * (END - FIRST));
        for (size_t n = 1; n < nodes; n++)
            assert_true(node[n][i] == 0.0f);
    }
    unit_sums_free(&sums);
    memory_free(memory);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_division_gives_the_sums_of_the_tree),
        cmocka_unit_test(a_slice_without_units_has_no_sums),
        cmocka_unit_test(in_any_order_all_is_in_the_first_node),
    };
    return cmocka_run_group_tests(tests, open_case, close_case);
}
