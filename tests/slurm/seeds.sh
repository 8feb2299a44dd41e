#!/bin/sh
# An array over seeds: one member is stopped and goes back into the queue alone, all end with 0, each with the bits of a
# direct run with its seed. Where a requeue is not allowed a successor goes on.
. "$(dirname "$0")/common.sh"
start_slurm 1

is_there() {
    grep -q "$1" "$2" 2>/dev/null
}

sed -i 's/^max_steps.*/max_steps = 4000/' job.ini
# The last member bears the number of the whole array.
submit seeds -t 10 --array=3-5 -n 1 --ntasks-per-node=1 -c 1 --output=seed%a.out jobs/cifar100-seeds.sbatch job.ini
until_true 60 is_there '^Epoch 2/' seed5.out || fail "seed 5 does not train: $(cat seed5.out)"
scancel --batch --signal=USR1 "${job}_5"
for seed in 3 4 5; do must_end "${job}_$seed" seed$seed.out; done
[ "$(field "${job}_3" Restarts) $(field "${job}_4" Restarts) $(field "${job}_5" Restarts)" = '0 0 1' ] ||
    fail "other members than the stopped one were requeued: $(scontrol show job "$job")"
for seed in 3 4 5; do same_as_whole runs/job-seed$seed 4000 -s job.seed=$seed; done

# A member that may not go back.
submit norequeue --no-requeue -t 10 --array=6 -n 1 --ntasks-per-node=1 -c 1 --output=seed%a-%A.out \
    jobs/cifar100-seeds.sbatch job.ini
first=$job
until_true 60 is_there '^Epoch 2/' "seed6-$first.out" || fail "seed 6 does not train: $(cat "seed6-$first.out")"
scancel --batch --signal=USR1 "${first}_6"
until_true 30 is_there '^Submitted batch job' "seed6-$first.out" || fail "no successor: $(cat "seed6-$first.out")"
job=$(sed -n 's/^Submitted batch job //p' "seed6-$first.out")
until_true 30 has_ended "${first}_6"
[ "$(field "${first}_6" ExitCode)" = 75:0 ] || fail "without requeue: $(scontrol show job "$first")"
[ "$(field "${job}_6" TimeLimit)" = 00:10:00 ] || fail "the successor has another limit: $(scontrol show job "$job")"
must_end "${job}_6" "norequeue-${job}_6.out"
count 1 '^Resuming from' "norequeue-${job}_6.out"
same_as_whole runs/job-seed6 4000 -s job.seed=6
exit 0
