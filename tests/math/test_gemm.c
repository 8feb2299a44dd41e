/* Matrix products of both back ends against double precision. */

#include "check.h"
#include "vit/gemm.h"
#include "vit/tree.h"
#include <float.h>

static double exact(GemmForm form, size_t m, size_t n, size_t k, const float *a, const float *b,
                    size_t i, size_t j) {
    double sum = 0.0;
    for (size_t p = 0; p < k; p++)
        sum += (double)(form == GEMM_TN ? a[p * m + i] : a[i * k + p]) *
               (double)(form == GEMM_NT ? b[j * k + p] : b[p * n + j]);
    return sum;
}

/* Values in [-1, 1): the error of a sum of k products is below k eps per unit of their size. */
static void check_product(GemmForm form, size_t m, size_t n, size_t k, const float *a,
                          const float *b, const float *before, const float *c) {
    for (size_t i = 0; i < m; i++)
        for (size_t j = 0; j < n; j++) {
            const double wanted =
                exact(form, m, n, k, a, b, i, j) + (before ? (double)before[i * n + j] : 0.0);
            if (fabs((double)c[i * n + j] - wanted) > 1.2e-7 * (double)(k + 1)) {
                print_error("form %d, %zux%zux%zu: c[%zu, %zu] = %.9g instead of %.9g\n", (int)form,
                            m, n, k, i, j, (double)c[i * n + j], wanted);
                fail();
            }
        }
}

static void planned_products(void **state) {
    (void)state;
    static const size_t sizes[] = {1, 5, 13, 16, 64, 144};
    enum { SIZES = sizeof sizes / sizeof *sizes };
    for (size_t q = 0; q < SIZES * SIZES * SIZES * 4; q++) {
        const size_t m = sizes[q % SIZES], n = sizes[q / SIZES % SIZES],
                     k = sizes[q / SIZES / SIZES % SIZES];
        const size_t kind = q / SIZES / SIZES / SIZES;
        const GemmForm form = kind & 1 ? GEMM_TN : GEMM_NN;
        const bool accumulate = kind & 2;
        float *a = test_values(m * k, 1.0f, 1), *b = test_values(k * n, 1.0f, 2);
        float *c = test_values(m * n, 1.0f, 3), *before = test_values(m * n, 1.0f, 3);
        Gemm gemm;
        gemm_plan(&gemm, form, m, n, k, form == GEMM_TN ? m : k, n, n, accumulate);
        gemm_run(&gemm, a, b, c);
        check_product(form, m, n, k, a, b, accumulate ? before : NULL, c);
        memory_free(a), memory_free(b), memory_free(c), memory_free(before);
    }
}

static void a_leading_dimension_leaves_the_rest_alone(void **state) {
    (void)state;
    float *a = test_values(6 * 4, 1.0f, 1), *b = test_values(4 * 3, 1.0f, 2);
    float *c = test_values(6 * 10, 1.0f, 3), *before = test_values(6 * 10, 1.0f, 3);
    Gemm gemm;
    gemm_plan(&gemm, GEMM_NN, 6, 3, 4, 4, 3, 10, false);
    gemm_run(&gemm, a, b, c);
    for (size_t i = 0; i < 60; i++)
        if (i % 10 >= 3)
            assert_true(c[i] == before[i]);
        else
            assert_true(fabs((double)c[i] - exact(GEMM_NN, 6, 3, 4, a, b, i / 10, i % 10)) < 1e-6);
    memory_free(a), memory_free(b), memory_free(c), memory_free(before);
}

/* C [m, n] = sum of A_i B_i, where B_i are rows [i k, (i + 1) k) of one matrix; what is between the
 * rows of C stays as it was. */
static void check_sum(const GemmTerms *terms, size_t m, size_t n, size_t k, size_t lda,
                      size_t ldb) {
    const size_t ldc = n + 2, last = terms->a[terms->count - 1] + (m - 1) * lda + k;
    float *a = test_values(last, 1.0f, 1), *b = test_values(terms->count * k * ldb, 1.0f, 2);
    float *c = test_values(m * ldc, 1.0f, 3), *before = test_values(m * ldc, 1.0f, 3);
    GemmSum sum;
    gemm_sum_plan(&sum, terms, m, n, k, lda, ldb, ldc);
    gemm_sum_run(&sum, a, b, c);
    for (size_t i = 0; i < m; i++)
        for (size_t j = 0; j < ldc; j++) {
            double wanted = 0.0;
            for (size_t t = 0; t < terms->count; t++)
                for (size_t p = 0; p < k; p++)
                    wanted += (double)a[terms->a[t] + i * lda + p] *
                              (double)b[terms->b[t] + p * ldb + (j < n ? j : 0)];
            if (j >= n)
                assert_true(c[i * ldc + j] == before[i * ldc + j]);
            else
                assert_true(fabs((double)c[i * ldc + j] - wanted) <
                            1.2e-7 * (double)(terms->count * k + 1));
        }
    memory_free(a), memory_free(b), memory_free(c), memory_free(before);
}

