#!/bin/sh
# vit_data's command line, info on damaged files, and sheets.
. "$(dirname "$0")/common.sh"

expect 0 "vit_data import [OPTION...] SOURCE OUT.h5" "$vit_data" --help
expect 64 "vit_data import [OPTION...] SOURCE OUT.h5" "$vit_data"
expect 0 "vit_data " "$vit_data" --version
expect 64 "unknown subcommand none; it must be import, synth, info, sheet or digest" "$vit_data" none
expect 64 "import: no data file to write; usage: vit_data import [OPTION...] SOURCE OUT.h5" "$vit_data" import x
expect 64 "info: more than one data file; usage: vit_data info FILE.h5" "$vit_data" info a b
expect 64 "info: does not take --patches, an option of sheet" "$vit_data" info --patches a
expect 64 "unknown option --batches; did you mean --patches?" "$vit_data" sheet --batches a b
expect 64 "--classes needs a value" "$vit_data" synth a.h5 --classes
for bad in 1 101 ten 10x -5 "" 99999999999999999999; do
    expect 64 "must be a whole number from 2 to 100" "$vit_data" synth a.h5 "--classes=$bad"
done
expect 64 "must be a whole number from 1 to" "$vit_data" synth a.h5 --train 0
for bad in 0 x 8x 8x0 8x8x8 8.5 4097 -1; do
    expect 64 "--size must be HxW, or N for both, whole numbers from 1 to 4096, not '$bad'" "$vit_data" import "--size=$bad" x a.h5
done
for bad in 1 -0.1 a 0.2x nan ""; do
    expect 64 "--test-part must be from 0 to less than 1, not '$bad'" "$vit_data" import "--test-part=$bad" x a.h5
done
expect 64 "takes --seed or --keep-order, not both" "$vit_data" import --seed 1 --keep-order x a.h5
expect 64 "takes --test-part or --train-from, not both" "$vit_data" import --test-part 0 --train-from b.h5 x a.h5
expect 64 "synth: does not take --grey, an option of import" "$vit_data" synth --grey a.h5
absent a.h5 a.h5.tmp

# The same command makes the same bytes; another seed makes others.
expect 0 "a.h5: 300 training and 20 test images in 9 classes" \
    "$vit_data" synth --classes 9 a.h5 --train=300 --test 20 --seed 3
"$vit_data" synth --classes 9 b.h5 --train 300 --test 20 --seed 3 >/dev/null || fail "synth"
cmp a.h5 b.h5 || fail "the same command made another file"
"$vit_data" synth --classes 9 b.h5 --train 300 --test 20 --seed 4 >/dev/null || fail "synth"
[ "$(content a.h5)" != "$(content b.h5)" ] || fail "another seed made the same pictures"

expect 0 "Verified: " "$vit_data" info a.h5
expect 74 "none.h5: cannot be opened" "$vit_data" info none.h5
echo "no data" >text.h5
expect 65 "text.h5: is not an HDF5 file" "$vit_data" info text.h5
head -c 100000 a.h5 >cut.h5
expect 65 "cut.h5: is damaged or cut short" "$vit_data" info cut.h5
cp a.h5 bad.h5
printf '\252\252\252' | dd of=bad.h5 bs=1 seek=300000 conv=notrunc 2>/dev/null
expect 65 "bad.h5: /train/images: is damaged" "$vit_data" info bad.h5
expect 65 "bad.h5: /train/images: is damaged" "$vit_data" sheet bad.h5 bad.png
absent bad.png bad.png.tmp

# A PNG begins with its signature and its size.
png_size() {
    [ "$(head -c 8 "$1" | od -An -tx1 | tr -d ' ')" = 89504e470d0a1a0a ] || fail "$1 is no PNG"
    tail -c +17 "$1" | head -c 8 | od -An -tu1 | awk '{print $3 * 256 + $4 "x" $7 * 256 + $8}'
}
expect 0 "a.png: " "$vit_data" sheet a.h5 a.png
[ "$(sed 's/.*: \(.*\) x \(.*\) pixels\./\1x\2/' said)" = "$(png_size a.png)" ] || fail "a.png: size"
expect 0 "p.png: " "$vit_data" sheet --patches a.h5 p.png
[ "$(png_size a.png)" != "$(png_size p.png)" ] || fail "--patches made the same sheet"
expect 74 "none/a.png: cannot be written" "$vit_data" sheet a.h5 none/a.png

# What a job's model sees: the same job draws the same sheet, and each key that is on shows.
cat >plain.ini <<END
[augment]
image_size = 32
flip = no
rotation = 0
zoom = 0
[model]
patch_size = 4
END
augmented() {
    { grep -v "^${1%% *} =" plain.ini && printf "[augment]\n%s\n" "$1"; } >augmented.ini
    "$vit_data" sheet --augmented augmented.ini a.h5 "$2" >said || fail "$1: ended with $?"
}
expect 0 "plain.png: " "$vit_data" sheet --augmented plain.ini a.h5 plain.png
[ "$(sed 's/.*: \(.*\) x \(.*\) pixels\./\1x\2/' said)" = "$(png_size plain.png)" ] || fail "plain.png: size"
for key in "flip = yes" "rotation = 0.1" "zoom = 0.3" "crop = 4" "randaugment = 2" "erasing = 0.5" "mixup = 1" "cutmix = 1"; do
    augmented "$key" one.png
    augmented "$key" two.png
    cmp -s one.png two.png || fail "$key: two sheets"
    cmp -s one.png plain.png && fail "$key does not show"
done
expect 64 "takes --patches or --augmented, not both" "$vit_data" sheet --patches --augmented plain.ini a.h5 x.png
expect 64 "info: does not take --augmented, an option of sheet" "$vit_data" info --augmented plain.ini a.h5
expect 78 "none.ini: cannot be opened" "$vit_data" sheet --augmented none.ini a.h5 x.png
expect 74 "none.h5: cannot be opened" "$vit_data" sheet --augmented plain.ini none.h5 x.png
make_cifar10 ten
"$vit_data" import ten ten.h5 >said 2>&1 || fail "import: $(cat said)"
printf "[data]\nlabels = coarse\n" >coarse.ini
expect 78 "asks for coarse labels, and ten.h5 has none" "$vit_data" sheet --augmented coarse.ini ten.h5 x.png
printf "[data]\nvalidation_split = 0.9999\n" >none_left.ini
expect 78 "leaves none of the 300 images of a.h5 to train on" "$vit_data" sheet --augmented none_left.ini a.h5 x.png
absent x.png x.png.tmp
# Of classes one after another, half of each is trained on where the last of each are kept, and these are the same first ones
# as of the whole file; without the file's second half there is no cow to show.
make_cifar100 sorted
for i in 0 1 2; do for _ in 1 2 3 4 5 6 7 8; do record $((i / 2)) $i; done; done >sorted/train.bin
"$vit_data" import sorted sorted.h5 >said 2>&1 || fail "import: $(cat said)"
divided() {
    printf "[data]\nvalidation_split = %s\nvalidation = %s\n" "$1" "$2" | cat - plain.ini >divided.ini
    "$vit_data" sheet --augmented divided.ini sorted.h5 "$3" >said 2>&1 || fail "$2: $(cat said)"
}
divided 0 stratified all.png
divided 0.5 stratified half.png
divided 0.5 file_end end.png
cmp all.png half.png || fail "the last of each class are not what is kept"
cmp -s all.png end.png && fail "the file's end is shown"

expect 74 "none.h5: cannot be opened" "$vit_data" digest none.h5
expect 65 "a.h5" "$vit_data" digest a.h5
exit 0
