#include "neighbours.h"

#include "vit/hash.h"
#include "vit/memory.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- who they are ---- */

/* Linux's name space of processes, since numbers of another one (a container) mean others. */
static uint64_t process_names(void) {
    struct stat found;
    return stat("/proc/self/ns/pid", &found) == 0 ? (uint64_t)found.st_ino : 0;
}

typedef struct Place {
    uint64_t host; /* and its name space of processes */
    int64_t process;
} Place;

static void note(Neighbours *neighbours, const Ranks *ranks, const Place *place) {
    neighbours->first_host = place[0].host == place[ranks->rank].host;
    for (int r = 0; r < ranks->size; r++) {
        if (place[r].host != place[ranks->rank].host)
            continue;
        if (r == ranks->rank)
            neighbours->mine = neighbours->count;
        neighbours->of_host[neighbours->count++] = (Neighbour){r, (long)place[r].process};
    }
}

Status neighbours_find(Neighbours *neighbours, const Ranks *ranks) {
    const size_t size = (size_t)ranks->size;
    const Place mine = {hash_add(HASH_START, ranks->host, strlen(ranks->host)) ^ process_names(),
                        (int64_t)getpid()};
    Place *place = NULL;
    *neighbours = (Neighbours){0};
    Status status = memory_allocate(&place, size, sizeof *place, "the ranks' processes");
    if (status == STATUS_OK)
        status = memory_allocate(&neighbours->of_host, size, sizeof *neighbours->of_host,
                                 "this host's ranks");
    status = ranks_agree(ranks, status);
    if (status == STATUS_OK) {
        ranks_gather(ranks, &mine, sizeof mine, place);
        note(neighbours, ranks, place);
    }
    memory_free(place);
    return status;
}

void neighbours_free(Neighbours *neighbours) {
    memory_free(neighbours->of_host);
    *neighbours = (Neighbours){0};
}

/* ---- how they are ---- */

/* Linux's letter for the state of a process; 'X' when there is none, '?' when it cannot be told. */
static char process_state(long process) {
    char path[64], text[512] = "";
    snprintf(path, sizeof path, "/proc/%ld/stat", process);
    FILE *file = fopen(path, "r");
    /* Only where Linux shows any process does a missing one tell something. */
    if (!file)
        return errno == ENOENT && access("/proc/self/stat", F_OK) == 0 ? 'X' : '?';
    /* The name before the state, in brackets, may hold anything. */
    const char *name = fgets(text, sizeof text, file) ? strrchr(text, ')') : NULL;
    fclose(file);
    const bool told = name && name[1] == ' ' && name[2];
    return (char)(told ? name[2] : '?');
}

static const char has_ended[] = "has ended";

/* What keeps a process from answering, or NULL. */
static const char *trouble(long process) {
    switch (process_state(process)) {
    case 'T':
        return "is stopped by a signal";
    case 't':
        return "is held by a debugger";
    case 'D':
        return "waits for a disk or a file system";
    case 'Z':
    case 'X':
        return has_ended;
    default:
        return NULL;
    }
}

const Neighbour *neighbours_culprit(const Neighbours *neighbours, const char **what, bool *gone) {
    for (size_t i = 0; i < neighbours->count; i++)
        if (i != neighbours->mine && (*what = trouble(neighbours->of_host[i].process))) {
            *gone = *what == has_ended;
            return &neighbours->of_host[i];
        }
    return NULL;
}
