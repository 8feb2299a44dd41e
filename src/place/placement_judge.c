#include "placement_node.h"

#include "vit/hash.h"
#include "vit/size.h"
#include <string.h>

/* ---- sets ---- */

static bool overlap(size_t words, const uint64_t *a, const uint64_t *b) {
    uint64_t both = 0;
    for (size_t w = 0; w < words; w++)
        both |= a[w] & b[w];
    return both != 0;
}

static void add(uint64_t *sum, const uint64_t *set) {
    for (size_t w = 0; w < PLACE_WORDS; w++)
        sum[w] |= set[w];
}

void node_to_cores(const NodeCores *node, RankPlace *place) {
    uint64_t cores[PLACE_WORDS] = {0};
    for (size_t i = 0; i < PLACE_PROCESSORS; i++)
        if (set_has(place->set, i) && node->core[i] != NO_CORE)
            set_add(cores, node->core[i]);
    place->processors = set_count(place->set);
    memcpy(place->set, cores, sizeof cores);
}

/* ---- threads ---- */

/* Marks ranks whose cores overlap, directly or through others, with the first of them. */
static void find_groups(const NodeCores *node, size_t ranks, RankPlace *place) {
    const size_t words = size_groups(node->cores, 64);
    for (size_t r = 0; r < ranks; r++) {
        place[r].group = (uint32_t)r;
        for (size_t q = 0; q < r; q++) {
            if (place[q].group == place[r].group || !overlap(words, place[q].set, place[r].set))
                continue;
            const uint32_t a = place[q].group, b = place[r].group, first = a < b ? a : b;
            for (size_t i = 0; i <= r; i++)
                if (place[i].group == a || place[i].group == b)
                    place[i].group = first;
        }
    }
}

static void measure_groups(size_t ranks, RankPlace *place) {
    for (size_t g = 0; g < ranks; g++) {
        if (place[g].group != g)
            continue;
        uint64_t all[PLACE_WORDS] = {0};
        uint32_t members = 0;
        for (size_t r = g; r < ranks; r++)
            if (place[r].group == g) {
                add(all, place[r].set);
                members++;
            }
        const uint32_t cores = set_count(all);
        for (size_t r = g; r < ranks; r++)
            if (place[r].group == g) {
                place[r].group_ranks = members;
                place[r].group_cores = cores;
            }
    }
}

static bool in_cgroup(const RankPlace *place, const CpuLimit *cgroup) {
    for (size_t i = 0; i < PLACE_LIMITS; i++)
        if (place->limit[i].milli && place->limit[i].device == cgroup->device &&
            place->limit[i].inode == cgroup->inode)
            return true;
    return false;
}

/* The limit that leaves a rank the smallest share. */
static void find_limit(size_t ranks, const RankPlace *all, RankPlace *place) {
    place->limit_milli = place->limit_ranks = 0;
    for (size_t i = 0; i < PLACE_LIMITS; i++) {
        const CpuLimit *limit = &place->limit[i];
        uint64_t sharing = 0;
        if (!limit->milli)
            continue;
        for (size_t r = 0; r < ranks; r++)
            sharing += in_cgroup(&all[r], limit);
        if (!place->limit_milli ||
            limit->milli * place->limit_ranks < place->limit_milli * sharing) {
            place->limit_milli = limit->milli;
            place->limit_ranks = sharing;
        }
    }
}

static uint32_t at_least_one(uint64_t value) {
    return value ? (uint32_t)value : 1;
}

/* threads = auto. */
static void choose(const NodeCores *node, RankPlace *place) {
    uint32_t threads = place->cores;
    if (place->group_cores / place->group_ranks < threads)
        threads = place->group_cores / place->group_ranks;
    /* Slurm does not bind everywhere; what was asked of it holds nevertheless. */
    const uint32_t given = place->srun_cores ? place->srun_cores
                                             : (uint32_t)size_groups(place->srun_cpus, node->width);
    if (given && given < threads) {
        threads = given;
        place->asker = ASKER_SRUN;
    }
    if (place->openmp_most && place->openmp_most < threads) {
        threads = place->openmp_most;
        place->asker = ASKER_LIMIT;
    }
    place->threads = at_least_one(threads);
    if (place->limit_milli) {
        const uint32_t most = at_least_one(place->limit_milli / (1000 * place->limit_ranks));
        place->limited = most < place->threads;
        if (place->limited)
            place->threads = most;
    }
}

void node_share(const NodeCores *node, size_t ranks, RankPlace *place) {
    find_groups(node, ranks, place);
    measure_groups(ranks, place);
    for (size_t r = 0; r < ranks; r++) {
        place[r].cores = set_count(place[r].set);
        place[r].limited = 0;
        place[r].group_threads = 0;
        find_limit(ranks, place, &place[r]);
        if (place[r].asked)
            place[r].threads = place[r].asked;
        else
            choose(node, &place[r]);
    }
    for (size_t r = 0; r < ranks; r++)
        place[place[r].group].group_threads += place[r].threads;
    for (size_t r = 0; r < ranks; r++)
        place[r].group_threads = place[place[r].group].group_threads;
}

