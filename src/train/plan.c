#include "plan_data.h"

#include "vit/augment.h"
#include "vit/batch.h"
#include "vit/checkpoint.h"
#include "vit/h5.h"
#include "vit/measuring.h"
#include "vit/memory.h"
#include "vit/mix.h"
#include "vit/size.h"
#include "vit/stop.h"
#include "vit/threads.h"
#include "vit/watchdog.h"
#include <string.h>

static Status parse_job(const Command *command, bool resolved, const char *text, Job *job) {
    return (resolved ? job_parse_resolved : job_parse)(job, command->job, text,
                                                       command->override_count, command->overrides);
}

/* Rank 0 alone: the environment, to which paths may refer, need not be the same on all ranks. */
static Status read_job_file(Plan *plan, bool must_be_stored) {
    const Command *command = plan->command;
    const bool stored = must_be_stored || h5_may_be(command->job);
    char *text = NULL;
    Status status = (stored ? checkpoint_read_job : job_read_text)(command->job, &text);
    if (status == STATUS_OK)
        status = parse_job(command, stored, text, &plan->job);
    memory_free(text);
    return status;
}

/* All ranks get it. */
static Status read_job(Plan *plan, bool must_be_stored) {
    watchdog_first_works("reading the job");
    const Status read = plan->ranks->rank == 0 ? read_job_file(plan, must_be_stored) : STATUS_OK;
    watchdog_work("start", WATCHDOG_TOGETHER);
    STATUS_TRY(ranks_agree(plan->ranks, read));
    ranks_broadcast(plan->ranks, &plan->job, sizeof plan->job);
    return ranks_agree(plan->ranks, job_to_text(&plan->job, &plan->job_text));
}

static Status choose_threads(Plan *plan) {
    watchdog_work("finding the cores of all ranks", WATCHDOG_TOGETHER);
    STATUS_TRY(placement_find(&plan->placement, plan->ranks, plan->job.threads));
    watchdog_work("start", WATCHDOG_TOGETHER);
    plan->threads = plan->placement.threads;
    return ranks_agree(plan->ranks, threads_start(plan->threads));
}

/* By the rank with the most threads, and the one with the most images. */
static size_t choose_chunk(const Plan *plan) {
    const size_t unit = plan->job.unit_images, batch = plan_batch_at(plan, 0);
    const size_t units = size_groups(size_groups(batch, unit), (size_t)plan->ranks->size);
    return vit_chunk_images(&plan->shape, plan->placement.most_threads, unit,
                            size_smaller(units * unit, batch));
}

static Status choose_pieces(Plan *plan) {
    const Job *job = &plan->job;
    plan->rule = rule_of_job(job);
    plan->states = optimizer_states(plan->rule, job);
    plan->chunk = choose_chunk(plan);
    STATUS_TRY(slices_most(plan->ranks, plan->train_images, job->batch_size, job->unit_images,
                           &plan->slice));
    return partition_init(&plan->partition, &plan->shape, &plan->table, job->batch_size,
                          plan->rule->pieces, plan->ranks);
}

static Status begin(Plan *plan, const Ranks *ranks, const Command *command, bool must_be_stored) {
    *plan = (Plan){.ranks = ranks, .command = command};
    STATUS_TRY(ranks_agree(ranks, placement_check_environment()));
    STATUS_TRY(read_job(plan, must_be_stored));
    watchdog_set_limit(plan->job.stall_timeout);
    return STATUS_OK;
}

/* What follows from job and data. */
static Status settle(Plan *plan) {
    plan->shape = model_shape(&plan->job, plan->data.picture.channels, plan_classes(plan));
    STATUS_TRY(ranks_agree(plan->ranks, parameter_table_init(&plan->table, &plan->shape)));
    STATUS_TRY(choose_threads(plan));
    return ranks_agree(plan->ranks, choose_pieces(plan));
}

/* More would have nothing to do in any step. */
static Status check_ranks(const Plan *plan) {
    if ((size_t)plan->ranks->size > plan->job.batch_size)
        return status_fail(STATUS_CONFIG,
                           "%s: %d ranks share a batch of [data] batch_size = %zu images: use at "
                           "most as many ranks as images",
                           plan->command->job, plan->ranks->size, plan->job.batch_size);
    return STATUS_OK;
}

Status plan_read(Plan *plan, const Ranks *ranks, const Command *command, double slurm_end) {
    STATUS_TRY(begin(plan, ranks, command, false));
    STATUS_TRY(ranks_agree(ranks, check_ranks(plan)));
    plan->deadline = stop_deadline(plan->job.time_limit, slurm_end);
    plan->limit_unknown = plan->job.time_limit == JOB_TIME_LIMIT_AUTO && isnan(slurm_end);
    STATUS_TRY(plan_data_read(plan));
    return settle(plan);
}

static Status ask(Plan *plan, const PlanAsked *asked) {
    Job *job = &plan->job;
    plan->no_file = asked->pictures;
    plan->deadline = INFINITY;
    job->threads = asked->threads;
    if (!asked->data_file)
        return STATUS_OK;
    if (strlen(asked->data_file) >= sizeof job->data_file)
        return status_fail(STATUS_IO, "%s: the path is longer than %zu bytes", asked->data_file,
                           sizeof job->data_file - 1);
    memcpy(job->data_file, asked->data_file, strlen(asked->data_file) + 1);
    job->validation_split = 0.0; /* the file may have a split for validation of its own */
    return STATUS_OK;
}