/* Rows of A that overlap, as under a convolution's taps, which go on where the one before ends or
 * do not; and ones that are apart. */
static void sums_of_products(void **state) {
    (void)state;
    static const size_t sizes[] = {1, 3, 5, 16, 33};
    enum { SIZES = sizeof sizes / sizeof *sizes };
    for (size_t q = 0; q < SIZES * SIZES * SIZES; q++) {
        const size_t m = sizes[q % SIZES], n = sizes[q / SIZES % SIZES],
                     k = sizes[q / SIZES / SIZES];
        GemmTerms taps = {.count = 9}, apart = {.count = 4}, gaps = {.count = 6};
        for (size_t i = 0; i < 9; i++) {
            taps.a[i] = (i / 3 * (m + 2) + i % 3) * k;
            taps.b[i] = i * k * n;
        }
        for (size_t i = 0; i < 4; i++) {
            apart.a[i] = i * (m * (k + 3) + 1);
            apart.b[i] = i * k * (n + 1);
        }
        /* Three that could be one product, then two, then one. */
        for (size_t i = 0; i < 6; i++) {
            gaps.a[i] = i * k + (i > 2 ? 5 : 0) + (i > 4 ? 7 : 0);
            gaps.b[i] = i * k * n;
        }
        check_sum(&taps, m, n, k, k, n);
        check_sum(&apart, m, n, k, k + 3, n + 1);
        check_sum(&gaps, m, n, k, k, n);
    }
}

static void wide_products_on_any_number_of_threads(void **state) {
    (void)state;
    static const size_t shapes[][3] = {
        {1, 7, 3}, {5, 300, 20}, {300, 5, 20}, {200, 197, 64}, {9, 1100, 300}};
    for (int threads = 1; threads <= 17; threads += threads < 4 ? 1 : 13)
        for (size_t s = 0; s < sizeof shapes / sizeof *shapes; s++)
            for (int kind = 0; kind < 6; kind++) {
                const GemmForm form = (GemmForm)(kind % 3);
                const size_t m = shapes[s][0], n = shapes[s][1], k = shapes[s][2];
                float *a = test_values(m * k, 1.0f, 1), *b = test_values(k * n, 1.0f, 2);
                float *c = test_values(m * n, 1.0f, 3), *before = test_values(m * n, 1.0f, 3);
                float *room =
                    test_array(gemm_wide_room((size_t)threads, form, m, n, k), sizeof *room);
                gemm_wide((size_t)threads, form, m, n, k, a, form == GEMM_TN ? m : k, b,
                          form == GEMM_NT ? k : n, kind >= 3, c, n, room);
                check_product(form, m, n, k, a, b, kind >= 3 ? before : NULL, c);
                memory_free(a), memory_free(b), memory_free(c), memory_free(before);
                memory_free(room);
            }
}

/* Rows [first, first + m) of C, made alone by some threads, are those of the whole C [all rows, n].
 */
static void check_rows(GemmForm form, size_t threads, size_t first, size_t m, size_t rows, size_t n,
                       size_t k, const float *a, const float *b, const float *whole, float *some,
                       float *room) {
    const size_t lda = form == GEMM_TN ? rows : k, ldb = form == GEMM_NT ? k : n;
    memset(some, 0xff, m * n * sizeof *some);
    gemm_wide(threads, form, m, n, k, a + (form == GEMM_TN ? first : first * k), lda, b, ldb, false,
              some, n, room);
    if (memcmp(some, whole + first * n, m * n * sizeof *some) != 0)
        print_error("form %d: rows %zu to %zu of %zu, n = %zu, k = %zu differ\n", (int)form, first,
                    first + m, rows, n, k);
    assert_memory_equal(some, whole + first * n, m * n * sizeof *some);
}

