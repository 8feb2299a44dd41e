#include "unit_sums.h"

#include "vit/measuring.h"
#include "vit/memory.h"
#include "vit/shares.h"
#include "vit/size.h"
#include "vit/team.h"
#include <omp.h>
#include <stdlib.h>
#include <string.h>

/* Floats that a thread adds at a time, of each of the sums. */
enum { MERGE_PIECE = 4096 };

/* The most sums at a time. A thread has two at most: its unit's or node's, and the half that it
 * adds. A node that waits has a parent, in which something is missing, and which has only that one
 * child; so count the parents, level by level (a level-p node has 2^p leaves).
 * - Parents within the chunk, of which a level has chunk_units / 2^p, have a border of what is
 *   missing there. That is, for each thread, no more than one interval of units: what it works on
 *   and, next to that as long as it has not used up its share, what is left of the share; with two
 *   borders, and each is in one parent of a level.
 * - Others reach beyond the slice's first unit, the chunk's first one where that is another, or the
 *   chunk's last one: one of a level each.
 * - The last node of the batch's tree may have fewer leaves than its level: one more. */
static size_t most_sums(size_t threads, size_t units, size_t chunk_units) {
    const size_t edges = chunk_units < units ? 3 : 2;
    size_t most = 2 * threads + 1;
    for (size_t p = 1; p == 1 || units >> (p - 1) > 0; p++)
        most += size_smaller(2 * threads, chunk_units >> p) + edges;
    return most;
}

Status unit_sums_init(UnitSums *sums, const Kernels *kernels, size_t threads, size_t units,
                      size_t chunk_units, size_t floats) {
    const size_t count = most_sums(threads, units, chunk_units);
    *sums = (UnitSums){.kernels = kernels,
                       .threads = threads,
                       .floats = floats,
                       .any_order = measuring_is_on(MEASURE_ANY_ORDER),
                       .count = count};
    STATUS_TRY(memory_allocate(&sums->sum, count, sizeof *sums->sum, "unit sums"));
    STATUS_TRY(memory_allocate(&sums->number, count, sizeof *sums->number, "unit sums"));
    STATUS_TRY(memory_allocate(&sums->home, count, sizeof *sums->home, "unit sums"));
    STATUS_TRY(memory_allocate(&sums->node, count, sizeof *sums->node, "unit sums"));
    STATUS_TRY(memory_allocate(&sums->merge, count, sizeof *sums->merge, "unit sums"));
    STATUS_TRY(memory_allocate(&sums->open, threads, sizeof *sums->open, "unit sums"));
    for (size_t i = 0; i < count; i++)
        sums->home[i] = threads;
    return STATUS_OK;
}

void unit_sums_place(UnitSums *sums, Arena *arena) {
    for (size_t i = 0; i < sums->count; i++)
        sums->sum[i] = arena_take(arena, sums->floats);
}

void unit_sums_free(UnitSums *sums) {
    memory_free(sums->sum);
    memory_free(sums->number);
    memory_free(sums->home);
    memory_free(sums->node);
    memory_free(sums->merge);
    memory_free(sums->open);
    *sums = (UnitSums){0};
}

void unit_sums_start(UnitSums *sums, size_t leaves) {
    sums->leaves = leaves;
    sums->nodes = 0;
    sums->free = sums->count;
    for (size_t i = 0; i < sums->count; i++)
        sums->number[i] = i;
    for (size_t t = 0; t < sums->threads; t++)
        sums->open[t] = sums->count;
}

/* Which of the free sums `thread` takes: one in its own memory, or else the one that was used last.
 */
static size_t nearest(const UnitSums *sums, size_t thread) {
    for (size_t i = sums->free; i-- > 0;)
        if (sums->home[sums->number[i]] == thread)
            return i;
    return sums->free - 1;
}

/* An empty sum's number. */
static size_t take(UnitSums *sums, size_t thread) {
    size_t number;
#pragma omp critical(vit_unit_sums)
    {
        const size_t i = nearest(sums, thread);
        number = sums->number[i];
        sums->number[i] = sums->number[--sums->free];
        if (sums->home[number] == sums->threads)
            sums->home[number] = thread;
    }
    memset(sums->sum[number], 0, sums->floats * sizeof(float));
    return number;
}

static void give(UnitSums *sums, size_t number) {
    sums->number[sums->free++] = number;
}

float *unit_sums_open(UnitSums *sums, size_t thread) {
    phase_begin(PHASE_SUM);
    if (sums->open[thread] == sums->count)
        sums->open[thread] = take(sums, thread);
    return sums->sum[sums->open[thread]];
}

