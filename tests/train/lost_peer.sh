#!/bin/sh
# A rank that dies ends the job with the launcher's code within ten seconds; one that stands still ends it with ours, and
# one line that names who, where and what was saved. Neither hangs nor harms what is saved. A suspended job goes on.
. "$(dirname "$0")/common.sh"

sed -i 's/^epochs.*/epochs = 100000/' job.ini

# A last rank to hit, $victim, once all ranks know of a save: rank 0 learns what became of it before the next one, the others
# a step later.
start_four() {
    start 4 -s checkpoint.every_steps=5 -s checkpoint.at_epoch_end=no "$@"
    for _ in $(seq 300); do
        [ ! -e out/last.1.h5 ] || break
        sleep 0.1
    done
    [ -e out/last.1.h5 ] || fail "no second save: $(cat said)"
    sleep 0.5
    victim=$(rank_ids | tail -n 1)
    [ -n "$victim" ] || fail "there are no ranks: $(cat said)"
}

start_four
begin=$(date +%s)
kill -9 "$victim"
wait $pid
code=$?
[ $code -eq 137 ] || fail "a killed rank: exit code $code: $(cat said)"
[ $(($(date +%s) - begin)) -lt 10 ] || fail "a killed rank: the job ended after $(($(date +%s) - begin)) s"
grep -q 'while this rank stood still in phase .* after step [1-9][0-9]*: .*; last save after step [1-9]' out/log.txt ||
    fail "rank 0 left no word: $(tail -n 3 out/log.txt)"
weights out/last.h5 >/dev/null

start_four -s run.stall_timeout=0.12
kill -STOP "$victim"
wait $pid
code=$?
kill -CONT "$victim" 2>/dev/null
[ $code -eq 70 ] || fail "a stopped rank: exit code $code: $(cat said)"
grep -q "^Error: rank [012] on .* stands still in phase '.*' after step [1-9][0-9]*: rank 3 on .* (process $victim) is \
stopped by a signal, for 0.12 minutes now (\[run\] stall_timeout); last save after step [1-9]" said || fail "a stopped rank: $(cat said)"
[ "$(grep -c '^Error:' said)" -eq 1 ] || fail "a stopped rank: more than one line: $(cat said)"
weights out/last.h5 >/dev/null

# The launcher is stuck, and a rank dies: the others do not wait for it.
start_four
kill -STOP $pid
kill -9 "$victim"
for _ in $(seq 100); do
    [ "$(rank_ids | wc -l)" -gt 0 ] || break
    sleep 0.1
done
left=$(rank_ids | wc -l)
kill -9 $pid
wait $pid
[ "$left" -eq 0 ] || fail "a stuck launcher and a killed rank: $left ranks wait on: $(cat said)"
grep -q "stands still in phase '.*' after step [1-9][0-9]*: rank 3 on .* (process $victim) has ended; last save" out/log.txt ||
    fail "a stuck launcher and a killed rank: $(tail -n 3 out/log.txt)"
weights out/last.h5 >/dev/null

# Suspended for longer than the time limit, as Slurm does for a job with priority; then it stops when asked to.
start_four -s run.stall_timeout=0.05
for id in $(rank_ids); do kill -STOP "$id"; done
sleep 5
for id in $(rank_ids); do kill -CONT "$id"; done
sleep 1
kill -USR1 $pid
wait $pid
code=$?
[ $code -eq 75 ] || fail "a suspended job: exit code $code: $(cat said)"
exit 0
