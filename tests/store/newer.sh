#!/bin/sh
# Checkpoints of a newer program are refused, with both versions; they are not damaged, so nothing is done about them.
. "$(dirname "$0")/../train/common.sh"
make_newer=$3/make_newer

version=$("$vit_mpi" --version | sed 's/^vit_mpi //')
must_train 1 out -s train.max_steps=6 -s checkpoint.every_steps=2
cp -r out good

# assert_refused: as what it is resumed from, as what is evaluated, as a job, and by its digest.
assert_refused() {
    cp out/last.h5 newer.h5
    for command in "train 1 out" "$mpiexec 1 $vit_mpi job.ini --eval newer.h5" \
        "$mpiexec 1 $vit_mpi newer.h5 -s job.output=never" "$vit_data digest newer.h5"; do
        # shellcheck disable=SC2086 # a command of several words
        expect 65 "was written by vit_mpi 9.8.7" $command
        grep -qF "this is vit_mpi $version" said || fail "$command does not name its own version: $(cat said)"
        grep -qF "$1" said || fail "$command does not say '$1': $(cat said)"
    done
    [ ! -e never ] || fail "a refused job made a folder"
    # An older checkpoint is no way out, and the newer one no damaged one.
    { cmp -s out/last.h5 newer.h5 && [ ! -e out/last.h5.damaged ]; } || fail "a newer checkpoint was touched"
    cmp -s out/last.1.h5 good/last.1.h5 || fail "an older checkpoint was touched"
}

later=$("$make_newer" format out/last.h5) || fail "no file of a later format"
assert_refused "in format version $later;"
cp good/last.h5 out/last.h5
"$make_newer" key out/last.h5 || fail "no file with a later key"
assert_refused '[model] flavour: unknown key'
cp good/last.h5 out/last.h5

# A newer best.h5 beside a checkpoint of this program would be replaced.
"$make_newer" format out/best.h5 || fail "no best.h5 of a later format"
cp out/best.h5 newer.h5
expect 65 "was written by vit_mpi 9.8.7" train 1 out
cmp -s out/best.h5 newer.h5 || fail "a newer best.h5 was touched"
cp good/best.h5 out/best.h5

# A place that no epoch has is damage, whatever the digests say; the checkpoint before it is used.
"$make_newer" position out/last.h5 || fail "no file with another position"
cp -r out lost
rm lost/last.1.h5
expect 65 "position 100000000 and samples" train 1 lost
must_train 1 out -s train.max_steps=7
exit 0
