#!/bin/sh
# vit_data import: layouts, where the files may be, and what is refused.
. "$(dirname "$0")/common.sh"

# A folder, its parent, and archives hold the same.
make_cifar100 parent/cifar-100-binary
expect 0 "12 training and 4 test images in 3 classes" "$vit_data" import parent/cifar-100-binary a.h5
grep -q "train.bin is not the official CIFAR-100 file" said || fail "not said: not official"
digest=$(content a.h5)
grep -q "Coarse classes: *2" said || fail "coarse names: $(cat said)"
grep -q "$(sha256sum <parent/cifar-100-binary/train.bin | cut -d' ' -f1)" said || fail "train_sha256"
grep -q "$(sha256sum <parent/cifar-100-binary/test.bin | cut -d' ' -f1)" said || fail "test_sha256"
tar -C parent -czf a.tar.gz cifar-100-binary
tar -C parent -cJf a.tar.xz cifar-100-binary
tar -C parent/cifar-100-binary -cf a.tar .
for source in parent parent/ a.tar.gz a.tar.xz a.tar; do
    rm -f b.h5
    expect 0 "b.h5: 12 training" "$vit_data" import "$source" b.h5
    [ "$(content b.h5)" = "$digest" ] || fail "$source gives another content"
done

# Planes become pixels, channel by channel: two images of one colour each.
mkdir planes
plane() { head -c 1024 /dev/zero | tr '\0' "\\$(printf %03o "$1")"; }
for base in 10 12; do
    printf '\0\0'
    plane $base && plane $((base + 10)) && plane $((base + 20))
done >planes/train.bin
cp planes/train.bin planes/test.bin
cp parent/cifar-100-binary/*.txt planes
"$vit_data" import planes planes.h5 >said 2>&1 || fail "$(cat said)"
expect 0 "11.0000  21.0000  31.0000" "$vit_data" info planes.h5
expect 0 "variance: 1.0000  1.0000  1.0000" "$vit_data" info planes.h5

# CIFAR-10: batches in the order of their numbers.
make_cifar10 ten
expect 0 "22 training and 4 test images in 3 classes" "$vit_data" import ten ten.h5
content ten.h5 >digest
grep -q "Coarse classes: *0" said || fail "coarse classes of CIFAR-10"
sha=$(cd ten && for i in 1 2 3 4 5 6 7 8 9 10 11; do cat data_batch_$i.bin; done | sha256sum | cut -d' ' -f1)
grep -q "$sha" said || fail "the batches are out of order"
tar -czf ten.tar.gz ten
expect 0 "22 training" "$vit_data" import ten.tar.gz ten_again.h5
[ "$(content ten_again.h5)" = "$(cat digest)" ] || fail "CIFAR-10's archive differs from its folder"

# What is refused, and that it leaves the old file.
before=$(sha256sum a.h5)
refused() {
    expect "$1" "$2" "$vit_data" import "$3" a.h5
    absent a.h5.tmp
    [ "$(sha256sum a.h5)" = "$before" ] || fail "$3 changed the old file"
}
broken() { # a fresh copy in ./bad
    rm -rf bad
    cp -r "$1" bad
}
broken parent/cifar-100-binary; printf x >>bad/train.bin
refused 65 "bad/train.bin: its 36889 bytes are 12 records of 3074 bytes and 1 bytes more" bad
broken parent/cifar-100-binary; : >bad/test.bin
refused 65 "bad/test.bin: its 0 bytes" bad
broken parent/cifar-100-binary; record 1 3 >>bad/train.bin
refused 65 "bad/train.bin: record 12 has fine label 3, but there are 3 names" bad
broken parent/cifar-100-binary; { record 2 1 && cat bad/test.bin; } >new && mv new bad/test.bin
refused 65 "bad/test.bin: record 0 has coarse label 2, but there are 2 names" bad
broken parent/cifar-100-binary; printf 'ant\n\ncow\n' >bad/fine_label_names.txt
refused 65 "bad/fine_label_names.txt: line 2 is not a name" bad
for member in train.bin test.bin fine_label_names.txt coarse_label_names.txt; do
    broken parent/cifar-100-binary; rm bad/$member
    refused 65 "bad: $member is missing" bad
done
broken ten; rm bad/data_batch_4.bin
refused 65 "bad: data_batch_4.bin is missing" bad
broken ten; rm bad/batches.meta.txt
refused 65 "bad: batches.meta.txt is missing" bad
broken ten; record 3 >>bad/data_batch_10.bin
refused 65 "bad/data_batch_10.bin: record 2 has class label 3" bad
mkdir python && : >python/train && : >python/test && : >python/meta
refused 65 "python/meta: byte 0: is no pickle" python
mkdir other && : >other/b.txt && : >other/a.txt
refused 65 "other: is of no layout that is known: it has none of: train.bin" other
grep -q "It has 2 files: a.txt, b.txt$" said || fail "what is there: $(cat said)"
mkdir twice && cp -r parent/cifar-100-binary twice/a && cp -r parent/cifar-100-binary twice/b
refused 65 "the same name" twice
head -c 20000 a.tar.gz >cut.tar.gz
refused 65 "cut.tar.gz" cut.tar.gz
head -c 30000 a.tar >cut.tar
refused 65 "cut.tar" cut.tar
echo "no archive" >text.tar
refused 65 "text.tar: is neither a folder nor an archive that can be read: tar, plain or with" text.tar
refused 74 "none: cannot be opened: No such file" none
expect 74 "none/a.h5: cannot be written: No such file" "$vit_data" import ten none/a.h5
before=$(sha256sum a.tar.gz)
expect 64 "./a.tar.gz: would be overwritten, and is what is read" "$vit_data" import a.tar.gz ./a.tar.gz
expect 64 "a.h5: would be overwritten" "$vit_data" import --train-from a.h5 ten a.h5
expect 64 "a.h5: would be overwritten" "$vit_data" sheet a.h5 a.h5
cp a.h5 b.png.tmp # as b.png is called while it is written
expect 64 "b.png.tmp: would be overwritten" "$vit_data" sheet b.png.tmp b.png
rm b.png.tmp
[ "$(sha256sum a.tar.gz)" = "$before" ] || fail "the archive was overwritten"
expect 74 "ten: is a folder" "$vit_data" import ten ten
exit 0
