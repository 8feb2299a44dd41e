#!/bin/sh
# Trainings in which denormals abound, which count as zero: the weights have the same bits for any number of ranks and threads.
. "$(dirname "$0")/common.sh"

# part FILE DATASET CONDITION: the hundredths of a dataset's values (any number of dimensions) that meet awk's condition on
# `x`, its size without sign.
part() {
    h5dump -y -w 1 -m %.9g -d "$2" "$1" | sed -n 's/^ *\([-+0-9.naief]*\),\{0,1\}$/\1/p' |
        awk '{ x = $1 < 0 ? -$1 : $1; n++; if ('"$3"') met++ } END { print int(100 * met / (n ? n : 1)) }'
}

# compare OPTION...: ranks and threads.
compare() {
    for pair in 1-1 1-3 2-1 3-2; do
        must_train ${pair%-*} "out$pair" "$@" -s run.threads=${pair#*-}
        [ "$(weights "out$pair/last.h5")" = "$(weights out1-1/last.h5)" ] || fail "$* $pair: other weights"
    done
    rm -r out*
}

# 1. Second moments. With clipped gradients of some 1e-20, v after a step is (1 - beta2) g^2, which m = (1 - beta1) g tells:
# denormal, if it were not for flushing.
moments="-s train.clip_norm=1e-18 -s train.epsilon=1e-22 -s train.learning_rate=1e-4"
# shellcheck disable=SC2086 # several options
must_train 1 first $moments -s train.max_steps=1
denormal='0.001 * (x / 0.1) ^ 2 < 1e-38 && 0.001 * (x / 0.1) ^ 2 > 2e-45'
kernel=block0/mlp0/kernel
made=$(part first/last.h5 /optimizer/m/$kernel "$denormal")
[ "$made" -ge 50 ] || fail "denormal second moments do not abound: $made %"
zero=$(part first/last.h5 /optimizer/v/$kernel 'x == 0')
[ "$zero" -ge "$made" ] || fail "of the second moments $made % would be denormal, but only $zero % are zero"
# shellcheck disable=SC2086
compare $moments -s train.max_steps=4

# 2. Weights, activations and gradients: what weights of 1e-36 give, a thousandth of which is a denormal already.
weights="-s train.weight_decay=0.999 -s train.learning_rate=1e-36"
# shellcheck disable=SC2086
must_train 1 second $weights -s train.max_steps=12
made=$(part second/last.h5 /model/$kernel 'x > 0 && 0.001 * x < 1e-38')
[ "$made" -ge 50 ] || fail "small weights do not abound: $made %"
for gemm in xsmm blis; do
    # shellcheck disable=SC2086
    VIT_GEMM=$gemm compare $weights -s train.max_steps=14
done
exit 0
