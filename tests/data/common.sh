# Shared by the tests of vit_data: sourced with the arguments of the test.
. "$(dirname "$0")/../common.sh"

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
