#!/bin/sh
# vit_data import of archives: the same as their folders, and bounded and harmless whatever is in them.
. "$(dirname "$0")/common.sh"
make_picture=$3/make_picture

for class in ant 'b e' "$(printf 'z\303\251bu')"; do
    for split in train test; do
        mkdir -p "photos/$split/$class"
        for i in 1 2 3; do
            "$make_picture" "photos/$split/$class/$i.jpg" 9x7 $((i * 60)),$((i * 20)),$((250 - i * 60)) || fail "make_picture"
        done
    done
done
mkdir photos/train/none
expect 0 "9 training and 9 test images in 4 classes (pictures in folders from photos)" "$vit_data" import photos a.h5
digest=$(content a.h5)

tar -czf photos.tar.gz photos
tar -cJf photos.tar.xz photos
tar -cjf photos.tar.bz2 photos
tar -C photos -cf photos.tar .
cmake -E tar cf photos.zip --format=zip photos
cmake -E tar cf photos.tar.zst --zstd --format=paxr photos
for archive in photos.tar.gz photos.tar.xz photos.tar.bz2 photos.tar photos.zip photos.tar.zst; do
    rm -f b.h5
    expect 0 "b.h5: 9 training and 9 test images in 4 classes (pictures in folders from $archive)" "$vit_data" import $archive b.h5
    grep -q "none: has no picture; the class stays" said || fail "$archive: the empty class: $(cat said)"
    [ "$(content b.h5)" = "$digest" ] || fail "$archive has another content than its folder"
    sed -n '/^Images of each class/,/^[A-Z]/p' said | sed '1d; s/ *$//' | grep -v '^[A-Z]' >classes
    "$vit_data" info a.h5 | grep -F -x -f classes >known
    [ "$(wc -l <classes)" -eq 4 ] || fail "$archive: names of classes: $(cat said)"
    cmp -s known classes || fail "$archive: other names of classes: $(cat classes)"
done

# Files with two names, which tar stores once; links are left out, and said to be.
cp -r photos twice
for i in 1 2 3; do ln -f twice/train/ant/$i.jpg twice/test/ant; done
tar -cf twice.tar twice
expect 0 "9 training and 9 test" "$vit_data" import twice.tar b.h5
[ "$(content b.h5)" = "$digest" ] || fail "a hard link gives another content"
ln -s 1.jpg twice/train/ant/4.jpg
tar -cf twice.tar twice
expect 0 "9 training and 9 test" "$vit_data" import twice.tar b.h5
grep -q "^Warning: twice.tar: 1 that are neither files nor folders are left out" said || fail "$(cat said)"

# What is refused leaves the old file, and nothing else.
before=$(sha256sum b.h5)
refused() {
    expect 65 "$1" "$vit_data" import "$2" b.h5
    [ "$(sha256sum b.h5)" = "$before" ] || fail "$2 changed the old file"
    absent b.h5.tmp
    [ -z "$(find . -name '.vit_data*')" ] || fail "$2 left something behind"
}
tar -P --transform 's,^photos,photos/../..,' -cf dots.tar photos
refused "dots.tar: has a member named photos/../../" dots.tar
tar -P --transform 's,^,/,' -cf absolute.tar photos
refused "absolute.tar: has a member named /photos/, which begins with '/'" absolute.tar
tar -cf repeated.tar photos && tar -rf repeated.tar photos/train/ant/1.jpg
refused "repeated.tar: has photos/train/ant/1.jpg twice" repeated.tar
for archive in photos.tar.gz photos.tar.xz photos.zip photos.tar; do
    head -c $(($(wc -c <$archive) / 2)) $archive >cut.$archive
    refused "cut.$archive" cut.$archive
done
# A byte of gzip's checksum, which libarchive does not look at, and zeros behind it, as tapes leave them.
{ head -c -8 photos.tar.gz && printf 'xxxx' && tail -c 4 photos.tar.gz; } >changed.tar.gz
refused "changed.tar.gz: damaged gzip: incorrect data check" changed.tar.gz
{ cat photos.tar.gz && head -c 5000 /dev/zero; } >padded.tar.gz
expect 0 "9 training and 9 test" "$vit_data" import padded.tar.gz b.h5
before=$(sha256sum b.h5)
tar -cf nothing.tar --files-from /dev/null
refused "nothing.tar: is of no layout that is known" nothing.tar

# A bomb is refused before it is unpacked: a member of 3 GiB in 3 MB. A gzip file may go on with another one.
truncate -s 3G bomb
tar -cf - bomb 2>/dev/null | head -c 512 | gzip >bomb.tar.gz
rm bomb
head -c 67108864 /dev/zero | gzip -1 >zeros.gz
for _ in 1 2 3 4 5 6 7 8 9 10 11 12; do cat zeros.gz zeros.gz zeros.gz zeros.gz; done >>bomb.tar.gz
refused "bomb.tar.gz: unpacks to more than" bomb.tar.gz
exit 0
