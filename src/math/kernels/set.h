#ifndef VIT_KERNEL_SET_H
#define VIT_KERNEL_SET_H

/* The files of this folder are compiled once for each instruction set, with KERNEL_SUFFIX telling
 * the builds apart. Loops are written so that gcc and clang vectorise them with -O3 and
 * -fopenmp-simd: sums and maxima need `omp simd reduction`, since reordering is not allowed
 * elsewhere. */

#include "vit/kernels.h"

#define KERNEL_JOIN_(name, suffix) name##_##suffix
#define KERNEL_JOIN(name, suffix) KERNEL_JOIN_(name, suffix)
#define KERNEL(name) KERNEL_JOIN(name, KERNEL_SUFFIX)

/* random.c */
void KERNEL(dropout_words)(RandomStream stream, size_t groups, uint16_t *words);
void KERNEL(dropout)(size_t n, float *x, Dropout dropout);

/* rows.c */
void KERNEL(add_bias)(size_t rows, size_t cols, const float *bias, float scale, float *x);
void KERNEL(transpose)(size_t rows, size_t cols, const float *in, size_t ld_in, float *out,
                       size_t ld_out);
void KERNEL(scale_columns)(size_t rows, size_t cols, const float *x, const float *gamma,
                           const float *beta, float *y);
void KERNEL(add)(size_t n, const float *x, float *y);
void KERNEL(multiply)(size_t n, const float *x, const float *y, float *z);
void KERNEL(add_column_sums)(size_t rows, size_t cols, const float *x, float *sum);
void KERNEL(scale_rows)(size_t rows, size_t cols, const float *factor, const float *x, float *y);

/* norm.c */
void KERNEL(layer_norm)(size_t rows, size_t cols, const float *x, const float *gamma,
                        const float *beta, float epsilon, float *y, float *normalized,
                        float *inverse);
void KERNEL(layer_norm_backward)(size_t rows, size_t cols, const float *dy, const float *gamma,
                                 const float *normalized, const float *inverse, float *dx,
                                 float *dgamma, float *dbeta);

/* softmax.c */
void KERNEL(exponential)(size_t n, const float *x, float *y);
void KERNEL(softmax)(size_t rows, size_t cols, float *scores, float *kept, float *row_scale,
                     Dropout dropout);
void KERNEL(softmax_backward)(size_t rows, size_t cols, const float *signed_exponentials,
                              const float *row_scale, float keep, float *ds, float *kept);

/* gelu.c */
void KERNEL(gelu)(size_t rows, size_t cols, const float *bias, Dropout dropout, float *x,
                  float *slope);

/* local.c */
void KERNEL(convolve_local)(size_t side, size_t channels, size_t taps, const float *x,
                            const float *kernel, float *y);
void KERNEL(convolve_local_gradient)(size_t side, size_t channels, size_t taps, const float *x,
                                     const float *dy, float *dkernel);

/* pool.c */
void KERNEL(max_pool)(size_t side, size_t channels, const float *x, uint8_t *choice, float *y,
                      size_t ld);
void KERNEL(max_pool_backward)(size_t side, size_t channels, const uint8_t *choice, const float *dy,
                               float *dx);

/* resample.c */
void KERNEL(resample_row)(size_t channels, size_t size, const float *planes, const float *matrix,
                          size_t row, float *out);

/* optimizer.c */
void KERNEL(adamw)(size_t n, AdamwTerms terms, const float *g, float *w, float *m, float *v);
void KERNEL(sgd)(size_t n, SgdTerms terms, const float *g, float *w, float *v);
void KERNEL(average)(size_t n, float gain, const float *w, float *e);
double KERNEL(sum_squares)(size_t n, const float *x);

/* multiply_add.c */
size_t KERNEL(multiply_add)(size_t rounds, const float *factor, float *sum);

#endif
