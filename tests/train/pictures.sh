#!/bin/sh
# Pictures of other sides and numbers of channels than CIFAR's train: the same bits for any number of ranks, a model that
# learns, and checkpoints that can be evaluated, digested and resumed, but not with pictures of other channels.
. "$(dirname "$0")/common.sh"

# test_lines: the results of what was said.
test_lines() {
    grep '^Test ' said
}

for form in "48 40 1" "64 64 3" "9 30 4"; do
    # shellcheck disable=SC2086 # three numbers
    "$3/make_pictures" data.h5 $form || fail "no pictures of $form"
    must_train 1 one
    test_lines >one.lines
    [ "$(wc -l <one.lines)" -eq 3 ] || fail "$form: no test lines: $(cat said)"
    must_train 3 three -s run.threads=2
    [ "$(weights three/last.h5)" = "$(weights one/last.h5)" ] || fail "$form: other weights on 3 ranks"
    must_train 2 stopped -s train.max_steps=5
    must_train 3 stopped
    [ "$(weights stopped/last.h5)" = "$(weights one/last.h5)" ] || fail "$form: other weights after a stop"
    first=$(column one/metrics.h5 /epoch/loss | head -n 1)
    last=$(column one/metrics.h5 /epoch/loss | tail -n 1)
    awk -v first="$first" -v last="$last" 'BEGIN { exit !(last < first) }' || fail "$form: loss from $first to $last"

    "$mpiexec" 2 "$vit_mpi" job.ini --eval one/best.h5 >said 2>&1 || fail "$form: --eval ended with $?: $(cat said)"
    test_lines | cmp - one.lines || fail "$form: --eval found otherwise: $(cat said)"
    expect 0 "$(echo "$form" | awk '{ print $1 " x " $2 " pixels (height, width), " $3 " channel" }')" "$vit_data" info data.h5
    expect 0 'sheet.png: ' "$vit_data" sheet data.h5 sheet.png
    expect 0 'patches.png: ' "$vit_data" sheet --patches data.h5 patches.png
    mv one "${form##* }_channels"
    rm -r three stopped
done

# The weights of a model for grey pictures do not fit colours.
"$3/make_pictures" data.h5 64 64 3 || fail "no pictures"
expect 65 'was trained on pictures of 1 channels, those of data.h5 have 3' "$vit_mpi" job.ini --eval 1_channels/best.h5
# Nor does their run go on with them, and its checkpoints are not damaged.
expect 78 '[data] file: this run was begun on other data' train 2 1_channels
[ ! -e 1_channels/last.h5.damaged ] || fail "checkpoints of other data were called damaged"
exit 0
