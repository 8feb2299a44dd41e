#ifndef VIT_FAT_LAYERS_H
#define VIT_FAT_LAYERS_H

#include "vit/partition.h"
#include "vit/slices.h"
#include "vit/vit.h"

/* The head's fat layers, whose kernels' rows stay with the ranks that own them: instead of weights
 * and gradients, what the images make of them travels. For a layer of kernel W [in, out], of which
 * rank r owns rows [row[r], row[r + 1]), and a round of the batch (vit.h):
 *
 *   forward   1. each rank gets its rows' columns of all images' inputs x, and multiplies them
 *                with its rows, in the order of the tree's leaves (fat_rows.h);
 *             2. it sends the images' owners its part of z = x W, who finish the sum.
 *   backward  3. all ranks get all images' gradients dz; each makes its columns of dx = dz W^T;
 *             4. it sends them to the images' owners and, while they travel, makes its rows of
 *                dW = x^T dz, over the whole batch in its order.
 *
 * (Krizhevsky 2014, 'One weird trick for parallelizing convolutional neural networks', divides the
 * outputs instead; here the inputs outnumber them.) All ranks take part in every round, also with
 * no images or no rows. All calls are collective in order, except where local is said. */
typedef struct FatLayers FatLayers;

/* All of it stays the caller's, but for the numbers. */
typedef struct FatLayersOptions {
    const Ranks *ranks;
    const ModelShape *shape;
    const ParameterTable *table;
    const Partition *partition;
    size_t threads;    /* OpenMP's */
    size_t batch_size; /* the most images of a batch */
    size_t chunk;      /* of a round, the same on all ranks: vit_chunk_images */
    bool training;     /* else only forward is possible */
    bool no_overlap;   /* wait for a message at once, to measure what overlap is worth */
} FatLayersOptions;

/* All ranks return the same. STATUS_INTERNAL when one is out of memory; STATUS_CONFIG: a round has
 * more values than MPI can count; *layers is then NULL. */
Status fat_layers_init(FatLayers **layers, const FatLayersOptions *options);
/* Accepts NULL. */
void fat_layers_free(FatLayers *layers);

/* A batch, or a split that is evaluated, begins; weights (a flat vector, of which this rank's rows
 * are looked at) and slices are the caller's until it is over. progress (or NULL) is called now and
 * then. Returns the rounds in which it passes, by the rank with the most images. Local. */
size_t fat_layers_start(FatLayers *layers, const float *weights, const Slices *slices,
                        bool training, void (*progress)(void *context), void *context);

/* For the hooks of vit_forward_backward and vit_evaluate; j is the layer. */
void fat_layers_forward(FatLayers *layers, const VitRound *round, size_t j, const float *input,
                        float *output);
void fat_layers_backward(FatLayers *layers, const VitRound *round, size_t j, const float *delta,
                         float *dinput);
void fat_layers_progress(FatLayers *layers); /* local */

/* The gradient of this rank's rows, [rows, out], after a batch; valid until the next one. Local. */
const float *fat_layers_gradient(const FatLayers *layers, size_t j);
/* Seconds that this rank has waited since fat_layers_init. Local. */
double fat_layers_waited(const FatLayers *layers);

/* What a rank holds, in bytes, and what it sends a step of a whole batch, in bytes on average over
 * the ranks. Local. STATUS_INTERNAL: out of memory for looking. */
typedef struct FatLayersCost {
    double memory, sent;
} FatLayersCost;
Status fat_layers_cost(const FatLayersOptions *options, size_t unit_images, FatLayersCost *cost);

#endif
