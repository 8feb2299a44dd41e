#!/bin/sh
# The losses of the first ten steps, with augmentation, dropout, clipping and a partial batch, are the same for any
# number of ranks to 1e-5, and so is everything that is counted.
. "$(dirname "$0")/common.sh"

for ranks in 1 2 3 4 16; do
    must_train $ranks out$ranks -s train.max_steps=10 -s train.clip_norm=1
    column out$ranks/metrics.h5 /step/loss >loss$ranks
    column out$ranks/metrics.h5 /epoch/val_loss >val$ranks
    column out$ranks/metrics.h5 /step/gradient_norm >norm$ranks
    [ "$(wc -l <loss$ranks)" -eq 10 ] || fail "$ranks ranks: not ten steps but $(cat loss$ranks)"
    close_to 1e-5 loss$ranks loss1 || fail "$ranks ranks: other losses: $(paste loss$ranks loss1)"
    close_to 1e-4 norm$ranks norm1 || fail "$ranks ranks: other norms: $(paste norm$ranks norm1)"
    close_to 1e-5 val$ranks val1 || fail "$ranks ranks: other validation losses"
done
exit 0
