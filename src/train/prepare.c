#include "run.h"

#include "vit/memory.h"
#include "vit/stop.h"
#include "vit/watchdog.h"
#include <omp.h>
#include <stdio.h>
#include <string.h>

/* A checkpoint begins with HDF5's signature. */
static bool is_checkpoint(const char *path) {
    static const unsigned char signature[8] = {0x89, 'H', 'D', 'F', '\r', '\n', 0x1a, '\n'};
    unsigned char first[8] = {0};
    FILE *file = fopen(path, "rb");
    if (!file)
        return false;
    const size_t length = fread(first, 1, sizeof first, file);
    fclose(file);
    return length == sizeof first && memcmp(first, signature, sizeof first) == 0;
}

void run_own_work(const Run *run, const char *phase) {
    watchdog_phase(phase, run->ranks->rank == 0 ? WATCHDOG_OWN_WORK : WATCHDOG_TOGETHER);
}

/* Rank 0 reads the job's text; all get it. */
static Status read_job_text(const Run *run, char **text) {
    Status status = STATUS_OK;
    *text = NULL;
    run_own_work(run, "reading the job");
    if (run->ranks->rank == 0)
        status = is_checkpoint(run->command->job) ? checkpoint_read_job(run->command->job, text)
                                                  : job_read_text(run->command->job, text);
    watchdog_phase("start", WATCHDOG_TOGETHER);
    STATUS_TRY(ranks_agree(run->ranks, status));
    size_t bytes = *text ? strlen(*text) + 1 : 0;
    ranks_broadcast(run->ranks, &bytes, sizeof bytes);
    if (!*text)
        status = memory_allocate(text, bytes, 1, "the job's text");
    STATUS_TRY(ranks_agree(run->ranks, status));
    ranks_broadcast(run->ranks, *text, bytes);
    return STATUS_OK;
}

static Status parse_job(Run *run, const char *text) {
    STATUS_TRY(job_parse(&run->job, run->command->job, text, run->command->override_count,
                         run->command->overrides));
    if ((size_t)run->ranks->size > run->job.batch_size)
        return status_fail(STATUS_CONFIG,
                           "%s: %d ranks share a batch of [data] batch_size = %zu images: use at "
                           "most as many ranks as images",
                           run->command->job, run->ranks->size, run->job.batch_size);
    return job_to_text(&run->job, &run->job_text);
}

/* Sizes of the splits; every rank gets the header that rank 0 read. */
static Status read_data_header(Run *run) {
    Status status = STATUS_OK;
    run_own_work(run, "reading the data's header");
    if (run->ranks->rank == 0)
        status = data_file_read_header(run->job.data_file, &run->data);
    watchdog_phase("start", WATCHDOG_TOGETHER);
    STATUS_TRY(ranks_agree(run->ranks, status));
    ranks_broadcast(run->ranks, &run->data, sizeof run->data);
    const bool coarse = run->job.labels == LABELS_COARSE;
    const size_t images = run->data.images[SPLIT_TRAIN];
    if (coarse && run->data.coarse_classes == 0)
        return status_fail(STATUS_CONFIG,
                           "%s: [data] labels = coarse, but %s has no coarse labels: use fine",
                           run->command->job, run->job.data_file);
    run->train_images = (size_t)((double)images * (1.0 - run->job.validation_split));
    run->validation_images = images - run->train_images;
    if (images == 0 || images > UINT32_MAX || run->data.images[SPLIT_TEST] == 0)
        return status_fail(STATUS_DATA,
                           "%s: %zu training images and %zu test images: there must be some of "
                           "each, and less than 2^32",
                           run->job.data_file, images, run->data.images[SPLIT_TEST]);
    if (run->train_images == 0)
        return status_fail(
            STATUS_CONFIG,
            "%s: [data] validation_split = %g leaves none of the %zu training images "
            "of %s to train on: use a smaller one",
            run->command->job, run->job.validation_split, images, run->job.data_file);
    run->shape = model_shape(&run->job, coarse ? run->data.coarse_classes : run->data.classes);
    return STATUS_OK;
}

static Status choose_threads(Run *run) {
    STATUS_TRY(placement_find(&run->placement, run->ranks, run->job.threads));
    run->threads = run->placement.threads;
    omp_set_dynamic(0);
    omp_set_num_threads((int)run->threads);
    return STATUS_OK;
}

Status run_read_job(Run *run, double slurm_end) {
    char *text = NULL;
    Status status = read_job_text(run, &text);
    if (status == STATUS_OK)
        status = ranks_agree(run->ranks, parse_job(run, text));
    memory_free(text);
    STATUS_TRY(status);
    run->deadline = stop_deadline(run->job.time_limit, slurm_end);
    STATUS_TRY(ranks_agree(run->ranks, read_data_header(run)));
    STATUS_TRY(ranks_agree(run->ranks, parameter_table_init(&run->table, &run->shape)));
    STATUS_TRY(choose_threads(run));
    return ranks_agree(run->ranks, partition_init(&run->partition, &run->shape, &run->table,
                                                  run->job.batch_size, run->ranks));
}

