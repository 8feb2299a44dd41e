#include "vit/arithmetic.h"
#include "vit/placement.h"
#include "vit/program.h"
#include "vit/stop.h"
#include "vit/watchdog.h"
#include <mpi.h>
#include <stdio.h>

int main(int argc, char **argv) {
    Arithmetic own;
    /* Before MPI_Init: an early signal must not kill a rank, and MPI does not like later forks. */
    stop_install();
    const double slurm_end = stop_slurm_end();
    arithmetic_survey(&own);
    placement_prepare();
    int provided = 0;
    MPI_Init_thread(&argc, &argv, MPI_THREAD_FUNNELED, &provided);
    const Status status = program_run(argc, argv, MPI_COMM_WORLD, slurm_end, &own);
    watchdog_work("the end", WATCHDOG_TOGETHER);
    /* A launcher kills the other ranks when one exits with an error: let all get here first. */
    fflush(NULL);
    MPI_Barrier(MPI_COMM_WORLD);
    watchdog_work("the end", WATCHDOG_OWN_WORK);
    MPI_Finalize();
    watchdog_stop();
    return (int)status;
}
