/* The sums over a batch's units have the bits of the tree's definition (tree.h), however its slice
 * is divided into chunks, whatever threads make which units, and in what order. */

#include "check.h"
#include "unit_sums.h"
#include "vit/measuring.h"
#include "vit/shares.h"
#include "vit/size.h"
#include <omp.h>

/* More floats than a thread adds at a time. */
enum { UNITS = 45, FLOATS = 5003, THREADS_MOST = 16 };

/* In place of the seed by which threads' turns are drawn. */
enum { REAL_THREADS = 0 };

typedef struct Case {
    float *unit;   /* [UNITS, FLOATS] the gradient of every unit */
    float *wanted; /* [FLOATS] */
} Case;

static void add_unit(const Case *c, size_t unit, float *sum) {
    for (size_t i = 0; i < FLOATS; i++)
        sum[i] += c->unit[unit * FLOATS + i];
}

/* Units [first, first + count) come back, as threads come free. */
static void bring_back(UnitSums *sums, Shares *shares, const Case *c, size_t first, size_t count) {
    shares_deal(shares, count);
#pragma omp parallel num_threads((int)sums->threads)
    {
        const size_t t = (size_t)omp_get_thread_num();
        size_t u;
        while (shares_take(shares, t, &u)) {
            add_unit(c, first + u, unit_sums_open(sums, t));
            unit_sums_close(sums, t, first + u, !shares_are_taken(shares));
        }
    }
}

/* The same by threads that this one plays: which of them goes on is drawn, so that any of them is
 * held up for long, and any may be the first, the last, or without any unit. */
static void bring_back_in_turns(UnitSums *sums, Shares *shares, const Case *c, size_t first,
                                size_t count, const RandomStream *turns, uint32_t *turn) {
    size_t busy[THREADS_MOST], done = 0;
    shares_deal(shares, count);
    for (size_t t = 0; t < sums->threads; t++)
        busy[t] = count;
    while (done < count) {
        uint32_t words[4];
        random_block(*turns, (*turn)++, words);
        /* Higher numbers come less often. */
        const size_t t = words[0] % (1 + words[1] % sums->threads);
        if (busy[t] < count) {
            unit_sums_close(sums, t, first + busy[t], !shares_are_taken(shares));
            busy[t] = count;
            done++;
        } else if (shares_take(shares, t, &busy[t])) {
            add_unit(c, first + busy[t], unit_sums_open(sums, t));
        } else {
            busy[t] = count;
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

/* Sums of units [first, end) of UNITS, `chunk` at a time; three times, the second and third in used
 * sums. The caller frees *sums and *memory. */
static size_t sums_of(UnitSums *sums, float **memory, const Case *c, size_t threads, size_t chunk,
                      size_t first, size_t end, uint64_t seed,
                      float *node[static TREE_NODES_MOST]) {
    const RandomStream turns = random_stream(seed, RANDOM_INITIAL_VALUES, 0, 0, 0);
    uint32_t turn = 0;
    Arena arena = {0};
    Shares shares;
    assert_ok(shares_init(&shares, threads));
    assert_ok(unit_sums_init(sums, kernels_best(), threads, end - first, chunk, FLOATS));
    unit_sums_place(sums, &arena);
    arena = (Arena){.base = *memory = test_array(arena.used, sizeof **memory)};
    unit_sums_place(sums, &arena);
    const size_t nodes = tree_cover(UNITS, first, end, NULL);
    for (int time = 0; time < 3; time++) {
        unit_sums_start(sums, UNITS);
        for (size_t base = first; base < end; base += chunk) {
            const size_t count = size_smaller(chunk, end - base);
            if (seed == REAL_THREADS)
                bring_back(sums, &shares, c, base, count);
            else
                bring_back_in_turns(sums, &shares, c, base, count, &turns, &turn);
            unit_sums_join(sums);
        }
        unit_sums_finish(sums, nodes, node);
    }
    shares_free(&shares);
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

static void check_sums(Case *c, size_t threads, size_t chunk, size_t first, size_t end,
                       uint64_t seed) {
    UnitSums sums;
    TreeNode cover[TREE_NODES_MOST];
    float *memory, *node[TREE_NODES_MOST];
    const size_t nodes = sums_of(&sums, &memory, c, threads, chunk, first, end, seed, node);
    assert_int_equal(tree_cover(UNITS, first, end, cover), nodes);
    for (size_t n = 0; n < nodes; n++) {
        sum_of_node(c, cover[n].first, cover[n].end, c->wanted);
        assert_memory_equal(node[n], c->wanted, FLOATS * sizeof(float));
    }
    unit_sums_free(&sums);
    memory_free(memory);
}

static const size_t slices[][2] = {{0, UNITS}, {0, 1}, {7, 40}, {32, UNITS}, {44, UNITS}};
static const size_t chunks[] = {1, 4, 7, UNITS};
enum { SLICES = sizeof slices / sizeof *slices, CHUNKS = sizeof chunks / sizeof *chunks };

static void any_division_gives_the_sums_of_the_tree(void **state) {
    static const size_t threads[] = {1, 2, 3, 5};
    for (size_t s = 0; s < SLICES; s++)
        for (size_t q = 0; q < CHUNKS * 4; q++)
            check_sums(*state, threads[q % 4], chunks[q / 4], slices[s][0], slices[s][1],
                       REAL_THREADS);
}

static void any_order_of_closing_gives_the_sums_of_the_tree(void **state) {
    static const size_t threads[] = {2, 3, THREADS_MOST};
    for (size_t s = 0; s < SLICES; s++)
        for (size_t q = 0; q < CHUNKS * 3; q++)
            for (uint64_t seed = 1; seed <= 4; seed++)
                check_sums(*state, threads[q % 3], chunks[q / 3], slices[s][0], slices[s][1], seed);
}

static void a_slice_without_units_has_no_sums(void **state) {
    check_sums(*state, 3, 4, 10, 10, REAL_THREADS);
}

static void in_any_order_all_is_in_the_first_node(void **state) {
    const Case *c = *state;
    enum { FIRST = 7, END = 40 };
    UnitSums sums;
    float *memory, *node[TREE_NODES_MOST];
    measuring_set(MEASURE_ANY_ORDER, true);
    const size_t nodes = sums_of(&sums, &memory, c, 3, 5, FIRST, END, REAL_THREADS, node);
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
        cmocka_unit_test(any_order_of_closing_gives_the_sums_of_the_tree),
        cmocka_unit_test(a_slice_without_units_has_no_sums),
        cmocka_unit_test(in_any_order_all_is_in_the_first_node),
    };
    return cmocka_run_group_tests(tests, open_case, close_case);
}
