#include "bench.h"

#include "vit/cpu.h"
#include "vit/data_file.h"
#include "vit/gemm.h"
#include "vit/kernels.h"
#include "vit/measure.h"
#include "vit/measuring.h"
#include "vit/memory.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- synthetic data: noise, in a file of its own that is gone afterwards ---- */

enum { SYNTHETIC_TRAIN = 4096, SYNTHETIC_TEST = 512, SYNTHETIC_CLASSES = 100 };
static const Picture synthetic_picture = {32, 32, 3}; /* as CIFAR's */

static Status fill_rows(DataRows *rows, size_t count) {
    const size_t bytes = picture_bytes(synthetic_picture);
    rows->count = count;
    STATUS_TRY(memory_allocate(&rows->images, count, bytes, "pictures"));
    STATUS_TRY(memory_allocate(&rows->labels, count, sizeof *rows->labels, "labels"));
    for (size_t i = 0; i < count * bytes; i++)
        rows->images[i] = (uint8_t)((i * 2654435761u) >> 13);
    for (size_t i = 0; i < count; i++)
        rows->labels[i] = (uint16_t)(i % SYNTHETIC_CLASSES);
    return STATUS_OK;
}

static Status write_synthetic(const char *path) {
    enum { WIDTH = 4 };
    DataSet set = {.picture = synthetic_picture,
                   .names = {.count = SYNTHETIC_CLASSES, .width = WIDTH}};
    snprintf(set.source, sizeof set.source, "noise of vit_bench");
    Status status = memory_allocate(&set.names.text, SYNTHETIC_CLASSES, WIDTH, "names");
    for (size_t i = 0; i < SYNTHETIC_CLASSES && status == STATUS_OK; i++)
        snprintf(set.names.text + i * WIDTH, WIDTH, "%zu", i);
    if (status == STATUS_OK)
        status = fill_rows(&set.split[SPLIT_TRAIN], SYNTHETIC_TRAIN);
    if (status == STATUS_OK)
        status = fill_rows(&set.split[SPLIT_TEST], SYNTHETIC_TEST);
    if (status == STATUS_OK)
        status = data_file_write(path, &set);
    data_set_free(&set);
    return status;
}

/* ---- the tables ---- */

/* Operations of a phase's matrix products, an image. */
static double phase_flops(const ModelShape *shape, Phase phase) {
    const ModelProducts p = model_products(shape, model_folds_attention(shape));
    switch (phase) {
    case PHASE_EMBED:
    case PHASE_EMBED_BACKWARD: /* pixels need no gradient */
        return 2 * p.embed;
    case PHASE_PROJECT:
        return 2 * p.project;
    case PHASE_PROJECT_BACKWARD:
        return 4 * p.project;
    case PHASE_ATTEND:
        return 2 * p.attend;
    case PHASE_ATTEND_BACKWARD:
        return 4 * p.attend;
    case PHASE_MLP:
        return 2 * p.mlp;
    case PHASE_MLP_BACKWARD:
        return 4 * p.mlp;
    case PHASE_HEAD:
        return 2 * p.head;
    case PHASE_HEAD_BACKWARD:
        return 4 * p.head;
    default:
        return 0.0;
    }
}

/* Bytes that the other phases read and write, an image, in cache. */
static double phase_bytes(const ModelShape *shape, Phase phase) {
    const double T = (double)shape->T, depth = (double)shape->depth;
    const double scores = depth * (double)shape->H * T * T;
    const double tokens = (2 * depth + 1) * T * (double)shape->D;
    double mlp = 0.0;
    for (size_t j = 0; j < shape->mlp.count; j++)
        mlp += depth * T * (double)shape->mlp.value[j];
    switch (phase) {
    case PHASE_SOFTMAX:
        return 18 * scores;
    case PHASE_SOFTMAX_BACKWARD:
        return 24 * scores;
    case PHASE_NORM:
        return 20 * tokens;
    case PHASE_NORM_BACKWARD:
        return 32 * tokens;
    case PHASE_GELU:
        return 14 * mlp;
    case PHASE_GELU_BACKWARD:
        return 16 * mlp;
    default:
        return 0.0;
    }
}

/* The least time for a phase, in thread-seconds a step, and what it is bound by. */
static double phase_bound(const Measurement *m, Phase phase, double peak, const char **by) {
    const double images = (double)m->batch_size, threads = (double)(m->ranks * m->threads);
    *by = "-";
    if (phase_flops(&m->shape, phase) > 0.0) {
        *by = "arithmetic";
        return images * phase_flops(&m->shape, phase) / (peak / threads);
    }
    if (phase == PHASE_UPDATE) {
        *by = "memory";
        return m->update_bytes * threads / m->memory_bandwidth;
    }
    if (phase_bytes(&m->shape, phase) > 0.0) {
        *by = "cache";
        return images * phase_bytes(&m->shape, phase) / (m->cache_bandwidth / threads);
    }
    return 0.0;
}

static void phase_table(const Bench *bench, const Measurement *m, double peak) {
    double total = 0.0;
    for (int p = 0; p < PHASES; p++)
        total += m->phase_seconds[p];
    bench_row(bench, 5,
              (const char *[]){"phase", "us/image", "% of time", "bound by", "% of bound"});
    for (int p = 0; p < PHASES; p++) {
        char text[3][24];
        const char *by;
        const double seconds = m->phase_seconds[p], bound = phase_bound(m, (Phase)p, peak, &by);
        bench_row(bench, 5,
                  (const char *[]){
                      phase_name((Phase)p),
                      bench_number(text[0], "%.1f", 1e6 * seconds / (double)m->batch_size),
                      bench_number(text[1], "%.2f", 100.0 * seconds / total), by,
                      bound > 0.0 ? bench_number(text[2], "%.1f", 100.0 * bound / seconds) : "-"});
    }
}

