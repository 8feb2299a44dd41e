# Shared by the tests of whole trainings: sourced with the arguments of the test. A data set and a job so small that a
# step takes a few milliseconds.
# shellcheck source=../common.sh
. "${tests_folder:-$(dirname "$0")/..}/common.sh"
mpiexec=$source_folder/tests/mpiexec
vit_mpi=$programs/vit_mpi
# Runs in the background that a test leaves when it fails (see start) would take the cores from all others.
trap 'pkill -KILL -f -- "job.output=$work/out"; rm -rf "$work"' EXIT
# One thread a rank unless a test says otherwise: they share few cores.
export OMP_NUM_THREADS=1

# 198 training images without validation: 6 batches of 32 and one of 6.
"$vit_data" synth data.h5 --classes 5 --train 220 --test 40 >/dev/null || fail "no data"
tiny_job data.h5

# train RANKS OUTPUT OPTION...: output in OUTPUT, everything said in `said`; returns the exit code.
train() {
    ranks=$1 output=$2
    shift 2
    "$mpiexec" "$ranks" "$vit_mpi" job.ini -s "job.output=$output" "$@" >said 2>&1
}

# must_train ...: the same, and it has to end with 0.
must_train() {
    train "$@" || fail "train $* ended with $?: $(cat said)"
}

# start RANKS OPTION...: a run in the background, output in "$work/out" (a path that no other process has in its
# arguments), that has taken a first save; $pid is mpiexec's.
start() {
    ranks=$1
    shift
    rm -rf "$work/out"
    # Whoever hits it wants the launcher's usual signals, with a second between them.
    OMPI_MCA_odls_base_sigkill_timeout=1 "$mpiexec" "$ranks" "$vit_mpi" job.ini -s "job.output=$work/out" "$@" >said 2>&1 &
    pid=$!
    for _ in $(seq 300); do
        [ -e out/last.h5 ] && return
        sleep 0.1
    done
    fail "no first save: $(cat said)"
}

# The ids of the ranks that `start` began.
rank_ids() {
    pgrep -f "^$vit_mpi job.ini -s job.output=$work/out"
}

# column FILE DATASET: the numbers of a one-dimensional dataset, one a line, to nine digits.
column() {
    h5dump -y -w 1 -m %.9g -d "$2" "$1" | sed -n 's/^ *\([-+0-9.naief]*\),\{0,1\}$/\1/p'
}

# weights FILE: the digest of a checkpoint's weights.
weights() {
    "$vit_data" digest "$1" || fail "$1 has no digest"
}

# close_to TOLERANCE FILE FILE: columns of numbers agree to a relative tolerance, line by line.
close_to() {
    paste "$2" "$3" | awk -v tolerance="$1" '
        { d = $1 - $2; s = $2 < 0 ? -$2 : $2; if (NF != 2 || (d < 0 ? -d : d) > tolerance * s) bad = 1 }
        END { exit bad || NR == 0 }'
}
