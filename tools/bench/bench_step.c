#include "bench.h"

#include "synth_set.h"
#include "vit/cpu.h"
#include "vit/data_set.h"
#include "vit/gemm.h"
#include "vit/kernels.h"
#include "vit/measure.h"
#include "vit/measuring.h"
#include "vit/memory.h"
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

/* ---- synthetic data: pictures of vit_data synth, in a file of its own that is gone afterwards
 * ---- */

/* From which a model learns, so that its numbers become a trained one's; in 100 classes, as
 * CIFAR-100's. */
static const SynthOptions synthetic = {.classes = 100, .train = 8192, .test = 512, .seed = 1};

static Status write_synthetic(const char *path) {
    DataSet set;
    Status status = synth_set(&synthetic, &set);
    if (status == STATUS_OK)
        status = data_set_write(path, &set);
    data_set_free(&set);
    return status;
}

/* ---- the tables ---- */

/* Operations of a phase's matrix products, an image. */
static double phase_flops(const ModelShape *shape, Phase phase) {
    const ModelProducts p = model_products(shape, model_folds_attention(shape));
    switch (phase) {
    case PHASE_EMBED:
        return 2 * p.embed;
    case PHASE_EMBED_BACKWARD: /* pixels need no gradient */
        return 4 * p.embed - 2 * model_first_products(shape);
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
    const double local = shape->mlp_convolution ? depth * T * (double)shape->mlp.value[0] : 0.0;
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
    case PHASE_LOCAL:
        return 28 * local;
    case PHASE_LOCAL_BACKWARD:
        return 32 * local;
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

/* The state that is measured, and how it came about. */
static void say_state(const Bench *bench, const Measurement *m) {
    char line[256], from[160] = "the initial weights";
    if (bench->checkpoint)
        snprintf(from, sizeof from, "%.100s, step %" PRIu64, bench->checkpoint, m->first_step);
    else if (bench->denormals)
        snprintf(from, sizeof from, "weights that make denormals abound, learning rate 0");
    if (!m->warm_up.automatic)
        snprintf(line, sizeof line, "%zu steps after %s", m->warm_up.steps, from);
    else
        snprintf(line, sizeof line, "%zu steps after %s: the speed %s (last change %+.1f %%)",
                 m->warm_up.steps, from, m->warm_up.settled ? "has settled" : "HAS NOT SETTLED",
                 100.0 * m->warm_up.change);
    bench_heading(bench, line);
}

/* In % of all threads' time. */
static double waiting_of_threads(const Measurement *m) {
    double total = 0.0;
    for (int p = 0; p < PHASES; p++)
        total += m->phase_seconds[p];
    return 100.0 * m->phase_seconds[PHASE_WAIT] / total;
}

/* One a line. */
static void figure_table(const Bench *bench, const Measurement *m) {
    char text[24];
    const struct {
        const char *name, *format;
        double value;
    } list[] = {
        {"median images/s", "%.1f", m->median_rate},
        {"% of peak", "%.3g",
         100.0 * m->median_rate * model_training_flops(&m->shape) / m->median_peak},
        {"evaluation images/s", "%.1f", m->evaluation_images_per_second},
        {"evaluation / training", "%.2f", m->evaluation_images_per_second / m->median_rate},
        {"waiting for messages, %", "%.2f", 100.0 * waits_total(&m->wait_share)},
        {"  for samples", "%.2f", 100.0 * m->wait_share.samples},
        {"  for gradients", "%.2f", 100.0 * m->wait_share.gradients},
        {"  for the other ranks", "%.2f", 100.0 * m->wait_share.ranks},
        {"  for weights", "%.2f", 100.0 * m->wait_share.weights},
        {"waiting for threads, %", "%.2f", waiting_of_threads(m)},
        {"steps before", "%.0f", (double)m->warm_up.steps},
        {"denormal optimizer states, %", "%.2f", 100.0 * m->denormal_share},
        {"model's memory a rank, MB", "%.0f", 1e-6 * m->planned_bytes},
        {"resident a rank at most, MB", "%.0f", 1e-6 * m->resident_bytes},
        {"memory GB/s", "%.1f", 1e-9 * m->memory_bandwidth},
        {"cache GB/s", "%.1f", 1e-9 * m->cache_bandwidth},
    };
    for (size_t i = 0; i < sizeof list / sizeof *list; i++)
        bench_row(
            bench, 2,
            (const char *[]){list[i].name, bench_number(text, list[i].format, list[i].value)});
}

static void print_measurement(const Bench *bench, const Measurement *m) {
    char line[256];
    snprintf(line, sizeof line, "%zu rank%s x %zu thread%s, batches of %zu; %s kernels; %s",
             m->ranks, m->ranks == 1 ? "" : "s", m->threads, m->threads == 1 ? "" : "s",
             m->batch_size, cpu_level_name(kernels_best()->level), gemm_description());
    bench_heading(bench, line);
    snprintf(line, sizeof line,
             "%.4g GFLOP a training image layer by layer, of which %.4g are executed%s",
             1e-9 * model_training_flops(&m->shape), 1e-9 * model_executed_flops(&m->shape),
             model_folds_attention(&m->shape) ? " (attention folded)" : "");
    bench_heading(bench, line);
    say_state(bench, m);
    bench_heading(bench, "");
    round_table(bench, m);
    bench_heading(bench, "");
    figure_table(bench, m);
    bench_heading(bench, "");
    phase_table(bench, m, m->median_peak);
}

/* temporary: removed once it has been read; or NULL. */
static Status measure(const Bench *bench, const Command *command, const char *temporary) {
    Measurement *m;
    STATUS_TRY(memory_allocate(&m, 1, sizeof *m, "the measurement"));
    const MeasureOptions options = {.rounds = bench->rounds,
                                    .steps = bench->steps,
                                    .checkpoint = bench->checkpoint,
                                    .denormals = bench->denormals,
                                    .warm_up = bench->warm_up_steps,
                                    .warm_up_auto = bench->warm_up_auto,
                                    .temporary = temporary};
    measuring_set(MEASURE_ANY_ORDER, bench->any_order);
    measuring_set(MEASURE_NO_OVERLAP, bench->no_overlap);
    measuring_set(MEASURE_DENORMALS, bench->keep_denormals);
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
