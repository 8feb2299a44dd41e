#include "input.h"

#include "vit/epoch_order.h"
#include "vit/log.h"
#include "vit/memory.h"
#include "vit/mix.h"
#include "vit/moments.h"
#include "vit/statistics.h"
#include "vit/watchdog.h"
#include <omp.h>
#include <string.h>

/* ---- the data ---- */

static ShardSource source_of(const Plan *plan, DataSplit split) {
    return (ShardSource){plan->job.data_file, &plan->data, split,
                         plan->job.labels == LABELS_COARSE};
}

static Status read_shard(Shard *shard, const Plan *plan, DataSplit split, Samples samples) {
    const ShardSource source = source_of(plan, split);
    return shard_read(shard, plan->ranks, &source, samples);
}

static Samples all_of(const Plan *plan, DataSplit split) {
    return (Samples){.count = plan->data.images[split]};
}

static Status read_shards(Input *input, bool training) {
    const Plan *plan = input->plan;
    STATUS_TRY(read_shard(&input->test, plan, SPLIT_TEST, all_of(plan, SPLIT_TEST)));
    if (!training)
        return STATUS_OK;
    STATUS_TRY(read_shard(&input->train, plan, SPLIT_TRAIN, plan->holdout.train));
    return read_shard(&input->validation, plan, plan->validation_of, plan->holdout.validation);
}

static Status verify_shard(Input *input, const Shard *shard, DataSplit split) {
    const ShardSource source = source_of(input->plan, split);
    uint64_t checksum;
    STATUS_TRY(shard_verify(shard, input->plan->ranks, &source, &checksum));
    input->checksum += checksum;
    return STATUS_OK;
}

static Status verify_shards(Input *input, bool training) {
    STATUS_TRY(verify_shard(input, &input->test, SPLIT_TEST));
    if (!training)
        return STATUS_OK;
    STATUS_TRY(verify_shard(input, &input->train, SPLIT_TRAIN));
    return verify_shard(input, &input->validation, input->plan->validation_of);
}

/* ---- its statistics ---- */

static void add_shard(Moments *moments, const Plan *plan, const Shard *shard) {
    moments_add(moments, plan->data.picture, shard->images, shard->count);
}

/* Of all training images, those that are kept for validation included, on all ranks. */
static Status find_moments(const Input *input, bool training, Moments *moments) {
    const Plan *plan = input->plan;
    *moments = (Moments){0};
    if (training) {
        add_shard(moments, plan, &input->train);
        if (plan->validation_of == SPLIT_TRAIN)
            add_shard(moments, plan, &input->validation);
    } else {
        Shard shard;
        const Status status = read_shard(&shard, plan, SPLIT_TRAIN, all_of(plan, SPLIT_TRAIN));
        if (status == STATUS_OK)
            add_shard(moments, plan, &shard);
        shard_free(&shard);
        STATUS_TRY(ranks_agree(plan->ranks, status));
    }
    uint64_t values[sizeof *moments / sizeof(uint64_t)];
    memcpy(values, moments, sizeof values);
    ranks_sum(plan->ranks, values, sizeof values / sizeof *values);
    memcpy(moments, values, sizeof values);
    return STATUS_OK;
}

static Status check_statistics(const Plan *plan, const Moments *moments) {
    bool same;
    STATUS_TRY(statistics_check(plan->job.data_file, &plan->data, moments, &same));
    if (!same)
        log_warning("%s: channel_mean and channel_variance are not those of the training images; "
                    "they are used as they are",
                    plan->job.data_file);
    return STATUS_OK;
}

static Status settle_statistics(Input *input, bool training) {
    const Plan *plan = input->plan;
    DataHeader *data = &input->data;
    Moments moments;
    if (plan->statistics_known)
        return STATUS_OK;
    STATUS_TRY(find_moments(input, training, &moments));
    if (data->has_statistics)
        return check_statistics(plan, &moments);
    moments_get(&moments, data->picture.channels, data->mean, data->variance);
    data->has_statistics = true;
    log_info("%s tells no channel_mean and channel_variance: computed from its training images",
             plan->job.data_file);
    return data_file_check_header(plan->job.data_file, data);
}

/* ---- */

static Status allocate_targets(Input *input) {
    const size_t images = input->plan->slice.images;
    if (!mix_is_on(&input->plan->job))
        return STATUS_OK;
    STATUS_TRY(memory_allocate(&input->other, images, sizeof *input->other, "targets"));
    return memory_allocate(&input->share, images, sizeof *input->share, "targets");
}

static Status allocate(Input *input) {
    const Plan *plan = input->plan;
    STATUS_TRY(
        memory_allocate(&input->order, plan->train_images, sizeof *input->order, "epoch order"));
    STATUS_TRY(allocate_targets(input));
    STATUS_TRY(augment_init(&input->augment, &plan->job, &input->data));
    return memory_allocate(&input->scratch,
                           plan->threads *
                               augment_scratch(input->augment.picture, input->augment.size),
                           sizeof(float), "augmentation");
}

