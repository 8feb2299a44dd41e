#ifndef VIT_CONVOLUTION_H
#define VIT_CONVOLUTION_H

#include "arena.h"
#include "vit/gemm.h"
#include "vit/kernels.h"

/* One layer of a convolutional tokenizer on one image: convolution 3x3 with stride 1, one pixel of
 * zeros around and no bias; ReLU; max-pooling 3x3 with stride 2 and one pixel of padding (Hassani
 * et al. 2021, 'Escaping the Big Data Paradigm with Compact Transformers', section 3).
 *
 * Images are [side, side, channels] with a border of one pixel, so that the pixels under a tap of
 * the kernel, along a row, are a matrix as they lie there: a row of the result is a sum of nine
 * products of such matrices [side, in] with the taps [in, out], and nothing is gathered. */

typedef struct ConvolutionShape {
    size_t side, pooled; /* pixels a side of what enters and of what leaves: ceil(side / 2) */
    size_t in, out;      /* channels */
} ConvolutionShape;

typedef struct Convolution {
    ConvolutionShape shape;
    const Kernels *kernels;
    GemmSum row;          /* of the sums: [side, in] [in, out], nine times */
    GemmSum row_backward; /* of the input's gradient: [side, out] [out, in], nine times */
    Gemm kernel_gradient; /* of a tap: [pixels, in]^T [pixels, out], accumulating */
} Convolution;

/* What forward leaves for backward, of one image. */
typedef struct ConvolutionStash {
    float *input;    /* [side + 2, side + 2, in] */
    uint8_t *choice; /* [pooled, pooled, out]: see Kernels.max_pool */
} ConvolutionStash;

/* A thread's scratch, for the largest layer. */
typedef struct ConvolutionWork {
    float *sums;  /* [side, side, out] */
    float *dsums; /* [side + 2, side + 2, out] */
} ConvolutionWork;

void convolution_plan(Convolution *layer, ConvolutionShape shape, const Kernels *kernels);
void convolution_stash_place(ConvolutionStash *stash, ConvolutionShape shape, Arena *arena);
void convolution_work_place(ConvolutionWork *work, const ConvolutionShape *shapes, size_t count,
                            Arena *arena);

/* Sets the input's border to zero; the inside is the caller's to fill. */
void convolution_clear_border(ConvolutionShape shape, ConvolutionStash *stash);
/* Where the input's first pixel goes; its rows are convolution_line floats apart. */
float *convolution_inside(ConvolutionShape shape, const ConvolutionStash *stash);
size_t convolution_line(ConvolutionShape shape);

/* rotated [3, 3, out, in] = the kernel [3, 3, in, out] rotated by half a turn, each tap transposed:
 * what backward multiplies with. Once a step. */
void convolution_rotate(const Convolution *layer, const float *kernel, float *rotated);

/* y [pooled, pooled, out], its rows ld floats apart, from stash->input. */
void convolution_forward(const Convolution *layer, const float *kernel, ConvolutionStash *stash,
                         ConvolutionWork *work, float *y, size_t ld);

/* From dy [pooled, pooled, out]: adds the kernel's gradient; dx [side, side, in] is the input's,
 * where rotated is not NULL, and may lie where dy does. */
void convolution_backward(const Convolution *layer, const float *rotated,
                          const ConvolutionStash *stash, ConvolutionWork *work, const float *dy,
                          float *dkernel, float *dx);

#endif
