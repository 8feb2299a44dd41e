#include "set.h"

extern const Kernels KERNEL(kernels);

const Kernels KERNEL(kernels) = {
    .level = KERNEL_LEVEL,
    .exponential = KERNEL(exponential),
    .dropout_words = KERNEL(dropout_words),
    .dropout = KERNEL(dropout),
    .add_bias = KERNEL(add_bias),
    .transpose = KERNEL(transpose),
    .scale_columns = KERNEL(scale_columns),
    .add = KERNEL(add),
    .multiply = KERNEL(multiply),
    .add_column_sums = KERNEL(add_column_sums),
    .scale_rows = KERNEL(scale_rows),
    .layer_norm = KERNEL(layer_norm),
    .layer_norm_backward = KERNEL(layer_norm_backward),
    .softmax = KERNEL(softmax),
    .softmax_backward = KERNEL(softmax_backward),
    .gelu = KERNEL(gelu),
    .convolve_local = KERNEL(convolve_local),
    .convolve_local_gradient = KERNEL(convolve_local_gradient),
    .max_pool = KERNEL(max_pool),
    .max_pool_backward = KERNEL(max_pool_backward),
    .resample_row = KERNEL(resample_row),
    .adamw = KERNEL(adamw),
    .sgd = KERNEL(sgd),
    .average = KERNEL(average),
    .sum_squares = KERNEL(sum_squares),
    .multiply_add = KERNEL(multiply_add),
};
