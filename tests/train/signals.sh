#!/bin/sh
# SIGUSR1 to mpirun: all ranks stop after the same step, exit 75, the same command goes on to the bits of an
# undisturbed run. SIGTERM, SIGINT and kill -9 do not damage what is saved. Two jobs exclude each other.
. "$(dirname "$0")/common.sh"

# Long enough to be caught in the middle.
sed -i 's/^epochs.*/epochs = 40/' job.ini
must_train 2 whole
whole=$(weights whole/last.h5)

start 2 -s checkpoint.every_steps=5
kill -USR1 $pid
wait $pid
code=$?
[ $code -eq 75 ] || fail "SIGUSR1: exit code $code: $(cat said)"
grep -q 'Stopped after step' said || fail "SIGUSR1: $(cat said)"
must_train 2 "$work/out"
[ "$(weights out/last.h5)" = "$whole" ] || fail "SIGUSR1 and resume: other weights"
rm -r out

for signal in TERM INT KILL; do
    start 2 -s checkpoint.every_steps=1
    # A second job in the same folder.
    if [ $signal = TERM ]; then
        "$mpiexec" 2 "$vit_mpi" job.ini -s "job.output=$work/out" >second 2>&1 && fail "two jobs in one folder"
        grep -q "in use by another job (process $(rank_ids | head -n 1) on $(uname -n))" second || fail "a second job: $(cat second)"
    fi
    kill -$signal $pid
    wait $pid && [ $signal != KILL ] || :
    # The ranks of a killed launcher need a moment to notice.
    for _ in $(seq 100); do rank_ids >/dev/null || break; sleep 0.1; done
    rank_ids >/dev/null && fail "SIG$signal: ranks live on"
    for file in out/last*.h5; do weights "$file" >/dev/null; done
    touch out/last.h5.tmp
    must_train 2 "$work/out"
    [ "$(weights out/last.h5)" = "$whole" ] || fail "SIG$signal and resume: other weights"
    [ "$(echo out/*.tmp)" = "out/*.tmp" ] || fail "SIG$signal: leftovers of a killed writer: $(ls out)"
    rm -r out
done

# SIGUSR2 is no other. A stop counts as saved even when the metrics cannot be written: last.h5 holds them.
start 2 -s checkpoint.every_steps=5
mkdir out/metrics.h5.tmp out/metrics.csv.tmp
kill -USR2 $pid
wait $pid
code=$?
[ $code -eq 75 ] || fail "SIGUSR2 without metrics: exit code $code: $(cat said)"
rmdir out/metrics.h5.tmp out/metrics.csv.tmp
must_train 2 "$work/out"
[ "$(weights out/last.h5)" = "$whole" ] || fail "SIGUSR2 without metrics: other weights"
rm -r out

# The time limit: a minute's fraction that is over at once stops after the first step.
expect 75 'Stopped after step 1' train 2 "$work/out" -s run.time_limit=0.01
must_train 2 "$work/out"
[ "$(weights out/last.h5)" = "$whole" ] || fail "time limit and resume: other weights"
exit 0
