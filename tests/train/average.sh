#!/bin/sh
# Averaged weights: the same bits for any number of ranks and threads, and after going on with others; they are what is
# validated, kept as the best, and tested, while training does not notice.
. "$(dirname "$0")/common.sh"
# Folded attention, and a head whose first layer is fat.
fat='-s model.key_dim=16 -s model.head=900,20 -s train.ema=0.95'

# digest LINE: the SHA-256 of that line of what was said.
digest() {
    sed -n "s/^$1 SHA-256: //p" said
}

# group FILE GROUP: names and shapes of what is in it.
group() {
    h5ls -r "$1/$2" | sed 's/  */ /g'
}

# shellcheck disable=SC2086 # several options
{
    must_train 1 one $fat --digest
    average=$(digest 'Averaged weights') trained=$(digest Weights)
    [ "${#average}" -eq 64 ] && [ "$average" != "$trained" ] || fail "no averaged weights of their own: $(cat said)"
    column one/metrics.h5 /epoch/val_loss >one.losses
    for pair in 1-2 2-1 2-2 3-1 3-2; do
        must_train ${pair%-*} other $fat --digest -s run.threads=${pair#*-}
        [ "$(digest 'Averaged weights')" = "$average" ] || fail "$pair: other averages"
        [ "$(digest Weights)" = "$trained" ] || fail "$pair: other weights"
        [ "$(weights other/best.h5)" = "$(weights one/best.h5)" ] || fail "$pair: another best.h5"
        column other/metrics.h5 /epoch/val_loss | cmp - one.losses || fail "$pair: other validation"
        rm -r other
    done

    # Stopped within an epoch and after one, and gone on with by others.
    must_train 2 mixed $fat -s train.max_steps=9
    must_train 3 mixed $fat -s train.max_steps=14 -s run.threads=2
    must_train 1 mixed $fat --digest
    [ "$(digest 'Averaged weights')" = "$average" ] && [ "$(digest Weights)" = "$trained" ] || fail "other bits after going on"
    column mixed/metrics.h5 /epoch/val_loss | cmp - one.losses || fail "other validation after going on"
    # And when all is done.
    must_train 2 mixed $fat --digest
    [ "$(digest 'Averaged weights')" = "$average" ] || fail "done, and other averages: $(cat said)"

    # Training is as without them.
    must_train 1 plain $fat -s train.ema=0 --digest
    [ "$(digest Weights)" = "$trained" ] || fail "averaging changes the training"
    grep -q 'Averaged' said && fail "averages that nobody asked for"
    h5ls plain/last.h5 | grep -q '^ema' && fail "plain/last.h5 has averages"
    expect 78 'ema = 0.95, and this job has 0.9' "$mpiexec" 1 "$vit_mpi" job.ini -s job.output=one $fat -s train.ema=0.9

    # In last.h5 beside the weights, named as they are; in best.h5 in their place.
    group one/last.h5 model >model
    group one/last.h5 ema | cmp - model || fail "/ema is not like /model"
    h5ls one/best.h5 | grep -q '^ema' && fail "best.h5 has /ema"

    # They begin as the weights do: a step with a learning rate of 0 leaves both as they were.
    must_train 2 still $fat -s train.warmup_epochs=1 -s train.warmup_learning_rate=0 -s train.weight_decay=0 -s train.max_steps=1 --digest
    [ "$(digest 'Averaged weights')" = "$(digest Weights)" ] || fail "averages do not begin as the weights: $(cat said)"

    # A best.h5 that is saved alone has them, too.
    must_train 2 alone $fat -s checkpoint.at_epoch_end=no
    [ "$(weights alone/best.h5)" = "$(weights one/best.h5)" ] || fail "best.h5, saved alone, does not hold the averages"

    # Without validation the last averages are the best, and are what --eval finds in last.h5.
    must_train 2 all $fat -s data.validation_split=0 --digest
    [ "$(weights all/best.h5)" = "$(digest 'Averaged weights')" ] || fail "best.h5 does not hold the averages"
    grep '^Test' said >tested
    for file in last best; do
        "$mpiexec" 3 "$vit_mpi" job.ini $fat --eval all/$file.h5 >said 2>&1 || fail "--eval $file.h5: $(cat said)"
        grep '^Test' said | cmp - tested || fail "--eval $file.h5 finds something else"
        [ $file = best ] || grep -q '^The weights are the averaged ones of all/last.h5' said || fail "does not say which: $(cat said)"
    done
    # A best.h5 that is lost is made again, of the averages.
    rm all/best.h5
    must_train 2 all $fat -s data.validation_split=0 -s train.epochs=4 -s train.max_steps=22 --digest
    [ "$(weights all/best.h5)" = "$(digest 'Averaged weights')" ] || fail "a new best.h5 does not hold the averages"
}
exit 0
