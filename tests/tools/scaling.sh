#!/bin/sh
# tools/scaling on a tiny job: a line for every measurement, and bad options are named.
. "$(dirname "$0")/../common.sh"
"$programs/vit_data" synth data.h5 --classes 4 --train 80 --test 20 >/dev/null || fail "no data"
tiny_job data.h5
job=$PWD/job.ini
expect 64 "unknown option --frobnicate" "$source_folder/tools/scaling" --frobnicate
expect 64 "'two' is no whole number" "$source_folder/tools/scaling" --np 1,two
expect 64 "--np needs a value" "$source_folder/tools/scaling" --np
"$source_folder/tools/scaling" --np 1,2 --job "$job" -s "data.file=$PWD/data.h5" --weak 16 --steps 1 --out "$PWD/out" >said 2>&1 ||
    fail "tools/scaling: $(cat said)"
awk -F, '
    NR == 1 { columns = NF; next }
    { kinds[$1]++; if (NF != columns || $5 <= 0 || $12 <= 0) bad = 1; if ($2 == 1 && $6 != 1) bad = 1 }
    $1 == "strong" && $4 != 32 { bad = 1 }
    $1 == "weak" && $4 != 16 * $2 { bad = 1 }
    $2 == 2 && $13 <= 0 { bad = 1 }
    END { exit bad || kinds["strong"] != 2 || kinds["weak"] != 2 }' out/scaling.csv || fail "not as expected: $(cat out/scaling.csv)"
exit 0
