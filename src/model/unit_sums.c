#include "unit_sums.h"

#include "vit/measuring.h"
#include "vit/memory.h"
#include "vit/size.h"
#include "vit/team.h"
#include <string.h>

/* Floats that a thread adds at a time, of each of the sums. */
enum { MERGE_PIECE = 4096 };

Status unit_sums_init(UnitSums *sums, const Kernels *kernels, size_t threads, size_t units,
                      size_t chunk_units, size_t floats) {
    /* The most at a time: every thread's of a chunk and the earlier chunks'. */
    const size_t share = chunk_units / threads + 1;
    const size_t count = threads * tree_stack_most(share) + tree_stack_most(units);
    *sums = (UnitSums){.kernels = kernels,
                       .threads = threads,
                       .floats = floats,
                       .any_order = measuring_is_on(MEASURE_ANY_ORDER),
                       .count = count};
    STATUS_TRY(memory_allocate(&sums->sum, count, sizeof *sums->sum, "unit sums"));
    STATUS_TRY(memory_allocate(&sums->number, count, sizeof *sums->number, "unit sums"));
    STATUS_TRY(memory_allocate(&sums->merge, count, sizeof *sums->merge, "unit sums"));
    return memory_allocate(&sums->thread, threads, sizeof *sums->thread, "unit sums");
}

void unit_sums_place(UnitSums *sums, Arena *arena) {
    for (size_t i = 0; i < sums->count; i++)
        sums->sum[i] = arena_take(arena, sums->floats);
}

void unit_sums_free(UnitSums *sums) {
    memory_free(sums->sum);
    memory_free(sums->number);
    memory_free(sums->merge);
    memory_free(sums->thread);
    *sums = (UnitSums){0};
}

void unit_sums_start(UnitSums *sums, size_t leaves) {
    sums->free = sums->count;
    for (size_t i = 0; i < sums->count; i++)
        sums->number[i] = i;
    tree_start(&sums->nodes, leaves);
    for (size_t t = 0; t < sums->threads; t++)
        tree_start(&sums->thread[t].nodes, leaves);
}

/* An empty sum's number. */
static size_t take(UnitSums *sums) {
    size_t number;
#pragma omp critical(vit_unit_sums)
    number = sums->number[--sums->free];
    memset(sums->sum[number], 0, sums->floats * sizeof(float));
    return number;
}

static void give(UnitSums *sums, size_t number) {
#pragma omp critical(vit_unit_sums)
    sums->number[sums->free++] = number;
}

float *unit_sums_open(UnitSums *sums, size_t thread) {
    UnitSumsThread *own = &sums->thread[thread];
    phase_begin(PHASE_SUM);
    own->open = sums->any_order && own->nodes.count ? own->nodes.item[0] : take(sums);
    return sums->sum[own->open];
}

void unit_sums_close(UnitSums *sums, size_t thread, size_t unit) {
    UnitSumsThread *own = &sums->thread[thread];
    size_t into, from;
    phase_begin(PHASE_SUM);
    if (sums->any_order && own->nodes.count)
        return;
    tree_push(&own->nodes, (TreeNode){unit, unit + 1}, own->open);
    while (tree_merge(&own->nodes, &into, &from)) {
        sums->kernels->add(sums->floats, sums->sum[from], sums->sum[into]);
        give(sums, from);
    }
}

/* The first `merges` of sums->merge, on all threads. */
static void carry_out(UnitSums *sums, size_t merges) {
    const size_t floats = sums->floats;
    if (merges == 0)
        return;
#pragma omp parallel num_threads((int)sums->threads)
    {
        const TeamThread team = team_enter(PHASE_SUM);
#pragma omp for schedule(static) nowait
        for (size_t i = 0; i < floats; i += MERGE_PIECE)
            for (size_t m = 0; m < merges; m++)
                sums->kernels->add(size_smaller(MERGE_PIECE, floats - i),
                                   sums->sum[sums->merge[m].from] + i,
                                   sums->sum[sums->merge[m].into] + i);
        team_leave(team);
    }
    for (size_t m = 0; m < merges; m++)
        give(sums, sums->merge[m].from);
}

/* The threads' nodes, which are in order, behind the earlier ones. */
void unit_sums_join(UnitSums *sums) {
    size_t merges = 0, into, from;
    if (sums->any_order)
        return;
    for (size_t t = 0; t < sums->threads; t++) {
        TreeStack *nodes = &sums->thread[t].nodes;
        for (size_t n = 0; n < nodes->count; n++) {
            tree_push(&sums->nodes, nodes->node[n], nodes->item[n]);
            while (tree_merge(&sums->nodes, &into, &from))
                sums->merge[merges++] = (UnitSumsMerge){into, from};
        }
        tree_start(nodes, sums->nodes.leaves);
    }
    carry_out(sums, merges);
}

/* All threads' sums into the first node; the other nodes of the slice, if any, are empty. */
static void join_in_any_order(UnitSums *sums, size_t wanted) {
    size_t merges = 0;
    for (size_t t = 0; t < sums->threads; t++) {
        const TreeStack *nodes = &sums->thread[t].nodes;
        if (nodes->count && sums->nodes.count)
            sums->merge[merges++] = (UnitSumsMerge){sums->nodes.item[0], nodes->item[0]};
        else if (nodes->count)
            tree_push(&sums->nodes, nodes->node[0], nodes->item[0]);
    }
    carry_out(sums, merges);
    while (sums->nodes.count < wanted)
        tree_push(&sums->nodes, (TreeNode){0, 0}, take(sums));
}

void unit_sums_finish(UnitSums *sums, size_t nodes, float **node) {
    if (sums->any_order)
        join_in_any_order(sums, nodes);
    for (size_t n = 0; n < nodes; n++)
        node[n] = sums->sum[sums->nodes.item[n]];
}
