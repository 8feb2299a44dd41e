#!/bin/sh
# vit_data import of data sets in arrays: idx, NumPy, CIFAR for Python; and of Tiny-ImageNet.
. "$(dirname "$0")/common.sh"
make_picture=$3/make_picture

byte() { # NUMBER...
    for number; do
        printf "\\$(printf %03o "$number")"
    done
}
little() { byte $(($1 % 256)) $(($1 / 256 % 256)) $(($1 / 65536 % 256)) $(($1 / 16777216)); }
random() { head -c "$1" /dev/urandom; }

# idx TYPE SIZE... : the head of such a file.
idx() {
    byte 0 0 "$1" $(($# - 1))
    shift
    for size; do
        byte 0 0 $((size / 256)) $((size % 256))
    done
}

# npy TYPE SHAPE: the head of such a file, of version 1.0.
npy() {
    head=$(printf "{'descr': '%s', 'fortran_order': False, 'shape': (%s), }" "$1" "$2")
    printf '\223NUMPY\1\0v\0%-117s\n' "$head"
}

# ---- MNIST and its like ----
mkdir -p mnist/raw
{ idx 8 6 5 4 && random 120; } >mnist/raw/train-images-idx3-ubyte
{ idx 8 6 && byte 0 1 2 0 1 2; } >mnist/raw/train-labels-idx1-ubyte
{ idx 8 3 5 4 && random 60; } >mnist/raw/t10k-images-idx3-ubyte
{ idx 8 3 && byte 0 1 3; } >mnist/raw/t10k-labels-idx1-ubyte
expect 0 "a.h5: 6 training and 3 test images in 4 classes (MNIST's files from mnist)" "$vit_data" import mnist a.h5
digest=$(content a.h5)
grep -q "Pictures: *5 x 4 pixels (height, width), 1 channel$" said || fail "form: $(cat said)"
# A packed file beside the same one unpacked, all of them packed, one of them alone: the same.
gzip -k mnist/raw/train-images-idx3-ubyte
expect 0 "6 training" "$vit_data" import mnist b.h5
[ "$(content b.h5)" = "$digest" ] || fail "a packed twin gives another content"
cp -r mnist packed && rm packed/raw/train-images-idx3-ubyte && gzip packed/raw/t* 2>/dev/null
[ -e packed/raw/t10k-labels-idx1-ubyte.gz ] || fail "not packed"
for source in packed packed/raw/train-labels-idx1-ubyte.gz mnist/raw/t10k-images-idx3-ubyte; do
    expect 0 "6 training" "$vit_data" import $source b.h5
    [ "$(content b.h5)" = "$digest" ] || fail "$source gives another content"
done
# Damaged, cut, or unpacked by what downloaded it, which kept the name.
packed=packed/raw/t10k-images-idx3-ubyte.gz
cp $packed whole
{ head -c -8 whole && printf 'xxxx' && tail -c 4 whole; } >$packed
expect 65 "$packed: damaged gzip: incorrect data check" "$vit_data" import packed b.h5
head -c -3 whole >$packed
expect 65 "$packed: truncated gzip" "$vit_data" import packed b.h5
cp mnist/raw/t10k-images-idx3-ubyte $packed
expect 0 "6 training" "$vit_data" import packed b.h5
[ "$(content b.h5)" = "$digest" ] || fail "a file that is not packed gives another content"
expect 65 "mnist: t10k-labels-idx1-ubyte is missing" sh -c "rm mnist/raw/t10k-labels-idx1-ubyte; '$vit_data' import mnist b.h5"
{ idx 8 4 && byte 0 1 3 1; } >mnist/raw/t10k-labels-idx1-ubyte
expect 65 "mnist/raw/t10k-labels-idx1-ubyte: is uint8 [4], and not integers [3]" "$vit_data" import mnist b.h5

# EMNIST's pictures are turned, its letters begin with 1, names come from its mapping; one set must be chosen.
# The digest of what MNIST would have: the same bytes turned, in the same order.
mkdir emnist turned
emnist() { # SET: a picture of 2 rows and 3 columns, stored column by column, twice
    printf '\0\0\10\3\0\0\0\2\0\0\0\3\0\0\0\2adbecfgjhkil' | tee "emnist/emnist-$1-train-images-idx3-ubyte" \
        >"emnist/emnist-$1-test-images-idx3-ubyte"
    { idx 8 2 && byte "$2" $(($2 + 1)); } | tee "emnist/emnist-$1-train-labels-idx1-ubyte" \
        >"emnist/emnist-$1-test-labels-idx1-ubyte"
}
printf '\0\0\10\3\0\0\0\2\0\0\0\2\0\0\0\3abcdefghijkl' | tee turned/train-images-idx3-ubyte >turned/t10k-images-idx3-ubyte
{ idx 8 2 && byte 0 1; } | tee turned/train-labels-idx1-ubyte >turned/t10k-labels-idx1-ubyte
emnist letters 1
emnist digits 0
printf '1 65 97\n2 66 98\n' >emnist/emnist-letters-mapping.txt
expect 65 "emnist: has several sets, emnist-digits and emnist-letters among them" "$vit_data" import emnist b.h5
expect 0 "(MNIST's files from turned)" "$vit_data" import turned b.h5
digest=$(content b.h5)
for name in letters digits; do
    expect 0 "in 2 classes" "$vit_data" import emnist/emnist-$name-test-images-idx3-ubyte b.h5
    [ "$(content b.h5)" = "$digest" ] || fail "$name: not turned, or other labels"
    sed -n 's/^ *1 *1  [01] //p' said | tr '\n' ' ' >classes
    grep -q "$([ $name = letters ] && echo 'Aa Bb' || echo '0 1')" classes || fail "$name: $(cat classes)"
done

# ---- NumPy ----
mkdir med
{ npy '|u1' '6, 5, 4' && random 120; } >med/train_images.npy
{ npy '|u1' '6, 1' && byte 0 1 2 0 1 2; } >med/train_labels.npy
for split in val test; do
    { npy '|u1' '2, 5, 4' && random 40; } >med/${split}_images.npy
    { npy '<i8' '2,' && byte 1 0 0 0 0 0 0 0 2 0 0 0 0 0 0 0; } >med/${split}_labels.npy
done
expect 0 "a.h5: 6 training, 2 validation and 2 test images in 3 classes (NumPy arrays from med)" "$vit_data" import med a.h5
digest=$(content a.h5)
(cd med && cmake -E tar cf ../med.npz --format=zip ./*.npy)
expect 0 "6 training, 2 validation" "$vit_data" import med.npz b.h5
[ "$(content b.h5)" = "$digest" ] || fail "the .npz has another content"
mkdir keras
cp med/train_images.npy keras/x_train.npy && cp med/train_labels.npy keras/y_train.npy
cp med/test_images.npy keras/X_test.npy && cp med/test_labels.npy keras/y_test.npy
cp med/val_images.npy keras/x_validation.npy && cp med/val_labels.npy keras/y_validation.npy
expect 0 "6 training, 2 validation" "$vit_data" import keras b.h5
[ "$(content b.h5)" = "$digest" ] || fail "Keras's names give another content"
rm keras/[Xy]_test.npy
expect 0 "6 training and 2 test images" "$vit_data" import keras b.h5
rm keras/y_train.npy
expect 65 "keras/x_train.npy: has no labels beside it" "$vit_data" import keras b.h5
{ npy '|u1' '6, 3' && random 18; } >keras/y_train.npy
expect 65 "keras/y_train.npy: is uint8 [6, 3], and not integers [6] or [6, 1]: several labels a picture" "$vit_data" import keras b.h5
cp med/train_labels.npy keras/y_train.npy
{ npy '<f4' '6, 5, 4' && random 480; } >keras/x_train.npy
expect 65 "keras/x_train.npy: is float32 [6, 5, 4], and not uint8 (0 to 255) [N, height, width]" "$vit_data" import keras b.h5
{ npy '|u1' '6, 3, 5, 8' && random 720; } >keras/x_train.npy
expect 65 "the channels must come last" "$vit_data" import keras b.h5
{ npy '|u1' '6, 5, 4, 3' && random 360; } >keras/x_train.npy
expect 65 "x_validation.npy: row" "$vit_data" import keras b.h5
grep -q " 5 x 4 x 3; --grey makes one channel of three$" said || fail "what would help: $(cat said)"
expect 0 "6 training" "$vit_data" import --grey keras b.h5

# Labels that begin with 1, or leave some out.
expect 0 "6 training" "$vit_data" import med a.h5
grep -q "Warning" said && fail "warned of nothing: $(cat said)"
{ npy '|u1' '6, 1' && byte 1 2 1 2 1 2; } >med/train_labels.npy
expect 0 "in 3 classes" "$vit_data" import med b.h5
grep -q "^Warning: med: no training picture has label 0; there are 3 classes all the same (labels should begin with 0)" said ||
    fail "labels from 1: $(cat said)"
{ npy '|u1' '6, 1' && byte 0 5 0 5 0 5; } >med/train_labels.npy
expect 0 "in 6 classes" "$vit_data" import med b.h5
grep -q "^Warning: med: no training picture has label 1, and others; there are 6 classes all the same\.$" said ||
    fail "labels that are left out: $(cat said)"

# Pictures beside labels.npy, of which a part is asked for.
mkdir pair && cp med/train_images.npy pair/images.npy
{ npy '|u1' '6,' && byte 0 1 0 1 0 1; } >pair/labels.npy
expect 65 "--test-part 0.2 all but a fifth" "$vit_data" import pair b.h5
expect 0 "4 training and 2 test images in 2 classes" "$vit_data" import --test-part 0.34 pair b.h5

# Pictures without pixels, and larger ones than a data file takes.
{ npy '|u1' '6, 0, 28'; } >keras/x_train.npy
expect 65 "keras/x_train.npy: is uint8 [6, 0, 28], and not" "$vit_data" import --size 8 keras b.h5
{ npy '|u1' '6, 4097, 1' && random 24582; } >keras/x_train.npy
expect 65 "row 0: is 4097 x 1 (height, width), and a data file's pictures at most 4096 a side; --size HxW resizes all" \
    "$vit_data" import --keep-order keras b.h5

# ---- CIFAR for Python: the same as the binary version ----
make_cifar100 binary
mkdir python
text() { printf U && byte ${#1} && printf %s "$1"; }
labels() { # FILE OFFSET: a list
    printf '](' && for i in $(od -An -v -tu1 -w3074 "$1" | awk -v at="$2" '{print $at}'); do
        printf K && byte "$i"
    done && printf e
}
cifar_pickle() { # FILE
    count=$(($(wc -c <"$1") / 3074))
    printf '\200\2}(' && text data && printf 'cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\0\205U\1b\207R(K\1K'
    byte $count && printf 'M\0\14\206cnumpy\ndtype\nU\2u1K\0K\1\207R(K\3U\1|NNNJ\377\377\377\377J\377\377\377\377K\0tb\211T'
    little $((count * 3072)) && for i in $(seq $count); do head -c $((i * 3074)) "$1" | tail -c 3072; done && printf tb
    text fine_labels && labels "$1" 2 && text coarse_labels && labels "$1" 1 && printf u.
}
names() { # FILE
    printf '](' && tr -d '\r' <"$1" | sed '/^$/d' >names && while read -r name; do text "$name"; done <names && printf e
}
cifar_pickle binary/train.bin >python/train
cifar_pickle binary/test.bin >python/test
{ printf '\200\2}(' && text fine_label_names && names binary/fine_label_names.txt && text coarse_label_names &&
    names binary/coarse_label_names.txt && printf u.; } >python/meta
expect 0 "12 training" "$vit_data" import binary a.h5
digest=$(content a.h5)
"$vit_data" info a.h5 | sed -n '/^Images of each class/,/^Verified/p' >binary_classes
expect 0 "b.h5: 12 training and 4 test images in 3 classes (CIFAR-100 for Python from python)" "$vit_data" import python b.h5
[ "$(content b.h5)" = "$digest" ] || fail "CIFAR-100 for Python has another content"
grep -q "$(sha256sum <python/train | cut -d' ' -f1)" said || fail "train_sha256: $(cat said)"
sed -n '/^Images of each class/,/^Verified/p' said | cmp - binary_classes || fail "CIFAR-100 for Python has other names"
expect 0 "12 training" "$vit_data" import --seed 1 python b.h5
[ "$(content b.h5)" != "$digest" ] || fail "a seed does not shuffle"
sed 's/fine_labels/fine_labelz/' python/train >renamed && mv renamed python/train
expect 65 "python/train: has no 'fine_labels'" "$vit_data" import python b.h5

# ---- CIFAR-100-C: for testing only, with the training images of another file ----
mkdir corrupted
{ npy '|u1' '5, 32, 32, 3' && random 15360; } >corrupted/fog.npy
{ npy '<i8' '5,' && for i in 0 1 2 1 0; do byte $i 0 0 0 0 0 0 0; done; } >corrupted/labels.npy
expect 65 "corrupted: has pictures for testing only; --train-from FILE.h5" "$vit_data" import corrupted b.h5
expect 0 "b.h5: 12 training and 5 test images in 3 classes (NumPy arrays from fog.npy)" \
    "$vit_data" import --train-from a.h5 corrupted/fog.npy b.h5
"$vit_data" info a.h5 | grep Channel >one
"$vit_data" info b.h5 | grep Channel | cmp - one || fail "other statistics"
"$vit_data" info b.h5 | grep -q "^ *4 *2  0 ant$" || fail "names and numbers: $("$vit_data" info b.h5)"
cp corrupted/fog.npy corrupted/snow.npy
expect 65 "corrupted: has fog.npy, snow.npy and perhaps more beside labels.npy: give one of these" \
    "$vit_data" import --train-from a.h5 corrupted b.h5
{ npy '<i8' '5,' && for i in 0 1 2 1 3; do byte $i 0 0 0 0 0 0 0; done; } >corrupted/labels.npy
expect 65 "corrupted: has label 3, but a.h5 has 3 classes" "$vit_data" import --train-from a.h5 corrupted/fog.npy b.h5
# Classes are found by their names.
mkdir -p photos/cow photos/ant
"$make_picture" photos/cow/1.png 32x32 1,2,3 && "$make_picture" photos/ant/1.png 32x32 3,2,1 && cp photos/ant/1.png photos/ant/2.png
expect 0 "12 training and 3 test images in 3 classes" "$vit_data" import --train-from a.h5 photos b.h5
"$vit_data" info b.h5 | grep -q "^ *4 *2  0 ant$" || fail "classes by name: $("$vit_data" info b.h5)"
"$vit_data" info b.h5 | grep -q "^ *4 *1  2 cow$" || fail "classes by name: $("$vit_data" info b.h5)"
mkdir photos/dog
expect 65 "photos: the class dog is not in a.h5" "$vit_data" import --train-from a.h5 photos b.h5
expect 64 "binary: has pictures for training" "$vit_data" import --train-from a.h5 binary b.h5

# ---- Tiny-ImageNet ----
tiny="tiny-imagenet-200"
mkdir -p $tiny/train/n02/images $tiny/train/n01/images $tiny/val/images $tiny/test/images
for i in 1 2 3; do
    "$make_picture" $tiny/train/n02/images/n02_$i.JPEG 8x8 $((i * 50)),20,30
    "$make_picture" $tiny/train/n01/images/n01_$i.JPEG 8x8 20,$((i * 50)),30
    "$make_picture" $tiny/val/images/val_$i.JPEG 8x8 20,30,$((i * 50))
    "$make_picture" $tiny/test/images/test_$i.JPEG 8x8 20,30,40
done
echo "n02_1.JPEG 0 0 7 7" >$tiny/train/n02/n02_boxes.txt
printf 'n02\nn01\n' >$tiny/wnids.txt
printf 'n00\tthing\nn01\tgoldfish, Carassius auratus\nn02\tegg\n' >$tiny/words.txt
printf 'val_%d.JPEG\t%s\t0\t0\t7\t7\n' 1 n01 2 n02 3 n01 >$tiny/val/val_annotations.txt
tar -czf tiny.tar.gz $tiny
for source in $tiny tiny.tar.gz; do
    expect 0 "a.h5: 6 training and 3 test images in 2 classes (Tiny-ImageNet from $source)" "$vit_data" import $source a.h5
    grep -q "The 3 pictures of test/, which have no labels, are left out" said || fail "$(cat said)"
    content a.h5 >digest
    grep -q "^ *3 *2  0 goldfish$" said || fail "$(cat said)"
    grep -q "^ *3 *1  1 egg$" said || fail "$(cat said)"
done
sed -i 3d $tiny/val/val_annotations.txt
expect 0 "6 training and 2 test images" "$vit_data" import $tiny a.h5
grep -q "^Warning: 1 of val/images without a label in val_annotations.txt left out, val/images/val_3.JPEG the first" said || fail "$(cat said)"
printf 'val_1.JPEG\tn02\t0\t0\t7\t7\n' >>$tiny/val/val_annotations.txt
expect 65 "val/val_annotations.txt: line 3: val/images/val_1.JPEG is there twice" "$vit_data" import $tiny a.h5
rm $tiny/val/images/val_2.JPEG
expect 65 "val/val_annotations.txt: line 2: val/images/val_2.JPEG is missing" "$vit_data" import $tiny a.h5
exit 0
