#!/bin/sh
# vit_bench: what it refuses, and that its tables are complete.
. "$(dirname "$0")/../common.sh"
mpiexec=$source_folder/tests/mpiexec
vit_bench=$programs/vit_bench

expect 0 "vit_bench peak" "$vit_bench" --help
expect 0 "vit_bench " "$vit_bench" --version
expect 64 "peak, gemm, kernels or step" "$vit_bench"
expect 64 "unknown subcommand fast; it must be peak, gemm, kernels or step" "$vit_bench" fast
expect 64 "--steps must be a whole number from 1 to 1000, not '0'" "$vit_bench" step job.ini --steps 0
expect 64 "--warm-up must be auto or a whole number from 0 to 100000, not 'soon'" "$vit_bench" step job.ini --warm-up soon
expect 64 "--warm-up must be auto" "$vit_bench" step job.ini --warm-up 100001
expect 64 "not with --checkpoint" "$vit_bench" step job.ini --denormals --checkpoint last.h5
expect 64 "--threads must be a whole number from 1 to" "$vit_bench" peak --threads 4096
expect 64 "no job file" "$vit_bench" step
expect 64 "more than one job file" "$vit_bench" gemm a.ini b.ini
expect 64 "unknown option" "$vit_bench" peak --quick
expect 78 "none.ini" "$vit_bench" gemm none.ini
expect 78 "depth" "$vit_bench" kernels -s model.depth=0

tiny_job none.h5
expect 74 "none.h5" "$vit_bench" step job.ini
expect 64 "peak: does not take --rounds, an option of step" "$vit_bench" peak --rounds 3
expect 64 "gemm: does not take --threads, an option of peak" "$vit_bench" gemm --threads 1
expect 74 "standard output: cannot be written" sh -c "'$vit_bench' peak --csv >/dev/full"
expect 74 "standard output: cannot be written" sh -c "'$programs/vit_mpi' --help >/dev/full"
# A reader who has seen enough is no error.
{ sleep 1; "$programs/vit_mpi" --help 2>&1 && echo 0 >code; } 2>said | true
[ "$(cat code)" = 0 ] || fail "--help without a reader: $(cat said)"
expect 78 "3 ranks share a batch" "$mpiexec" 3 "$vit_bench" step job.ini --synthetic -s data.batch_size=2

# cells FILE COLUMN: that column of all rows whose every cell but the first is a number.
cells() {
    awk -F, -v column="$2" '
        { for (i = 2; i <= NF; i++) if ($i !~ /^[0-9.]+$/) next; if (NF >= column) print $column }' "$1"
}

"$vit_bench" peak --csv >peak.csv || fail "peak ended with $?"
cells peak.csv 2 | awk '$1 < 0.1 { exit 1 } END { exit NR < 1 }' || fail "no peak: $(cat peak.csv)"

"$vit_bench" kernels job.ini -s model.tokenizer=convolution -s model.mlp_convolution=3 --csv >kernels.csv ||
    fail "kernels ended with $?"
grep -q '^"max-pooling, backward",[0-9]' kernels.csv || fail "no max-pooling: $(cat kernels.csv)"
grep -q '^portable,ns/element' kernels.csv || fail "no portable kernels: $(cat kernels.csv)"
cells kernels.csv 5 | awk '$1 <= 0 { exit 1 } END { exit NR < 12 }' || fail "odd ratios with denormals: $(cat kernels.csv)"
cells kernels.csv 3 | awk '$1 <= 0 { exit 1 } END { exit NR < 12 }' || fail "odd times: $(cat kernels.csv)"

# What is measured is said: after how many steps, from which state, on a data file as vit_mpi has it.
"$vit_data" synth data.h5 --classes 4 --train 200 --test 20 >/dev/null || fail "no data"
tiny_job data.h5
"$programs/vit_mpi" job.ini -s train.max_steps=5 >said 2>&1 || fail "no checkpoint: $(cat said)"
measure_state() {
    "$vit_bench" step job.ini --steps 1 --rounds 1 "$@" 2>said || fail "step $* ended with $?: $(cat said)"
}
measure_state --warm-up 3 | grep -q '^3 steps after the initial weights$' || fail "no warm-up of 3 steps is told of"
measure_state --warm-up 0 --checkpoint runs/job/last.h5 | grep -q '^0 steps after runs/job/last.h5, step 5$' ||
    fail "the checkpoint is not told of"
measure_state | grep -Eq '^[0-9]+ steps after the initial weights: the speed (has|HAS NOT) settled' -i ||
    fail "the warm-up says nothing of the speed"
expect 74 "none.h5" "$vit_bench" step job.ini --checkpoint none.h5
expect 65 "depth" "$vit_bench" step job.ini --checkpoint runs/job/last.h5 -s model.depth=3

# denormals OPTION...: their share of the optimizer's states, in %.
denormals() {
    measure_state --warm-up 2 --denormals "$@" --csv | sed -n 's/^"denormal optimizer states, %",//p'
}
[ "$(denormals)" = 0.00 ] || fail "denormals are not flushed"
denormals --keep-denormals | awk '$1 > 10 { many = 1 } END { exit !many }' || fail "no state in which denormals abound"
exit 0
