#!/bin/sh
# A disk that fills up during training: it goes on, says so, keeps what was saved, and the exit code tells it.
. "$(dirname "$0")/common.sh"

[ "$(id -u)" -eq 0 ] || skip "only root can mount a small file system"
mkdir disk
mount -t tmpfs -o size=2m none disk 2>/dev/null || skip "a tmpfs cannot be mounted here"
trap 'cd / && umount "$work/disk"; rm -rf "$work"' EXIT

must_train 2 disk/out -s train.max_steps=7
before=$(weights disk/out/last.h5)
# expect_full KIB: with so much room: for job.ini and a line in log.txt, not for a checkpoint.
expect_full() {
    dd if=/dev/zero of=disk/filler bs=1k 2>/dev/null
    truncate -s "-$1k" disk/filler
    train 2 disk/out
    code=$?
    [ $code -eq 74 ] || fail "a full disk: exit code $code: $(cat said)"
    grep -q 'Error: last.h5 could not be saved: .*No space left on device' said || fail "a full disk is not told: $(cat said)"
    grep -q '^Epoch 3/3' said || fail "training did not go on: $(cat said)"
    rm disk/filler
}
expect_full 24
# For all but what HDF5 writes when it closes the file.
expect_full $(($(stat -c %s disk/out/last.h5) / 1024 - 5))
[ "$(weights disk/out/last.h5)" = "$before" ] || fail "what was saved is gone"
must_train 2 disk/out
must_train 2 whole
[ "$(weights disk/out/last.h5)" = "$(weights whole/last.h5)" ] || fail "other weights after a full disk"
exit 0
