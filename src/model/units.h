#ifndef VIT_UNITS_H
#define VIT_UNITS_H

#include "arena.h"
#include "dropout.h"
#include "encoder.h"
#include "head.h"
#include "unit_sums.h"
#include "vit/shares.h"
#include "vit/vit.h"

/* The encoder on the images of a slice, unit by unit on all threads, a chunk of images at a time: a
 * thread takes the images of one unit through one block after another, and back the same way, into
 * the unit's gradient sum. What backward needs is kept of one chunk. Threads take units as they
 * come free (shares.h), mostly the same ones forward and backward, so that an image's stash is in
 * its thread's memory; no bit depends on who took which. */

/* One call of vit_forward_backward or vit_evaluate. */
typedef struct Pass {
    const float *weights;
    const VitInput *input;
    const VitHooks *hooks;
    uint64_t step;
    bool training;
    float *logits;
} Pass;

/* A thread's part. */
typedef struct UnitsThread {
    EncoderWork work;
    EncoderDropout dropout;
} UnitsThread;

typedef struct Units {
    const ModelShape *shape;
    const ParameterTable *table;
    const Kernels *kernels;
    size_t threads, unit_images;
    bool mixes;   /* see VitOptions */
    size_t chunk; /* images at a time */
    uint64_t seed;
    Encoder encoder;
    EncoderWeights weights;
    size_t stashes;              /* of images: a chunk's, but at least one a thread */
    ImageStash *stash;           /* [stashes] */
    BlockStash *block_stash;     /* [stashes * depth] */
    UnitsThread *thread;         /* [threads] */
    DropoutSource *head_sources; /* [threads] dropout in the head, with the thread's own room */
    Shares shares;               /* of a chunk's units */
    UnitSums sums;
} Units;

/* For slices of up to `images` images, `chunk` at a time. shape and table stay the caller's.
 * STATUS_INTERNAL: out of memory; units_free frees what there is. */
Status units_init(Units *units, const ModelShape *shape, const ParameterTable *table,
                  const VitOptions *options, size_t images, size_t chunk);
/* Room for all activations and sums; then the products. */
void units_place(Units *units, Arena *arena);
void units_plan(Units *units);
void units_free(Units *units);

/* Units that `images` images make up; the last one may have fewer images. */
size_t units_count(const Units *units, size_t images);
/* Values of a unit's gradient: see vit_unit_floats. */
size_t units_floats(const ModelShape *shape, const ParameterTable *table);

/* Before a pass's first chunk: the weights' forms, dropout, no sums yet. */
void units_start(Units *units, const Pass *pass);
/* Images [base, base + images) of the slice, a chunk: their features [images, features], after the
 * head's dropout of them. */
void units_forward(Units *units, const Pass *pass, size_t base, size_t images, float *features);
/* The same chunk backward, from stash->dfeatures, which is used up, into the units' sums; with the
 * head's biases, whose gradients are summed over units too. */
void units_backward(Units *units, const Pass *pass, size_t base, size_t images, const Head *head,
                    HeadStash *stash);
/* See vit_finish_units. */
void units_finish(Units *units, const float *weights, float *sums, float *gradient);

#endif
