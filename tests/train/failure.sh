#!/bin/sh
# What failed is not what is damaged: a checkpoint or a data file that the system does not let be opened or read ends the
# run with 74 and the system's words, and nothing is renamed, replaced or begun anew; the same command goes on afterwards.
. "$(dirname "$0")/common.sh"
foreign=$3/foreign preload=$3/libfail_io.so
eio=5 emfile=24 estale=116

must_train 1 out -s train.max_steps=12 -s checkpoint.every_steps=2
cp -r out good
unchanged() {
    for file in last.h5 last.1.h5 best.h5 metrics.h5; do
        cmp -s out/$file good/$file || fail "$1: $file was changed"
    done
    [ ! -e out/last.h5.damaged ] || fail "$1: called damaged"
}
# with CALL ERRNO AFTER PATH COMMAND...: while the system refuses that.
with() {
    call=$1 errno=$2 after=$3 path=$4
    shift 4
    LD_PRELOAD=$preload FAIL_CALL=$call FAIL_ERRNO=$errno FAIL_AFTER=$after FAIL_PATH=$path "$@"
}

# every CALL STEP FILE LEAST COMMAND...: whichever call of the file fails, and all after it; of many each STEP-th. There are
# LEAST of them and more.
every() {
    call=$1 step=$2 file=$3 least=$4 after=0
    shift 4
    until with "$call" $eio $after "$file" "$@" >said 2>&1; do
        code=$?
        [ $code -eq 74 ] || fail "$*: EIO after $after times $call: $code: $(cat said)"
        # HDF5 does not quote the system where it is about files of raw bytes.
        grep -q 'Input/output error\|external raw data file)$' said || fail "$*: EIO after $after times $call: $(cat said)"
        after=$((after + step))
    done
    [ $after -ge "$least" ] || fail "$*: $call of $file but $after times"
}
every read 3 out/last.h5 50 "$vit_data" digest out/last.h5
every read 3 data.h5 50 "$vit_data" info data.h5
# Files that others lead into.
for kind in linked virtual raw; do
    mkdir $kind
    cp data.h5 $kind
    (cd $kind && "$foreign" $kind data.h5) || fail "$kind cannot be made"
done
every open 7 linked/train.h5 50 "$vit_data" info linked/data.h5
every read 41 linked/train.h5 300 "$vit_data" info linked/data.h5
every open 1 virtual/images1.h5 10 "$vit_data" info virtual/data.h5
every read 5 virtual/images1.h5 50 "$vit_data" info virtual/data.h5
(
    cd raw || exit 1 # from which HDF5 looks for them
    every open 1 second.raw 5 "$vit_data" info data.h5
    every read 1 second.raw 1 "$vit_data" info data.h5
) || exit 1

more='-s train.max_steps=14'
for after in 0 32 100 224 300; do
    # shellcheck disable=SC2086 # options
    expect 74 'out/last.h5' with read $eio $after out/last.h5 train 1 out $more
    grep -q 'Input/output error' said || fail "after $after reads: $(cat said)"
    unchanged "EIO after $after reads"
done
for errno in $emfile $estale; do
    for after in 0 1; do
        # shellcheck disable=SC2086 # options
        expect 74 'out/last.h5: cannot be opened' with open "$errno" $after out/last.h5 train 1 out $more
        unchanged "open with $errno"
    done
done
# best.h5, when the run goes on, and at its end.
# shellcheck disable=SC2086 # options
expect 74 'Input/output error' with read $eio 3 out/best.h5 train 1 out $more
unchanged "best.h5"
expect 74 'Input/output error' with read $eio 3 out/best.h5 "$vit_mpi" job.ini --eval out/best.h5
expect 74 'Input/output error' with read $eio 3 out/best.h5 "$vit_mpi" out/best.h5 --check
expect 74 'Input/output error' with read $eio 3 out/best.h5 "$vit_data" digest out/best.h5
expect 74 'Input/output error' with read $eio 3 data.h5 train 1 out
unchanged "data.h5"

# A link to a disk that is not mounted now is no missing file, whatever else there is.
# leads_nowhere FILE
leads_nowhere() {
    mv "out/$1" mounted.h5
    ln -s "$work/unmounted/x" "out/$1"
    # shellcheck disable=SC2086 # options
    expect 74 "out/$1: is a symbolic link to $work/unmounted/x, which does not exist" train 1 out $more
    [ -L "out/$1" ] || fail "the link in the place of $1 was replaced"
    mv mounted.h5 "out/$1"
}
leads_nowhere last.h5
leads_nowhere best.h5
mv out/last.1.h5 older.h5
leads_nowhere last.h5
mv older.h5 out/last.1.h5
unchanged "links that lead nowhere"

# A damaged checkpoint that cannot be set aside stays, and so does the one before it.
cp -r out stuck
truncate -s -1 stuck/last.h5
mkdir -p stuck/last.h5.damaged/full
cp stuck/last.h5 cut.h5
# shellcheck disable=SC2086 # options
expect 74 'stuck/last.h5: cannot be renamed to stuck/last.h5.damaged' train 1 stuck $more
cmp -s stuck/last.h5 cut.h5 || fail "something took the place of what could not be set aside"
cmp -s stuck/last.1.h5 out/last.1.h5 || fail "the older checkpoint is gone"

# shellcheck disable=SC2086 # options
must_train 1 out $more
must_train 1 whole $more -s checkpoint.every_steps=2
[ "$(weights out/last.h5)" = "$(weights whole/last.h5)" ] || fail "other weights afterwards"

# Where no validation counts yet, the next one would take best.h5's place.
must_train 1 early -s train.max_steps=4
cp early/best.h5 best_of_4.h5
# shellcheck disable=SC2086 # options
expect 74 'early/best.h5: ' with read $eio 0 early/best.h5 train 1 early $more
cmp -s early/best.h5 best_of_4.h5 || fail "a best.h5 that cannot be read was replaced"

# At the end all is done but the test.
expect 74 'all steps are done, and the same command tests them' with read $eio 0 end/best.h5 train 1 end $more
[ ! -e end/best.h5.damaged ] || fail "best.h5 was called damaged"
[ "$(weights end/last.1.h5)" != "$(weights end/last.h5)" ] || fail "a copy of last.h5 took the older one's place"
# shellcheck disable=SC2086 # options
must_train 1 end $more
grep -q '^Test accuracy' said || fail "nothing is tested: $(cat said)"
[ "$(weights end/last.h5)" = "$(weights whole/last.h5)" ] || fail "other weights at the end"

# Unless that fails, too.
mkdir -p unsaved/last.h5.tmp/full
with read $eio 0 unsaved/best.h5 train 1 unsaved -s train.max_steps=4
code=$?
[ $code -eq 74 ] || fail "neither saved nor tested: exit code $code: $(cat said)"
grep -q 'all steps are done, but not saved; nothing was saved before in unsaved' said || fail "not told: $(cat said)"

# Locks are off, whatever a module sets.
flock -x data.h5 sleep 20 &
sleeper=$!
HDF5_USE_FILE_LOCKING=TRUE must_train 1 locked -s train.max_steps=2
kill $sleeper
exit 0
