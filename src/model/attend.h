#ifndef VIT_ATTEND_H
#define VIT_ATTEND_H

#include "arena.h"
#include "vit/gemm.h"
#include "vit/kernels.h"
#include "vit/model_shape.h"

/* One head of attention between given sides, without projections (Vaswani et al. 2017):
 * S = left right^T, P = dropout(softmax(S)), out = P values; all sides [T, W], rows are tokens. */

typedef struct Attend {
    size_t T, W;
    const Kernels *kernels;
    Gemm from_tokens;     /* [T, W] [W, T]: scores, and gradient of the probabilities */
    Gemm to_tokens;       /* [T, T] [T, W]: out, and gradient of the left side */
    Gemm to_tokens_t;     /* [T, T]^T [T, W]: gradient of the values and of the right side */
    Gemm add_to_tokens_t; /* the same, accumulating */
} Attend;

/* What forward leaves for backward; the memory is the caller's. */
typedef struct AttendStash {
    float *exponentials; /* [T, T], signed: see Kernels.softmax */
    float *row_scale;    /* [T] */
} AttendStash;

/* A thread's scratch. */
typedef struct AttendWork {
    float *kept;   /* [T, T] */
    float *ds;     /* [T, T] */
    float *scaled; /* [T, W] */
} AttendWork;

/* Forward's sides, as backward wants them. */
typedef struct AttendSides {
    const float *left, *right; /* [T, W] */
    const float *values_t;     /* [W, T] */
} AttendSides;

/* Gradients of the sides, [T, W]. */
typedef struct AttendGradient {
    float *left, *values;
    float *right;   /* overwritten, */
    bool add_right; /* or added to */
} AttendGradient;

void attend_plan(Attend *attend, size_t T, size_t W, const Kernels *kernels);
void attend_work_place(AttendWork *work, size_t T, size_t W, Arena *arena);

/* out [T, W]. right_t [W, T]; decisions number [T, T] row-major. */
void attend_forward(const Attend *attend, const float *left, const float *right_t,
                    const float *values, Dropout dropout, const AttendStash *stash,
                    AttendWork *work, float *out);

/* From dout [T, W]; keep: the part of the probabilities that dropout keeps. */
void attend_backward(const Attend *attend, const AttendSides *sides, const float *dout, float keep,
                     const AttendStash *stash, AttendWork *work, const AttendGradient *gradient);

#endif
