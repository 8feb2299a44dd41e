#ifndef VIT_PARAMETER_H
#define VIT_PARAMETER_H

#include "vit/model_shape.h"
#include "vit/status.h"
#include <stddef.h>
#include <stdint.h>

/* The parameter table: the one description of all trainable tensors, which drives allocation,
 * initial values, gradient reduction, decay, checkpoints and digests. Weights, gradients and
 * an optimizer's states are each one flat vector of `floats` values in which tensor i starts at
 * entry[i].offset.
 *
 * Tensors lie in a flat vector by the way in which their gradients come about, in table order
 * within each part: what attention folds, when it does (see attention.h); the rest of the encoder;
 * the head's biases, which like all before them get their gradients unit by unit; the head's
 * kernels.
 */

enum { PARAMETER_AXES_MOST = 4 };

typedef enum Initializer { START_ZERO, START_ONE, START_UNIFORM, START_NORMAL } Initializer;

typedef struct Parameter {
    char name[72]; /* path below /model in a checkpoint: "block0/attention/query/kernel" */
    size_t axes;   /* how many */
    size_t shape[PARAMETER_AXES_MOST]; /* [axes], the others are 1 */
    size_t count;                      /* values */
    size_t
        offset; /* in floats from the start of the flat vector; a multiple of MEMORY_LINE_FLOATS */
    Initializer initializer;
    float limit; /* START_UNIFORM: values in [-limit, limit); START_NORMAL: their deviation */
} Parameter;

/* Offsets of one block's tensors in a flat vector. */
typedef struct BlockLayout {
    size_t norm1_gamma, norm1_beta;
    size_t query_kernel, query_bias; /* kernel [D, H, K], bias [H, K] */
    size_t key_kernel, key_bias;
    size_t value_kernel, value_bias;
    size_t output_kernel, output_bias; /* kernel [H, K, D], bias [D] */
    size_t norm2_gamma, norm2_beta;
    size_t mlp_kernel[JOB_LIST_MAX], mlp_bias[JOB_LIST_MAX]; /* kernel [in, out], bias [out] */
    size_t local_kernel, local_bias; /* [mlp_convolution, mlp_convolution, width], [width] */
} BlockLayout;

typedef struct ParameterTable {
    size_t count;     /* tensors */
    size_t trainable; /* values in all tensors */
    size_t floats;    /* length of a flat vector; gaps between tensors stay zero */
    Parameter *entry; /* [count], in the order of checkpoints and digests */

    /* Where the layers find their tensors. */
    size_t patch_kernel, patch_bias;             /* [patch_values, D], [D] */
    size_t convolution_kernel[JOB_LIST_MAX + 1]; /* [3, 3, in, out] */
    size_t position, class_token;                /* [grid^2, D], [D] */
    BlockLayout *block;                          /* [depth] */
    size_t norm_gamma, norm_beta;                /* [D] */
    size_t pool_kernel, pool_bias;               /* [D, 1], [1]: of sequence pooling */
    size_t head_kernel[JOB_LIST_MAX + 1], head_bias[JOB_LIST_MAX + 1]; /* the last one: logits */

    size_t folded_floats; /* what attention folds is in [0, folded_floats) of a flat vector */
    size_t unit_floats;   /* and all but the head's kernels in [0, unit_floats) */
} ParameterTable;

/* Local. STATUS_INTERNAL when out of memory. */
Status parameter_table_init(ParameterTable *table, const ModelShape *shape);
void parameter_table_free(ParameterTable *table);

/* Initial values, a function of the seed, the tensor's number and the element only. [model] initial
 * = keras: dense kernels are Glorot uniform with Keras's fans, positions uniform; normal: both
 * normal. Convolutions are He normal, whatever it is. */
void parameter_initialize(const ParameterTable *table, uint64_t seed, float *weights);
/* The same of elements [first, first + count) of tensor number `number` only; weights is the whole
 * flat vector. */
void parameter_initialize_part(const ParameterTable *table, uint64_t seed, size_t number,
                               size_t first, size_t count, float *weights);

/* SHA-256 of a flat vector: all tensors in table order, little-endian fp32, without the gaps. */
Status parameter_digest(const ParameterTable *table, const float *values, char *text /* [65] */);

#endif
