#!/bin/sh
# Whatever single ranks are asked for, or can do, all compute alike: the weights are those of ranks that are all asked for
# the same, and what does not fit is refused.
. "$(dirname "$0")/common.sh"

# one VARIABLE=VALUE OPTION...: two ranks train, of which the second has that in its environment.
one() {
    asked=$1
    shift
    rm -rf out
    # shellcheck disable=SC2016 # by the rank
    "$mpiexec" 2 sh -c 'if [ "$OMPI_COMM_WORLD_RANK" = 1 ]; then export "$1"; fi; shift; exec "$@"' rank "$asked" \
        "$vit_mpi" job.ini -s job.output=out "$@" >said 2>&1
}
both() {
    rm -rf all
    env "$1" "$mpiexec" 2 "$vit_mpi" job.ini -s job.output=all >said 2>&1 || fail "$1: $(cat said)"
    weights all/last.h5
}
for setting in VIT_KERNELS=portable VIT_GEMM=blis LIBXSMM_TARGET=hsw; do
    one $setting || fail "$setting on one rank: $(cat said)"
    grep -q 'on all ranks alike: rank 1' said || fail "$setting: not said: $(cat said)"
    [ "$(weights out/last.h5)" = "$(both $setting)" ] || fail "$setting on one rank gives other weights than on both"
done

one VIT_KERNELS=sse9 && fail "kernels that nobody knows are taken"
[ $? = 64 ] || fail "not 64"
grep -q "rank 1: VIT_KERNELS = 'sse9' in the environment: must be portable, avx2 or avx512" said || fail "$(cat said)"

# Paths are what they are on rank 0, where homes differ, too; the checkpoint has them expanded.
mkdir home && mv data.h5 home
# shellcheck disable=SC2088 # the program's
HOME=$work/home one HOME=/nowhere -s data.file='~/data.h5' || fail "homes that differ: $(cat said)"
h5dump -a /job/text out/last.h5 | grep -q "^ *file = $work/home/data.h5$" || fail "$(h5dump -a /job/text out/last.h5)"
exit 0
