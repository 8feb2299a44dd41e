/* print_advice NODES RANKS: the advice for so many nodes with so many ranks each, of which every
 * one may use one core only. The nodes are as hwloc sees this one (HWLOC_SYNTHETIC makes it
 * another). */

#include "placement_node.h"
#include <stdio.h>
#include <stdlib.h>

enum { MOST_NODES = 8, MOST_RANKS = 64 };
static NodeCores node;
static RankPlace place[MOST_RANKS];
static NodeReport report[MOST_NODES];
static Placement placement;

/* Rank r of the node may use the processors of core r. */
static void place_ranks(size_t ranks) {
    for (size_t r = 0; r < ranks; r++) {
        place[r] = (RankPlace){.rank = (int)r, .yields = true};
        for (size_t i = 0; i < PLACE_PROCESSORS; i++)
            if (node.core[i] == r)
                set_add(place[r].set, i);
        node_to_cores(&node, &place[r]);
    }
    node_share(&node, ranks, place);
}

int main(int argc, char **argv) {
    static int leader[MOST_NODES * MOST_RANKS];
    const size_t nodes = argc == 3 ? strtoul(argv[1], NULL, 10) : 0;
    const size_t ranks = argc == 3 ? strtoul(argv[2], NULL, 10) : 0;
    if (nodes < 1 || nodes > MOST_NODES || ranks < 1 || ranks > MOST_RANKS) {
        fprintf(stderr, "usage: print_advice NODES RANKS\n");
        return 64;
    }
    node_cores_of_this_node(&node);
    place_ranks(ranks);
    for (size_t n = 0; n < nodes; n++) {
        node_judge(&node, ranks, place, &report[n]);
        report[n].first_rank = (int)(n * ranks);
        snprintf(report[n].host, sizeof report[n].host, "h%zu", n);
        for (size_t r = 0; r < ranks; r++)
            leader[n * ranks + r] = report[n].first_rank;
    }
    placement_tell(nodes, report, &(Launch){.ranks = nodes * ranks, .leader = leader}, &placement);
    for (size_t i = 0; i < placement.advices; i++)
        puts(placement.advice[i]);
    return 0;
}
