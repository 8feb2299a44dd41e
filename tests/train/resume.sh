#!/bin/sh
# A run that is stopped after any step and started again ends with the bits of one that was not, also with other numbers
# of ranks and threads.
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

# With other numbers of ranks and threads in every part; folded attention and a fat layer, mixed units too.
for shape in "-s model.key_dim=8" "-s model.key_dim=16 -s model.head=900,20" \
    "-s augment.mixup=0.8 -s augment.cutmix=1 -s train.label_smoothing=0.1"; do
    # shellcheck disable=SC2086 # several options
    must_train 1 straight $shape
    must_train 2 mixed $shape -s train.max_steps=9
    must_train 4 mixed $shape -s train.max_steps=13 -s run.threads=2
    must_train 3 mixed $shape -s train.max_steps=15
    must_train 1 mixed $shape -s run.threads=3
    [ "$(weights mixed/last.h5)" = "$(weights straight/last.h5)" ] || fail "$shape on 2, 4, 3, 1 ranks: other weights"
    column mixed/metrics.h5 /step/loss >mixed.loss
    column straight/metrics.h5 /step/loss >straight.loss
    cmp mixed.loss straight.loss || fail "$shape on 2, 4, 3, 1 ranks: other losses"
    rm -r mixed straight
done
exit 0
