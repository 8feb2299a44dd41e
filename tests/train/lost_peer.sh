#!/bin/sh
# A rank that dies ends the job with the launcher's code; one that stands still with ours, and a line that names
# phase and step. Neither hangs nor harms what is saved.
. "$(dirname "$0")/common.sh"

sed -i 's/^epochs.*/epochs = 100000/' job.ini

# A last rank to hit, $victim.
start_three() {
    start 3 -s checkpoint.every_steps=5 -s checkpoint.at_epoch_end=no "$@"
    victim=$(rank_ids | tail -n 1)
    [ -n "$victim" ] || fail "there are no ranks: $(cat said)"
}

start_three
kill -9 "$victim"
wait $pid
code=$?
[ $code -eq 137 ] || fail "a killed rank: exit code $code: $(cat said)"
weights out/last.h5 >/dev/null

start_three -s run.stall_timeout=0.05
kill -STOP "$victim"
wait $pid
code=$?
kill -CONT "$victim" 2>/dev/null
[ $code -eq 70 ] || fail "a stopped rank: exit code $code: $(cat said)"
grep -q "^Error: rank [01] on .* stands still for 0.05 minutes .* in phase 'step' after step [1-9]" said ||
    fail "a stopped rank: $(cat said)"
weights out/last.h5 >/dev/null
exit 0
