#!/bin/sh
# vit_predict on pictures: answered as the rows of the data file that they were, on any number of ranks; what cannot be
# read is named and passed over.
# shellcheck source=../train/common.sh
. "$(dirname "$0")/../train/common.sh"
vit_predict=$programs/vit_predict

# best_of FILE: number, class and probability of the likeliest class of each image, of the table of a data file's answers.
best_of() {
    awk -F, 'NR > 1 { print $1, $3, $($3 + 4) }' "$1"
}

# first_of FILE: the same of pictures 0000.png, ...
first_of() {
    awk -F, 'NR > 1 && $2 == 1 { n = $1; sub(/.*\//, "", n); sub(/\.png/, "", n); print n + 0, $3, $NF }' "$1"
}

# as_rows CHECKPOINT DATA: the test images of the data file, as pictures in a folder, get the answers of its rows.
as_rows() {
    rm -rf photos
    mkdir photos
    "$3/export_pictures" "$2" photos || fail "no pictures of $2"
    "$vit_predict" --csv "$1" "$2" >rows.csv 2>said || fail "$2: $(cat said)"
    "$vit_predict" --csv "$1" photos >photos.csv 2>said || fail "photos: $(cat said)"
    [ ! -s said ] || fail "photos: said $(cat said)"
    best_of rows.csv >wanted
    first_of photos.csv | cmp - wanted || fail "$2: pictures are answered otherwise than the rows that they were"
}

must_train 1 run -s train.max_steps=14
as_rows run/best.h5 data.h5 "$3"
[ "$(wc -l <photos.csv)" -eq 201 ] || fail "not five classes of 40 pictures: $(wc -l photos.csv)"

# For people, and on any number of ranks and threads: the same lines.
for ranks in 1 2 3; do
    "$mpiexec" $ranks "$vit_predict" --top 2 --threads $ranks run/best.h5 photos/0003.png photos >out.$ranks 2>said ||
        fail "$ranks ranks: $(cat said)"
    cmp out.1 out.$ranks || fail "$ranks ranks tell otherwise than one"
done
[ "$(wc -l <out.1)" -eq 123 ] || fail "not two classes of 41 pictures: $(cat out.1)"
[ "$(head -n 1 out.1)" = photos/0003.png ] || fail "the order is not as given: $(head -n 1 out.1)"
head -n 2 out.1 | tail -n 1 | grep -q '^ *[0-9.]*%  [a-z]* [a-z]* [a-z]*$' || fail "no class: $(head -n 2 out.1)"

# Pictures of other sizes have the answers that they have once they are imported.
class=$(sed -n '2s/^ *[0-9.]*%  //p' out.1)
mkdir -p "large/$class"
"$vit_data" sheet data.h5 "large/$class/0000.png" >said 2>&1 && "$vit_data" sheet --patches data.h5 "large/$class/0001.png" >said 2>&1 &&
    "$vit_data" import --keep-order --size 32 --train-from data.h5 large large.h5 >said 2>&1 || fail "import: $(cat said)"
"$vit_predict" --csv run/best.h5 large.h5 >rows.csv 2>said || fail "large.h5: $(cat said)"
"$vit_predict" --csv run/best.h5 large >large.csv 2>said || fail "large: $(cat said)"
best_of rows.csv >wanted
[ "$(wc -l <wanted)" -eq 2 ] || fail "not two pictures were imported: $(cat rows.csv)"
first_of large.csv | cmp - wanted || fail "pictures are resized otherwise than by an import: $(cat large.csv)"

# So many that they are shown in several parts: each has the answer that it has alone.
# shellcheck disable=SC2046 # names without blanks
"$mpiexec" 2 "$vit_predict" --csv --top 1 run/best.h5 $(for _ in $(seq 100); do echo photos/0001.png photos/0002.png photos/0000.png; done) \
    >many.csv 2>said || fail "many: $(cat said)"
grep -E '/000[012].png,1,' photos.csv >three
for _ in $(seq 100); do sed -n 2p three && sed -n 3p three && sed -n 1p three; done >wanted
sed 1d many.csv | cmp - wanted || fail "of many pictures some are answered otherwise than alone"

# An archive has the answers of its folder.
tar czf photos.tar.gz photos
"$mpiexec" 2 "$vit_predict" --csv run/best.h5 photos.tar.gz >archive.csv 2>said || fail "archive: $(cat said)"
sed 's|^photos.tar.gz/||' archive.csv | cmp - photos.csv || fail "an archive is answered otherwise than its folder"

