#!/bin/sh
# One flipped bit in one rank's weights ends the job at the next check, which names step, rank and tensor; what was saved
# before is there and goes on to the end of an undisturbed run.
. "$(dirname "$0")/common.sh"
test_programs=$3

must_train 3 whole -s run.check_every=5
for tensor in patch_embed/position block1/mlp0/kernel head0/kernel logits/bias; do
    FLIP_TENSOR=$tensor FLIP_STEP=10 FLIP_RANK=2
    export FLIP_TENSOR FLIP_STEP FLIP_RANK
    expect 70 "after step 10 the weights differ from rank 0's, first in $tensor" \
        "$mpiexec" 3 "$test_programs/vit_mpi_flip" job.ini -s job.output=out -s run.check_every=5
    grep -q '^Error: rank 2 on ' said || fail "the rank is not named: $(cat said)"
    unset FLIP_TENSOR
    must_train 3 out -s run.check_every=5
    grep -q 'Resuming from out/last.h5' said || fail "nothing was saved before"
    [ "$(weights out/last.h5)" = "$(weights whole/last.h5)" ] || fail "other weights after going on"
    rm -r out
done

# A fat layer's rows, of which rank 2 alone has its own.
FLIP_TENSOR=head0/kernel FLIP_STEP=10 FLIP_RANK=2
export FLIP_TENSOR FLIP_STEP FLIP_RANK
expect 70 "after step 10 the weights of head0/kernel are not what this rank left there" \
    "$mpiexec" 3 "$test_programs/vit_mpi_flip" job.ini -s job.output=out -s run.check_every=5 -s model.head=900,20
grep -q '^Error: rank 2 on ' said || fail "the rank is not named: $(cat said)"
exit 0
