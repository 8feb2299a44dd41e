#!/bin/sh
# A run that is stopped after any step and started again ends with the bits of one that was not; with another number
# of ranks, with the same losses.
. "$(dirname "$0")/common.sh"

for ranks in 1 3; do
    must_train $ranks whole$ranks
    column whole$ranks/metrics.h5 /step/loss >whole
    # In the first epoch, one step before its end, at its end, in the second epoch, in the last batch.
    for step in 1 6 7 10 20; do
        must_train $ranks part -s train.max_steps=$step
        [ "$(column part/metrics.h5 /step/step | tail -n 1)" -eq $step ] || fail "not $step steps"
        must_train $ranks part
        grep -q "Resuming from part/last.h5" said || fail "did not say that it resumes: $(cat said)"
        [ "$(weights part/last.h5)" = "$(weights whole$ranks/last.h5)" ] ||
            fail "$ranks ranks, stopped after $step steps: other weights"
        [ "$(weights part/best.h5)" = "$(weights whole$ranks/best.h5)" ] ||
            fail "$ranks ranks, stopped after $step steps: other best weights"
        column part/metrics.h5 /step/loss >part.loss
        cmp part.loss whole || fail "$ranks ranks, stopped after $step steps: other losses"
        for name in epoch loss accuracy top5_accuracy val_loss val_accuracy; do
            column part/metrics.h5 /epoch/$name >part.column
            column whole$ranks/metrics.h5 /epoch/$name >whole.column
            cmp part.column whole.column || fail "stopped after $step steps: other $name"
        done
        rm -r part
    done
done

must_train 2 mixed -s train.max_steps=9
must_train 4 mixed -s train.max_steps=15
must_train 1 mixed
column mixed/metrics.h5 /step/loss >mixed.loss
column whole1/metrics.h5 /step/loss >whole
close_to 1e-5 mixed.loss whole || fail "2, 4 and 1 ranks: other losses: $(paste mixed.loss whole)"
exit 0