/* Takes the other half of a node's parent from those that wait, and makes *node that parent; false
 * when it is not there. */
static bool take_half(UnitSums *sums, TreeNode *node, UnitSumsNode *half) {
    for (size_t i = 0; i < sums->nodes; i++) {
        *half = sums->node[i];
        const bool left = tree_are_halves(sums->leaves, half->node, *node);
        if (!left && !tree_are_halves(sums->leaves, *node, half->node))
            continue;
        sums->node[i] = sums->node[--sums->nodes];
        *node = left ? (TreeNode){half->node.first, node->end}
                     : (TreeNode){node->first, half->node.end};
        return true;
    }
    return false;
}

/* Of two threads with the halves of a node the second one finds the first one's here: they come one
 * after the other. */
void unit_sums_close(UnitSums *sums, size_t thread, size_t unit, bool more) {
    UnitSumsNode own = {{unit, unit + 1}, sums->open[thread]}, half;
    bool found = true;
    phase_begin(PHASE_SUM);
    if (sums->any_order)
        return;
    sums->open[thread] = sums->count;
    while (found) {
#pragma omp critical(vit_unit_sums)
        {
            found = more && take_half(sums, &own.node, &half);
            if (!found)
                sums->node[sums->nodes++] = own;
        }
        if (!found)
            break;
        sums->kernels->add(sums->floats, sums->sum[half.number], sums->sum[own.number]);
#pragma omp critical(vit_unit_sums)
        give(sums, half.number);
    }
}

/* The first `merges` of sums->merge, on all threads. */
static void carry_out(UnitSums *sums, size_t merges) {
    if (merges == 0)
        return;
#pragma omp parallel num_threads((int)sums->threads)
    {
        const TeamThread team = team_enter(PHASE_SUM);
        size_t first, end;
        shares_equal(sums->floats, MEMORY_LINE_FLOATS, (size_t)omp_get_thread_num(),
                     (size_t)omp_get_num_threads(), &first, &end);
        for (size_t i = first; i < end; i += MERGE_PIECE)
            for (size_t m = 0; m < merges; m++)
                sums->kernels->add(size_smaller(MERGE_PIECE, end - i),
                                   sums->sum[sums->merge[m].from] + i,
                                   sums->sum[sums->merge[m].into] + i);
        team_leave(team);
    }
    for (size_t m = 0; m < merges; m++)
        give(sums, sums->merge[m].from);
}

static int by_first_leaf(const void *one, const void *other) {
    const size_t a = ((const UnitSumsNode *)one)->node.first;
    const size_t b = ((const UnitSumsNode *)other)->node.first;
    return (a > b) - (a < b);
}

/* All units of the slice up to the chunk's end are there: without gaps, the nodes are what a stack
 * of the tree takes. */
void unit_sums_join(UnitSums *sums) {
    size_t merges = 0, into, from;
    TreeStack stack;
    tree_start(&stack, sums->leaves);
    qsort(sums->node, sums->nodes, sizeof *sums->node, by_first_leaf);
    for (size_t n = 0; n < sums->nodes; n++) {
        tree_push(&stack, sums->node[n].node, sums->node[n].number);
        while (tree_merge(&stack, &into, &from))
            sums->merge[merges++] = (UnitSumsMerge){into, from};
    }
    carry_out(sums, merges);
    sums->nodes = stack.count;
    for (size_t n = 0; n < stack.count; n++)
        sums->node[n] = (UnitSumsNode){stack.node[n], stack.item[n]};
}

/* All threads' sums into the first node; the other nodes of the slice, if any, are empty. */
static void join_in_any_order(UnitSums *sums, size_t wanted) {
    size_t merges = 0;
    for (size_t t = 0; t < sums->threads; t++) {
        if (sums->open[t] == sums->count)
            continue;
        if (sums->nodes > 0)
            sums->merge[merges++] = (UnitSumsMerge){sums->node[0].number, sums->open[t]};
        else
            sums->node[sums->nodes++].number = sums->open[t];
    }
    carry_out(sums, merges);
    while (sums->nodes < wanted)
        sums->node[sums->nodes++].number = take(sums, 0);
}

void unit_sums_finish(UnitSums *sums, size_t nodes, float **node) {
    if (sums->any_order)
        join_in_any_order(sums, nodes);
    for (size_t n = 0; n < nodes; n++)
        node[n] = sums->sum[sums->node[n].number];
}
