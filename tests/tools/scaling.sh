#!/bin/sh
# tools/scaling on a tiny job: a line for every measurement, and bad options are named.
. "$(dirname "$0")/../common.sh"
"$programs/vit_data" synth data.h5 --classes 4 --train 80 --test 20 >/dev/null || fail "no data"
tiny_job data.h5
job=$PWD/job.ini
expect 64 "unknown option --frobnicate" "$source_folder/tools/scaling" --frobnicate
expect 64 "'two' is no whole number" "$source_folder/tools/scaling" --np 1,two
expect 64 "--np needs a value" "$source_folder/tools/scaling" --np
"$source_folder/tools/scaling" --np 1,2 --job "$job" -s "data.file=$PWD/data.h5" --weak 16 --steps 1 --warm-up 2 --out "$PWD/out" >said 2>&1 ||
    fail "tools/scaling: $(cat said)"
awk -F, '
    NR == 1 { columns = NF; next }
    { kinds[$1]++; if (NF != columns || $5 <= 0 || $12 <= 0) bad = 1; if ($2 == 1 && $6 != 1) bad = 1 }
    $1 == "strong" && $4 != 32 { bad = 1 }
    $1 == "weak" && $4 != 16 * $2 { bad = 1 }
    $2 == 2 && $13 <= 0 { bad = 1 }
    END { exit bad || kinds["strong"] != 2 || kinds["weak"] != 2 }' out/scaling.csv || fail "not as expected: $(cat out/scaling.csv)"

# A node's ranks x threads, also as a table.
expect 64 "'2*1' is no list of ranks x threads" "$source_folder/tools/scaling" --grid '2*1'
expect 64 "not with --hosts" "$source_folder/tools/scaling" --node --hosts 2
"$source_folder/tools/scaling" --grid 1x2,2x1 --job "$job" -s "data.file=$PWD/data.h5" --steps 1 --warm-up 2 --out "$PWD/grid" >said 2>&1 ||
    fail "tools/scaling --grid: $(cat said)"
awk -F, '
    NR == 1 { for (i = 1; i <= NF; i++) column[$i] = i; columns = NF; next }
    { points = points " " $1 " " $2 "x" $3 }
    NF != columns || $5 <= 0 || $column["peak_percent"] <= 0 || $column["waiting_threads"] == "" { bad = 1 }
    END { exit bad || points != " grid 1x2 grid 2x1" }' grid/scaling.csv || fail "not as expected: $(cat grid/scaling.csv)"
grep -Eq '^[|] 2 x 1 [|] [0-9.]+ [|] [0-9.]+ [|] [0-9.]+ [|] [0-9.]+ [|] [0-9]+ [|] [0-9.]+ [|]$' said || fail "no table: $(cat said)"
exit 0