static void check_all_rows(GemmForm form, size_t rows, size_t n, size_t k, size_t most) {
    enum { THREADS = 19 };
    float *a = test_values(rows * k, 1.0f, 1), *b = test_values(k * n, 1.0f, 2);
    float *whole = test_array(rows * n, 4), *some = test_array(rows * n, 4);
    float *room = test_array(gemm_wide_room(THREADS, form, rows, n, k), sizeof *room);
    gemm_wide(1, form, rows, n, k, a, form == GEMM_TN ? rows : k, b, form == GEMM_NT ? k : n, false,
              whole, n, room);
    for (size_t m = 1; m <= most; m++)
        check_rows(form, 1, m % 2 ? 0 : rows - m, m, rows, n, k, a, b, whole, some, room);
    for (size_t threads = 2; threads <= THREADS; threads += threads < 3 ? 1 : 8)
        for (size_t m = most; m <= rows; m += 40)
            check_rows(form, threads, rows - m, m, rows, n, k, a, b, whole, some, room);
    memory_free(a), memory_free(b), memory_free(whole), memory_free(some), memory_free(room);
}

/* Nor on the number of threads, in any form, whatever is left over at the edges. */
static void a_row_does_not_depend_on_how_many_share_the_call(void **state) {
    (void)state;
    for (int form = GEMM_NN; form <= GEMM_NT; form++) {
        for (size_t n = 1; n <= 80; n += n < 20 ? 1 : 7)
            check_all_rows((GemmForm)form, 100, n, 24, 99);
        check_all_rows((GemmForm)form, 260, 200, 300, 20);
        check_all_rows((GemmForm)form, 100, 130, 1, 20);
        check_all_rows((GemmForm)form, 100, 70, 5, 99);
    }
}

/* Each node's product is that of its rows, whatever thread makes which tile. */
static void sums_over_units_are_those_of_the_nodes(void **state) {
    (void)state;
    enum { M = 130, N = 70, ROWS = 37, UNIT = 4, LEAVES = 40, FIRST = 7 };
    float *a = test_values((size_t)ROWS * M, 1.0f, 1), *b = test_values((size_t)ROWS * N, 1.0f, 2);
    TreeNode node[TREE_NODES_MOST];
    float *c[TREE_NODES_MOST], *one[TREE_NODES_MOST];
    const size_t nodes = tree_cover(LEAVES, FIRST, FIRST + (ROWS + UNIT - 1) / UNIT, node);
    float *room = test_array(gemm_units_room(3, ROWS, UNIT), sizeof *room);
    assert_true(nodes > 2);
    for (size_t i = 0; i < nodes; i++) {
        c[i] = test_array((size_t)M * N, 4);
        one[i] = test_array((size_t)M * N, 4);
    }
    gemm_units(1, M, N, ROWS, UNIT, LEAVES, FIRST, a, b, one, room);
    for (size_t threads = 1; threads <= 3; threads++) {
        gemm_units(threads, M, N, ROWS, UNIT, LEAVES, FIRST, a, b, c, room);
        for (size_t i = 0; i < nodes; i++) {
            const size_t row = (node[i].first - FIRST) * UNIT;
            const size_t end =
                (node[i].end - FIRST) * UNIT < ROWS ? (node[i].end - FIRST) * UNIT : ROWS;
            check_product(GEMM_TN, M, N, end - row, a + row * M, b + row * N, NULL, c[i]);
            assert_memory_equal(c[i], one[i], sizeof(float) * M * N);
        }
    }
    for (size_t i = 0; i < nodes; i++)
        memory_free(c[i]), memory_free(one[i]);
    memory_free(a), memory_free(b), memory_free(room);
}

/* In double, over the inner dimension [first, end). */
static double exact_inner(size_t n, size_t inner, const float *a, const float *b, size_t i,
                          size_t j, size_t first, size_t end) {
    double sum = 0.0;
    for (size_t k = first; k < end; k++)
        sum += (double)a[i * inner + k] * (double)b[k * n + j];
    return sum;
}

/* The nodes of leaves [first, end), on some threads, [m, n] each. */
static size_t leaves_nodes(size_t threads, size_t m, size_t n, size_t inner, GemmLeaves cut,
                           const float *a, const float *b, TreeNode *node, float **sum) {
    const size_t begin = gemm_leaf(inner, cut.leaves, cut.first);
    const size_t nodes = tree_cover(cut.leaves, cut.first, cut.end, node);
    float *room = test_array(gemm_leaves_room(threads, m, &cut), sizeof *room);
    for (size_t k = 0; k < nodes; k++)
        sum[k] = test_array(m * n, sizeof(float));
    gemm_leaves(threads, m, n, &cut, a + begin, inner, b + begin * n, sum, room);
    memory_free(room);
    return nodes;
}

