#!/bin/sh
# The cosine ends where it was to end when the run began, whatever epochs are asked for later, once and again, by the job
# file or by the checkpoint.
. "$(dirname "$0")/common.sh"
cosine='-s train.schedule=cosine -s train.warmup_epochs=0.5 -s train.learning_rate=0.01 -s train.final_learning_rate=0.001'

# same_as OUTPUT: the run in out has its weights, learning rates and losses.
same_as() {
    [ "$(weights out/last.h5)" = "$(weights "$1/last.h5")" ] || fail "other weights than $1"
    for name in learning_rate loss; do
        column out/metrics.h5 /step/$name >ours
        column "$1/metrics.h5" /step/$name >theirs
        cmp ours theirs || fail "other $name than $1"
    done
}

# says NUMBER: where the run in out has its schedule's end.
says() {
    grep -q "^schedule_epochs = $1\$" out/job.ini || fail "out/job.ini does not say $1"
}

# shellcheck disable=SC2086 # several options
{
    must_train 1 two $cosine -s train.epochs=2
    must_train 1 four $cosine -s train.epochs=4 -s train.schedule_epochs=2

    # Stopped and gone on with, on other ranks.
    must_train 2 out $cosine -s train.epochs=2 -s train.max_steps=9
    must_train 1 out $cosine -s train.epochs=2
    same_as two
    says 2
    # Longer, by the job file, which leaves the end open; then longer still, by the checkpoint.
    must_train 1 out $cosine -s train.epochs=3
    says 2
    "$mpiexec" 2 "$vit_mpi" out/last.h5 -s train.epochs=4 >said 2>&1 || fail "by the checkpoint: $(cat said)"
    says 2
    same_as four
    [ "$(column out/metrics.h5 /step/learning_rate | tail -n 1)" = 0.001 ] || fail "the last rate is not the final one"

    # Another end is another run; the one that it has may be spelled.
    expect 78 'schedule_epochs = 2, and this job has 5' "$mpiexec" 1 "$vit_mpi" job.ini -s job.output=out $cosine \
        -s train.epochs=5 -s train.schedule_epochs=5
    must_train 1 out $cosine -s train.epochs=4 -s train.schedule_epochs=2
}
exit 0
