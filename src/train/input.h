#ifndef VIT_INPUT_H
#define VIT_INPUT_H

#include "plan.h"
#include "vit/augment.h"
#include "vit/batch.h"
#include "vit/shard.h"

/* The pictures of a run: this rank's shards, the batches on their way to it, and how the model gets
 * to see them. */
typedef struct Input {
    const Plan *plan;
    DataHeader data;   /* the plan's, with the statistics in force */
    uint64_t checksum; /* of all samples that were read: see shard_verify */
    Shard train, validation, test;
    Augment augment;
    float *scratch;  /* [threads, augment_scratch] */
    uint32_t *order; /* [train_images] of the epoch whose batches are posted */
    uint16_t *other; /* [slice's images] targets of the batch that input_next gave, where the job */
    double *share;   /* mixes; see mix_targets. Otherwise NULL */
    BatchExchange *batches;
    uint64_t epoch;        /* of the batch that input_next gave */
    uint64_t posted_epoch; /* of the one under way */
    size_t position;       /* in that epoch: behind the batch under way */
    bool endless;          /* for measuring: whole batches only, epoch after epoch */
    double waited;         /* s for samples, since input_init */
} Input;

/* Reads the shards, where the plan has a data file; training: the training split too, and what it
 * takes to bring batches. That all ranks read the same, and that the data's statistics can belong
 * to its images, is seen to; where the data has none they are computed. Collective, all ranks
 * return the same; errors as shard_read, shard_verify and statistics_check, and STATUS_INTERNAL
 * when one is out of memory. input_free accepts what is left, and {0}. */
Status input_init(Input *input, const Plan *plan, bool training);
/* Collective. Whatever is under way is finished first. */
void input_free(Input *input);

/* Batches come from here on: the epoch's permutation from that sample on (position: at most
 * train_images; there, none is left), the first batch is on its
 * way. Collective in order. */
void input_begin(Input *input, uint64_t epoch, size_t position);
/* The next batch of the epoch, valid until the next call; the one after it is on its way then.
 * Collective in order. */
Batch input_next(Input *input);
/* Moves what is under way. Local. */
void input_progress(Input *input);

/* How the model sees a batch, augmented, or this rank's part of a split, as it is. `vit` is for the
 * model's calls and points into the view, which must stay where it is meanwhile. Local. */
typedef struct InputView {
    VitInput vit;
    const Input *input;
    const uint8_t *pixels;
    bool augmented;
} InputView;
void input_view_batch(InputView *view, const Input *input, const Batch *batch);
void input_view_shard(InputView *view, const Input *input, const Shard *shard);

#endif
