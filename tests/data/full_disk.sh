#!/bin/sh
# A disk that fills up is told, and neither half a file nor a temporary one stays.
. "$(dirname "$0")/common.sh"

[ "$(id -u)" -eq 0 ] || skip "only root can mount a small file system"
mkdir disk
mount -t tmpfs -o size=1m none disk 2>/dev/null || skip "a tmpfs cannot be mounted here"
trap 'cd / && umount "$work/disk"; rm -rf "$work"' EXIT

expect 74 "No space left on device" "$vit_data" synth disk/a.h5 --train 1000 --test 10
absent disk/a.h5 disk/a.h5.tmp
expect 0 "disk/a.h5" "$vit_data" synth disk/a.h5 --train 100 --test 10
before=$(content disk/a.h5)
expect 74 "No space left on device" "$vit_data" synth disk/a.h5 --train 300 --test 10
absent disk/a.h5.tmp
[ "$(content disk/a.h5)" = "$before" ] || fail "the old file was touched"
head -c 650000 /dev/urandom >disk/filler
expect 74 "No space left on device" "$vit_data" sheet disk/a.h5 disk/a.png
absent disk/a.png disk/a.png.tmp
exit 0
