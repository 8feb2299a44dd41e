#!/bin/sh
# Jobs that their time limit cuts into three slices end with 0, and with the bits of an undivided run: one that knows the
# limit by itself, and one that knows only Slurm's signal.
. "$(dirname "$0")/common.sh"
start_slurm 3

# Slurm's signal is one that bash ignores. Ten seconds before the limit vit_mpi wants to be done.
echo 20 >limit-knows
submit knows -t 1 -N 2 --ntasks-per-node=2 -c 1 --signal=B:CONT@1 jobs/cifar100.sbatch job.ini -s job.output=knows
knows=$job
# Slurm looks for due signals every 30 s, and sends those of the next 30 s too.
echo 40 >limit-signal
LAUNCH=srun submit signal -t 1 -c 1 --signal=B:USR1@10 jobs/cifar100-1node.sbatch job.ini -s job.output=signal \
    -s run.time_limit=none
signal=$job

# The third slice is the last: the job now has an end, a little later than it has come.
for name in knows signal; do
    [ $name = knows ] && job=$knows || job=$signal
    until_true 120 has_restarted "$job" 2 || fail "$name: not requeued twice: $(scontrol show job "$job"; cat $name.out)"
    rm limit-$name
    steps=$(($(stopped_after $name.out) + 300))
    [ $steps -gt 400 ] || fail "$name: hardly begun: $(cat $name.out)"
    eval "steps_$name=$steps"
    sed "s/^max_steps.*/max_steps = $steps/" job.ini >$name.ini
    mv $name.ini job.ini
    must_end "$job" $name.out
    sed -i 's/^max_steps.*/max_steps = 0/' job.ini
done
for name in knows signal; do
    count 3 '^The first step begins' $name.out
    count 2 '^Stopped after step' $name.out
    count 2 '^Resuming from' $name.out
    eval "same_as_whole $name \$steps_$name"
done
exit 0
