#include "vit/gemm.h"

#include "vit/kernels.h"
#include "vit/size.h"
#include "vit/team.h"
#include "vit/tree.h"
#include <omp.h>
#include <string.h>

/* A tile of C goes through the whole tree in cache before the next one. */
enum { TILE = 64, TILE_FLOATS = TILE * TILE };

typedef struct Units {
    size_t m, n, rows, unit, leaves, first;
    const float *a, *b;
} Units;

size_t gemm_units_room(size_t threads, size_t rows, size_t unit) {
    return threads * tree_stack_most(size_groups(rows, unit)) * TILE_FLOATS;
}

/* C [height, width], tightly packed, of a leaf of `rows` rows. */
static void plan_leaf(Gemm *leaf, const Units *units, size_t rows, size_t height, size_t width) {
    gemm_plan(leaf, GEMM_TN, height, width, rows, units->m, units->n, width, false);
}

/* The tile of all nodes that begins with row i and column j. */
static void tile(const Kernels *kernels, const Units *units, size_t i, size_t j, float *const *node,
                 float *room) {
    const size_t height = size_smaller(TILE, units->m - i),
                 width = size_smaller(TILE, units->n - j);
    const size_t rest = units->rows % units->unit;
    Gemm whole;
    TreeStack stack;
    plan_leaf(&whole, units, units->unit, height, width);
    Gemm last = whole;
    if (rest)
        plan_leaf(&last, units, rest, height, width);
    tree_start(&stack, units->leaves);
    for (size_t row = 0; row < units->rows; row += units->unit) {
        const size_t number = units->first + row / units->unit;
        size_t into, from;
        gemm_run(row + units->unit <= units->rows ? &whole : &last, units->a + row * units->m + i,
                 units->b + row * units->n + j, room + stack.count * TILE_FLOATS);
        tree_push(&stack, (TreeNode){number, number + 1}, stack.count);
        while (tree_merge(&stack, &into, &from))
            kernels->add(height * width, room + from * TILE_FLOATS, room + into * TILE_FLOATS);
    }
    for (size_t k = 0; k < stack.count; k++)
        for (size_t r = 0; r < height; r++)
            memcpy(node[k] + (i + r) * units->n + j, room + k * TILE_FLOATS + r * width,
                   width * sizeof(float));
}

void gemm_units(size_t threads, size_t m, size_t n, size_t rows, size_t unit, size_t leaves,
                size_t first, const float *a, const float *b, float *const *node, float *room) {
    const Kernels *kernels = kernels_best();
    const Units units = {.m = m,
                         .n = n,
                         .rows = rows,
                         .unit = unit,
                         .leaves = leaves,
                         .first = first,
                         .a = a,
                         .b = b};
    const size_t down = size_groups(m, TILE), across = size_groups(n, TILE);
    const size_t own = gemm_units_room(1, rows, unit);
    const Phase phase = phase_current();
#pragma omp parallel num_threads((int)threads)
    {
        const TeamThread team = team_enter(phase);
        float *mine = room + (size_t)omp_get_thread_num() * own;
#pragma omp for schedule(dynamic) nowait
        for (size_t t = 0; t < down * across; t++)
            tile(kernels, &units, t / across * TILE, t % across * TILE, node, mine);
        team_leave(team);
    }
    phase_begin(phase);
}
