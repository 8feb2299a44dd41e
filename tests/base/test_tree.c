#include "vit/tree.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

/* Values whose sum in another order has other bits. */
static double leaf(size_t i) {
    return (i % 5 == 0 ? 1e9 : 1.0) / (double)(3 * i + 1);
}

/* The definition, top down: the left half has the largest power of two of leaves that leaves some
 * for the right one. */
static double by_definition(size_t first, size_t end) {
    size_t half = 1;
    if (end - first == 1)
        return leaf(first);
    while (2 * half < end - first)
        half *= 2;
    return by_definition(first, first + half) + by_definition(first + half, end);
}

/* The largest nodes of [first, end), each summed alone, as an owner of these leaves does it. */
static void add_part(TreeSum *whole, size_t leaves, size_t first, size_t end) {
    TreeNode node[TREE_NODES_MOST];
    TreeSum part;
    const size_t nodes = tree_cover(leaves, first, end, node);
    tree_sum_start(&part, leaves);
    for (size_t i = first; i < end; i++) {
        assert_true(part.stack.count + 1 <= tree_stack_most(end - first));
        tree_sum_add(&part, (TreeNode){i, i + 1}, leaf(i));
    }
    assert_int_equal(part.stack.count, nodes);
    assert_memory_equal(part.stack.node, node, nodes * sizeof *node);
    for (size_t n = 0; n < nodes; n++)
        tree_sum_add(whole, node[n], part.value[n]);
}

static void any_two_borders_give_the_same_bits(void **state) {
    (void)state;
    for (size_t leaves = 1; leaves <= 70; leaves++) {
        const double expected = by_definition(0, leaves);
        for (size_t a = 0; a <= leaves; a++)
            for (size_t b = a; b <= leaves; b++) {
                TreeSum sum;
                tree_sum_start(&sum, leaves);
                add_part(&sum, leaves, 0, a);
                add_part(&sum, leaves, a, b);
                add_part(&sum, leaves, b, leaves);
                assert_int_equal(sum.stack.count, 1);
                assert_memory_equal(&sum.value[0], &expected, sizeof expected);
            }
    }
}

static void other_orders_have_other_bits(void **state) {
    (void)state;
    const double expected = by_definition(0, 50);
    double in_turn = 0.0;
    for (size_t i = 0; i < 50; i++)
        in_turn += leaf(i);
    assert_true(in_turn != expected);
}

static void a_cover_has_few_and_large_nodes(void **state) {
    (void)state;
    TreeNode node[TREE_NODES_MOST];
    assert_int_equal(tree_cover(64, 0, 64, node), 1);
    assert_int_equal(tree_cover(50, 0, 50, NULL), 1);
    assert_int_equal(tree_cover(64, 21, 42, node), 5);
    assert_int_equal(node[2].first, 24);
    assert_int_equal(node[2].end, 32);
    assert_int_equal(tree_cover(50, 48, 50, node), 1);
    assert_int_equal(tree_cover(64, 7, 7, node), 0);
    assert_true(tree_cover(SIZE_MAX / 2 + 1, 1, SIZE_MAX / 2, NULL) <= TREE_NODES_MOST);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_two_borders_give_the_same_bits),
        cmocka_unit_test(other_orders_have_other_bits),
        cmocka_unit_test(a_cover_has_few_and_large_nodes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
