#!/bin/sh
# After ten steps, with augmentation, dropout, clipping and a partial batch, the weights and all that is counted have the
# same bits for any number of ranks and threads.
. "$(dirname "$0")/common.sh"

# columns OUTPUT: everything in its metrics but the times.
columns() {
    for name in step/loss step/gradient_norm epoch/loss epoch/accuracy epoch/top5_accuracy epoch/val_loss \
        epoch/val_accuracy epoch/val_top5_accuracy; do
        h5dump -y -w 1 -m %.17g -d "/$name" "$1/metrics.h5"
    done | grep -v '^HDF5'
}

# compare_all RANKS-THREADS... OPTION: each against one rank with one thread.
compare_all() {
    must_train 1 one "$@" -s train.max_steps=10 -s train.clip_norm=1 -s run.threads=1
    columns one >one.columns
    [ "$(column one/metrics.h5 /step/loss | wc -l)" -eq 10 ] || fail "not ten steps"
    for pair in 1-3 2-1 2-2 3-1 4-2 5-1 7-1 8-1 16-1; do
        must_train ${pair%-*} other "$@" -s train.max_steps=10 -s train.clip_norm=1 -s run.threads=${pair#*-}
        columns other >other.columns
        [ "$(weights other/last.h5)" = "$(weights one/last.h5)" ] || fail "$* $pair: other weights"
        cmp one.columns other.columns || fail "$* $pair: other metrics"
        grep -q 'used each of the 198 samples once' said || fail "$* $pair: not every sample was used once"
        rm -r other
    done
    rm -r one
}

# Attention by projections: the encoder is divided among the ranks. A thin head.
compare_all
# Folded attention, and a head whose first layer is fat: 256 * 900 >= 4 * 32 * (256 + 900).
compare_all -s model.key_dim=16 -s model.head=900,20
# The last batch of an epoch, of 7, gives rank 2 of 5 more units than a whole one of 8 does. A fat layer whose last panel of
# columns is narrow, with few rows a rank: 256 * 70 >= 4 * 8 * (256 + 70).
for shape in "-s model.key_dim=8" "-s model.key_dim=16 -s model.head=70 -s model.head_dropout=0"; do
    for ranks in 1 2 3 5 6 7 8; do
        # shellcheck disable=SC2086 # several options
        must_train $ranks small$ranks $shape -s data.batch_size=8 -s train.unit_images=1 -s data.validation_split=0.095 \
            -s train.max_steps=26
        [ "$(weights small$ranks/last.h5)" = "$(weights small1/last.h5)" ] || fail "batches of 8 on $ranks ranks: other weights"
    done
    rm -r small*
done

VIT_GEMM=blis
export VIT_GEMM
compare_all -s model.key_dim=16 -s model.head=900,20
exit 0
