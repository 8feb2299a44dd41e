#!/bin/sh
# Jobs that their time limit cuts into three slices end with 0, and with the bits of an undivided run: one that knows the
# limit by itself, and one that knows only Slurm's signal.
. "$(dirname "$0")/common.sh"
start_slurm 3

cp job.ini knows.ini
cp job.ini signal.ini

# Slurm's signal is one that bash ignores. Ten seconds before the limit vit_mpi wants to be done.
echo 20 >limit-knows
submit knows -t 1 -N 2 --ntasks-per-node=2 -c 1 --signal=B:CONT@1 jobs/cifar100.sbatch knows.ini -s job.output=knows
knows=$job
# Slurm looks for due signals every 30 s, and sends those of the next 30 s too.
echo 40 >limit-signal
LAUNCH=srun submit signal -t 1 -c 1 --signal=B:USR1@10 jobs/cifar100-1node.sbatch signal.ini -s job.output=signal \
    -s run.time_limit=none
signal=$job

# Before its third slice NAME gets an end, a little later than it has come.
give_end() {
    [ ! -e steps-$1 ] && has_restarted "$2" 2 || return 0
    rm limit-$1
    echo $(($(stopped_after $1.out) + 300)) >steps-$1
    sed -i "s/^max_steps.*/max_steps = $(cat steps-$1)/" $1.ini
}
both_have_an_end() {
    give_end knows "$knows"
    give_end signal "$signal"
    [ -e steps-knows ] && [ -e steps-signal ]
}
until_true 120 both_have_an_end || fail "not requeued twice: $(scontrol show job; cat knows.out signal.out)"

must_end "$knows" knows.out
must_end "$signal" signal.out
for name in knows signal; do
    [ "$(cat steps-$name)" -gt 400 ] || fail "$name: hardly begun: $(cat $name.out)"
    count 3 '^The first step begins' $name.out
    count 2 '^Stopped after step' $name.out
    count 2 '^Resuming from' $name.out
    same_as_whole $name "$(cat steps-$name)"
done
exit 0
