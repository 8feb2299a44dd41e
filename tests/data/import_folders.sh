#!/bin/sh
# vit_data import of folders of pictures: which are taken, in which order and form, and what is said of the rest.
. "$(dirname "$0")/common.sh"
make_picture=$3/make_picture

# picture FILE RED [HEIGHTxWIDTH [ORIENTATION]], in a folder that is made.
picture() {
    mkdir -p "$(dirname "$1")"
    "$make_picture" "$1" "${3-8x8}" "$2,$((255 - $2)),$2" "${4-0}" || fail "make_picture $1"
}

# class_line NAME: its numbers of images, as info says them.
class_line() {
    sed -n "s/^ *\([0-9 ]*[0-9]\)  [0-9]* $1\$/\1/p" said | tr -s ' '
}

# Splits side by side; suffixes in any case; pictures anywhere below; names sorted by bytes; one folder around all.
for split in train test val; do
    picture $split/b/1.PNG 10
    picture $split/b-2/x/y/1.png 20
done
mkdir top && mv train test val top
picture top/train/B/1.jpeg 40
mv top/train/B/1.jpeg top/train/B/1.JFIF
picture top/train/b/.hidden.png 99
picture top/train/__MACOSX/1.png 99
expect 0 "a.h5: 3 training, 2 validation and 2 test images in 3 classes (pictures in folders from top)" \
    "$vit_data" import top a.h5
digest=$(content a.h5)
grep -q "1       0       0  0 B$" said || fail "classes: $(cat said)"
grep -q "1       1       1  1 b$" said || fail "classes: $(cat said)"
grep -q "1       1       1  2 b-2$" said || fail "classes: $(cat said)"
mkdir around && cp -r top around
expect 0 "3 training" "$vit_data" import around b.h5
[ "$(content b.h5)" = "$digest" ] || fail "a folder around all changes the content"

# val/ alone is for testing.
rm -r around/top/test
expect 0 "3 training and 2 test images" "$vit_data" import around b.h5

# A class that train/ lacks; an empty one, which stays; other formats, and pictures in no class.
picture top/test/cow/1.png 1
expect 65 "top: test/cow/1.png: the class cow is not among those of train/" "$vit_data" import top b.h5
mkdir top/train/cow
expect 0 "3 test images in 4 classes" "$vit_data" import top b.h5
grep -q "^Warning: top/train/cow: has no picture; the class stays" said || fail "empty class: $(cat said)"
: >top/train/b/1.tiff && : >top/train/b/2.GIF && : >top/train/b/notes.txt
picture top/train/1.png 1
picture top/more/b/1.png 1
expect 0 "3 training, " "$vit_data" import top b.h5
grep -q "^Warning: 2 files are left out, train/b/1.tiff the first: JPEG.* are read" said || fail "$(cat said)"
grep -q "^Warning: 1 file is left out, train/1.png: in no class's folder" said || fail "$(cat said)"
grep -q "^Warning: 1 file is left out, more/b/1.png: neither for training nor" said || fail "$(cat said)"

# Pictures of a test/ without classes are not for testing.
rm -r top/test top/more && picture top/test/1.png 1
expect 0 "3 training and 2 test images in 4 classes" "$vit_data" import top b.h5
grep -q "^Warning: 1 file is left out, test/1.png: neither for training nor" said || fail "$(cat said)"
mkdir top/test/b && mv top/test/1.png top/test/b

# Nor where nothing else is for testing; without a folder of that name, train is a class as others are.
for i in 1 2; do
    picture sole/all/train/ant/$i.png $((i * 20))
    picture sole/all/train/bee/$i.png $((i * 20 + 100))
done
picture sole/all/test/1.png 1
expect 0 "2 training and 2 test images in 2 classes" "$vit_data" import --test-part 0.5 sole b.h5
grep -q "^Warning: 1 file is left out, all/test/1.png: neither for training nor" said || fail "$(cat said)"
picture sole/all/bus/1.png 1
expect 0 "images in 3 classes" "$vit_data" import --test-part 0.2 sole b.h5

# Splits without classes are not classes.
mkdir flat && cp -r sole/all/test flat/train && cp -r sole/all/test flat/test
expect 65 "flat: has pictures for training, testing or validation, but not in a folder for each class in train/" \
    "$vit_data" import --test-part 0.5 flat b.h5