# Many archives, more than files may be open as a rule.
tar cf one.tar photos/0001.png
mkdir archives
for i in $(seq 100); do cp one.tar archives/$i.tar; done
# shellcheck disable=SC3045 # all shells that are sh somewhere know it
(ulimit -S -n 80 && "$vit_predict" --csv --top 1 run/best.h5 archives/*.tar >many.csv 2>said) || fail "archives: $(cat said)"
[ "$(wc -l <many.csv)" -eq 101 ] || fail "not a line an archive: $(wc -l many.csv)"

# What is broken is named, and all others are told; hidden files and other kinds of files are left alone.
mkdir mixed mixed/deep mixed/empty
cp photos/0001.png mixed/deep/b.png
ln -s ../photos/0002.png mixed/a.png
head -c 300 photos/0000.png >mixed/cut.png
printf 'GIF89a..........' >mixed/c.gif
cp photos/0000.png mixed/.hidden.png
echo text >mixed/notes.txt
for ranks in 1 3; do
    "$mpiexec" $ranks "$vit_predict" --csv --top 1 run/best.h5 mixed mixed/empty >some.csv 2>said
    [ $? -eq 65 ] || fail "$ranks ranks: broken pictures do not end with 65: $(cat said)"
    [ "$(cut -d, -f1 some.csv | tr '\n' ' ')" = 'path mixed/a.png mixed/deep/b.png ' ] || fail "told: $(cat some.csv)"
    for what in 'mixed/cut.png: broken picture: ' 'mixed/c.gif: is a GIF picture; ' 'mixed/empty: has no pictures'; do
        [ "$(grep -c "^Warning: $what" said)" -eq 1 ] || fail "not named once: $what in $(cat said)"
    done
    grep -q '^Error: 3 .* left out, 2 pictures were told' said || fail "no summary: $(cat said)"
done
expect 74 'nowhere.png: cannot be opened: ' "$vit_predict" run/best.h5 nowhere.png photos/0000.png mixed/cut.png
grep -q '^photos/0000.png$' said || fail "nothing is told beside what is not there: $(cat said)"
expect 65 '1 was left out, 0 pictures were told' "$vit_predict" run/best.h5 mixed/cut.png

# So is what a folder lists and the system does not find; of a folder that cannot be listed nothing is told.
mkdir links
ln -s ../photos/0002.png links/a.png
ln -s nowhere links/b.png
ln -s . links/c
expect 74 'Warning: links/b.png: cannot be opened: ' "$vit_predict" --top 1 run/best.h5 links
grep -q '^Error: 1 was left out, 1 picture was told$' said || fail "no summary: $(cat said)"
name=$(printf '%0250d' 0)
mkdir -p "links/$name/$name/$name/$name/$name"
expect 74 'Warning: links: cannot be listed: ' "$vit_predict" run/best.h5 links photos/0001.png
grep -q '^Error: 1 was left out, 1 picture was told$' said || fail "no summary: $(cat said)"
# An array that is packed is no picture, and nobody asked for what is beside it.
gzip -c photos/0001.png >mixed/array-ubyte.gz
expect 65 'array-ubyte.gz: has no pictures' "$vit_predict" run/best.h5 mixed/array-ubyte.gz

# Hostile names: spelled for people, as they are for programs.
odd=$(printf 'photos/\033[2Ja,"b\n.png')
mv photos/0000.png "$odd"
expect 0 'photos/\x1b[2Ja,"b\n.png' "$vit_predict" --top 1 run/best.h5 "$odd"
"$vit_predict" --csv --top 1 run/best.h5 "$odd" >odd.csv 2>said || fail "$odd: $(cat said)"
printf 'path,rank,class,name,probability\n"photos/\033[2Ja,""b\n.png",1,' >wanted
head -c "$(wc -c <wanted)" odd.csv | cmp - wanted || fail "CSV: $(cat odd.csv)"

# Nobody reads what is told: then the rest, which begins with the second part, is not looked at. (Where SIGPIPE is ignored, as
# some services do it; else it ends the process.)
# shellcheck disable=SC2016,SC2046
sh -c 'trap "" PIPE; "$@" 2>said; echo $? >code' - "$vit_predict" run/best.h5 $(for _ in $(seq 256); do echo photos/0001.png; done) \
    mixed/cut.png | :
[ "$(cat code)" -eq 0 ] && [ ! -s said ] || fail "nobody reads, but: $(cat code said)"

# A grey model takes colours as grey; two channels are none of a picture's.
"$3/make_pictures" grey.h5 20 24 1 && "$3/make_pictures" two.h5 20 24 2 || fail "no pictures"
must_train 1 grey -s data.file=grey.h5 -s train.max_steps=4
as_rows grey/best.h5 grey.h5 "$3"
must_train 1 two -s data.file=two.h5 -s train.max_steps=1
expect 65 'was trained on pictures of 2 channels' "$vit_predict" two/best.h5 photos
expect 65 'a release before 0.4.0 wrote it' "$vit_predict" "$source_folder/tests/store/old-0.1.0.h5" photos
exit 0
