#!/bin/sh
# Every job file that comes with the program passes --check on pictures of CIFAR-100's form, and --check tells what it costs.
. "$(dirname "$0")/common.sh"
"$vit_data" synth cifar.h5 --train 600 --test 100 >/dev/null || fail "no data"

# check_job FILE OPTION...: what --check says of it, without weights to start with, is in `said`.
check_job() {
    job=$1
    shift
    "$mpiexec" 2 "$vit_mpi" "$job" -s data.file=cifar.h5 -s train.start=none "$@" --check >said 2>&1 || fail "$job: $(cat said)"
    grep -q '^  the job     .* PFLOP to train, .* to validate and test$' said || fail "$job: no PFLOP: $(cat said)"
    grep -q '^  time        about .*, an estimate: at 70 % of a peak of [0-9]* GFLOP/s, .* on 2 threads$' said ||
        fail "$job: no time: $(cat said)"
}

# parameters_are FILE NUMBER OPTION...
parameters_are() {
    name=$1 number=$2
    shift 2
    check_job "$source_folder/jobs/$name.ini" "$@"
    grep -q "^  parameters  $number\$" said || fail "$name has not $number parameters: $(cat said)"
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
[ $count -ge 8 ] || fail "only $count job files"

# What their heads say.
parameters_are cifar100-small 637,093
parameters_are cifar100-plain 495,269
parameters_are cifar100-large 3,385,381
parameters_are vit-class-token 2,714,788
"$vit_data" synth ten.h5 --classes 10 --train 100 --test 20 >/dev/null || fail "no other data"
for name in fine-tune-sgd fine-tune-layers; do
    parameters_are $name 2,712,778 -s data.file=ten.h5
done

# What is fine-tuned begins with what vit-class-token.ini makes.
"$mpiexec" 2 "$vit_mpi" "$source_folder/jobs/vit-class-token.ini" -s data.file=cifar.h5 -s data.batch_size=8 -s train.max_steps=1 \
    -s train.warmup_epochs=0 -s run.progress=none >said 2>&1 || fail "vit-class-token.ini: $(cat said)"
for name in fine-tune-sgd fine-tune-layers; do
    check_job "$source_folder/jobs/$name.ini" -s train.start=runs/vit-class-token/best.h5
    grep -q '^  patch_embed: 2 tensors taken; position resized from 8 x 8 to 12 x 12 tokens$' said || fail "$name: $(cat said)"
    grep -q '^  block0 to block8: each 16 tensors taken$' said || fail "$name: $(cat said)"
done
exit 0
