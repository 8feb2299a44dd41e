# Shared by the tests of vit_data: sourced with the arguments of the test. Works in a folder of its own,
# which is removed at the end.
source_folder=$1
vit_data=$2/vit_data
work=$(mktemp -d "${TMPDIR:-/tmp}/vit_data_XXXXXX") || exit 1
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1

fail() {
    echo "FAILED: $*" >&2
    exit 1
}

skip() {
    echo "Skipped: $*"
    exit 77
}

# expect CODE TEXT COMMAND...: runs it; both its exit code and a line of what it says must fit.
expect() {
    wanted=$1 text=$2
    shift 2
    "$@" >said 2>&1
    code=$?
    [ $code -eq "$wanted" ] || fail "$* ended with $code instead of $wanted: $(cat said)"
    grep -qF -e "$text" said || fail "$* did not say '$text' but: $(cat said)"
}

# The content digest of a data file that verifies.
content() {
    "$vit_data" info "$1" >said 2>&1 || fail "$1 does not verify: $(cat said)"
    sed -n 's/^Content SHA-256: *//p' said
}

absent() {
    for file; do
        [ ! -e "$file" ] || fail "$file is there"
    done
}

# record LABEL... : one record of random pixels on standard output.
record() {
    for label; do
        printf "\\$(printf %03o "$label")"
    done
    head -c 3072 /dev/urandom
}

# make_cifar100 FOLDER: 3 fine classes of 2 coarse ones, 12 and 4 images.
make_cifar100() {
    mkdir -p "$1"
    for i in 0 1 2 3 4 5 6 7 8 9 10 11; do record $((i % 3 / 2)) $((i % 3)); done >"$1/train.bin"
    for i in 0 1 2 3; do record $((i % 3 / 2)) $((i % 3)); done >"$1/test.bin"
    printf 'ant\nbee\ncow\n' >"$1/fine_label_names.txt"
    printf 'insect\r\nmammal\r\n\r\n' >"$1/coarse_label_names.txt"
}

# make_cifar10 FOLDER: 3 classes, 11 batches of 2 images, 4 test images.
make_cifar10() {
    mkdir -p "$1"
    for i in 1 2 3 4 5 6 7 8 9 10 11; do
        { record $((i % 3)) && record $(((i + 1) % 3)); } >"$1/data_batch_$i.bin"
    done
    for i in 0 1 2 3; do record $((i % 3)); done >"$1/test_batch.bin"
    printf 'ant\nbee\ncow\n\n' >"$1/batches.meta.txt"
}