/* Two owners' nodes, added in the tree's order, have the bits of one owner's sum; rows that are
 * multiplied alone have those of all rows. */
static void check_leaves(size_t m, size_t n, size_t inner, size_t leaves, size_t cut,
                         size_t threads) {
    float *a = test_values(m * inner, 1.0f, 1), *b = test_values(inner * n, 1.0f, 2);
    float *whole[TREE_NODES_MOST], *part[2 * TREE_NODES_MOST], *row[TREE_NODES_MOST];
    TreeNode node[TREE_NODES_MOST];
    TreeStack stack;
    size_t used = 0, into, from;
    assert_int_equal(
        leaves_nodes(1, m, n, inner, (GemmLeaves){inner, leaves, 0, leaves}, a, b, node, whole), 1);
    for (size_t i = 0; i < m * n; i++)
        assert_true(
            fabs((double)whole[0][i] - exact_inner(n, inner, a, b, i / n, i % n, 0, inner)) < 1e-4);
    tree_start(&stack, leaves);
    for (int owner = 0; owner < 2; owner++) {
        const GemmLeaves own = {inner, leaves, owner ? cut : 0, owner ? leaves : cut};
        const size_t nodes = leaves_nodes(threads, m, n, inner, own, a, b, node, part + used);
        for (size_t k = 0; k < nodes; k++) {
            tree_push(&stack, node[k], used++);
            while (tree_merge(&stack, &into, &from))
                for (size_t i = 0; i < m * n; i++)
                    part[into][i] += part[from][i];
        }
    }
    assert_memory_equal(part[0], whole[0], m * n * sizeof(float));
    const size_t last = m - 1;
    leaves_nodes(threads, 1, n, inner, (GemmLeaves){inner, leaves, 0, leaves}, a + last * inner, b,
                 node, row);
    assert_memory_equal(row[0], whole[0] + last * n, n * sizeof(float));
    for (size_t k = 0; k < used; k++)
        memory_free(part[k]);
    memory_free(row[0]), memory_free(whole[0]), memory_free(a), memory_free(b);
}

static void leaves_of_the_inner_dimension_are_summed_in_the_trees_order(void **state) {
    (void)state;
    for (size_t threads = 1; threads <= 3; threads++) {
        check_leaves(7, 130, 64, 4, 1, threads);
        check_leaves(70, 300, 200, 8, 3, threads);
        check_leaves(3, 5, 61, 2, 1, threads);
        check_leaves(300, 96, 500, 4, 3, threads);
        check_leaves(1, 64, 1030, 64, 21, threads);
    }
}

/* On every thread that takes part in one: a product of two small numbers that would be a denormal
 * is zero, and so is one with a denormal. */
static void wide_products_flush_denormals(void **state) {
    (void)state;
    enum { M = 300, N = 200, K = 3 };
    static const float factors[][2] = {{FLT_MIN, 0.125f}, {FLT_TRUE_MIN, 1e30f}};
    float *a = test_array((size_t)M * K, 4), *b = test_array((size_t)K * N, 4);
    float *c = test_array((size_t)M * N, 4), *zero = test_array((size_t)M * N, 4);
    float *room = test_array(gemm_wide_room(3, GEMM_NN, M, N, K), sizeof *room);
    memset(zero, 0, (size_t)M * N * sizeof *zero);
    for (size_t f = 0; f < 2; f++) {
        for (size_t i = 0; i < (size_t)M * K; i++)
            a[i] = factors[f][0];
        for (size_t i = 0; i < (size_t)K * N; i++)
            b[i] = factors[f][1];
        for (size_t threads = 1; threads <= 3; threads++) {
            gemm_wide(threads, GEMM_NN, M, N, K, a, K, b, N, false, c, N, room);
            assert_memory_equal(c, zero, (size_t)M * N * sizeof *c);
        }
    }
    memory_free(a), memory_free(b), memory_free(c), memory_free(zero), memory_free(room);
}

int main(void) {
    gemm_init();
    print_message("%s\n", gemm_description());
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(planned_products),
        cmocka_unit_test(a_leading_dimension_leaves_the_rest_alone),
        cmocka_unit_test(sums_of_products),
        cmocka_unit_test(wide_products_on_any_number_of_threads),
        cmocka_unit_test(a_row_does_not_depend_on_how_many_share_the_call),
        cmocka_unit_test(wide_products_flush_denormals),
        cmocka_unit_test(sums_over_units_are_those_of_the_nodes),
        cmocka_unit_test(leaves_of_the_inner_dimension_are_summed_in_the_trees_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
