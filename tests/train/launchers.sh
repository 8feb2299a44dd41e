#!/bin/sh
# Processes that a launcher of another MPI has started, of which each would be rank 0 of 1: all end with 64 before anything is
# trained, and one says so. By hand, with the variables of such launchers; MPI itself then knows of one rank.
. "$(dirname "$0")/common.sh"
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1

# start_two NAME PROGRAM...: two processes with the variables of $size and $rank, and $more, in the background; the first one
# is late. A session of their own, as launchers give them: a terminal means a person.
start_two() {
    name=$1
    shift
    for i in 0 1; do
        (
            sleep $((1 - i))
            # Words.
            # shellcheck disable=SC2086
            setsid --wait env $more "$size=2" "$rank=$i" "$@" >"$name.said.$i" 2>&1
            code=$?
            [ $i = 0 ] || [ -e "$name.code.0" ] || touch "$name.early"
            echo $code >"$name.code.$i"
        ) &
    done
}

# refused NAME SIZE: that is what was found.
refused() {
    name=$1 size=$2
    codes="$(cat "$name.code.0") $(cat "$name.code.1")"
    [ "$codes" = '64 64' ] || fail "$name: ended with $codes: $(cat "$name.said.0" "$name.said.1")"
    [ ! -e "$name.early" ] || fail "$name: the second one ended first, which ends the first one under some launchers"
    [ ! -s "$name.said.1" ] || fail "$name: the second one said: $(cat "$name.said.1")"
    [ "$(wc -l <"$name.said.0")" -eq 1 ] || fail "$name: not one line: $(cat "$name.said.0")"
    grep -q "^Error: .* started 2 processes ($size=2) .*mpirun of Open MPI v" "$name.said.0" || fail "$name: $(cat "$name.said.0")"
    [ ! -e "$name" ] || fail "$name: has trained"
}

# All at once: they wait for each other's end.
more='' size=PMI_SIZE rank=PMI_RANK
start_two pmi "$vit_mpi" job.ini -s job.output=pmi
start_two bench "$programs/vit_bench" peak
size=OMPI_COMM_WORLD_SIZE rank=OMPI_COMM_WORLD_RANK
start_two other "$vit_mpi" job.ini -s job.output=other

# Within a step Open MPI wants to join it: without what it needs, MPI_Init would end the process with words of its own.
step='SLURM_JOBID=1 SLURM_JOB_ID=1 SLURM_STEPID=0 SLURM_STEP_ID=0 SLURM_NODELIST=n1 SLURM_STEP_NUM_NODES=1'
more=$step size=SLURM_STEP_NUM_TASKS rank=SLURM_PROCID
start_two srun "$vit_mpi" job.ini -s job.output=srun
more="$step SLURM_STEP_NUM_TASKS=2 SLURM_PROCID=0 PMI_FD=9" size=PMI_SIZE rank=PMI_RANK
start_two srun_pmi2 "$vit_mpi" job.ini -s job.output=srun_pmi2
wait

refused pmi PMI_SIZE
refused bench PMI_SIZE
refused other OMPI_COMM_WORLD_SIZE
refused srun SLURM_STEP_NUM_TASKS
refused srun_pmi2 PMI_SIZE

# One is alone by right, and MPI_Init lets it be.
# shellcheck disable=SC2086
env $step SLURM_STEP_NUM_TASKS=1 SLURM_PROCID=0 "$vit_mpi" job.ini -s job.output=one -s train.max_steps=1 >said 2>&1 ||
    fail "a step of one task: ended with $?: $(cat said)"

# mpirun within such a step starts ranks as ever.
PMI_SIZE=2 PMI_RANK=1 SLURM_STEP_NUM_TASKS=2 SLURM_PROCID=1 must_train 1 out -s train.max_steps=1
exit 0
