#ifndef VIT_PLACEMENT_NODE_H
#define VIT_PLACEMENT_NODE_H

/* What placement.c is made of. Functions of this header are local, and all but the first two look
 * at nothing but their arguments. */

#include "vit/placement.h"
#include <stdbool.h>
#include <stdint.h>

enum {
    PLACE_PROCESSORS = 16384, /* hardware threads of a node */
    PLACE_WORDS = PLACE_PROCESSORS / 64,
    PLACE_LIMITS = 8 /* nested cgroups with a limit */
};

/* Sets of processors or cores, [PLACE_WORDS]. */
static inline bool set_has(const uint64_t *set, size_t i) {
    return set[i / 64] >> (i % 64) & 1;
}

static inline void set_add(uint64_t *set, size_t i) {
    set[i / 64] |= (uint64_t)1 << (i % 64);
}

static inline uint32_t set_count(const uint64_t *set) {
    uint32_t sum = 0;
    for (size_t w = 0; w < PLACE_WORDS; w++)
        sum += (uint32_t)__builtin_popcountll(set[w]);
    return sum;
}

/* Who wants a certain number of threads. */
typedef enum Asker { ASKER_NOBODY, ASKER_JOB, ASKER_OPENMP, ASKER_SRUN, ASKER_LIMIT } Asker;

/* Processor time that a cgroup may use. */
typedef struct CpuLimit {
    uint64_t device, inode; /* of the cgroup: the same for all of a node's ranks in it */
    uint64_t milli;         /* thousandths of a processor; 0: no limit */
} CpuLimit;

/* One rank on its node. Travels between ranks as bytes. */
typedef struct RankPlace {
    uint64_t set[PLACE_WORDS]; /* processors by the system's number; node_to_cores: cores */
    CpuLimit limit[PLACE_LIMITS];
    int32_t rank;
    uint32_t asked;       /* threads; 0: the rank's own choice */
    uint32_t asker;       /* Asker */
    uint32_t openmp_most; /* OMP_THREAD_LIMIT; 0: none */
    uint32_t srun_cpus;   /* srun -c, in hardware threads; 0: not started so */
    uint32_t srun_cores;  /* the same in cores, when srun was told to take one thread of each */
    uint32_t yields;      /* waits for messages without holding its core */
    uint32_t processors;  /* in the set, before node_to_cores */
    uint32_t pinned;      /* OpenMP binds threads to places, the first rank as the next */

    /* Results of node_share. */
    uint32_t threads;
    uint32_t cores;                    /* in the set */
    uint32_t group;                    /* index of the first rank whose cores these overlap */
    uint32_t group_ranks, group_cores; /* that are connected by overlaps, this one included */
    uint32_t group_threads;            /* of those ranks together */
    uint32_t limited;                  /* threads = auto takes less because of a limit */
    uint64_t limit_milli, limit_ranks; /* the tightest limit, and the ranks that share it */
} RankPlace;

/* A node's processors. */
typedef struct NodeCores {
    size_t usable;                   /* cores that this job may use in all */
    size_t cores;                    /* of the machine */
    size_t width;                    /* processors of a core, at most */
    uint16_t core[PLACE_PROCESSORS]; /* of each processor, or NO_CORE */
} NodeCores;
enum { NO_CORE = UINT16_MAX };

/* One rank's problem of a kind, and how many have it. */
typedef enum Problem {
    PROBLEM_ONE_CORE, /* several threads on a mask of one core */
    PROBLEM_THREADS,  /* more threads than cores */
    PROBLEM_CROWD,    /* more ranks than cores */
    PROBLEM_OVERLAP,  /* may use each other's cores */
    PROBLEM_HOLDING,  /* share cores and hold them while they wait */
    PROBLEM_LIMITED,  /* fewer threads because of a limit */
    PROBLEM_OVER_LIMIT,
    PROBLEM_IDLE, /* cores without work */
    PROBLEMS
} Problem;

typedef enum IdleReason { IDLE_BOUND, IDLE_ASKED, IDLE_DIVISION } IdleReason;

typedef struct Finding {
    uint32_t ranks;       /* that have it; 0: none */
    int32_t first;        /* of them, with its numbers: */
    uint32_t threads;     /* its own, or its group's */
    uint32_t cores;       /* its own, or its group's; idle ones */
    uint32_t group_ranks; /* that share the cores, or the limit */
    uint32_t asker;       /* Asker */
    uint32_t idle_reason; /* IdleReason */
    uint32_t covered;     /* cores that the ranks of the node may use */
    uint32_t pinned;      /* by OpenMP, to the same cores as other ranks */
    uint64_t milli;       /* the limit */
} Finding;

/* What rank 0 learns of a node. Travels as bytes. */
typedef struct NodeReport {
    char host[128];
    char layout[384];
    uint64_t layout_hash; /* of all ranks, also where the text is cut short */
    int32_t first_rank;
    uint32_t ranks, usable, width;
    uint32_t threads, least_threads, most_threads;
    Finding finding[PROBLEMS];
} NodeReport;

typedef struct Launch {
    bool srun;         /* or else mpirun, */
    bool hosts_listed; /* which was told the hosts, since no batch system has given them */
    size_t ranks;      /* in all */
    const int *leader; /* [ranks] the first rank of each rank's node */
} Launch;

/* ---- placement_local.c ---- */

/* This process: mask, limits, wishes, yielding. threads: as for placement_find. After MPI_Init. */
void place_of_this_rank(RankPlace *place, int rank, size_t threads);

/* The machine, from hwloc; when that fails every processor is a core. */
void node_cores_of_this_node(NodeCores *node);

/* Limits of the cgroups that `cgroup_file` (/proc/self/cgroup) names and their parents, found
 * through the mounts in `mounts_file` (/proc/self/mountinfo). Versions 1 and 2. */
void place_read_limits(const char *cgroup_file, const char *mounts_file,
                       CpuLimit limit[PLACE_LIMITS]);

/* The n-th number of Slurm's list of counts: "2(x3),1" is 2, 2, 2, 1. 0 where there is none. */
size_t slurm_count(const char *list, size_t n);

/* ---- placement_judge.c ---- */

/* Turns the set of processors into the set of their cores. */
void node_to_cores(const NodeCores *node, RankPlace *place);

/* Fills the results of all ranks of a node, whose sets are of cores. */
void node_share(const NodeCores *node, size_t ranks, RankPlace *place);

/* After node_share: everything of the report but the host. */
void node_judge(const NodeCores *node, size_t ranks, const RankPlace *place, NodeReport *report);

/* ---- placement_text.c ---- */

/* How the ranks lie on their node: "cores 0-7, 8-15 of 16; 8 threads each". */
void node_layout(const NodeCores *node, size_t ranks, const RankPlace *place, char *text,
                 size_t bytes);

/* Lines, advice and counts of all nodes. */
void placement_tell(size_t nodes, const NodeReport *report, const Launch *launch,
                    Placement *placement);

#endif
