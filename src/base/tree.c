#include "vit/tree.h"

#include "vit/size.h"

bool tree_are_halves(size_t leaves, TreeNode left, TreeNode right) {
    const size_t half = left.end - left.first;
    const bool whole = half > 0 && (half & (half - 1)) == 0 && left.first % (2 * half) == 0;
    return whole && right.first == left.end &&
           right.end == size_smaller(left.first + 2 * half, leaves);
}

void tree_push(TreeStack *stack, TreeNode node, size_t item) {
    stack->node[stack->count] = node;
    stack->item[stack->count++] = item;
}

bool tree_merge(TreeStack *stack, size_t *into, size_t *from) {
    if (stack->count < 2)
        return false;
    TreeNode *left = &stack->node[stack->count - 2];
    const TreeNode right = stack->node[stack->count - 1];
    if (!tree_are_halves(stack->leaves, *left, right))
        return false;
    left->end = right.end;
    *into = stack->item[stack->count - 2];
    *from = stack->item[stack->count - 1];
    stack->count--;
    return true;
}

size_t tree_cover(size_t leaves, size_t first, size_t end, TreeNode *node) {
    size_t count = 0;
    while (first < end) {
        size_t size = 1;
        while (first % (2 * size) == 0 && size < end - first &&
               size_smaller(first + 2 * size, leaves) <= end)
            size *= 2;
        const size_t next = size_smaller(first + size, leaves);
        if (node)
            node[count] = (TreeNode){first, next};
        count++;
        first = next;
    }
    return count;
}

size_t tree_stack_most(size_t leaves) {
    size_t levels = 1;
    while (leaves > 1) {
        leaves /= 2;
        levels++;
    }
    return 2 * levels;
}

void tree_sum_add(TreeSum *sum, TreeNode node, double value) {
    size_t into, from;
    sum->value[sum->stack.count] = value;
    tree_push(&sum->stack, node, sum->stack.count);
    while (tree_merge(&sum->stack, &into, &from))
        sum->value[into] += sum->value[from];
}
