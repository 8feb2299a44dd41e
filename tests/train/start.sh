#!/bin/sh
# A run begins with the weights of a checkpoint: the same model's as they are, for other classes and another image size as far
# as they go, with the same bits on any ranks and threads; and it goes on without the file.
. "$(dirname "$0")/common.sh"
"$vit_data" synth other.h5 --classes 7 --train 220 --test 40 --seed 2 >/dev/null || fail "no other data"
# A head whose first layer is fat, a class token, averaged weights.
model='-s model.pool=class -s model.mlp_end=linear -s model.head=900,20'
other="$model -s data.file=other.h5 -s augment.image_size=24"

# digest: of the weights, as it was said at the end.
digest() {
    sed -n 's/^Weights SHA-256: //p' said
}

# says TEXT: a line of what was said begins with it.
says() {
    grep -q "^$1" said || fail "did not say '$1': $(cat said)"
}

# shellcheck disable=SC2086 # several options
{
    must_train 1 base $model -s train.ema=0.9
    sha256=$(sha256sum base/best.h5 | cut -d ' ' -f 1)

    # A step with a learning rate of 0 leaves what was begun with: the judged weights of either file, the averages.
    still='-s train.warmup_epochs=1 -s train.warmup_learning_rate=0 -s train.weight_decay=0 -s train.max_steps=1'
    must_train 2 same $model $still -s train.start=base/last.h5 --fresh
    says '  the weights are the averaged ones'
    must_train 2 same $model $still -s train.start=base/best.h5 -s train.ema=0.5 --digest --fresh
    says 'Weights to start with: base/best.h5 (a checkpoint; SHA-256 '
    says '  block0 to block1: each 16 tensors taken'
    says '  logits: 2 tensors taken'
    [ "$(digest)" = "$(weights base/best.h5)" ] || fail "does not begin with the file's weights"
    says "Averaged weights SHA-256: $(digest)"

    # What vit_export makes of a checkpoint is the same again, under anybody's names.
    bare='-s model.pool=class -s model.mlp_end=linear -s model.head=none'
    must_train 1 bare $bare -s train.max_steps=2
    "$programs/vit_export" bare/best.h5 own.safetensors >/dev/null || fail "no export"
    for library in timm huggingface; do
        "$programs/vit_export" bare/best.h5 $library --for $library >/dev/null || fail "no export for $library"
    done
    for file in own.safetensors timm/model.safetensors huggingface/model.safetensors; do
        must_train 2 same $bare $still -s train.start=$file --digest --fresh
        [ "$(digest)" = "$(weights bare/best.h5)" ] || fail "$file: other weights than were exported: $(cat said)"
    done

    # Other classes and another size. Without anything learnt of them all classes are equally likely: ln 7.
    tune="$other -s train.start=base/best.h5 -s train.optimizer=sgd -s train.learning_rate=0.03 -s train.layer_decay=0.75"
    must_train 1 one $tune --digest
    says '  patch_embed: 2 tensors taken; position resized from 4 x 4 to 6 x 6 tokens'
    says '  head0: 2 tensors taken'
    says '  logits: 2 tensors made new, zero (5 classes there, 7 here)'
    says '  their pictures were normalized by channel_mean '
    tuned=$(digest)
    column one/metrics.h5 /step/loss | head -n 1 | awk '{ d = $1 - log(7); exit !(d < 2e-7 && d > -2e-7) }' ||
        fail "the first loss is not ln 7 but $(column one/metrics.h5 /step/loss | head -n 1)"
    h5dump -a /job/start_sha256 one/best.h5 | grep -q "\"$sha256\"" || fail "the file's digest is not in the checkpoint"
    h5ls -r one/last.h5 | grep -q '^/optimizer/velocity/logits/kernel' || fail "sgd has no velocity"
    for pair in 2-1 3-2; do
        must_train ${pair%-*} many $tune --digest -s run.threads=${pair#*-}
        [ "$(digest)" = "$tuned" ] || fail "$pair: other weights"
        rm -r many
    done

    # What was begun goes on on other ranks without the file, and remembers it.
    must_train 2 out $tune -s train.max_steps=9
    mv base away
    must_train 3 out $tune --digest
    [ "$(digest)" = "$tuned" ] || fail "other weights after going on"
    must_train 1 out $tune -s train.start=away/best.h5 -s train.epochs=4
    h5dump -a /job/start_sha256 out/last.h5 | grep -q "\"$sha256\"" || fail "the file's digest is lost"

    train 2 out $tune --check || fail "--check wants a file that is not needed: $(cat said)"
    says 'Weights to start with: not looked at, since out/last.h5 is there'

    # With other weights it was not begun.
    expect 78 'has others (' train 1 out $tune -s train.start=away/last.h5 -s train.epochs=5
    expect 78 'begun with [train] start = away/best.h5, and this job has none' train 1 out $tune -s train.start=none -s train.epochs=5

    # A file that is not there, or does not fit, changes nothing: no folder, and none moved aside.
    expect 74 'base/best.h5: ' train 2 never $tune
    [ ! -e never ] || fail "a job without its file made a folder"
    mv away base
    wrong="$other -s train.start=base/best.h5 -s model.depth=3 -s model.patch_size=6"
    expect 65 '[model] patch_size is 4 there, 6 here; [model] depth is 2 there, 3 here' train 2 never $wrong
    expect 65 '[model] depth is 2 there, 3 here' train 1 out $wrong --fresh
    { [ ! -e never ] && [ ! -e out.1 ]; } || fail "a file that does not fit changed folders"
    expect 78 '[train] start = ./out/best.h5: --fresh would move it aside' train 1 out $tune -s train.start=./out/best.h5 --fresh
    [ ! -e out.1 ] || fail "the file to start with was moved aside"
    printf 'not tensors' >text
    expect 65 'text: is no safetensors file' train 1 never $model -s train.start=text

    # --check looks, and says the same.
    train 1 never $tune --check || fail "--check: $(cat said)"
    says '  patch_embed: 2 tensors taken; position resized'
    expect 65 '[model] depth is 2 there, 3 here' train 1 never $wrong --check
    [ ! -e never ] || fail "--check made a folder"

    # Run again from its checkpoint, with the file and with another one in its place.
    again() {
        "$mpiexec" 1 "$vit_mpi" one/best.h5 -s job.output=never --check >said 2>&1 || fail "one/best.h5 is no job: $(cat said)"
    }
    again
    ! grep -q 'began with another file' said || fail "warns of the same file"
    cp base/last.h5 base/best.h5
    again
    says 'Warning: one/best.h5 began with another file (SHA-256 '
}
exit 0
