#!/bin/sh
# [run] tensorboard: what TensorBoard reads while a run goes on is what metrics.h5 has, over stops, starts and a full disk.
. "$(dirname "$0")/common.sh"
read_events=$3/read_events fail_io=$3/libfail_io.so

# events FOLDER: all events of a folder, in the order of the files' names, in `events`.
events() {
    "$read_events" events "$1"/events.out.tfevents.* >messages 2>&1 || fail "the events of $1: $(cat messages)"
}

# same_as_metrics FOLDER GROUP COLUMN: a tag's values, in order, are the column. Where a file starts, readers forget what they
# have from its step on.
same_as_metrics() {
    awk -v tag="$2/$3" '
        $1 == "start" { while (count > 0 && step[count] >= $2) count-- }
        $2 == tag { step[++count] = $1; value[count] = $3 }
        END { for (i = 1; i <= count; i++) print value[i] }' events >ours
    column "$1/metrics.h5" "/$2/$3" >theirs
    close_to 1e-6 ours theirs || fail "$2/$3 is not that of metrics.h5: $(paste ours theirs)"
}

# 14 steps of two epochs, 20 images validated, by two ranks.
must_train 2 whole -s run.tensorboard=yes -s train.epochs=2 -s data.validation_split=0.1
[ "$(find whole -name '*tfevents*' | wc -l)" -eq 1 ] || fail "files: $(ls whole)"
events whole
[ "$(sed -n 1,2p events)" = "$(printf 'version brain.Event:2\nstart 1')" ] || fail "the first events: $(head events)"
for name in loss gradient_norm learning_rate; do
    same_as_metrics whole step $name
done
for name in loss accuracy top5_accuracy val_loss val_accuracy learning_rate images_per_second; do
    same_as_metrics whole epoch $name
done
steps=$(column whole/metrics.h5 /step/step | tail -n 1)
grep -q "^$steps epoch/loss" events || fail "the last epoch does not end with step $steps"
grep -q "^$steps test/accuracy" events || fail "no test"
tested=$(sed -n 's/^Test accuracy: \(.*\)%$/\1/p' said)
awk -v tested="$tested" '$2 == "test/accuracy" {d = 100 * $3 - tested; exit !(d < 0.01 && d > -0.01)}' events ||
    fail "the test is not what was said: $tested"

# A run that stopped goes on in a file of its own, with its first step; none is missing, none is there twice.
train 2 parts -s run.tensorboard=yes -s train.epochs=2 -s data.validation_split=0.1 -s train.max_steps=5
cp parts/events.out.tfevents.* first
sleep 1.1 # a name of another second
must_train 1 parts -s run.tensorboard=yes -s train.epochs=2 -s data.validation_split=0.1
[ "$(find parts -name '*tfevents*' | wc -l)" -eq 2 ] || fail "files: $(ls parts)"
cmp first "$(find parts -name '*tfevents*' | sort | head -n 1)" || fail "the first file was changed"
events parts
grep -q '^start 6$' events || fail "where it goes on: $(grep start events)"
for name in loss gradient_norm; do
    same_as_metrics parts step $name
done
# The first epoch's row of five steps made way for one of all seven.
[ "$(grep -c ' epoch/loss ' events)" -eq 3 ] || fail "rows of epochs: $(grep ' epoch/loss ' events)"
for name in epoch loss val_accuracy; do
    same_as_metrics parts epoch $name
done

# Stopped in the middle of an epoch; and killed, after events that the last checkpoint knows nothing of.
for signal in USR1 KILL; do
    start 1 -s run.tensorboard=yes -s train.epochs=20 -s checkpoint.every_steps=10 -s checkpoint.at_epoch_end=no
    kill -$signal "$(rank_ids | head -n 1)"
    wait $pid
    sleep 1.1
    must_train 1 "$work/out" -s run.tensorboard=yes -s train.epochs=20 -s checkpoint.at_epoch_end=no
    events out
    for name in loss gradient_norm; do
        same_as_metrics out step $name
    done
    for name in epoch loss; do
        same_as_metrics out epoch $name
    done
done

# Off by default; and a folder that was moved aside keeps its own.
must_train 1 off -s train.max_steps=1
[ -z "$(find off -name '*tfevents*')" ] || fail "events that nobody asked for"

# Where they cannot be written that is told once, and costs nothing else.
FAIL_PATH=.0 FAIL_CALL=open FAIL_ERRNO=28 LD_PRELOAD=$fail_io must_train 1 full -s run.tensorboard=yes
[ "$(grep -c '^Warning: TensorBoard is not told how the run goes: .*No space left on device' said)" -eq 1 ] ||
    fail "that events cannot be written is not told once: $(cat said)"
[ "$(column full/metrics.h5 /epoch/epoch | tail -n 1)" -eq 3 ] || fail "training did not go on: $(cat said)"
exit 0
