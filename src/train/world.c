#include "vit/world.h"

#include "vit/job.h"
#include "vit/launcher.h"
#include "vit/log.h"
#include "vit/placement.h"
#include "vit/watchdog.h"
#include <mpi.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* What the command line says of [run] stall_timeout, or its default; a bad value is told later. */
static double first_limit_minutes(int argc, char **argv) {
    const char *told = NULL;
    Job job;
    for (int i = 1; i < argc; i++) {
        const char *found = strstr(argv[i], "run.stall_timeout=");
        told = found ? found : told;
    }
    if (!told || job_parse(&job, "defaults", "", 1, &told) != STATUS_OK)
        (void)job_parse(&job, "defaults", "", 0, NULL);
    return job.stall_timeout;
}

/* The first process says it. Some launchers end all others when one has ended with an error: the
 * others give it time, since it may be the last one to start. */
static Status alone(Status status) {
    enum { HEAD_START_S = 3 };
    const bool first = launcher_rank() == 0;
    log_start(first, false);
    if (!first)
        sleep(HEAD_START_S);
    return status;
}

Status world_enter(int *argc, char ***argv, Arithmetic *own) {
    int provided = 0, size = 0;
    arithmetic_survey(own);
    placement_prepare();
    Status status = launcher_prepare();
    if (status != STATUS_OK)
        return alone(status);
    watchdog_start(first_limit_minutes(*argc, *argv));
    watchdog_work("MPI_Init", WATCHDOG_TOGETHER);
    MPI_Init_thread(argc, argv, MPI_THREAD_FUNNELED, &provided);
    MPI_Comm_size(MPI_COMM_WORLD, &size);
    status = launcher_check(size);
    return status == STATUS_OK ? STATUS_OK : alone(status);
}

int world_leave(Status status) {
    int begun = 0;
    MPI_Initialized(&begun);
    fflush(NULL);
    if (begun) {
        watchdog_work("the end", WATCHDOG_TOGETHER);
        /* A launcher kills the other ranks when one exits with an error: let all get here first. */
        MPI_Barrier(MPI_COMM_WORLD);
        watchdog_work("the end", WATCHDOG_OWN_WORK);
        MPI_Finalize();
    }
    watchdog_stop();
    return (int)status;
}
