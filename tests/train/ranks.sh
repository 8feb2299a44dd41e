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

# compare_all OPTION...: each of $pairs, ranks-threads, against one rank with one thread.
pairs='1-3 2-1 2-2 3-1 4-2 5-1 7-1 8-1 20-1'
compare_all() {
    must_train 1 one "$@" -s train.max_steps=10 -s train.clip_norm=1 -s run.threads=1
    columns one >one.columns
    [ "$(column one/metrics.h5 /step/loss | wc -l)" -eq 10 ] || fail "not ten steps"
    for pair in $pairs; do
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
# Folded attention, and a head whose first layer is fat: 256 * 900 >= 32 * (256 + 900). It has 16 leaves, so that of 20
# ranks some own none.
compare_all -s model.key_dim=16 -s model.head=900,20

# What is done image by image, or unit by unit, needs fewer of them.
pairs='1-3 2-2 3-1 7-1'
# Units mixed in pairs, the last batch's last one with fewer images; soft targets.
compare_all -s augment.mixup=0.8 -s augment.cutmix=1 -s augment.mix_probability=0.9 -s train.label_smoothing=0.1

# compare_batches BATCH 'RANKS...' OPTION...: batches of so many images, on some ranks as on one.
compare_batches() {
    batch=$1 all=$2
    shift 2
    for ranks in $all; do
        must_train "$ranks" "small$ranks" "$@" -s data.batch_size="$batch" -s train.unit_images=1 \
            -s data.validation_split=0.095 -s train.max_steps=26
        [ "$(weights "small$ranks/last.h5")" = "$(weights small1/last.h5)" ] ||
            fail "$*: batches of $batch on $ranks ranks: other weights"
    done
    rm -r small*
}
# The last batch of an epoch, of 7, gives rank 2 of 5 more units than a whole one of 8 does.
compare_batches 8 '1 2 3 5 6 7 8' -s model.key_dim=8
# A fat layer whose last panel of columns is narrow, with few rows a rank: 256 * 70 >= 8 * (256 + 70).
compare_batches 8 '1 2 3 5 6 7 8' -s model.key_dim=16 -s model.head=70 -s model.head_dropout=0
# Two fat layers: 300 * 200 >= 8 * (300 + 200). The logits as one: 256 * 5 >= 4 * (256 + 5).
compare_batches 8 '1 3 5' -s model.head=300,200
compare_batches 4 '1 2 3 4' -s model.head=none

# The other back end, and pictures that are changed in all ways.
VIT_GEMM=blis
export VIT_GEMM
compare_all -s model.key_dim=16 -s model.head=900,20 -s augment.crop=4 -s augment.randaugment=3 -s augment.erasing=0.5
exit 0
