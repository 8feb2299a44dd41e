#ifndef VIT_VIT_H
#define VIT_VIT_H

#include "vit/kernels.h"
#include "vit/parameter.h"
#include "vit/status.h"
#include "vit/tree.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The Vision Transformer (Dosovitskiy et al. 2021, as in the Keras example): patch embedding,
 * encoder blocks, pooling, head, loss; forward and backward over this process's slice of a batch.
 * Knows no MPI: what has to happen while it computes is given to it as callbacks. All calls are
 * local, made outside OpenMP parallel regions, and run on all of OpenMP's threads.
 *
 * The encoder works image by image in cache: a thread takes a unit of a few images through one
 * block after another, and back the same way. The head works on chunks of the slice. What backward
 * needs is kept for one chunk at a time, so that memory does not grow with the batch; neither the
 * chunk's size nor the number of threads changes a bit.
 *
 * Gradients are sums over the units of the whole batch in the one order of summation (tree.h). A
 * process that has only a slice of the batch gets the sums of the largest nodes that its units make
 * up, and whoever brings all nodes together finishes the sums. */

/* The images of one call, numbered from 0: a slice of a batch, which passes in rounds of up to
 * VitOptions.chunk images. */
typedef struct VitInput {
    size_t images;
    size_t rounds; /* at least as many as the images need, which is what 0 stands for: the last ones
                      may be empty, where other processes have more */
    size_t first;  /* images of the batch before these; a multiple of unit_images in training */
    size_t batch;  /* images of the whole batch, over all processes */
    const uint32_t
        *sample; /* [images] number in the data set, for dropout; may be NULL in evaluation */
    const uint16_t *label; /* [images] */
    /* The targets: class c should have probability smoothing / classes + (1 - smoothing) t_c with
     * t = share of the label and the rest of the other one. Both NULL: the label has all of it. */
    const uint16_t *other; /* [images] */
    const double *share;   /* [images], in [0, 1] */
    double smoothing;      /* in [0, 1) */
    /* Writes image number `image` as planes [channels, image_size, image_size]; called by any
     * thread, once an image. */
    void (*load)(const void *context, size_t image, float *planes);
    /* Changes images [first, first + count), a whole unit, [count, channels, image_size,
     * image_size], once they are loaded; called by any thread, once a unit. With VitOptions.mixes
     * only; NULL: they stay as they are. */
    void (*mix)(const void *context, size_t first, size_t count, float *planes);
    const void *context;
} VitInput;

/* Sums over the images of one call. */
typedef struct VitSums {
    TreeSum loss; /* cross-entropy of the targets and the softmax; leaves: the batch's images */
    /* Of the label with the larger share; the own one if both are equal. */
    uint64_t hits, top5_hits;
} VitSums;

/* What becomes final during vit_forward_backward, in this order. */
typedef enum VitPart {
    VIT_KERNEL, /* the gradient of the kernel of one of the head's layers that are not fat, from the
                   last to the first */
    VIT_UNITS   /* the sums over units; layer is 0 */
} VitPart;

/* One round of a call. */
typedef struct VitRound {
    size_t number;        /* from 0 */
    size_t first, images; /* of the slice; there may be none */
} VitRound;

/* What happens beside the passes. All are called by the master thread; any may be NULL. */
typedef struct VitHooks {
    /* The head's kernels are about to be read; they may still be changed until it returns. Called
     * once by vit_forward_backward, also when there are no images. */
    void (*need_kernels)(void *context);
    /* That part of vit_partial is final. Always called in the same order, also when there are no
     * images. */
    void (*ready)(void *context, VitPart part, size_t layer);
    /* Called every fraction of a millisecond to a few milliseconds. */
    void (*progress)(void *context);
    /* A fat layer's products for this process's images of a round, wherever the rows of its kernel
     * W [in, out] are, and whoever brings them together: output [images, out] = input W, and dinput
     * [images, in] = delta W^T with delta [images, out]. With these W's gradient is left to them.
     * Called for every round, also for empty ones, layers up and then down. Both NULL: all rows
     * are in this process's weights. */
    void (*fat_forward)(void *context, const VitRound *round, size_t layer, const float *input,
                        float *output);
    void (*fat_backward)(void *context, const VitRound *round, size_t layer, const float *delta,
                         float *dinput);
    void *context;
} VitHooks;