static void round_table(const Bench *bench, const Measurement *m) {
    const double flops = model_training_flops(&m->shape), done = model_executed_flops(&m->shape);
    bench_row(bench, 6,
              (const char *[]){"round", "images/s", "peak GFLOP/s", "% of peak", "executed GF/s",
                               "% of peak"});
    for (size_t r = 0; r < bench->rounds; r++) {
        const double rate = m->images_per_second[r], peak = m->peak_flops[r];
        char name[24], text[5][24];
        bench_row(bench, 6,
                  (const char *[]){bench_number(name, "%.0f", (double)(r + 1)),
                                   bench_number(text[0], "%.1f", rate),
                                   bench_number(text[1], "%.1f", 1e-9 * peak),
                                   bench_number(text[2], "%.3g", 100.0 * rate * flops / peak),
                                   bench_number(text[3], "%.3g", 1e-9 * rate * done),
                                   bench_number(text[4], "%.3g", 100.0 * rate * done / peak)});
    }
}

static int by_size(const void *a, const void *b) {
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(const double *values, size_t count) {
    double sorted[MEASURE_ROUNDS_MAX];
    memcpy(sorted, values, count * sizeof *sorted);
    qsort(sorted, count, sizeof *sorted, by_size);
    return count % 2 ? sorted[count / 2] : (sorted[count / 2 - 1] + sorted[count / 2]) / 2.0;
}

static void print_measurement(const Bench *bench, const Measurement *m) {
    char line[256], text[24];
    snprintf(line, sizeof line, "%zu rank%s x %zu thread%s, batches of %zu; %s kernels; %s",
             m->ranks, m->ranks == 1 ? "" : "s", m->threads, m->threads == 1 ? "" : "s",
             m->batch_size, cpu_level_name(kernels_best()->level), gemm_description());
    bench_heading(bench, line);
    snprintf(line, sizeof line,
             "%.4g GFLOP a training image layer by layer, of which %.4g are executed%s\n",
             1e-9 * model_training_flops(&m->shape), 1e-9 * model_executed_flops(&m->shape),
             model_folds_attention(&m->shape) ? " (attention folded)" : "");
    bench_heading(bench, line);
    round_table(bench, m);
    const double rate = median(m->images_per_second, bench->rounds);
    bench_heading(bench, "");
    const struct {
        const char *name, *format;
        double value;
    } list[] = {
        {"median images/s", "%.1f", rate},
        {"evaluation images/s", "%.1f", m->evaluation_images_per_second},
        {"evaluation / training", "%.2f", m->evaluation_images_per_second / rate},
        {"waiting for messages, %", "%.2f", 100.0 * waits_total(&m->wait_share)},
        {"  for samples", "%.2f", 100.0 * m->wait_share.samples},
        {"  for gradients", "%.2f", 100.0 * m->wait_share.gradients},
        {"  for the other ranks", "%.2f", 100.0 * m->wait_share.ranks},
        {"  for weights", "%.2f", 100.0 * m->wait_share.weights},
        {"model's memory a rank, MB", "%.0f", 1e-6 * m->planned_bytes},
        {"resident a rank at most, MB", "%.0f", 1e-6 * m->resident_bytes},
        {"memory GB/s", "%.1f", 1e-9 * m->memory_bandwidth},
        {"cache GB/s", "%.1f", 1e-9 * m->cache_bandwidth},
    };
    for (size_t i = 0; i < sizeof list / sizeof *list; i++)
        bench_row(
            bench, 2,
            (const char *[]){list[i].name, bench_number(text, list[i].format, list[i].value)});
    bench_heading(bench, "");
    phase_table(bench, m, median(m->peak_flops, bench->rounds));
}

static Status measure(const Bench *bench, const Command *command, const char *temporary) {
    Measurement *m;
    STATUS_TRY(memory_allocate(&m, 1, sizeof *m, "the measurement"));
    const MeasureOptions options = {
        .rounds = bench->rounds, .steps = bench->steps, .temporary = temporary};
    measuring_set(MEASURE_ANY_ORDER, bench->any_order);
    measuring_set(MEASURE_NO_OVERLAP, bench->no_overlap);
    const Status status = measure_steps(bench->ranks, command, &options, m);
    if (status == STATUS_OK)
        print_measurement(bench, m);
    memory_free(m);
    return status;
}

Status bench_step(const Bench *bench) {
    Command command = bench->command;
    char path[64], override[96];
    if (!bench->synthetic)
        return measure(bench, &command, NULL);
    /* In the current folder, which the ranks of all nodes share. */
    long number = (long)getpid();
    ranks_broadcast(bench->ranks, &number, sizeof number);
    snprintf(path, sizeof path, "vit_bench-%ld.h5", number);
    snprintf(override, sizeof override, "data.file=%s", path);
    command.overrides[command.override_count++] = override;
    const bool first = bench->ranks->rank == 0;
    Status status = ranks_agree(bench->ranks, first ? write_synthetic(path) : STATUS_OK);
    if (status == STATUS_OK)
        status = measure(bench, &command, path);
    if (first)
        unlink(path); /* in case that it failed before it was read */
    return status;
}
