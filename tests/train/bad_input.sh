#!/bin/sh
# Bad input of every kind: a message that names it, once, and the same exit code from mpirun.
. "$(dirname "$0")/common.sh"

bad() {
    wanted=$1 text=$2
    shift 2
    expect "$wanted" "$text" "$mpiexec" 3 "$vit_mpi" "$@"
}

# The command line.
bad 64 '--nonsense' job.ini --nonsense
bad 64 '-q' -qs job.ini
bad 64 'no job file' --fresh
bad 64 'more than one job file' job.ini job.ini
bad 64 '--set' job.ini --set
bad 64 'epochs' job.ini -s epochs
bad 78 'train.epochs' job.ini -s train.epochs=many

# The job file.
bad 78 'absent.ini' absent.ini
{ cat job.ini && echo '[train]' && echo 'learning_rat = 1'; } >misspelt.ini
bad 78 'did you mean learning_rate' misspelt.ini
grep -q 'misspelt.ini:19' said || fail "the line is not named: $(cat said)"
sed 's/^depth.*/depth = 0/' job.ini >range.ini
bad 78 'range.ini:9: [model] depth = 0' range.ini
bad 78 'batch_size = 2' job.ini -s data.batch_size=2

# What a path wants of the environment, quotes, and what cannot be seen.
# shellcheck disable=SC2016 # the program's
sed 's|^file.*|file = ${VIT_ABSENT}/data.h5|' job.ini >unset.ini
# shellcheck disable=SC2016
bad 64 'unset.ini:2: [data] file = ${VIT_ABSENT}/data.h5: the environment has no VIT_ABSENT' unset.ini
bad 64 "another user's home" job.ini -s job.output='~nobody/out'
sed 's|^file.*|file = "data.h5|' job.ini >quote.ini
bad 78 'quote.ini:2: [data] file = "data.h5: a quote has no partner' quote.ini
escape=$(printf '\033[31m')
bad 78 '--set train.epochs=\x1b[31m5: must be' job.ini -s "train.epochs=${escape}5"
bad 78 'absent\x1b[31m.ini: cannot be opened' "absent${escape}.ini"

# The environment.
wrong() {
    export "$1=$2"
    bad 64 "$1 = '$2' in the environment: must be $3" job.ini --check
    unset "$1"
}
wrong OMP_THREAD_LIMIT 0 'a whole number from 1'
wrong OMP_STACKSIZE 16K 'a size from 256K'
wrong VIT_GEMM foo 'blis or xsmm'
wrong VIT_KERNELS foo 'portable, avx2 or avx512'
wrong BLIS_ARCH_TYPE skx 'a whole number from 0'
export SLURM_JOB_ID=1
wrong SLURM_CPUS_ON_NODE many 'a whole number from 0'
unset SLURM_JOB_ID
wrong OMP_NUM_THREADS 99999 'whole numbers from 1 to 4096, separated by commas'
wrong OMP_NUM_THREADS foo 'whole numbers from 1 to 4096, separated by commas'
export OMP_NUM_THREADS=1
OMP_THREAD_LIMIT=1 bad 64 'OpenMP gives 1 of the 2 threads' job.ini -s run.threads=2 --check

# The data file.
bad 74 'absent.h5' job.ini -s data.file=absent.h5
size=$(wc -c <data.h5)
for part in 1 2 3 4; do
    head -c $((size * part / 5)) data.h5 >short.h5
    bad 65 'short.h5' job.ini -s data.file=short.h5 -s job.output=never
done
bad 65 'job.ini' job.ini -s data.file=job.ini
cp data.h5 labels.h5
"$3/set_label" labels.h5 150 5 || fail "no label was set"
bad 65 '/train/labels' job.ini -s data.file=labels.h5 -s job.output=never

# The output folder.
touch file
bad 74 'file' job.ini -s job.output=file/out
# Root writes where it likes unless it gives that right away.
mkdir sealed && chmod 555 sealed
ordinary=
[ "$(id -u)" -ne 0 ] || ordinary='setpriv --bounding-set=-dac_override'
# shellcheck disable=SC2086 # words
if $ordinary true; then
    expect 74 'sealed' $ordinary "$mpiexec" 3 "$vit_mpi" job.ini -s job.output=sealed/out
fi
[ ! -e never ] || fail "a job with bad data made its output folder"

# The checkpoint.
must_train 2 out -s train.max_steps=3
sed 's/^dim.*/dim = 24/; s/^mlp.*/mlp = 32,24/' job.ini >other.ini
bad 78 '[model] dim' other.ini -s job.output=out
bad 65 '[model] dim is 16' other.ini --eval out/best.h5
bad 65 'image_size is 16' job.ini -s augment.image_size=19 --eval out/best.h5
bad 78 'validation_split' job.ini -s data.validation_split=0.999
bad 74 'absent.h5' job.ini --eval absent.h5
head -c 3000 out/best.h5 >short.h5
bad 65 'short.h5' job.ini --eval short.h5
bad 65 'data.h5' job.ini --eval data.h5
"$vit_data" synth more.h5 --classes 5 --train 220 --test 40 --seed 2 >/dev/null
bad 78 'data' job.ini -s job.output=out -s data.file=more.h5

# A damaged newest checkpoint is named, and the one before is used; when all are damaged nothing is begun anew.
must_train 2 out -s train.max_steps=5
head -c 9000 out/last.h5 >cut.h5 && mv cut.h5 out/last.h5
expect 0 'Resuming from out/last.1.h5' train 2 out -s train.max_steps=6
grep -q 'Warning: .*last.h5' said || fail "the damaged checkpoint is not named: $(cat said)"
for file in out/last*.h5; do head -c 9000 "$file" >cut.h5 && mv cut.h5 "$file"; done
expect 65 '--fresh' train 2 out -s train.max_steps=7
must_train 2 out -s train.max_steps=7 --fresh
exit 0
