#ifndef VIT_TREE_H
#define VIT_TREE_H

#include <stdbool.h>
#include <stddef.h>

/* The one order in which things are summed over a batch. Its gradient units (or images) are the
 * leaves, numbered from 0, of a binary tree: the node of level l and number i stands for leaves
 * [i 2^l, (i + 1) 2^l), as far as there are so many, and its sum is the left half's plus the right
 * half's, or the left half's where the right one is empty. The order depends on the number of
 * leaves only, so that whoever owns which leaves gets the same bits: each sums the largest nodes
 * that it owns whole, and someone finishes what is left. Local. */

/* A node, by its leaves. */
typedef struct TreeNode {
    size_t first, end;
} TreeNode;

/* No range of leaves has more largest nodes: two of each level. */
enum { TREE_NODES_MOST = 2 * 8 * sizeof(size_t) };

/* Adjacent nodes in the order of their leaves, each with the number of what holds its sum. */
typedef struct TreeStack {
    size_t leaves; /* of the whole tree */
    size_t count;
    TreeNode node[TREE_NODES_MOST];
    size_t item[TREE_NODES_MOST];
} TreeStack;

/* Whether two nodes are the halves, in this order, of one. No node is half of more than one. */
bool tree_are_halves(size_t leaves, TreeNode left, TreeNode right);

static inline void tree_start(TreeStack *stack, size_t leaves) {
    stack->leaves = leaves;
    stack->count = 0;
}

/* Puts a node behind the others, whose last leaf is the one before its first. Then, for as long as
 * tree_merge says true, the caller adds the sum in *from to that in *into; *from is free again. */
void tree_push(TreeStack *stack, TreeNode node, size_t item);
bool tree_merge(TreeStack *stack, size_t *into, size_t *from);

/* The largest nodes that leaves [first, end) of `leaves` consist of, in order; node [
 * TREE_NODES_MOST] may be NULL. Returns their number. */
size_t tree_cover(size_t leaves, size_t first, size_t end, TreeNode *node);

/* The largest number of nodes that a stack holds while `leaves` adjacent leaves are pushed. */
size_t tree_stack_most(size_t leaves);

/* A sum of doubles in that order: add every leaf, or nodes that others have summed, in order. */
typedef struct TreeSum {
    TreeStack stack;
    double value[TREE_NODES_MOST]; /* [stack.count], of the nodes so far */
} TreeSum;

static inline void tree_sum_start(TreeSum *sum, size_t leaves) {
    tree_start(&sum->stack, leaves);
}

void tree_sum_add(TreeSum *sum, TreeNode node, double value);

#endif
