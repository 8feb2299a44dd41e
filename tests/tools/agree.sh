#!/bin/sh
# tools/agree on a tiny job: trains and measures in turn, and judges by the bound. Whether they agree is for quiet machines.
. "$(dirname "$0")/../common.sh"
agree=$source_folder/tools/agree
"$programs/vit_data" synth data.h5 --classes 4 --train 200 --test 20 >/dev/null || fail "no data"
tiny_job data.h5
expect 64 "which job" "$agree"
expect 64 "unknown option --exactly" "$agree" job.ini --exactly
expect 64 "--bound: 'little' is no percentage" "$agree" job.ini --bound little
expect 64 "vit_mpi failed" "$agree" none.ini
expect 0 "Round 2: vit_mpi " "$agree" job.ini --rounds 2 --steps 20 --warm-up 2 --bound 100000
expect 1 "bound 0 %" "$agree" job.ini --rounds 1 --steps 20 --checkpoint --bound 0
awk '/^Round 1/ { t = $4; b = $6; sub(/,/, "", t) } /^Medians/ { r = $10 }
    END { exit !(t > 0 && b > 0 && r > 0.999 * b / t - 0.001 && r < 1.001 * b / t + 0.001) }' said ||
    fail "the ratio is not that of the two: $(cat said)"
exit 0
