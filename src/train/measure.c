#include "vit/measure.h"

#include "run.h"
#include "vit/epoch_order.h"
#include "vit/peak.h"
#include <math.h>
#include <stdio.h>
#include <unistd.h>

/* Steps before the first round: caches, pages and compiled products. */
enum { WARM_UP = 2 };

static double sum_of_ranks(const Ranks *ranks, double mine) {
    double sum = 0.0;
    MPI_Allreduce(&mine, &sum, 1, MPI_DOUBLE, MPI_SUM, ranks->comm);
    return sum;
}

static double largest_of_ranks(const Ranks *ranks, double mine) {
    double largest = 0.0;
    MPI_Allreduce(&mine, &largest, 1, MPI_DOUBLE, MPI_MAX, ranks->comm);
    return largest;
}

/* On all ranks at once. */
static double peak_now(const Run *run) {
    MPI_Barrier(run->ranks->comm);
    return sum_of_ranks(run->ranks, peak_flops(run->threads));
}

static Status bandwidth_now(const Run *run, size_t array_bytes, double *bandwidth) {
    double mine;
    MPI_Barrier(run->ranks->comm);
    const Status status = peak_bandwidth(run->threads, array_bytes, &mine);
    *bandwidth = sum_of_ranks(run->ranks, mine);
    return ranks_agree(run->ranks, status);
}

static size_t whole_batch(const Run *run) {
    return run->train_images < run->job.batch_size ? run->train_images : run->job.batch_size;
}

/* Whole batches only, round and round. */
static void post_next(Run *run) {
    const size_t batch = whole_batch(run);
    if (run->progress.position + batch > run->train_images) {
        run->progress.position = 0;
        run->progress.epoch++;
        epoch_order(run->job.seed, run->progress.epoch, run->train_images, run->order);
    }
    batch_post(run->batches, run->order + run->progress.position, batch);
    run->progress.position += batch;
}

/* As run_steps in train.c: the next batch is on its way during a step. */
static Status take_steps(Run *run, size_t steps, double *seconds) {
    MPI_Barrier(run->ranks->comm);
    const double start = MPI_Wtime();
    for (size_t i = 0; i < steps; i++) {
        Batch batch;
        bool stop, save;
        run->progress.sums.wait.samples += batch_wait(run->batches, &batch);
        post_next(run);
        const size_t position = run->progress.position;
        STATUS_TRY(run_step(run, &batch, &stop, &save));
        run->progress.position = position;
    }
    run_settle(run);
    MPI_Barrier(run->ranks->comm);
    *seconds = MPI_Wtime() - start;
    return STATUS_OK;
}

static Status measure_rounds(Run *run, const MeasureOptions *options, Measurement *m) {
    double seconds, total = 0.0;
    STATUS_TRY(take_steps(run, WARM_UP, &seconds));
    run->progress.sums = (EpochSums){0};
    for (size_t r = 0; r < options->rounds; r++) {
        const double before = peak_now(run);
        STATUS_TRY(take_steps(run, options->steps, &seconds));
        m->peak_flops[r] = fmax(before, peak_now(run));
        m->images_per_second[r] = (double)(options->steps * whole_batch(run)) / seconds;
        total += seconds;
    }
    const Waits *wait = &run->progress.sums.wait;
    const double share = 1.0 / (total * (double)run->ranks->size);
    m->wait_share = (Waits){.samples = share * sum_of_ranks(run->ranks, wait->samples),
                            .gradients = share * sum_of_ranks(run->ranks, wait->gradients),
                            .ranks = share * sum_of_ranks(run->ranks, wait->ranks),
                            .weights = share * sum_of_ranks(run->ranks, wait->weights)};
    return STATUS_OK;
}

/* A round of its own, since looking at the clock costs a little. */
static Status measure_phases(Run *run, size_t steps, Measurement *m) {
    double seconds, ticks[PHASES] = {0};
    const int team = (int)run->threads;
#pragma omp parallel num_threads(team)
    phase_start();
    const uint64_t start = phase_now();
    STATUS_TRY(take_steps(run, steps, &seconds));
    const double tick = seconds / (double)(phase_now() - start);
#pragma omp parallel num_threads(team)
    {
        phase_stop();
#pragma omp critical
        for (int p = 0; p < PHASES; p++)
            ticks[p] += (double)phase_clock.ticks[p];
    }
    for (int p = 0; p < PHASES; p++)
        m->phase_seconds[p] = sum_of_ranks(run->ranks, ticks[p] * tick) / (double)steps;
    return STATUS_OK;
}

/* The most that this process has had in memory, from Linux; 0 elsewhere. */
static double resident_bytes(void) {
    FILE *file = fopen("/proc/self/status", "r");
    char line[256];
    double kilobytes = 0.0;
    while (file && fgets(line, sizeof line, file))
        if (sscanf(line, "VmHWM: %lf kB", &kilobytes) == 1)
            break;
    if (file)
        fclose(file);
    return kilobytes * 1024.0;
}

static void measure_evaluation(Run *run, Measurement *m) {
    const Shard *shard = run->validation.total ? &run->validation : &run->test;
    run_evaluate(run, run->weights, shard);
    m->evaluation_images_per_second = run->evaluation_rate;
}

static Status measure(Run *run, const MeasureOptions *options, Measurement *m) {
    const Status status = run_allocate(run);
    if (options->temporary && run->ranks->rank == 0)
        unlink(options->temporary);
    STATUS_TRY(status);
    parameter_initialize(&run->table, run->job.seed, run->weights);
    epoch_order(run->job.seed, 0, run->train_images, run->order);
    post_next(run);
    STATUS_TRY(measure_rounds(run, options, m));
    STATUS_TRY(measure_phases(run, options->steps, m));
    measure_evaluation(run, m);
    m->resident_bytes = largest_of_ranks(run->ranks, resident_bytes());
    STATUS_TRY(bandwidth_now(run, PEAK_MEMORY_BYTES, &m->memory_bandwidth));
    return bandwidth_now(run, PEAK_CACHE_BYTES, &m->cache_bandwidth);
}

Status measure_steps(const Ranks *ranks, const Command *command, const MeasureOptions *options,
                     Measurement *measurement) {
    Run run = {.ranks = ranks,
               .command = command,
               .output = {.lock = -1},
               .any_order = options->any_order,
               .no_overlap = options->no_overlap};
    *measurement = (Measurement){.ranks = (size_t)ranks->size};
    Status status = run_read_job(&run, INFINITY);
    if (status == STATUS_OK) {
        display_advice(&run);
        const VitOptions vit = run_vit_options(&run);
        measurement->shape = run.shape;
        measurement->threads = run.threads;
        measurement->batch_size = whole_batch(&run);
        measurement->updated = sum_of_ranks(ranks, (double)run.partition.own_floats);
        size_t bytes;
        status = ranks_agree(ranks, vit_bytes(&run.shape, &run.table, &vit, &bytes));
        measurement->planned_bytes = (double)bytes;
        if (status == STATUS_OK)
            status = measure(&run, options, measurement);
    }
    run_free(&run);
    return status;
}
