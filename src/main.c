#include "vit/log.h"
#include "vit/program.h"
#include "vit/stop.h"
#include "vit/world.h"
#include <mpi.h>

int main(int argc, char **argv) {
    Arithmetic own;
    /* Before MPI_Init: an early signal must not kill a rank, and MPI does not like later forks. */
    stop_install();
    const double slurm_end = stop_slurm_end();
    Status status = world_enter(&argc, &argv, &own);
    if (status == STATUS_OK)
        status = program_run(argc, argv, MPI_COMM_WORLD, slurm_end, &own);
    else
        log_error("%s", status_message());
    return world_leave(status);
}
