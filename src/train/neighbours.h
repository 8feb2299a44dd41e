#ifndef VIT_NEIGHBOURS_H
#define VIT_NEIGHBOURS_H

#include "vit/ranks.h"
#include "vit/status.h"
#include <stdbool.h>
#include <stddef.h>

/* The ranks of this host, and which of them cannot answer: this rank can look at their processes,
 * as it cannot at those of other hosts. */

typedef struct Neighbour {
    int rank;
    long process;
} Neighbour;

typedef struct Neighbours {
    Neighbour *of_host; /* [count], in order of rank; this rank too */
    size_t count;
    size_t mine;     /* this rank's place among them */
    bool first_host; /* rank 0 is one of them */
} Neighbours;

/* Learns who they are. In containers with processes of their own each counts as a host. Collective;
 * all ranks return the same. STATUS_INTERNAL: no memory. */
Status neighbours_find(Neighbours *neighbours, const Ranks *ranks);
void neighbours_free(Neighbours *neighbours);

/* The first other one that cannot answer, with what keeps it from that ("is stopped by a signal")
 * and whether it is gone; NULL when there is none, and *what and *gone are unspecified. Local, from
 * any thread. */
const Neighbour *neighbours_culprit(const Neighbours *neighbours, const char **what, bool *gone);

#endif
