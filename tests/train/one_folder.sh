#!/bin/sh
# One folder, one run: whatever others start, move or link while a run begins, saves or ends, its files are its own; and as
# many checkpoints are kept where the file system refuses hard links.
. "$(dirname "$0")/common.sh"
wait_io=$3/libwait_io.so fail_io=$3/libfail_io.so
eperm=1

# held CALL PATH RANKS OUTPUT OPTION...: a run in the background, what it says in `held`, that stands before that call.
held() {
    call=$1 path=$2 ranks=$3 output=$4
    shift 4
    rm -f at.reached at.go
    LD_PRELOAD=$wait_io WAIT_CALL=$call WAIT_PATH=$path WAIT_AT=$work/at \
        "$mpiexec" "$ranks" "$vit_mpi" job.ini -s "job.output=$output" "$@" >held 2>&1 &
    pid=$!
    for _ in $(seq 300); do
        [ -e at.reached ] && return
        sleep 0.1
    done
    fail "never came to $call: $(cat held)"
}
# goes_on CODE: and ends with it.
goes_on() {
    : >at.go
    wait $pid
    code=$?
    [ $code -eq "$1" ] || fail "what was held ended with $code instead of $1: $(cat held)"
}

must_train 1 whole -s train.max_steps=4
must_train 1 other -s train.max_steps=4 -s job.seed=2
whole=$(weights whole/last.h5) other=$(weights other/last.h5)

# A start while --fresh moves the folder aside.
must_train 1 out -s train.max_steps=4 -s job.seed=2
held rename out 2 out --fresh -s train.max_steps=4
expect 74 'in use by another job' train 1 out
expect 74 'in use by another job' train 1 out --fresh
goes_on 0
[ "$(weights out.1/last.h5)" = "$other" ] || fail "what was moved aside is not the earlier run"
[ "$(weights out/last.h5)" = "$whole" ] || fail "not a run of its own"

# --fresh while another start has opened the lock, and has not got it yet.
held fcntl out/.lock 1 out -s train.max_steps=4 -s job.seed=2
must_train 1 out --fresh -s train.max_steps=2 -s job.seed=2
goes_on 0
grep -q 'Resuming from out/last.h5: epoch 1, step 2' held || fail "not in the new folder: $(cat held)"
[ "$(weights out.2/last.h5)" = "$whole" ] || fail "what was moved aside was changed"
[ "$(weights out/last.h5)" = "$other" ] || fail "the new folder's run did not go on"
[ "$(echo out*)" = 'out out.1 out.2' ] || fail "there are $(echo out*)"

# Moved away in the middle of a save, with a copy of the lock in its place, and another run begins under the old name.
held rename /last.h5.tmp 2 moves -s train.max_steps=4 -s checkpoint.every_steps=1 -s checkpoint.keep=4
mv moves moved
cp moved/.lock moved/copy
mv moved/copy moved/.lock
must_train 1 moves -s train.max_steps=4 -s job.seed=2 -s checkpoint.keep=1
ls -l --full-time moves >listing
goes_on 0
ls -l --full-time moves | cmp - listing || fail "a run wrote into another's folder"
[ "$(weights moves/last.h5)" = "$other" ] || fail "the other run has other weights"
[ "$(weights moved/last.h5)" = "$whole" ] || fail "the folder that was moved lacks the end of its run"
weights moved/last.3.h5 >/dev/null
grep -q "Warning: moves: the output folder was moved to $work/moved" held || fail "the move is not told: $(cat held)"
! grep -q /proc/ held || fail "a path that says nothing: $(cat held)"

# The lock is held until the last line is in the log.
held close whole/.lock 1 whole -s train.learning_rate=0.5
tail -n 1 whole/log.txt | grep -q 'Error: .*learning_rate' || fail "lines are still to come: $(tail -n 1 whole/log.txt)"
expect 74 'in use by another job' train 1 whole
goes_on 78
must_train 1 whole -s train.max_steps=4

# A symbolic link stays one.
mkdir scratch
ln -s scratch/x link
expect 74 'link: is a symbolic link to scratch/x, which does not exist' train 1 link
mkdir scratch/x
must_train 1 link -s train.max_steps=4
must_train 1 link -s train.max_steps=2 --fresh
grep -q "the earlier run is now in $work/scratch/x.1" said || fail "not told: $(cat said)"
[ -L link ] || fail "the link was replaced"
[ "$(weights scratch/x.1/last.h5)" = "$whole" ] || fail "not what the link led to"
[ -s scratch/x/last.h5 ] || fail "not where the link leads to"

# Without hard links.
must_train 1 linked -s train.max_steps=4 -s checkpoint.every_steps=1 -s checkpoint.keep=3
LD_PRELOAD=$fail_io FAIL_CALL=link FAIL_ERRNO=$eperm FAIL_PATH=last.h5 \
    must_train 1 copied -s train.max_steps=4 -s checkpoint.every_steps=1 -s checkpoint.keep=3
! grep -q 'cannot be kept' said || fail "without hard links: $(cat said)"
for file in last.h5 last.1.h5 last.2.h5; do
    [ "$(weights copied/$file)" = "$(weights linked/$file)" ] || fail "without hard links: another $file"
done
exit 0