/* From the data file. */
static Status read_data(Input *input, bool training) {
    const Plan *plan = input->plan;
    watchdog_work("reading the data", WATCHDOG_OWN_WORK);
    const Status read = read_shards(input, training);
    watchdog_work("start", WATCHDOG_TOGETHER);
    STATUS_TRY(ranks_agree(plan->ranks, read));
    watchdog_work("reading the data again", WATCHDOG_TOGETHER);
    STATUS_TRY(verify_shards(input, training));
    watchdog_work("start", WATCHDOG_TOGETHER);
    return settle_statistics(input, training);
}

Status input_init(Input *input, const Plan *plan, bool training) {
    *input = (Input){.plan = plan, .data = plan->data};
    if (!plan->no_file)
        STATUS_TRY(read_data(input, training));
    STATUS_TRY(ranks_agree(plan->ranks, allocate(input)));
    if (!training)
        return STATUS_OK;
    return batch_exchange_init(&input->batches, plan->ranks, &input->train, plan->job.batch_size,
                               plan->job.unit_images);
}

void input_free(Input *input) {
    batch_exchange_free(input->batches);
    augment_free(&input->augment);
    shard_free(&input->train);
    shard_free(&input->validation);
    shard_free(&input->test);
    memory_free(input->scratch);
    memory_free(input->order);
    memory_free(input->other);
    memory_free(input->share);
    *input = (Input){0};
}

/* ---- batches ---- */

static void start_epoch(Input *input, uint64_t epoch, size_t position) {
    epoch_order(input->plan->job.seed, epoch, input->plan->train_images, input->order);
    input->posted_epoch = epoch;
    input->position = position;
}

/* Sends for the next batch of the epoch, if there is one. */
static void post(Input *input) {
    size_t images = plan_batch_at(input->plan, input->position);
    if (input->endless && images < plan_batch_at(input->plan, 0)) {
        start_epoch(input, input->posted_epoch + 1, 0);
        images = plan_batch_at(input->plan, 0);
    }
    if (images)
        batch_post(input->batches, input->order + input->position, images);
    input->position += images;
}

void input_begin(Input *input, uint64_t epoch, size_t position) {
    start_epoch(input, epoch, position);
    post(input);
}

Batch input_next(Input *input) {
    Batch batch;
    watchdog_work("waiting for samples", WATCHDOG_TOGETHER);
    input->waited += batch_wait(input->batches, &batch);
    input->epoch = input->posted_epoch;
    if (input->share)
        mix_targets(&input->plan->job, input->epoch, batch.count, batch.samples, batch.labels,
                    input->other, input->share);
    post(input);
    return batch;
}

void input_progress(Input *input) {
    batch_progress(input->batches);
}

/* ---- what the model sees ---- */

static void load(const void *context, size_t image, float *planes) {
    const InputView *view = context;
    const Augment *augment = &view->input->augment;
    float *scratch = view->input->scratch + (size_t)omp_get_thread_num() *
                                                augment_scratch(augment->picture, augment->size);
    const uint8_t *pixels = view->pixels + image * picture_bytes(augment->picture);
    if (!view->augmented) {
        augment_image(augment, pixels, NULL, scratch, planes);
        return;
    }
    const AugmentDraw draw = augment_draw(augment, view->input->epoch, view->vit.sample[image]);
    augment_image(augment, pixels, &draw, scratch, planes);
}

/* A unit of a batch: by the draw that its targets have. */
static void mix(const void *context, size_t first, size_t count, float *planes) {
    const InputView *view = context;
    const Augment *augment = &view->input->augment;
    const MixDraw draw =
        mix_draw(&view->input->plan->job, view->input->epoch, view->vit.sample[first]);
    mix_planes(&draw, count, augment->picture.channels, augment->size, planes);
}

void input_view_batch(InputView *view, const Input *input, const Batch *batch) {
    *view = (InputView){.input = input, .pixels = batch->pixels, .augmented = true};
    view->vit = (VitInput){.images = batch->count,
                           .first = slices_first(batch->slices, input->plan->ranks->rank),
                           .batch = batch->images,
                           .sample = batch->samples,
                           .label = batch->labels,
                           .other = input->other,
                           .share = input->share,
                           .smoothing = input->plan->job.label_smoothing,
                           .load = load,
                           .mix = input->share ? mix : NULL,
                           .context = view};
}

void input_view_shard(InputView *view, const Input *input, const Shard *shard) {
    *view = (InputView){.input = input, .pixels = shard->images};
    view->vit = (VitInput){.images = shard->count,
                           .first = shard->first,
                           .batch = shard->total,
                           .label = shard->labels,
                           .load = load,
                           .context = view};
}
