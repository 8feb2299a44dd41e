#include "vit/phase.h"

_Thread_local PhaseClock phase_clock;

void phase_start(void) {
    phase_clock = (PhaseClock){.on = true, .since = phase_now()};
}

void phase_stop(void) {
    phase_begin(PHASE_OTHER);
    phase_clock.on = false;
}

const char *phase_name(Phase phase) {
    static const char *const names[PHASES] = {
        [PHASE_OTHER] = "other",
        [PHASE_WAIT] = "waiting for threads",
        [PHASE_AUGMENT] = "augmentation",
        [PHASE_PREPARE] = "weight forms",
        [PHASE_EMBED] = "tokenizer",
        [PHASE_NORM] = "layer norm",
        [PHASE_PROJECT] = "attention projections",
        [PHASE_ATTEND] = "attention products",
        [PHASE_SOFTMAX] = "softmax",
        [PHASE_MLP] = "MLP products",
        [PHASE_GELU] = "GELU",
        [PHASE_LOCAL] = "local convolution",
        [PHASE_HEAD] = "head",
        [PHASE_EMBED_BACKWARD] = "tokenizer, backward",
        [PHASE_NORM_BACKWARD] = "layer norm, backward",
        [PHASE_PROJECT_BACKWARD] = "attention projections, backward",
        [PHASE_ATTEND_BACKWARD] = "attention products, backward",
        [PHASE_SOFTMAX_BACKWARD] = "softmax, backward",
        [PHASE_MLP_BACKWARD] = "MLP products, backward",
        [PHASE_GELU_BACKWARD] = "GELU, backward",
        [PHASE_LOCAL_BACKWARD] = "local convolution, backward",
        [PHASE_HEAD_BACKWARD] = "head, backward",
        [PHASE_DROPOUT] = "dropout words",
        [PHASE_SUM] = "sum of the threads' gradients",
        [PHASE_EXCHANGE] = "exchange between ranks",
        [PHASE_UPDATE] = "norm and update",
    };
    return names[phase];
}
