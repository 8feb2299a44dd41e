#include "placement_node.h"

#include "vit/memory.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The ranks of a node send what they may use to the first of them, which sends rank 0 one report.
 */
typedef struct Gathering {
    MPI_Comm node, leaders; /* MPI_COMM_NULL where this rank does not lead */
    int node_rank, node_size;
    int leader; /* rank number of this node's first */
    RankPlace mine;
    RankPlace *place;   /* [node_size] on a leader */
    NodeCores *cores;   /* on a leader */
    NodeReport *report; /* [nodes] on rank 0 */
    int *all_leaders;   /* [ranks] on rank 0 */
} Gathering;

static void find_node(Gathering *g, const Ranks *ranks) {
    MPI_Comm_split_type(ranks->comm, MPI_COMM_TYPE_SHARED, 0, MPI_INFO_NULL, &g->node);
    MPI_Comm_rank(g->node, &g->node_rank);
    MPI_Comm_size(g->node, &g->node_size);
    MPI_Comm_split(ranks->comm, g->node_rank == 0 ? 0 : MPI_UNDEFINED, 0, &g->leaders);
    g->leader = ranks->rank;
    MPI_Bcast(&g->leader, 1, MPI_INT, 0, g->node);
}

static Status allocate(Gathering *g, const Ranks *ranks) {
    int nodes = 0;
    if (g->node_rank != 0)
        return STATUS_OK;
    MPI_Comm_size(g->leaders, &nodes);
    STATUS_TRY(memory_allocate(&g->place, (size_t)g->node_size, sizeof *g->place, "ranks' cores"));
    STATUS_TRY(memory_allocate(&g->cores, 1, sizeof *g->cores, "a node's cores"));
    if (ranks->rank != 0)
        return STATUS_OK;
    STATUS_TRY(memory_allocate(&g->report, (size_t)nodes, sizeof *g->report, "nodes' reports"));
    return memory_allocate(&g->all_leaders, (size_t)ranks->size, sizeof *g->all_leaders,
                           "ranks' nodes");
}

static void judge_node(Gathering *g, const Ranks *ranks, NodeReport *report) {
    const size_t count = (size_t)g->node_size;
    node_cores_of_this_node(g->cores);
    for (size_t r = 0; r < count; r++)
        node_to_cores(g->cores, &g->place[r]);
    node_share(g->cores, count, g->place);
    node_judge(g->cores, count, g->place, report);
    snprintf(report->host, sizeof report->host, "%.*s", (int)sizeof report->host - 1, ranks->host);
}

/* Whether mpirun learns from a batch system (Slurm, PBS, LSF, Grid Engine) which nodes it has. */
static bool batch_gives_hosts(void) {
    return getenv("SLURM_JOB_ID") || getenv("PBS_JOBID") || getenv("LSB_JOBID") ||
           getenv("PE_HOSTFILE");
}

static void exchange(Gathering *g, const Ranks *ranks, Placement *placement) {
    NodeReport report;
    const int bytes = ranks_int(sizeof g->mine);
    MPI_Gather(&g->mine, bytes, MPI_BYTE, g->place, bytes, MPI_BYTE, 0, g->node);
    if (g->node_rank == 0) {
        judge_node(g, ranks, &report);
        MPI_Gather(&report, ranks_int(sizeof report), MPI_BYTE, g->report, ranks_int(sizeof report),
                   MPI_BYTE, 0, g->leaders);
    }
    MPI_Scatter(g->place, bytes, MPI_BYTE, &g->mine, bytes, MPI_BYTE, 0, g->node);
    MPI_Gather(&g->leader, 1, MPI_INT, g->all_leaders, 1, MPI_INT, 0, ranks->comm);
    if (ranks->rank == 0) {
        const Launch launch = {.srun = !getenv("OMPI_COMM_WORLD_SIZE") && getenv("SLURM_STEP_ID"),
                               .hosts_listed = !batch_gives_hosts(),
                               .ranks = (size_t)ranks->size,
                               .leader = g->all_leaders};
        int nodes = 0;
        MPI_Comm_size(g->leaders, &nodes);
        placement_tell((size_t)nodes, g->report, &launch, placement);
    }
    size_t counts[] = {placement->nodes, placement->all_threads, placement->least_threads,
                       placement->most_threads};
    ranks_broadcast(ranks, counts, sizeof counts);
    placement->nodes = counts[0];
    placement->all_threads = counts[1];
    placement->least_threads = counts[2];
    placement->most_threads = counts[3];
    placement->threads = g->mine.threads;
}

Status placement_find(Placement *placement, const Ranks *ranks, size_t threads) {
    Gathering g = {0};
    *placement = (Placement){0};
    find_node(&g, ranks);
    place_of_this_rank(&g.mine, ranks->rank, threads);
    const Status status = ranks_agree(ranks, allocate(&g, ranks));
    if (status == STATUS_OK)
        exchange(&g, ranks, placement);
    memory_free(g.place);
    memory_free(g.cores);
    memory_free(g.report);
    memory_free(g.all_leaders);
    if (g.leaders != MPI_COMM_NULL)
        MPI_Comm_free(&g.leaders);
    MPI_Comm_free(&g.node);
    return status;
}
