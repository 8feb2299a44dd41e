#!/bin/sh
# The official CIFAR-100, where it is at hand: beside the project in shared/data.
. "$(dirname "$0")/common.sh"

archive=$source_folder/../shared/data/cifar-100-binary.tar.xz
[ -e "$archive" ] || skip "$archive is not there"

expect 0 "50000 training and 10000 test images in 100 classes" "$vit_data" import "$archive" a.h5
grep -q "^train.bin is the official CIFAR-100 file" said || fail "train.bin: $(cat said)"
grep -q "^test.bin is the official CIFAR-100 file" said || fail "test.bin: $(cat said)"
# SHA-256 of images, labels and coarse labels of train, then of test, computed with NumPy.
[ "$(content a.h5)" = ad9fbf43eb6ee55a2bb4f94edab9b00d86cd4f9058b5cb598212cccf8ea62f44 ] || fail "$(cat said)"
[ "$(grep -c "official CIFAR-100" said)" -eq 2 ] || fail "info does not say that it is the official one"
grep -q "Channel mean: *129.3042  124.0700  112.4341" said || fail "$(cat said)"
expect 0 "c.png" "$vit_data" sheet a.h5 c.png
expect 0 "p.png" "$vit_data" sheet a.h5 p.png --patches
exit 0