# Pictures beside the folders, or beside what is around them, are in no class and change nothing.
mkdir loose && mv sole/all/train loose/photos
picture loose/photos/1.png 1
picture loose/2.png 1
expect 0 "2 training and 2 test images in 2 classes" "$vit_data" import --test-part 0.5 loose b.h5
grep -q "^Warning: 1 file is left out, photos/1.png: in no class's folder" said || fail "$(cat said)"
grep -q "^Warning: 1 file is left out, 2.png: neither for training nor" said || fail "$(cat said)"

# Splits by other names, in capitals.
mkdir capital && cp -r loose/photos capital/Training && cp -r loose/photos capital/Testing && cp -r loose/photos capital/VALID
expect 0 "4 training, 4 validation and 4 test images in 2 classes" "$vit_data" import capital b.h5

# One folder of classes: a part of each for testing, chosen by the seed; neither by threads nor by the order on the disk.
for i in 0 1 2 3 4 5 6 7 8 9; do
    for class in ant bee cow; do
        picture one/$class/$i.png $((i * 20))
    done
done
rm one/cow/[5-9].png
expect 65 "one: has no pictures for testing; --test-part 0.2" "$vit_data" import one b.h5
expect 64 "top: has pictures for testing" "$vit_data" import --test-part 0.2 top b.h5
expect 0 "b.h5: 20 training and 5 test images in 3 classes" "$vit_data" import --test-part 0.2 one b.h5
digest=$(content b.h5)
[ "$(class_line ant), $(class_line bee), $(class_line cow)" = "8 2, 8 2, 4 1" ] || fail "parts: $(cat said)"
mkdir back
for i in 9 8 7 6 5 4 3 2 1 0; do
    for class in cow ant bee; do
        [ -e one/$class/$i.png ] && mkdir -p back/$class && cp one/$class/$i.png back/$class
    done
done
expect 0 "20 training" env OMP_NUM_THREADS=1 "$vit_data" import --test-part 0.2 back c.h5
[ "$(content c.h5)" = "$digest" ] || fail "one thread, or another order on the disk, gives another content"
expect 0 "20 training" env OMP_NUM_THREADS=3 "$vit_data" import --test-part 0.2 --seed 1 one c.h5
[ "$(content c.h5)" = "$digest" ] || fail "three threads, or the seed that is the usual one, give another content"
expect 0 "20 training" "$vit_data" import --test-part 0.2 --seed 2 one c.h5
[ "$(content c.h5)" != "$digest" ] || fail "another seed gives the same content"
expect 0 "20 training" "$vit_data" import --test-part 0.2 --keep-order one c.h5
[ "$(content c.h5)" != "$digest" ] || fail "--keep-order makes no difference"

# At least one of each class stays for training.
mkdir few && cp -r one/ant few && mkdir few/bee few/cow && cp one/bee/1.png few/bee && cp one/cow/[12].png few/cow
expect 0 "3 training and 10 test images in 3 classes" "$vit_data" import --test-part 0.95 few c.h5
content c.h5 >digest
[ "$(class_line ant), $(class_line bee), $(class_line cow)" = "1 9, 1 0, 1 1" ] || fail "of few: $(cat said)"

# Links to files and folders are followed, in no circle, and to nowhere.
mkdir -p circle/linked && ln -s ../../one/ant ../../one/bee ../../one/cow circle/linked
expect 0 "20 training" "$vit_data" import --test-part 0.2 circle/linked c.h5
[ "$(content c.h5)" = "$digest" ] || fail "links give another content"
ln -s .. circle/linked/again && ln -s nowhere circle/linked/none.png
expect 0 "20 training" "$vit_data" import --test-part 0.2 circle/linked c.h5
grep -q "^Warning: circle/linked/again/linked: leads back to a folder that it is in" said || fail "circle: $(cat said)"
grep -q "^Warning: circle/linked/none.png: cannot be opened" said || fail "nowhere: $(cat said)"

