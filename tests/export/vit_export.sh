#!/bin/sh
# vit_export as people call it: on a run's checkpoint, with what they get wrong, and on a full disk.
. "$(dirname "$0")/../common.sh"
vit_export=$programs/vit_export

"$vit_data" synth --classes 4 --train 40 --test 8 data.h5 >said || fail "synth: $(cat said)"
tiny_job data.h5
"$source_folder/tests/mpiexec" 1 "$programs/vit_mpi" job.ini -s job.output=run -s train.max_steps=1 -s model.head=none \
    -s model.pool=class -s model.mlp_end=linear -s run.threads=1 >said 2>&1 || fail "training: $(cat said)"

# A file with our own names, ONNX, and a folder for each library.
expect 0 "by our own names" "$vit_export" run/best.h5 own.safetensors
expect 0 "InferenceSession(\"model.onnx\")" "$vit_export" run/best.h5 model.onnx
expect 0 "timm.create_model(\"local-dir:for_timm\"" "$vit_export" run/best.h5 for_timm
expect 0 "Pictures: resized to 16 x 16 (bilinear)" "$vit_export" --for=huggingface run/last.h5 hf
for file in for_timm/config.json for_timm/model.safetensors hf/config.json hf/model.safetensors hf/preprocessor_config.json; do
    [ -s "$file" ] || fail "$file is not there"
done

# What feeds pictures by Hugging Face's names goes before what timm's config.json says of that.
expect 0 "hf/preprocessor_config.json: is of an earlier export" "$vit_export" --for=timm run/last.h5 hf
! "$vit_export" run/best.h5 for_timm 2>&1 | grep '^Warning' || fail "a warning without a reason"

# The same command makes the same bytes.
cp own.safetensors before
expect 0 "" "$vit_export" run/best.h5 own.safetensors
cmp own.safetensors before || fail "the same command made another file"

expect 64 "--for must be timm or huggingface, not 'keras'" "$vit_export" --for keras run/best.h5 out
expect 64 "--for is not for ONNX" "$vit_export" --for timm run/best.h5 out.onnx
expect 64 "OUT" "$vit_export" run/best.h5
expect 74 "none.h5" "$vit_export" none.h5 out
expect 65 "job.ini" "$vit_export" job.ini out
mkdir folder.onnx
expect 74 "folder.onnx: is a folder" "$vit_export" run/best.h5 folder.onnx
cp run/best.h5 best.onnx
expect 64 "would be overwritten" "$vit_export" best.onnx best.onnx
mv best.onnx other.onnx.tmp # as other.onnx is called while it is written
expect 64 "other.onnx.tmp: would be overwritten" "$vit_export" other.onnx.tmp other.onnx
rm other.onnx.tmp
for out in out out.onnx; do
    [ ! -e $out ] || fail "$out was written after all"
done

# Of release 0.1.0, which does not know how pictures are fed.
expect 0 "how pictures are normalized is not known" "$vit_export" "$source_folder/tests/store/old-0.1.0.h5" old.safetensors

# A disk without room: what was there stays, and nothing else.
for out in own.safetensors model.onnx; do
    cp "$out" before
    # shellcheck disable=SC2016
    expect 74 "$out: cannot be written" sh -c 'ulimit -f 8; "$0" run/best.h5 "$1"' "$vit_export" "$out"
    cmp "$out" before || fail "$out was damaged"
    [ ! -e "$out.tmp" ] || fail "$out.tmp was left"
done

# Ended while it writes: the same.
for out in model.onnx for_timm/config.json; do
    rm -f at.reached
    cp "$out" before
    LD_PRELOAD=$3/libwait_io.so WAIT_CALL=rename WAIT_PATH="$out.tmp" WAIT_AT=$work/at \
        "$vit_export" run/best.h5 "${out%/*}" >said 2>&1 &
    pid=$!
    for _ in $(seq 100); do [ -e at.reached ] || sleep 0.1; done
    [ -e "$out.tmp" ] || fail "$out is not being written: $(cat said)"
    kill -TERM $pid
    wait $pid
    [ -z "$(find . -name '*.tmp')" ] || fail "left behind: $(find . -name '*.tmp')"
    cmp "$out" before || fail "$out was damaged"
done
exit 0
