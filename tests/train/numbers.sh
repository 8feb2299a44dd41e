#!/bin/sh
# Learning: one batch is overfitted. Numbers gone wrong: skipped, counted, and the job ends after too many.
. "$(dirname "$0")/common.sh"

"$vit_data" synth one.h5 --classes 5 --train 32 --test 10 >/dev/null
must_train 2 fit -s data.file=one.h5 -s data.validation_split=0 -s train.epochs=150 -s augment.flip=no \
    -s augment.rotation=0 -s augment.zoom=0 -s model.dropout=0 -s model.head_dropout=0 -s checkpoint.at_epoch_end=no
last=$(column fit/metrics.h5 /epoch/loss | tail -n 1)
right=$(column fit/metrics.h5 /epoch/accuracy | tail -n 1)
awk -v loss="$last" -v right="$right" 'BEGIN { exit !(loss < 0.05 && right == 1) }' ||
    fail "one batch was not overfitted: loss $last, accuracy $right"

# Who waits does so within the seconds of the epoch, however short it is: here it has one step.
must_train 4 short_epochs -s data.file=one.h5 -s data.validation_split=0 -s train.epochs=40 -s checkpoint.at_epoch_end=no
column short_epochs/metrics.h5 /epoch/seconds >seconds
column short_epochs/metrics.h5 /epoch/wait_seconds >waited
[ "$(wc -l <seconds)" -eq 40 ] || fail "no 40 epochs: $(cat seconds)"
paste waited seconds | awk '$1 < 0 || $1 > $2 { bad = 1 } END { exit bad }' ||
    fail "waiting for more than all of an epoch: $(paste waited seconds)"

# Weights beyond every bound: nothing is finite any more from the second step on.
expect 70 'not finite, 4 steps in a row' train 2 wild -s train.learning_rate=1e30 -s train.max_bad_steps=4
grep -q "max_bad_steps); nothing was saved before in wild$" said || fail "the last checkpoint is not told: $(cat said)"
grep -q 'Warning: step 2: .* is not finite; the step is skipped (1 in a row)' said ||
    fail "the first skipped step is not told: $(cat said)"
# Wrecked weights do not replace good ones, neither when the job ends for them nor at its regular end.
[ ! -e wild/best.h5 ] || fail "best.h5 holds wrecked weights"
expect 70 'the last good checkpoint is short/last.h5, after step 1' train 2 short -s train.learning_rate=1e30 \
    -s train.max_steps=3 -s checkpoint.every_steps=1
grep -q '^Epoch 1/3 .* - skipped: 64 images of steps' said || fail "skipped images are not shown: $(cat said)"
[ "$(column short/last.h5 /history/step/step | wc -l)" -eq 1 ] || fail "a state after bad steps was saved"
# A stop while nothing was ever saved is not one to go on from.
"$mpiexec" 2 "$vit_mpi" job.ini -s job.output=never -s train.learning_rate=1e30 -s train.max_bad_steps=1000000 \
    -s train.epochs=100000 -s checkpoint.at_epoch_end=no >said 2>&1 &
pid=$!
for _ in $(seq 100); do
    grep -q 'is skipped' said && break
    sleep 0.1
done
kill -USR1 $pid
wait $pid
code=$?
[ $code -eq 70 ] || fail "stopped while steps went wrong and nothing was saved: $code: $(tail -n 5 said)"
grep -q 'nothing was saved before in never' said || fail "stopped while steps went wrong: $(tail -n 5 said)"
grep -q '^Test' said && fail "a wrecked run shows test lines"
exit 0
