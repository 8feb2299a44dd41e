#!/bin/sh
# Data files of other programs: what follows the layout trains to the same weights, what does not is refused with what was
# found and what is wanted, before anything is trained. Numbers that would be wrong in silence end a run.
. "$(dirname "$0")/common.sh"
foreign=$3/foreign
"$vit_data" synth base.h5 --classes 5 --train 60 --test 20 --seed 3 >/dev/null || fail "no data"

# make KIND: data.h5 of that kind, alone in a folder of its own that is the current one.
make() {
    rm -rf "$work/kind"
    mkdir "$work/kind"
    cp base.h5 job.ini kind
    cd kind || exit 1
    mv base.h5 data.h5
    "$foreign" "$1" data.h5 || fail "$1 cannot be made"
}
short='-s train.max_steps=4 -s data.validation_split=0.2'
# shellcheck disable=SC2086 # options
trained() {
    train 2 out $short || fail "$1: $(cat said)"
    weights out/last.h5
}
# refused KIND TEXT...: by a check already, and by a training.
refused() {
    make "$1"
    kind=$1
    shift
    for start in "--check" "-s train.max_steps=1"; do
        # shellcheck disable=SC2086 # options
        expect 65 "$1" "$mpiexec" 2 "$vit_mpi" job.ini -s job.output=out $start
        for text in "$@"; do grep -qF -- "$text" said || fail "$kind, $start: not '$text' but $(cat said)"; done
        [ "$(grep -c '^Error' said)" = 1 ] || fail "$kind: not one line: $(cat said)"
        [ ! -e out ] || fail "$kind made a folder"
    done
    cd "$work" || exit 1
}

mkdir same && cp base.h5 same/data.h5 && cp job.ini same && cd same || exit 1
right=$(trained base)
cd "$work" || exit 1
for kind in variable integers plain gzip linked virtual raw; do
    make $kind
    [ "$(trained $kind)" = "$right" ] || fail "$kind gives other weights"
    cd "$work" || exit 1
done
# Sources lie beside the file that a link leads to.
make virtual
ln -s kind/data.h5 "$work/link.h5"
cd "$work" || exit 1
expect 0 'link.h5: ' "$vit_mpi" job.ini -s data.file=link.h5 --check
# The statistics are the same but for rounding.
make float32
trained float32 >/dev/null
grep -q 'Warning.*channel_mean' said && fail "float32: $(cat said)"
"$vit_data" info data.h5 >said 2>&1 || fail "info of float32: $(cat said)"
cd "$work" || exit 1
make plain
"$vit_data" info data.h5 >said 2>&1 || fail "info of a plain file: $(cat said)"
grep -q 'Computed mean: ' said || fail "nothing is computed: $(cat said)"
"$vit_data" info "$work/base.h5" | grep 'Content SHA-256' | grep -o '[0-9a-f]\{64\}' >digest
grep -qF "$(cat digest)" said || fail "another content digest: $(cat said)"
cd "$work" || exit 1

refused float-images '/train/images: is float32 [60, 32, 32, 3]; images are uint8 [number, height, width, channels]'
refused channels-first 'is uint8 [60, 3, 32, 32]' 'transpose(0, 2, 3, 1)'
refused without-channels '/train/images: is uint8 [60, 32, 32]; images are uint8 [number' 'axis of length 1 at the end'
refused one-hot '/train/labels: is uint8 [60, 5]; labels are whole numbers [60]' 'argmax'
refused one-row '/train/labels: is uint16 [1, 60]; labels are whole numbers [60]' 'labels.reshape(-1)'
refused wide-images '/train/images: is int64 [60, 32, 32, 3]; images are uint8 [number' "images.astype('uint8')"
refused test-label '/test/labels: row 7 has label 5'
refused from-one '/train/labels: row 4 has label 5, but there are 5 classes, and the first has number 0'
refused negative '/train/labels: row 11 has label -1'
refused filter 'the filter Zstandard (32015), which this HDF5 does not have' 'h5repack -f GZIP=4'
refused short-source 'takes values from images0.h5, which has fewer rows'
refused overlapping '/train/images: is virtual, and some of its values have no source'
refused real-source 'takes values from images0.h5, which holds float32, not uint8'
refused unwritten '/train/images: is incomplete'
refused unwritten-contiguous '/train/images: is incomplete'
refused killed 'its writer was killed' 'h5clear -s'

