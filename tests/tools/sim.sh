#!/bin/sh
# tools/sim/run without a simulation: a time for every point, which falls as ranks are added, and an efficiency that
# does not exceed 1; a slower network costs more.
. "$(dirname "$0")/../common.sh"
run=$source_folder/tools/sim/run
expect 64 "which folder" "$run"
expect 64 "unknown option --fast" "$run" --fast out
"$run" --simulate 0 --cores 1 fast >said 2>&1 || fail "$(cat said)"
"$run" --simulate 0 --cores 1 --gbps 10 slow >said 2>&1 || fail "$(cat said)"

# column_of NAME FILE: curve, ranks and that column, of which every line has a number.
column_of() {
    awk -F, -v name="$1" 'NR == 1 { for (i = 1; i <= NF; i++) if ($i == name) c = i; next } { print $1, $3, $c }' "$2"
}

column_of formula_efficiency fast/efficiency.csv >fast.column
column_of formula_efficiency slow/efficiency.csv >slow.column
awk '$3 <= 0 || $3 > 1 { bad = 1 } END { exit bad || NR < 25 }' fast.column || fail "odd efficiencies: $(cat fast.column)"
paste fast.column slow.column | awk '$6 > $3 { bad = 1 } $2 == 1024 && $6 >= $3 { bad = 1 } END { exit bad }' ||
    fail "a tenth of the bandwidth costs nothing: $(paste fast.column slow.column)"
column_of formula_s fast/efficiency.csv | awk '$1 ~ /^strong/ { if ($1 == curve && $3 >= last) bad = 1; curve = $1; last = $3 }
    END { exit bad }' || fail "more ranks are not faster: $(column_of formula_s fast/efficiency.csv)"
# What it takes for granted of the reference model.
"$3/print_model" "$source_folder/jobs/cifar100.ini" >model || fail "no model"
while read -r line; do
    grep -qxF "$line" "$run" || fail "$run does not say: $line"
done <model

# The bytes that a rank sends are those that vit_mpi foretells, in MB: sums, fat layers, weights.
"$programs/vit_data" synth data.h5 --train 300 --test 2 >/dev/null || fail "no data"
model=$(sed -n "s/^model='\(.*\)'$/\1/p" model)
for ranks in 2 4 16; do
    "$source_folder/tests/mpiexec" "$ranks" "$programs/vit_mpi" --check "$source_folder/jobs/cifar100.ini" -s data.file=data.h5 \
        -s run.threads=1 2>/dev/null |
        sed -n 's/.* MB a step: sums \([0-9.]*\), fat layers \([0-9.]*\), weights \([0-9.]*\), .*/\1 \2 \3/p' >foretold
    # shellcheck disable=SC2046,SC2086 # words
    "$source_folder/tools/sim/formula" bytes=1 images=256 ranks="$ranks" $model $(fast/constants) |
        awk -F, '{ printf "%.1f %.1f %.1f\n", $1 / 1e6, $2 / 1e6, $3 / 1e6 }' >computed
    [ -s foretold ] && cmp -s foretold computed ||
        fail "$ranks ranks: the trainer foretells $(cat foretold) MB, the formula $(cat computed)"
done
exit 0
