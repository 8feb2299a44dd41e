#!/bin/sh
# A checkpoint of release 0.1.0 (made by make_old) is as good as one of today's: it goes on, on any number of ranks, is
# evaluated, digested, and serves as a job.
. "$(dirname "$0")/../common.sh"
mpiexec=$source_folder/tests/mpiexec
vit_mpi=$programs/vit_mpi
old=$source_folder/tests/store/old-0.1.0.h5
job=$source_folder/tests/store/old.ini

# run RANKS OPTION...: output in `said`.
run() {
    ranks=$1
    shift
    "$mpiexec" "$ranks" "$vit_mpi" "$@" >said 2>&1 || fail "vit_mpi $* on $ranks ranks ended with $?: $(cat said)"
}

# attribute FILE PATH: the text in it.
attribute() {
    h5dump -a "$2" "$1" | sed -n 's/^ *(0): "\(.*\)"$/\1/p'
}

weights() {
    "$vit_data" digest "$1" || fail "$1 has no digest"
}

# close_losses FILE FILE: the test losses in them agree to 1e-3.
close_losses() {
    cat "$1" "$2" | awk '/^Test loss: / { loss[n++] = $3 }
        END { d = loss[0] - loss[1]; exit !(n == 2 && d < 1e-3 && d > -1e-3) }'
}

"$vit_data" synth data.h5 --classes 3 --train 60 --test 12 --seed 5 >/dev/null || fail "no data"
[ "$(attribute "$old" /build/version)" = 0.1.0 ] || fail "the fixture is of another release"
[ "$(weights "$old")" = "$(attribute "$old" /weights_sha256)" ] || fail "another digest than the release's own"

# What this program makes of the same job: to the checkpoint's step, and to the end.
run 1 "$job" -s job.output=part -s train.max_steps=6
run 1 "$job" -s job.output=whole
same_machine=yes
for part in gemm kernels; do
    [ "$(attribute "$old" /build/$part)" = "$(attribute whole/last.h5 /build/$part)" ] || same_machine=no
done
[ $same_machine = yes ] ||
    echo "Another processor, or other libraries, than the fixture was made with: bits differ by design, losses are compared"

run 1 "$job" --eval "$old"
grep '^Test ' said >old_lines
[ "$(wc -l <old_lines)" -eq 3 ] || fail "--eval: $(cat said)"
run 1 "$job" --eval part/last.h5
if [ $same_machine = yes ]; then
    [ "$(weights part/last.h5)" = "$(weights "$old")" ] || fail "the same steps give other weights than release 0.1.0"
    cmp said old_lines || fail "--eval: other lines than for this program's own checkpoint"
else
    close_losses said old_lines || fail "--eval: losses differ: $(cat said old_lines)"
fi

# It goes on to the end of an undisturbed run.
run 1 "$job" --eval whole/last.h5
grep '^Test ' said >whole_lines
for ranks in 1 3; do
    mkdir "on$ranks"
    cp "$old" "on$ranks/last.h5"
    run $ranks "$job" -s "job.output=on$ranks" -s train.max_steps=0
    grep -q "Resuming from on$ranks/last.h5: epoch 2, step 6" said || fail "it does not go on: $(cat said)"
    [ "$(h5dump -d /history/step/step -w 0 "on$ranks/last.h5" | grep -c '(0): 1, 2, 3, 4, 5, 6, 7, 8$')" -eq 1 ] ||
        fail "$ranks ranks: the history is not that of 8 steps"
    if [ $same_machine = yes ]; then
        [ "$(weights "on$ranks/last.h5")" = "$(weights whole/last.h5)" ] ||
            fail "$ranks ranks: going on gives other weights than an undisturbed run"
    else
        run 1 "$job" --eval "on$ranks/last.h5"
        close_losses said whole_lines || fail "$ranks ranks: losses differ: $(cat said whole_lines)"
    fi
done

# It knows its data by the digest alone, which a file need not tell.
cp data.h5 plain.h5
"$3/foreign" plain plain.h5 || fail "no plain file"
mkdir known && cp "$old" known/last.h5
expect 78 'begun on other data (SHA-256 dcc0a21b9aa3...) than plain.h5 (no SHA-256)' \
    "$vit_mpi" "$job" -s data.file=plain.h5 -s job.output=known -s train.max_steps=0

# Nor does it know the statistics, so those of the file must be right; where there are none they are computed.
run 1 "$job" --eval "$old" -s data.file=plain.h5
grep '^Test ' said | cmp - old_lines || fail "other lines by statistics that are computed: $(cat said)"
cp data.h5 scaled.h5
"$3/foreign" zero-to-one scaled.h5 || fail "no scaled file"
expect 65 'cannot be those of the training images' "$vit_mpi" "$job" --eval "$old" -s data.file=scaled.h5

# It serves as a job, of 6 steps.
run 1 "$old" --fresh -s job.output=again
[ "$(weights again/last.h5)" = "$(weights part/last.h5)" ] || fail "its job gives other weights"
exit 0