# A broken picture is named, left out and counted; not if most are.
head -c 60 one/ant/3.png >broken && mv broken one/ant/3.png
echo "no picture" >one/bee/4.png
expect 0 "2 pictures could not be decoded and are left out." "$vit_data" import --test-part 0 one c.h5
grep -q "^Warning: one/ant/3.png: .*; left out.$" said || fail "not named: $(cat said)"
grep -q "^Warning: one/bee/4.png: .*; left out.$" said || fail "not named: $(cat said)"
grep -q "c.h5: 23 training and 0 test images" said || fail "not counted: $(cat said)"
before=$(sha256sum c.h5)
for i in 0 1 2 5 6 7 8; do
    echo "no picture" >one/ant/$i.png
    echo "no picture" >one/bee/$i.png
done
expect 65 "one: more than half of its 25 pictures cannot be decoded" "$vit_data" import --test-part 0 one c.h5
[ "$(grep -c "; left out.$" said)" -eq 10 ] || fail "not ten are named: $(cat said)"
[ "$(sha256sum c.h5)" = "$before" ] || fail "the old file was touched"
absent c.h5.tmp

# Mixed sizes, resized to one; turned as EXIF says, or not; grey.
picture sizes/a/1.png 60 6x4
picture sizes/a/2.png 62 4x6
expect 65 "sizes/a/2.png: is 4 x 6 x 3 (height, width, channels), and sizes/a/1.png is 6 x 4 x 3; --size 6x4 resizes all" \
    "$vit_data" import --keep-order --test-part 0 sizes c.h5
expect 0 "c.h5" "$vit_data" import --test-part 0 --size 5x7 sizes c.h5
content c.h5 >digest
grep -q "Pictures: *5 x 7 pixels (height, width), 3 channels" said || fail "--size: $(cat said)"
grep -q "Channel mean: *61.0000  194.0000  61.0000" said || fail "--size: $(cat said)"
picture turned/a/1.jpg 60 6x4 6
picture turned/a/2.png 120 4x6
expect 0 "c.h5" "$vit_data" import --test-part 0 turned c.h5
content c.h5 >digest
grep -q "Pictures: *4 x 6 pixels" said || fail "not turned: $(cat said)"
expect 65 "turned/a/2.png: is 4 x 6 x 3" "$vit_data" import --as-stored --keep-order --test-part 0 turned c.h5
picture sizes/a/3.png 160 6x4
expect 0 "c.h5" "$vit_data" import --grey --size 5 --test-part 0 sizes c.h5
content c.h5 >digest
grep -q "Pictures: *5 x 5 pixels (height, width), 1 channel$" said || fail "--grey: $(cat said)"
# 0.413 R + 0.587 (255 - R), rounded, of 60, 62 and 160: 139, 139 and 122.
grep -q "Channel mean: *133.3333" said || fail "--grey: $(cat said)"
# The first names are told, so that folders that are no classes show; what systems leave is none.
picture told/seg_train/ant/1.png 10
picture told/seg_test/bee/1.png 20
picture told/seg_test/bee/2.png 30
picture told/seg_train/ant/@eaDir/1.png/THUMB.png 90
# shellcheck disable=SC2016 # a name
picture 'told/$RECYCLE.BIN/1.png' 90
expect 0 "Classes: seg_test, seg_train" "$vit_data" import told a.h5 --test-part 0.4
grep -q "2 training and 1 test images" said || fail "thumbnails count: $(cat said)"
mkdir many
for i in $(seq 30); do picture "many/class number $i/1.png" "$i"; done
expect 0 "Classes: class number 1, class number 10, " "$vit_data" import many a.h5 --test-part 0.4
grep -q 'Classes: .*\.\.\.$' said || fail "many names: $(cat said)"

# Names that other programs could not read.
for name in "$(printf 'a\nb')" "$(printf 'caf\351')" "$(printf 'x\355\240\200')"; do
    rm -rf names
    picture names/ok/1.png 10
    picture "names/$name/1.png" 20
    expect 65 "which is no printable character in UTF-8" "$vit_data" import names a.h5 --test-part 0.5
done
rm -rf names
picture "names/$(printf 'caf\303\251')/1.png" 10
picture "names/$(printf 'caf\303\251')/2.png" 20
picture "names/$(printf 'caf\303\251')/3.png" 30
expect 0 "Classes: $(printf 'caf\303\251')" "$vit_data" import names a.h5 --test-part 0.34
exit 0