# gone KIND FILE TEXT: after a file that the data needs was removed.
gone() {
    make "$1"
    rm "$2"
    expect 65 "$3" "$mpiexec" 2 "$vit_mpi" job.ini --check
    cd "$work" || exit 1
}
gone linked train.h5 '/train: is a link to train.h5: /here, which cannot be opened'
gone virtual images1.h5 'takes values from images1.h5, which cannot be opened: HDF5 would give zeros'
gone raw second.raw 'takes values from second.raw, which is not there'
make raw
truncate -s 1000 first.raw
expect 65 'takes values from first.raw, which is shorter' "$vit_mpi" job.ini --check
cd "$work" || exit 1

mkfifo fifo
expect 74 'fifo: cannot be opened: it is no regular file' "$vit_mpi" job.ini -s data.file=fifo --check

# A superblock of a later version.
make gzip
printf '\011' | dd of=data.h5 bs=1 seek=8 conv=notrunc 2>/dev/null
expect 65 'was written by a newer HDF5 than this one' "$vit_mpi" job.ini --check
cd "$work" || exit 1

# Statistics that cannot be right, and that may be.
for kind in zero-to-one deviation; do
    make $kind
    expect 65 'cannot be those of the training images' "$mpiexec" 2 "$vit_mpi" job.ini -s job.output=out
    [ ! -e out ] || fail "$kind made a folder"
    expect 65 'Computed mean: ' "$vit_data" info data.h5
    cd "$work" || exit 1
done
make shifted
trained shifted >/dev/null
grep -q 'Warning.*channel_mean and channel_variance are not those of the training images' said || fail "$(cat said)"
cp -r out ../shifted
cd "$work" || exit 1

# Weights are judged with their own statistics, whatever the file says.
[ "$("$vit_mpi" job.ini $short --eval shifted/best.h5 -s data.file=base.h5 | tail -3)" = \
    "$("$vit_mpi" job.ini $short --eval shifted/best.h5 -s data.file=kind/data.h5 | tail -3)" ] ||
    fail "the same weights and pictures are judged differently"
expect 0 'base.h5 has other statistics' "$vit_mpi" job.ini $short --eval shifted/best.h5 -s data.file=base.h5

# What changed under an old digest, and an old checkpoint, is noticed; the checkpoint is not to blame.
changed() {
    make "$1"
    cp -r ../same/out out
    # shellcheck disable=SC2086 # options
    expect 78 "$2" train 2 out $short -s train.max_steps=6
    [ ! -e out/last.h5.damaged ] || fail "$1: a checkpoint was called damaged"
    cd "$work" || exit 1
}
changed pixel 'images or labels of data.h5 were changed since this run was begun'
changed test-labels 'images or labels of data.h5 were changed since this run was begun'
changed shifted 'this run was begun with other statistics'
changed float32 'they may differ in later digits'

# The same samples, of which the file tells nothing any more: the run goes on.
make plain
cp -r ../same/out out
trained plain >/dev/null
grep -q 'This job is finished' said || fail "another run was begun: $(cat said)"
cd "$work" || exit 1

# Ranks in folders of their own, where one finds another file.
mkdir here there
cp base.h5 here/data.h5
cp base.h5 there/data.h5
"$foreign" pixel there/data.h5 || fail "no other file"
cp job.ini here && cp job.ini there
expect 65 'the ranks find different files under this path' "$mpiexec" 2 sh -c '
    if [ "$OMPI_COMM_WORLD_RANK" = 1 ]; then cd there; else cd here; fi; exec "$@"' rank \
    "$vit_mpi" job.ini -s "job.output=$work/mixed" $short
[ ! -e mixed ] || fail "a mixture made a folder"

# Digests of weights that were changed on purpose.
cp same/out/best.h5 edited.h5
"$3/edit_weights" edited.h5 || fail "the weights cannot be changed"
expect 65 'does not match its digest (after changes that are meant: vit_data digest --renew edited.h5)' \
    "$vit_mpi" job.ini $short -s data.file=base.h5 --eval edited.h5
expect 0 "" "$vit_data" digest --renew edited.h5
[ "$(cat said)" = "$("$vit_data" digest edited.h5)" ] || fail "renewed to another digest"
[ "$(cat said)" != "$("$vit_data" digest same/out/best.h5)" ] || fail "nothing was changed"
expect 0 'Test accuracy' "$vit_mpi" job.ini $short -s data.file=base.h5 --eval edited.h5
"$3/edit_weights" edited.h5 nan || fail "the weights cannot be changed"
before=$(sha256sum edited.h5)
expect 65 'holds nan' "$vit_data" digest --renew edited.h5
[ "$(sha256sum edited.h5)" = "$before" ] || fail "a refused file was changed"
[ ! -e edited.h5.tmp ] || fail "a temporary file is left"
exit 0
