#!/bin/sh
# Validation with the last of each class: the same bits and counts for any number of ranks, and after going on.
. "$(dirname "$0")/common.sh"
sorted='-s data.validation=stratified -s data.validation_split=0.3'

# The file's end has one class only, so that the last of the others are further to the front.
row=180
while [ $row -lt 220 ]; do
    "$3/set_label" data.h5 $row 2 || fail "no label was set"
    row=$((row + 1))
done
h5dump -y -w 1 -d /train/labels data.h5 | sed -n 's/^ *\([0-9][0-9]*\),\{0,1\}$/\1/p' >labels
awk -v f=0.3 '{ n[$1]++ } END { for (c in n) t += int(n[c] * (1 - f)); print t, NR - t }' labels >wanted
read -r train_images validation_images <wanted

# shellcheck disable=SC2086 # several options
{
    "$mpiexec" 2 "$vit_mpi" job.ini $sorted --check >said 2>&1 || fail "--check: $(cat said)"
    grep -q "$train_images training, $validation_images validation (the last of each class), 40 test" said ||
        fail "not $train_images and $validation_images: $(cat said)"
    must_train 1 one $sorted --digest
    grep '^Epoch .* used each' said >coverage
    [ "$(wc -l <coverage)" -eq 3 ] || fail "not every sample was used once: $(cat said)"
    for ranks in 2 3; do
        must_train $ranks other $sorted --digest
        grep '^Epoch .* used each' said | cmp - coverage || fail "$ranks ranks used other samples"
        [ "$(weights other/last.h5)" = "$(weights one/last.h5)" ] || fail "$ranks ranks: other weights"
        column one/metrics.h5 /epoch/val_loss >one.losses
        column other/metrics.h5 /epoch/val_loss | cmp - one.losses || fail "$ranks ranks: other validation"
        rm -r other
    done
    must_train 3 part $sorted -s train.max_steps=7
    must_train 2 part $sorted
    [ "$(weights part/last.h5)" = "$(weights one/last.h5)" ] || fail "other weights after going on"

    # Classes of which nothing is left to train on are told.
    few='-s data.validation=stratified -s data.validation_split=0.985'
    lost=$(awk '{ n[$1]++ } END { for (c in n) t += n[c] * 0.015 < 1; print t }' labels)
    [ "$lost" -gt 0 ] && [ "$lost" -lt 5 ] || fail "$lost classes without training images: no test"
    "$mpiexec" 2 "$vit_mpi" job.ini $few --check >said 2>&1 || fail "--check: $(cat said)"
    grep -q "$lost of 5 classes have no image to train on: .* images to validate with are of such classes" said || fail "$lost lost: $(cat said)"
    "$mpiexec" 2 "$vit_mpi" job.ini $sorted --check >said 2>&1 || fail "--check: $(cat said)"
    grep -q 'have no image to train on' said && fail "lost classes where each has some: $(cat said)"
}
exit 0