/* ---- problems ---- */

static void note(NodeReport *report, Problem problem, Finding finding) {
    Finding *known = &report->finding[problem];
    if (known->ranks++ == 0) {
        *known = finding;
        known->ranks = 1;
    }
}

/* A finding with the numbers of the rank itself, and of all that it shares cores with. */
static Finding its_own(const RankPlace *place) {
    return (Finding){.first = place->rank,
                     .threads = place->threads,
                     .cores = place->cores,
                     .group_ranks = place->group_ranks,
                     .pinned = place->pinned && place->group_ranks > 1,
                     .asker = place->asker};
}

static Finding its_group(const RankPlace *place) {
    Finding finding = its_own(place);
    finding.threads = place->group_threads;
    finding.cores = place->group_cores;
    return finding;
}

static void judge_cores(const RankPlace *place, NodeReport *report) {
    const bool shared = place->group_ranks > 1, crowd = place->group_ranks > place->group_cores;
    if (place->cores == 1 && place->threads > 1)
        note(report, PROBLEM_ONE_CORE, its_own(place));
    else if (place->threads > place->cores)
        note(report, PROBLEM_THREADS, its_own(place));
    else if (!crowd && place->group_threads > place->group_cores)
        note(report, PROBLEM_THREADS, its_group(place));
    if (crowd)
        note(report, PROBLEM_CROWD, its_group(place));
    else if (shared)
        note(report, PROBLEM_OVERLAP, its_group(place));
    if (shared && !place->yields && place->group_threads > place->group_cores)
        note(report, PROBLEM_HOLDING, its_group(place));
}

static void judge_limit(const RankPlace *place, NodeReport *report) {
    Finding finding = its_own(place);
    finding.milli = place->limit_milli;
    finding.group_ranks = (uint32_t)place->limit_ranks;
    if (place->limit_milli && 1000 * place->threads * place->limit_ranks > place->limit_milli)
        note(report, PROBLEM_OVER_LIMIT, finding);
    else if (place->limited)
        note(report, PROBLEM_LIMITED, finding);
}

/* A quarter of the node's cores, or more, without work; unless a limit wants it so, or another
 * advice mends it. */
static void judge_idle(const NodeCores *node, size_t ranks, const RankPlace *place,
                       NodeReport *report) {
    size_t covered = 0, busy = 0;
    Asker asker = ASKER_NOBODY;
    for (size_t r = 0; r < ranks; r++) {
        if (place[r].asker != ASKER_NOBODY)
            asker = (Asker)place[r].asker;
        if (place[r].group != r)
            continue;
        covered += place[r].group_cores;
        busy += place[r].group_threads < place[r].group_cores ? place[r].group_threads
                                                              : place[r].group_cores;
    }
    if (busy >= node->usable || 4 * (node->usable - busy) < node->usable)
        return;
    if (report->finding[PROBLEM_LIMITED].ranks || report->finding[PROBLEM_OVER_LIMIT].ranks ||
        report->finding[PROBLEM_ONE_CORE].ranks || report->finding[PROBLEM_CROWD].ranks)
        return;
    Finding finding = its_own(&place[0]);
    finding.cores = (uint32_t)(node->usable - busy);
    finding.covered = (uint32_t)covered;
    finding.asker = asker;
    if (covered < node->usable && 4 * (node->usable - covered) >= node->usable)
        finding.idle_reason = IDLE_BOUND;
    else
        finding.idle_reason = asker == ASKER_NOBODY ? IDLE_DIVISION : IDLE_ASKED;
    note(report, PROBLEM_IDLE, finding);
}

void node_judge(const NodeCores *node, size_t ranks, const RankPlace *place, NodeReport *report) {
    *report = (NodeReport){.first_rank = place[0].rank,
                           .ranks = (uint32_t)ranks,
                           .usable = (uint32_t)node->usable,
                           .width = (uint32_t)node->width,
                           .least_threads = place[0].threads,
                           .layout_hash = HASH_START};
    for (size_t r = 0; r < ranks; r++) {
        judge_cores(&place[r], report);
        judge_limit(&place[r], report);
        report->threads += place[r].threads;
        if (place[r].threads < report->least_threads)
            report->least_threads = place[r].threads;
        if (place[r].threads > report->most_threads)
            report->most_threads = place[r].threads;
        report->layout_hash = hash_add(report->layout_hash, place[r].set, sizeof place[r].set);
        report->layout_hash =
            hash_add(report->layout_hash, &place[r].threads, sizeof place[r].threads);
    }
    judge_idle(node, ranks, place, report);
    node_layout(node, ranks, place, report->layout, sizeof report->layout);
}
