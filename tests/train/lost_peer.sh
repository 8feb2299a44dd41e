#!/bin/sh
# A rank that dies ends the job with the launcher's code; one that stands still with ours, and a line that names
# phase and step. Neither hangs nor harms what is saved.
. "$(dirname "$0")/common.sh"

sed -i 's/^epochs.*/epochs = 100000/' job.ini

# start OPTION...: three ranks in the background, $pid mpiexec's, $victim the last rank's.
start() {
    rm -rf out
    "$mpiexec" 3 "$vit_mpi" job.ini -s job.output=out -s checkpoint.every_steps=5 -s checkpoint.at_epoch_end=no "$@" >said 2>&1 &
    pid=$!
    for _ in $(seq 300); do
        [ -e out/last.h5 ] && break
        sleep 0.1
    done
    victim=$(pgrep -f "^$vit_mpi job.ini -s job.output=out" | tail -n 1)
    [ -n "$victim" ] && [ -e out/last.h5 ] || fail "it did not start: $(cat said)"
}

start
kill -9 "$victim"
wait $pid
code=$?
[ $code -eq 137 ] || fail "a killed rank: exit code $code: $(cat said)"
weights out/last.h5 >/dev/null

start -s run.stall_timeout=0.05
kill -STOP "$victim"
wait $pid
code=$?
kill -CONT "$victim" 2>/dev/null
[ $code -eq 70 ] || fail "a stopped rank: exit code $code: $(cat said)"
grep -q "^Error: rank [01] on .* stands still for 0.05 minutes .* in phase 'step' after step [1-9]" said ||
    fail "a stopped rank: $(cat said)"
weights out/last.h5 >/dev/null
exit 0