ExchangeOptions run_exchange_options(const Run *run) {
    return (ExchangeOptions){.batch_size = run->job.batch_size,
                             .unit_images = run->job.unit_images,
                             .train_images = run->train_images};
}

VitOptions run_vit_options(const Run *run) {
    SlicesMost most;
    if (slices_most(run->ranks, run->train_images, run->job.batch_size, run->job.unit_images,
                    &most))
        most = (SlicesMost){0};
    return (VitOptions){.seed = run->job.seed,
                        .batch_size = run->job.batch_size,
                        .unit_images = run->job.unit_images,
                        .threads = run->threads,
                        .images = most.images,
                        .any_order = run->any_order,
                        .nodes = most.nodes};
}

/* What training needs beside the weights. */
static Status allocate_training(Run *run) {
    const size_t own = run->partition.own_floats;
    STATUS_TRY(memory_allocate(&run->first_moment, own, sizeof(float), "moments"));
    STATUS_TRY(memory_allocate(&run->second_moment, own, sizeof(float), "moments"));
    for (int i = 0; i < SNAPSHOT_BLOCKS && run->ranks->rank == 0; i++)
        STATUS_TRY(memory_allocate(&run->snapshot[i], run->table.floats, sizeof(float),
                                   "a checkpoint's snapshot"));
    return memory_allocate(&run->squares, run->partition.pieces, sizeof(double), "squares");
}

static Status allocate(Run *run) {
    const VitOptions options = run_vit_options(run);
    STATUS_TRY(memory_allocate(&run->weights, run->table.floats, sizeof(float), "weights"));
    if (!run->command->evaluate)
        STATUS_TRY(allocate_training(run));
    STATUS_TRY(totals_init(&run->totals, run->ranks, &run->partition));
    STATUS_TRY(slices_init(&run->evaluated, (size_t)run->ranks->size, 1));
    STATUS_TRY(memory_allocate(&run->order, run->train_images, sizeof *run->order, "epoch order"));
    STATUS_TRY(memory_allocate(&run->digests, (size_t)run->ranks->size, sizeof *run->digests,
                               "the ranks' reports"));
    STATUS_TRY(memory_allocate(&run->paces, (size_t)run->ranks->size, sizeof *run->paces,
                               "the ranks' reports"));
    STATUS_TRY(augment_init(&run->augment, &run->job, &run->data));
    STATUS_TRY(memory_allocate(&run->scratch, run->threads * augment_scratch(&run->augment),
                               sizeof(float), "augmentation"));
    return vit_init(&run->vit, &run->shape, &run->table, &options);
}

static Status read_shards(Run *run) {
    const bool coarse = run->job.labels == LABELS_COARSE;
    const char *path = run->job.data_file;
    STATUS_TRY(shard_read(&run->test, run->ranks, path, &run->data, SPLIT_TEST, coarse, 0,
                          run->data.images[SPLIT_TEST]));
    if (run->command->evaluate)
        return STATUS_OK;
    STATUS_TRY(shard_read(&run->train, run->ranks, path, &run->data, SPLIT_TRAIN, coarse, 0,
                          run->train_images));
    return shard_read(&run->validation, run->ranks, path, &run->data, SPLIT_TRAIN, coarse,
                      run->train_images, run->validation_images);
}

Status run_allocate(Run *run) {
    watchdog_phase("reading the data", WATCHDOG_OWN_WORK);
    const Status read = read_shards(run);
    watchdog_phase("start", WATCHDOG_TOGETHER);
    STATUS_TRY(ranks_agree(run->ranks, read));
    STATUS_TRY(ranks_agree(run->ranks, allocate(run)));
    if (run->command->evaluate)
        return STATUS_OK;
    const ExchangeOptions options = run_exchange_options(run);
    STATUS_TRY(exchange_init(&run->exchange, run->ranks, &run->partition, &run->shape, &run->table,
                             &options));
    return batch_exchange_init(&run->batches, run->ranks, &run->train, run->job.batch_size,
                               run->job.unit_images);
}

void run_free(Run *run) {
    run_save_wait(run);
    batch_exchange_free(run->batches);
    exchange_free(run->exchange);
    vit_free(run->vit);
    augment_free(&run->augment);
    shard_free(&run->train);
    shard_free(&run->validation);
    shard_free(&run->test);
    memory_free(run->scratch);
    memory_free(run->weights);
    memory_free(run->first_moment);
    memory_free(run->second_moment);
    for (int i = 0; i < SNAPSHOT_BLOCKS; i++)
        memory_free(run->snapshot[i]);
    memory_free(run->squares);
    slices_free(&run->evaluated);
    memory_free(run->order);
    memory_free(run->digests);
    memory_free(run->paces);
    totals_free(run->totals);
    partition_free(&run->partition);
    memory_free(run->job_text);
    history_free(&run->history);
    history_free(&run->snapshot_history);
    parameter_table_free(&run->table);
    output_close(&run->output);
}
