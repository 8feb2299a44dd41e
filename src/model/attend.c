#include "attend.h"

#include "vit/phase.h"

void attend_plan(Attend *attend, size_t T, size_t W, const Kernels *kernels) {
    *attend = (Attend){.T = T, .W = W, .kernels = kernels};
    gemm_plan(&attend->from_tokens, GEMM_NN, T, T, W, W, T, T, false);
    gemm_plan(&attend->to_tokens, GEMM_NN, T, W, T, T, W, W, false);
    gemm_plan(&attend->to_tokens_t, GEMM_TN, T, W, T, T, W, W, false);
    gemm_plan(&attend->add_to_tokens_t, GEMM_TN, T, W, T, T, W, W, true);
}

void attend_work_place(AttendWork *work, size_t T, size_t W, Arena *arena) {
    work->kept = arena_take(arena, T * T);
    work->ds = arena_take(arena, T * T);
    work->scaled = arena_take(arena, T * W);
}

/* P is never formed: kept holds unnormalised exponentials, and the rows of the result are scaled
 * instead. */
void attend_forward(const Attend *attend, const float *left, const float *right_t,
                    const float *values, Dropout dropout, const AttendStash *stash,
                    AttendWork *work, float *out) {
    const size_t T = attend->T, W = attend->W;
    phase_begin(PHASE_ATTEND);
    gemm_run(&attend->from_tokens, left, right_t, stash->exponentials);
    phase_begin(PHASE_SOFTMAX);
    attend->kernels->softmax(T, T, stash->exponentials, work->kept, stash->row_scale, dropout);
    phase_begin(PHASE_ATTEND);
    gemm_run(&attend->to_tokens, work->kept, values, out);
    phase_begin(PHASE_SOFTMAX);
    attend->kernels->scale_rows(T, W, stash->row_scale, out, out);
}

/* With P = e m / (s keep) (e exponentials, m decisions, s row sums) and o = P v:
 *   dv = P^T do;   dP = do v^T;   dS = e (m dP / (s keep) - (P . dP) / s);   dl = dS r;
 *   dr = dS^T l, with P . dP summed over a row. The rows of do are divided by s keep beforehand,
 * which serves both products. */
void attend_backward(const Attend *attend, const AttendSides *sides, const float *dout, float keep,
                     const AttendStash *stash, AttendWork *work, const AttendGradient *gradient) {
    const Kernels *kernels = attend->kernels;
    const size_t T = attend->T, W = attend->W;
    phase_begin(PHASE_SOFTMAX_BACKWARD);
    kernels->scale_rows(T, W, stash->row_scale, dout, work->scaled);

    phase_begin(PHASE_ATTEND_BACKWARD);
    gemm_run(&attend->from_tokens, work->scaled, sides->values_t, work->ds);
    phase_begin(PHASE_SOFTMAX_BACKWARD);
    kernels->softmax_backward(T, T, stash->exponentials, stash->row_scale, keep, work->ds,
                              work->kept);
    phase_begin(PHASE_ATTEND_BACKWARD);
    gemm_run(&attend->to_tokens_t, work->kept, work->scaled, gradient->values);
    gemm_run(&attend->to_tokens, work->ds, sides->right, gradient->left);
    gemm_run(gradient->add_right ? &attend->add_to_tokens_t : &attend->to_tokens_t, work->ds,
             sides->left, gradient->right);
}
