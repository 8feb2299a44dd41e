#!/bin/sh
# scancel --batch --signal=USR2, or USR1, stops a job on two nodes and puts it back into the queue, with both launchers and
# even before they have started a rank; it goes on to 0. scancel alone ends it for good, without damage to what is saved;
# the same job, submitted again, goes on.
. "$(dirname "$0")/common.sh"
start_slurm 4

# Both at the same time, on two nodes each. mpirun first: its first node is then the one with this machine's name.
begin() {
    for launcher in mpirun srun; do
        LAUNCH=$launcher submit "$1-$launcher" -t 30 -N 2 --ntasks-per-node=2 -c 1 jobs/cifar100.sbatch job.ini \
            -s "job.output=$launcher" -s checkpoint.every_steps=50
        eval "$launcher=\$job"
    done
}

trains() {
    grep -q '^Epoch ' "$1" 2>/dev/null
}

begin usr
for name in mpirun srun; do
    until_true 60 trains usr-$name.out || fail "usr-$name does not train: $(cat usr-$name.out)"
    eval "job=\$$name"
    scancel --batch --signal=USR2 "$job"
    until_true 20 has_restarted "$job" 1 || fail "usr-$name: not requeued: $(scontrol show job "$job"; cat usr-$name.out)"
    count 1 '^Stopped after step' usr-$name.out
done
# Now at once: the script runs, its launcher has hardly begun.
runs() {
    [ "$(field "$1" JobState)" = RUNNING ]
}
for name in mpirun srun; do
    eval "job=\$$name"
    until_true 30 runs "$job" || fail "usr-$name: does not start again"
    sleep 0.3
    scancel --batch --signal=USR1 "$job"
done
is_at() {
    [ "$(field "$1" Restarts)" = "$2" ]
}
for name in mpirun srun; do
    eval "job=\$$name"
    # It may already run again, while the other one was waited for.
    until_true 30 is_at "$job" 2 ||
        fail "usr-$name: not requeued after an early signal: $(scontrol show job "$job"; cat usr-$name.out)"
done

# scancel, when it trains again; what is queued by then would be a job that was put back.
for name in mpirun srun; do
    eval "job=\$$name"
    until_true 30 runs "$job" || fail "usr-$name: does not start again"
done
sleep 3
for name in mpirun srun; do
    eval "job=\$$name"
    scancel "$job"
    until_true 45 has_ended "$job" || fail "$name: scancel does not end it: $(scontrol show job "$job")"
    [ "$(field "$job" JobState) $(field "$job" Restarts)" = 'CANCELLED 2' ] || fail "$name: scancel: $(scontrol show job "$job")"
    for file in "$name"/last*.h5; do weights "$file" >/dev/null; done
done
sleep 1
[ -z "$(squeue -h)" ] || fail "jobs after scancel: $(squeue)"

# An end for the job that is later than what both have done.
steps=$(($(h5dump -a /progress/step srun/last.h5 | sed -n 's/.*(0): //p') + $(h5dump -a /progress/step mpirun/last.h5 | sed -n 's/.*(0): //p') + 200))
sed -i "s/^max_steps.*/max_steps = $steps/" job.ini
begin again
for name in mpirun srun; do
    eval "must_end \$$name again-$name.out"
    count 1 '^Resuming from' again-$name.out
done
same_as_whole mpirun $steps
[ "$(weights srun/last.h5)" = "$(weights whole/last.h5)" ] || fail "srun: other weights after $steps steps"
exit 0
