#!/bin/sh
# One of four ranks is killed: the job ends within ten seconds with the launcher's code, is not put back, and what was
# saved goes on.
. "$(dirname "$0")/common.sh"
start_slurm 2

for launcher in mpirun srun; do
    LAUNCH=$launcher submit $launcher -t 10 -N 2 --ntasks-per-node=2 -c 1 jobs/cifar100.sbatch job.ini \
        -s "job.output=$work/$launcher" -s checkpoint.every_steps=50
    until_true 60 test -e $launcher/last.h5 || fail "$launcher: no first save: $(cat $launcher.out)"
    # Not the launcher, whose arguments end alike.
    victim=$(pgrep -f "^[^ ]*vit_mpi job.ini -s job.output=$work/$launcher" | tail -n 1)
    start=$(date +%s%N)
    kill -9 "$victim"
    until_true 10 has_ended "$job" || fail "$launcher: a killed rank does not end the job: $(cat $launcher.out)"
    echo "$launcher: ended $((($(date +%s%N) - start) / 1000000)) ms after kill -9"
    [ "$(field "$job" JobState) $(field "$job" ExitCode)" = 'FAILED 137:0' ] ||
        fail "$launcher: a killed rank: $(scontrol show job "$job"; cat $launcher.out)"
    for file in $launcher/last*.h5; do weights "$file" >/dev/null; done

    steps=$(h5dump -a /progress/step $launcher/last.h5 | sed -n 's/.*(0): //p')
    steps=$((steps + 100))
    must_train 2 "$work/$launcher" -s train.max_steps=$steps -s checkpoint.at_epoch_end=no
    same_as_whole $launcher $steps
done
exit 0
