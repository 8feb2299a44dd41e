#!/bin/sh
# ONNX models of all kinds through Debian's python3-onnx (its checker, with inferred shapes) and through ONNX Runtime, whose
# logits have to be the trainer's. Each where it is there: npm's onnxruntime-node is found through NODE_PATH.
. "$(dirname "$0")/../common.sh"
sample=$3/onnx_sample
folder=$source_folder/tests/exchange

checker=
runtime=
python3 -c 'import onnx' 2>/dev/null && checker=python3
[ -n "$checker" ] || { /usr/bin/python3 -c 'import onnx' 2>/dev/null && checker=/usr/bin/python3; }
node -e 'require("onnxruntime-node")' 2>/dev/null && runtime=node
[ -n "$checker$runtime" ] || skip "neither python3-onnx nor npm's onnxruntime-node is there"

# check NAME JOB [SECTION.KEY=VALUE...]
check() {
    name=$1 job=$source_folder/jobs/$2
    shift 2
    sizes=$("$sample" "$job" "$name.onnx" planes logits "$@") || fail "$name was not written"
    if [ -n "$checker" ]; then
        "$checker" -c 'import onnx, sys; onnx.checker.check_model(sys.argv[1], full_check=True)' "$name.onnx" ||
            fail "$name does not pass ONNX's checker"
    fi
    if [ -n "$runtime" ]; then
        # shellcheck disable=SC2086 # three numbers
        set -- $sizes
        node "$folder/onnx_runtime.js" "$name.onnx" planes logits "$1" "$2" || fail "$name: ONNX Runtime says something else"
    fi
    rm "$name.onnx"
}

check reference cifar100.ini model.depth=2
check small cifar100-small.ini model.depth=2
check class_token vit-class-token.ini model.depth=2
check mean_pool vit-class-token.ini model.depth=2 model.pool=mean
check uneven cifar100.ini model.depth=1 augment.image_size=40 model.patch_size=7 model.dim=12 model.heads=3 model.key_dim=5 \
    model.mlp=9,14,12 model.mlp_convolution=5 model.pool=class model.position=none model.head=11
check sines cifar100-small.ini model.depth=1 model.position=sine model.convolution_widths=none model.head=9,7
[ -n "$checker" ] || echo "Without the checker: python3-onnx is not there"
[ -n "$runtime" ] || echo "Without logits: onnxruntime-node is not there"
exit 0
