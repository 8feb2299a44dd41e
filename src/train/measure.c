#include "vit/measure.h"

#include "evaluation.h"
#include "measure_run.h"
#include "overview.h"
#include "vit/memory.h"
#include "vit/peak.h"
#include <math.h>
#include <stdio.h>
#include <unistd.h>

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

/* ---- speed ---- */

/* What a number of steps took. */
typedef struct Timed {
    double seconds;
    Waits waits; /* this rank's, of these */
} Timed;

static void add_waits_since(const Trainer *trainer, Waits before, Waits *sum) {
    const Waits now = trainer_waits(trainer);
    sum->samples += now.samples - before.samples;
    sum->gradients += now.gradients - before.gradients;
    sum->ranks += now.ranks - before.ranks;
    sum->weights += now.weights - before.weights;
}

/* From one step's end to another's, with the weights under way at both, as within a run: the step
 * that leads in does not count. */
static Status time_steps(Training *training, size_t steps, Timed *sum) {
    STATUS_TRY(measure_run_steps(training, 1));
    const Waits before = trainer_waits(&training->trainer);
    const double start = MPI_Wtime();
    STATUS_TRY(measure_run_steps(training, steps));
    sum->seconds += MPI_Wtime() - start;
    add_waits_since(&training->trainer, before, &sum->waits);
    training_settle(training);
    return STATUS_OK;
}

static void share_waits(const Plan *plan, const Timed *timed, Measurement *m) {
    const Ranks *ranks = plan->ranks;
    const double share = 1.0 / (timed->seconds * (double)ranks->size);
    m->wait_share = (Waits){.samples = share * sum_of_ranks(ranks, timed->waits.samples),
                            .gradients = share * sum_of_ranks(ranks, timed->waits.gradients),
                            .ranks = share * sum_of_ranks(ranks, timed->waits.ranks),
                            .weights = share * sum_of_ranks(ranks, timed->waits.weights)};
}

static Status measure_rounds(Training *training, const MeasureOptions *options, Measurement *m) {
    const Plan *plan = training->plan;
    Timed all = {0};
    for (size_t r = 0; r < options->rounds; r++) {
        const double peak = peak_now(plan), before = all.seconds;
        STATUS_TRY(time_steps(training, options->steps, &all));
        m->peak_flops[r] = fmax(peak, peak_now(plan));
        m->images_per_second[r] = (double)(options->steps * m->batch_size) / (all.seconds - before);
    }
    share_waits(plan, &all, m);
    m->median_rate = measure_run_median(m->images_per_second, options->rounds);
    m->median_peak = measure_run_median(m->peak_flops, options->rounds);
    return STATUS_OK;
}

/* A round of its own, since looking at the clock costs a little. */
static Status measure_phases(Training *training, size_t steps, Measurement *m) {
    const Plan *plan = training->plan;
    double ticks[PHASES] = {0};
    STATUS_TRY(measure_run_steps(training, 1));
#pragma omp parallel num_threads((int)plan->threads)
    phase_start();
    const uint64_t start = phase_now();
    const double began = MPI_Wtime();
    STATUS_TRY(measure_run_steps(training, steps));
    const double tick = (MPI_Wtime() - began) / (double)(phase_now() - start);
#pragma omp parallel num_threads((int)plan->threads)
    {
        phase_stop();
#pragma omp critical
        for (int p = 0; p < PHASES; p++)
            ticks[p] += (double)phase_clock.ticks[p];
    }
    for (int p = 0; p < PHASES; p++)
        m->phase_seconds[p] = sum_of_ranks(plan->ranks, ticks[p] * tick) / (double)steps;
    training_settle(training);
    return STATUS_OK;
}

static void measure_evaluation(Trainer *trainer, Measurement *m) {
    const Input *input = &trainer->input;
    evaluation_run(trainer, trainer->weights,
                   input->validation.total ? &input->validation : &input->test);
    m->evaluation_images_per_second = trainer->evaluation_rate;
}

/* ---- memory, and what is in it ---- */

/* The largest so far is no longer remembered: on Linux; elsewhere nothing happens. */
static void forget_resident_peak(void) {
    FILE *file = fopen("/proc/self/clear_refs", "w");
    if (!file)
        return;
    fputs("5", file);
    fclose(file);
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

static size_t count_denormals(const float *values, size_t count) {
    size_t found = 0;
    for (size_t i = 0; i < count; i++)
        found += fpclassify(values[i]) == FP_SUBNORMAL;
    return found;
}

/* Of the states, which are brought to rank 0 for it; known there only. */
static Status count_in_states(const Trainer *trainer, Measurement *m) {
    const Plan *plan = trainer->plan;
    const size_t floats = plan->table.floats, states = plan->states.count;
    const bool first = plan->ranks->rank == 0;
    float *state[OPTIMIZER_STATES_MOST] = {NULL};
    Status status = STATUS_OK;
    for (size_t s = 0; first && s < states && status == STATUS_OK; s++)
        status = memory_allocate(&state[s], floats, sizeof(float), "the optimizer's states");
    status = ranks_agree(plan->ranks, status);
    if (status == STATUS_OK)
        optimizer_collect(trainer->optimizer, state);
    for (size_t s = 0; s < OPTIMIZER_STATES_MOST; s++) {
        if (status == STATUS_OK && state[s])
            m->denormal_share +=
                (double)count_denormals(state[s], floats) / (double)(states * floats);
        memory_free(state[s]);
    }
    return status;
}

/* ---- all of it ---- */

static Status measure_with(Training *training, const MeasureOptions *options, Measurement *m) {
    const Plan *plan = training->plan;
    STATUS_TRY(measure_run_begin(training, options));
    m->first_step = training->progress.step;
    if (options->checkpoint)
        forget_resident_peak(); /* rank 0 has had all states, to read them */
    STATUS_TRY(measure_run_warm_up(training, options, &m->warm_up));
    STATUS_TRY(measure_rounds(training, options, m));
    STATUS_TRY(measure_phases(training, options->steps, m));
    measure_evaluation(&training->trainer, m);
    m->resident_bytes = largest_of_ranks(plan->ranks, resident_bytes());
    STATUS_TRY(count_in_states(&training->trainer, m));
    STATUS_TRY(bandwidth_now(plan, PEAK_MEMORY_BYTES, &m->memory_bandwidth));
    return bandwidth_now(plan, PEAK_CACHE_BYTES, &m->cache_bandwidth);
}

static Status measure_training(const Plan *plan, const MeasureOptions *options, Measurement *m) {
    Training training;
    Status status = training_init(&training, plan, false);
    if (options->temporary && plan->ranks->rank == 0)
        unlink(options->temporary);
    if (status == STATUS_OK)
        status = measure_with(&training, options, m);
    training_free(&training);
    return status;
}

/* Of a step, on this rank. The norm reads the gradient, the update once more; it reads and writes
 * the weights and each state. */
static double update_bytes(const Plan *plan) {
    const size_t floats = 2 + 2 * (1 + plan->states.count);
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
    measure_run_adapt(plan, options);
    STATUS_TRY(describe(plan, m));
    return measure_training(plan, options, m);
}

Status measure_steps(const Ranks *ranks, const Command *command, const MeasureOptions *options,
                     Measurement *measurement) {
    Plan plan = {0};
    *measurement = (Measurement){.ranks = (size_t)ranks->size};
    const Status status = measure(&plan, ranks, command, options, measurement);
    plan_free(&plan);
    return status;
}
