#!/bin/sh
# Every job file that comes with the program passes --check on pictures of CIFAR-100's form, and --check tells what it costs.
. "$(dirname "$0")/common.sh"
"$vit_data" synth cifar.h5 --train 600 --test 100 >/dev/null || fail "no data"

# check_job FILE: what --check says of it is in `said`.
check_job() {
    "$mpiexec" 2 "$vit_mpi" "$1" -s data.file=cifar.h5 --check >said 2>&1 || fail "$1: $(cat said)"
    grep -q '^  the job     .* PFLOP to train, .* to validate and test$' said || fail "$1: no PFLOP: $(cat said)"
    grep -q '^  time        about .*, an estimate: at 70 % of a peak of [0-9]* GFLOP/s, .* on 2 threads$' said ||
        fail "$1: no time: $(cat said)"
}

# parameters_are FILE NUMBER
parameters_are() {
    check_job "$source_folder/jobs/$1.ini"
    grep -q "^  parameters  $2\$" said || fail "$1 has not $2 parameters: $(cat said)"
}

# As it may come from Windows: line ends and a byte order mark; comments, and a path with a blank, a '#' and a variable.
mkdir 'my #1 data' && cp cifar.h5 'my #1 data'
{
    printf '\357\273\277'
    printf '[data] # a heading\r\nfile = "$WORK/my #1 data/cifar.h5" # a path\r\nbatch_size = 64\t; images\r\n'
} >written.ini
WORK=$work "$mpiexec" 2 "$vit_mpi" written.ini --check >said 2>&1 || fail "$(cat said)"
grep -qxF "file = '$work/my #1 data/cifar.h5'" said || fail "the path is not told as it is: $(cat said)"

count=0
for file in "$source_folder"/jobs/*.ini; do
    check_job "$file"
    count=$((count + 1))
done
[ $count -ge 6 ] || fail "only $count job files"

# What their heads say.
parameters_are cifar100-small 637,093
parameters_are cifar100-plain 495,269
parameters_are cifar100-large 3,385,381
parameters_are vit-class-token 2,714,788
exit 0