typedef struct VitOptions {
    uint64_t seed;      /* of dropout */
    size_t batch_size;  /* [data] batch_size: which of the head's layers are fat */
    size_t unit_images; /* images that a thread takes through the encoder together */
    bool mixes;         /* inputs may have `mix`, for which there is room then */
    size_t threads;     /* OpenMP's */
    size_t images;      /* the most that one vit_forward_backward will bring */
    size_t chunk;       /* images of a round, at most: vit_chunk_images, or 0 for that of these */
    size_t nodes;       /* the most nodes that the units of one vit_forward_backward make up */
} VitOptions;

/* The images of a round where a process has up to `images` and so many threads: enough that all
 * threads have some units, of few images several, between two barriers, and that the images share a
 * pass over the head's weights, where these are more than stay in a core's cache anyway; no more,
 * so that what backward needs of them does not leave the cache. A thread's memory is then that of a
 * process with one thread and as many images of a batch. Processes that share a batch must have the
 * same. */
enum { VIT_CHUNK_IMAGES = 64, VIT_THREAD_IMAGES = 16, VIT_CACHED_HEAD_FLOATS = 1 << 16 };
size_t vit_chunk_images(const ModelShape *shape, size_t threads, size_t unit_images, size_t images);

typedef struct Vit Vit;

/* Memory and plans; shape and table stay the caller's and must outlive *vit. gemm_init comes
 * before. STATUS_INTERNAL: out of memory, *vit is NULL. */
Status vit_init(Vit **vit, const ModelShape *shape, const ParameterTable *table,
                const VitOptions *options);
void vit_free(Vit *vit);

/* Bytes that vit_init would allocate. STATUS_INTERNAL: out of memory for looking; *bytes is 0. */
Status vit_bytes(const ModelShape *shape, const ParameterTable *table, const VitOptions *options,
                 size_t *bytes);

/* Forward with dropout, and the gradient of scale * (sum of the images' losses); see vit_partial.
 * step selects the dropout decisions. logits [images, classes] may be NULL. */
void vit_forward_backward(Vit *vit, const float *weights, uint64_t step, const VitInput *input,
                          float scale, float *logits, const VitHooks *hooks, VitSums *sums);

/* One of the head's layers, of `in` inputs and `out` sums an image. */
typedef struct VitLayer {
    size_t in, out;
    bool fat;           /* model_layer_is_fat */
    float *const *node; /* [nodes], of the kernel's gradient the sums over the nodes, [in, out]
                           each; not of a fat layer */
} VitLayer;

/* What this process has of the gradient, in forms that can be summed over processes. Valid until
 * the next vit_forward_backward. */
typedef struct VitPartial {
    size_t nodes;                 /* that the slice's units make up: tree_cover */
    float *unit[TREE_NODES_MOST]; /* [nodes], of vit_unit_floats values each */
    size_t layers;                /* of the head */
    VitLayer layer[JOB_LIST_MAX + 1];
} VitPartial;

const VitPartial *vit_partial(const Vit *vit);

/* Values of a unit's gradient: everything but the head's kernels, attention's in the form in which
 * it is summed. */
size_t vit_unit_floats(const ModelShape *shape, const ParameterTable *table);

/* The gradient in floats [0, table->unit_floats) of a flat vector from the whole batch's unit sums,
 * which are used up. */
void vit_finish_units(Vit *vit, const float *weights, float *sums, float *gradient);

/* After vit_forward_backward with a whole batch as its slice and no hooks for fat layers: the
 * gradient as a flat vector, overwritten. */
void vit_whole_gradient(Vit *vit, const float *weights, size_t images, float *gradient);

/* Forward without dropout. logits [images, classes] may be NULL; of the hooks progress and
 * fat_forward are called. */
void vit_evaluate(Vit *vit, const float *weights, const VitInput *input, float *logits,
                  const VitHooks *hooks, VitSums *sums);

#endif
