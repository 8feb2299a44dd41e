#include "vit/measure.h"

#include "evaluation.h"
#include "overview.h"
#include "step.h"
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
static double peak_now(const Plan *plan) {
    MPI_Barrier(plan->ranks->comm);
    return sum_of_ranks(plan->ranks, peak_flops(plan->threads));
}

static Status bandwidth_now(const Plan *plan, size_t array_bytes, double *bandwidth) {
    double mine;
    MPI_Barrier(plan->ranks->comm);
    const Status status = peak_bandwidth(plan->threads, array_bytes, &mine);
    *bandwidth = sum_of_ranks(plan->ranks, mine);
    return ranks_agree(plan->ranks, status);
}

/* As loop.c does: the next batch is on its way during a step. A step that is not finite counts. */
static double take_steps(Trainer *trainer, Progress *at, size_t steps) {
    const MPI_Comm comm = trainer->plan->ranks->comm;
    MPI_Barrier(comm);
    const double start = MPI_Wtime();
    for (size_t i = 0; i < steps; i++) {
        const StepResult result = step_take(trainer, at, (StepAsk){0});
        at->step++;
        at->adam_step += result.finite;
    }
    optimizer_settle(trainer->optimizer);
    MPI_Barrier(comm);
    return MPI_Wtime() - start;
}

static void measure_waits(const Trainer *trainer, Waits before, double seconds, Measurement *m) {
    const Ranks *ranks = trainer->plan->ranks;
    const Waits now = trainer_waits(trainer);
    const double share = 1.0 / (seconds * (double)ranks->size);
    m->wait_share =
        (Waits){.samples = share * sum_of_ranks(ranks, now.samples - before.samples),
                .gradients = share * sum_of_ranks(ranks, now.gradients - before.gradients),
                .ranks = share * sum_of_ranks(ranks, now.ranks - before.ranks),
                .weights = share * sum_of_ranks(ranks, now.weights - before.weights)};
}

static void measure_rounds(Trainer *trainer, Progress *at, const MeasureOptions *options,
                           Measurement *m) {
    double total = 0.0;
    take_steps(trainer, at, WARM_UP);
    const Waits before = trainer_waits(trainer);
    for (size_t r = 0; r < options->rounds; r++) {
        const double peak = peak_now(trainer->plan);
        const double seconds = take_steps(trainer, at, options->steps);
        m->peak_flops[r] = fmax(peak, peak_now(trainer->plan));
        m->images_per_second[r] = (double)(options->steps * m->batch_size) / seconds;
        total += seconds;
    }
    measure_waits(trainer, before, total, m);
}

/* A round of its own, since looking at the clock costs a little. */
static void measure_phases(Trainer *trainer, Progress *at, size_t steps, Measurement *m) {
    const Plan *plan = trainer->plan;
    double ticks[PHASES] = {0};
#pragma omp parallel num_threads((int)plan->threads)
    phase_start();
    const uint64_t start = phase_now();
    const double seconds = take_steps(trainer, at, steps);
    const double tick = seconds / (double)(phase_now() - start);
#pragma omp parallel num_threads((int)plan->threads)
    {
        phase_stop();
#pragma omp critical
        for (int p = 0; p < PHASES; p++)
            ticks[p] += (double)phase_clock.ticks[p];
    }
    for (int p = 0; p < PHASES; p++)
        m->phase_seconds[p] = sum_of_ranks(plan->ranks, ticks[p] * tick) / (double)steps;
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

static void measure_evaluation(Trainer *trainer, Measurement *m) {
    const Input *input = &trainer->input;
    evaluation_run(trainer, trainer->weights,
                   input->validation.total ? &input->validation : &input->test);
    m->evaluation_images_per_second = trainer->evaluation_rate;
}

static Status measure_with(Trainer *trainer, const Plan *plan, const MeasureOptions *options,
                           Measurement *m) {
    Progress at = {0};
    const Status status = trainer_init(trainer, plan, true);
    if (options->temporary && plan->ranks->rank == 0)
        unlink(options->temporary);
    STATUS_TRY(status);
    partition_initialize(&plan->partition, &plan->table, plan->job.seed, plan->ranks->rank,
                         trainer->weights);
    trainer->input.endless = true;
    input_begin(&trainer->input, 0, 0);
    measure_rounds(trainer, &at, options, m);
    measure_phases(trainer, &at, options->steps, m);
    measure_evaluation(trainer, m);
    m->resident_bytes = largest_of_ranks(plan->ranks, resident_bytes());
    STATUS_TRY(bandwidth_now(plan, PEAK_MEMORY_BYTES, &m->memory_bandwidth));
    return bandwidth_now(plan, PEAK_CACHE_BYTES, &m->cache_bandwidth);
}

/* Of a step, on this rank. The norm reads the gradient, the update once more; it reads and writes
 * the weights and each state. */
static double update_bytes(const Plan *plan) {
    const size_t floats = 2 + 2 * (1 + plan->rule->states);
    return (double)(plan->partition.own_floats * floats * sizeof(float));
}

/* What is known before anything is measured. */
static Status describe(const Plan *plan, Measurement *m) {
    const VitOptions vit = plan_vit_options(plan);
    size_t bytes;
    m->shape = plan->shape;
    m->threads = plan->threads;
    m->batch_size = plan_batch_at(plan, 0);
    m->update_bytes = sum_of_ranks(plan->ranks, update_bytes(plan));
    const Status status =
        ranks_agree(plan->ranks, vit_bytes(&plan->shape, &plan->table, &vit, &bytes));
    m->planned_bytes = (double)bytes;
    return status;
}

static Status measure(Plan *plan, const Ranks *ranks, const Command *command,
                      const MeasureOptions *options, Measurement *m) {
    STATUS_TRY(plan_read(plan, ranks, command, INFINITY));
    overview_show_advice(plan);
    STATUS_TRY(describe(plan, m));
    Trainer trainer = {0};
    const Status status = measure_with(&trainer, plan, options, m);
    trainer_free(&trainer);
    return status;
}

Status measure_steps(const Ranks *ranks, const Command *command, const MeasureOptions *options,
                     Measurement *measurement) {
    Plan plan = {0};
    *measurement = (Measurement){.ranks = (size_t)ranks->size};
    const Status status = measure(&plan, ranks, command, options, measurement);
    plan_free(&plan);
    return status;
}
