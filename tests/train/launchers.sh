#!/bin/sh
# Processes that a launcher of another MPI has started, of which each would be rank 0 of 1: all end with 64 before anything is
# trained, and one says so. By hand, with the variables of such launchers; MPI itself then knows of one rank.
. "$(dirname "$0")/common.sh"
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1

# start_two SIZE RANK PROGRAM...: two processes with these variables.
start_two() {
    size=$1 rank=$2
    shift 2
    for i in 0 1; do
        (
            env "$size=2" "$rank=$i" "$@" >"said.$i" 2>&1
            echo $? >"code.$i"
        ) &
    done
    wait
}

# refused SIZE: that is what was found.
refused() {
    [ "$(cat code.0) $(cat code.1)" = '64 64' ] || fail "$1: ended with $(cat code.0 code.1): $(cat said.0 said.1)"
    [ ! -s said.1 ] || fail "$1: the second one said: $(cat said.1)"
    [ "$(wc -l <said.0)" -eq 1 ] || fail "$1: not one line: $(cat said.0)"
    grep -q "^Error: .* started 2 processes ($1=2) .*mpirun of Open MPI v" said.0 || fail "$1: $(cat said.0)"
    [ ! -e out ] || fail "$1: has trained"
}

start_two PMI_SIZE PMI_RANK "$vit_mpi" job.ini -s job.output=out
refused PMI_SIZE
start_two OMPI_COMM_WORLD_SIZE OMPI_COMM_WORLD_RANK "$vit_mpi" job.ini -s job.output=out
refused OMPI_COMM_WORLD_SIZE

# Without its PMI, MPI_Init would end what srun started, with words of its own.
export SLURM_JOBID=1 SLURM_STEPID=0
start_two SLURM_STEP_NUM_TASKS SLURM_PROCID "$vit_mpi" job.ini -s job.output=out
refused SLURM_STEP_NUM_TASKS
unset SLURM_JOBID SLURM_STEPID

start_two PMI_SIZE PMI_RANK "$programs/vit_bench" peak
refused PMI_SIZE

# mpirun within such a step starts ranks as ever.
PMI_SIZE=2 PMI_RANK=1 SLURM_STEP_NUM_TASKS=2 SLURM_PROCID=1 must_train 1 out -s train.max_steps=1
exit 0