Status plan_read_asked(Plan *plan, const Ranks *ranks, const Command *command,
                       const PlanAsked *asked) {
    STATUS_TRY(begin(plan, ranks, command, true));
    STATUS_TRY(ranks_agree(ranks, ask(plan, asked)));
    STATUS_TRY(asked->pictures ? plan_data_known(plan) : plan_data_read(plan));
    return settle(plan);
}

Status plan_fix_schedule(Plan *plan, const Job *begun) {
    job_fix_schedule(&plan->job, begun);
    memory_free(plan->job_text);
    plan->job_text = NULL;
    return job_to_text(&plan->job, &plan->job_text);
}

void plan_free(Plan *plan) {
    memory_free(plan->lost_classes);
    holdout_free(&plan->holdout);
    partition_free(&plan->partition);
    parameter_table_free(&plan->table);
    memory_free(plan->job_text);
    *plan = (Plan){0};
}

VitOptions plan_vit_options(const Plan *plan) {
    return (VitOptions){.seed = plan->job.seed,
                        .batch_size = plan->job.batch_size,
                        .unit_images = plan->job.unit_images,
                        .mixes = mix_is_on(&plan->job),
                        .threads = plan->threads,
                        .images = plan->slice.images,
                        .chunk = plan->chunk,
                        .nodes = plan->slice.nodes};
}

FatLayersOptions plan_fat_layers_options(const Plan *plan, bool training) {
    return (FatLayersOptions){.ranks = plan->ranks,
                              .shape = &plan->shape,
                              .table = &plan->table,
                              .partition = &plan->partition,
                              .threads = plan->threads,
                              .batch_size = plan->job.batch_size,
                              .chunk = plan->chunk,
                              .training = training,
                              .no_overlap = measuring_is_on(MEASURE_NO_OVERLAP)};
}

OptimizerOptions plan_optimizer_options(const Plan *plan, const FatLayers *layers) {
    return (OptimizerOptions){.ranks = plan->ranks,
                              .job = &plan->job,
                              .shape = &plan->shape,
                              .table = &plan->table,
                              .partition = &plan->partition,
                              .rule = plan->rule,
                              .layers = layers,
                              .train_images = plan->train_images,
                              .no_overlap = measuring_is_on(MEASURE_NO_OVERLAP)};
}

size_t plan_batch_at(const Plan *plan, size_t position) {
    return size_smaller(plan->train_images - position, plan->job.batch_size);
}

size_t plan_epoch_steps(const Plan *plan) {
    return size_groups(plan->train_images, plan->job.batch_size);
}

PlanWork plan_work(const Plan *plan) {
    const Job *job = &plan->job;
    const size_t steps = plan_epoch_steps(plan);
    size_t epochs = job->epochs, rest = 0; /* whole epochs, and steps of one that is cut short */
    if (job->max_steps && job->max_steps / steps < epochs) {
        epochs = job->max_steps / steps;
        rest = job->max_steps % steps;
    }
    const double trained = (double)epochs * (double)plan->train_images +
                           (double)(rest * job->batch_size); /* a whole batch each, then */
    const double validated = (double)(epochs + (rest > 0)) * (double)plan->validation_images;
    const double tested = (double)plan->data.images[SPLIT_TEST];
    return (PlanWork){.training = trained * model_training_flops(&plan->shape),
                      .evaluation = (validated + tested) * model_forward_flops(&plan->shape)};
}

/* The pictures: this rank's part of all splits, the epoch's order, the division's lists, batches,
 * augmentation. */
static size_t input_bytes(const Plan *plan, size_t image) {
    const size_t *of_split = plan->data.images;
    const size_t images = of_split[SPLIT_TRAIN] + of_split[SPLIT_TEST] + of_split[SPLIT_VALIDATION];
    const size_t scratch = augment_scratch(plan->data.picture, plan->job.image_size);
    const size_t listed = plan->holdout.memory ? plan->data.images[SPLIT_TRAIN] : 0;
    return images / (size_t)plan->ranks->size * shard_sample_bytes(image) +
           plan->train_images * sizeof(uint32_t) + listed * sizeof(uint32_t) +
           batch_exchange_bytes(plan->job.batch_size, plan->slice.images, image) +
           plan->threads * scratch * sizeof(float) + mix_bytes(&plan->job, plan->slice.images);
}

Status plan_cost(const Plan *plan, PlanCost *cost) {
    const VitOptions vit = plan_vit_options(plan);
    const OptimizerOptions optimizer = plan_optimizer_options(plan, NULL);
    const FatLayersOptions layers = plan_fat_layers_options(plan, true);
    const size_t vector = plan->table.floats * sizeof(float);
    const size_t held = partition_held_floats(&plan->partition, plan->ranks->rank) * sizeof(float);
    const size_t image = picture_bytes(plan->data.picture);
    OptimizerCost updating;
    FatLayersCost fat;
    size_t model;
    *cost = (PlanCost){0};
    STATUS_TRY(optimizer_cost(&optimizer, &updating));
    STATUS_TRY(fat_layers_cost(&layers, plan->job.unit_images, &fat));
    STATUS_TRY(vit_bytes(&plan->shape, &plan->table, &vit, &model));
    cost->memory = updating.memory + fat.memory + (double)(held + model + input_bytes(plan, image));
    cost->snapshot = (double)((1 + plan->states.count) * vector);
    cost->sums = updating.sums;
    cost->layers = fat.sent;
    cost->weights = updating.weights;
    cost->images = batch_sent_bytes(plan->ranks, plan->job.batch_size, image);
    return STATUS_OK;
}
