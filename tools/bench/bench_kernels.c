#include "bench.h"

#include "vit/cpu.h"
#include "vit/kernels.h"
#include "vit/memory.h"
#include "vit/peak.h"
#include "vit/size.h"
#include <stdio.h>

/* The vector kernels at the model's sizes, one thread, arrays in cache but AdamW's. The bound is
 * the time in which the same bytes pass by at the bandwidth of y += x in the same place. As in
 * training denormals are flushed; the last column tells how much longer it takes where every value
 * that enters is denormal. */

typedef struct Arrays {
    const Kernels *kernels;
    size_t T, D, wide;            /* wide: of the MLP's first layer */
    size_t grid, taps;            /* of a local convolution; 0: none */
    size_t side, pooled, filters; /* of the first layer of a convolutional tokenizer; 0: none */
    float *a, *b, *c, *d, *e, *row, *col;
    uint16_t *words;
    Dropout dropout;
    size_t cell;  /* floats of the arrays in cache */
    size_t large; /* floats of the arrays in memory */
    float *w, *m, *v, *g;
    double sum;
} Arrays;

static void run_words(void *x) {
    Arrays *s = x;
    s->kernels->dropout_words(random_stream(1, RANDOM_DROPOUT, 2, 3, 4),
                              dropout_groups(s->T * s->T), s->words);
}
static void run_softmax(void *x) {
    Arrays *s = x;
    s->kernels->softmax(s->T, s->T, s->a, s->b, s->row, s->dropout);
}
static void run_softmax_backward(void *x) {
    Arrays *s = x;
    s->kernels->softmax_backward(s->T, s->T, s->c, s->row, 0.9f, s->a, s->b);
}
static void run_gelu(void *x) {
    Arrays *s = x;
    s->kernels->gelu(s->T, s->wide, s->col, s->dropout, s->a, s->b);
}
static void run_norm(void *x) {
    Arrays *s = x;
    s->kernels->layer_norm(s->T, s->D, s->c, s->col, s->col, 1e-6f, s->a, s->b, s->row);
}
static void run_norm_backward(void *x) {
    Arrays *s = x;
    s->kernels->layer_norm_backward(s->T, s->D, s->c, s->col, s->d, s->row, s->a, s->b, s->e);
}
static void run_transpose(void *x) {
    Arrays *s = x;
    s->kernels->transpose(s->T, s->D, s->c, s->D, s->a, s->T);
}
static void run_bias(void *x) {
    Arrays *s = x;
    s->kernels->add_bias(s->T, s->D, s->col, 1.0f, s->a);
}
static void run_column_sums(void *x) {
    Arrays *s = x;
    s->kernels->add_column_sums(s->T, s->D, s->c, s->a);
}
static void run_local(void *x) {
    Arrays *s = x;
    s->kernels->convolve_local(s->grid, s->wide, s->taps, s->c, s->col, s->a);
}
static void run_local_gradient(void *x) {
    Arrays *s = x;
    s->kernels->convolve_local_gradient(s->grid, s->wide, s->taps, s->c, s->d, s->a);
}
static void run_max_pool(void *x) {
    Arrays *s = x;
    s->kernels->max_pool(s->side, s->filters, s->d, (uint8_t *)s->words, s->a,
                         s->pooled * s->filters);
}
/* Of whatever choices are there. */
static void run_max_pool_backward(void *x) {
    Arrays *s = x;
    s->kernels->max_pool_backward(s->side, s->filters, (const uint8_t *)s->words, s->c, s->a);
}
static void run_exponential(void *x) {
    Arrays *s = x;
    s->kernels->exponential(s->T * s->T, s->c, s->a);
}
static void run_adamw(void *x) {
    Arrays *s = x;
    static const AdamwTerms terms = {1.0f, 0.1f, 0.001f, 1e-4f, 1e-3f, 1.0f, 1e-7f};
    s->kernels->adamw(s->large, terms, s->g, s->w, s->m, s->v);
}
static void run_sgd(void *x) {
    Arrays *s = x;
    static const SgdTerms terms = {1.0f, 0.9f, 1e-4f, 1e-3f};
    s->kernels->sgd(s->large, terms, s->g, s->w, s->v);
}
static void run_average(void *x) {
    Arrays *s = x;
    s->kernels->average(s->large, 0.001f, s->w, s->m);
}
static void run_squares(void *x) {
    Arrays *s = x;
    s->sum += s->kernels->sum_squares(s->large, s->g);
}

typedef enum Size {
    SIZE_SCORES,
    SIZE_TOKENS,
    SIZE_MLP,
    SIZE_LOCAL,
    SIZE_POOL,
    SIZE_LARGE,
    SIZES
} Size;

static const struct {
    const char *name;
    void (*run)(void *arrays);
    Size size;
    double bytes; /* read and written, an element */
} list[] = {
    {"exponential", run_exponential, SIZE_SCORES, 8},
    {"dropout words", run_words, SIZE_SCORES, 2},
    {"softmax with dropout", run_softmax, SIZE_SCORES, 18},
    {"softmax, backward", run_softmax_backward, SIZE_SCORES, 24},
    {"bias, GELU, dropout", run_gelu, SIZE_MLP, 14},
    {"layer norm", run_norm, SIZE_TOKENS, 20},
    {"layer norm, backward", run_norm_backward, SIZE_TOKENS, 24},
    {"transpose", run_transpose, SIZE_TOKENS, 8},
    {"bias", run_bias, SIZE_TOKENS, 8},
    {"column sums", run_column_sums, SIZE_TOKENS, 4},
    {"local convolution", run_local, SIZE_LOCAL, 12},
    {"local convolution, gradient", run_local_gradient, SIZE_LOCAL, 8},
    {"max-pooling", run_max_pool, SIZE_POOL, 5.25},
    {"max-pooling, backward", run_max_pool_backward, SIZE_POOL, 5.25},
    {"AdamW (memory)", run_adamw, SIZE_LARGE, 28},
    {"SGD (memory)", run_sgd, SIZE_LARGE, 20},
    {"moving average (memory)", run_average, SIZE_LARGE, 12},
    {"sum of squares (memory)", run_squares, SIZE_LARGE, 4},
};

/* Scores and pre-activations of ordinary size, positive rows and gains. */
static void fill(Arrays *arrays) {
    for (size_t i = 0; i < arrays->cell; i++) {
        arrays->a[i] = arrays->b[i] = arrays->e[i] = 0.0f;
        arrays->c[i] = -(float)(i % 97) / 32.0f;
        arrays->d[i] = (float)(i % 31) / 16.0f - 1.0f;
        arrays->row[i] = arrays->col[i] = 0.5f;
    }
    for (size_t i = 0; i < arrays->large; i++)
        arrays->w[i] = arrays->m[i] = arrays->v[i] = arrays->g[i] = 0.0f;
}

/* The same with denormals of either sign in place of everything. */
static void fill_with_denormals(Arrays *arrays) {
    float *const cell[] = {arrays->a, arrays->b,   arrays->c,  arrays->d,
                           arrays->e, arrays->row, arrays->col};
    float *const large[] = {arrays->w, arrays->m, arrays->v, arrays->g};
    for (size_t f = 0; f < sizeof cell / sizeof *cell; f++)
        for (size_t i = 0; i < arrays->cell; i++)
            cell[f][i] = (i % 2 ? -1e-39f : 1e-39f) / (float)(1 + i % 97);
    for (size_t f = 0; f < sizeof large / sizeof *large; f++)
        for (size_t i = 0; i < arrays->large; i++)
            large[f][i] = 1e-39f / (float)(1 + i % 97);
}

/* Of one call, from arrays that were filled so. */
static double seconds_of(size_t i, Arrays *arrays, void (*fill_arrays)(Arrays *arrays)) {
    fill_arrays(arrays);
    return bench_seconds(list[i].run, arrays);
}

static size_t elements_of(const Arrays *arrays, Size size) {
    const size_t elements[SIZES] = {
        [SIZE_SCORES] = arrays->T * arrays->T,
        [SIZE_TOKENS] = arrays->T * arrays->D,
        [SIZE_MLP] = arrays->T * arrays->wide,
        [SIZE_LOCAL] = arrays->taps ? arrays->grid * arrays->grid * arrays->wide : 0,
        [SIZE_POOL] = arrays->side * arrays->side * arrays->filters,
        [SIZE_LARGE] = arrays->large};
    return elements[size];
}

/* Nothing for a kernel that the model has no use for. */
static void kernel_row(const Bench *bench, size_t i, Arrays *arrays, double cache, double memory) {
    const double count = (double)elements_of(arrays, list[i].size);
    if (count == 0.0)
        return;
    const double seconds = seconds_of(i, arrays, fill);
    const double with_denormals = seconds_of(i, arrays, fill_with_denormals);
    const double bandwidth = list[i].size == SIZE_LARGE ? memory : cache;
    char text[4][24];
    bench_row(bench, 5,
              (const char *[]){list[i].name, bench_number(text[0], "%.4f", 1e9 * seconds / count),
                               bench_number(text[1], "%.2f", 1e6 * seconds),
                               bench_number(text[2], "%.1f",
                                            100.0 * list[i].bytes * count / bandwidth / seconds),
                               bench_number(text[3], "%.2f", with_denormals / seconds)});
}

static Status measure_levels(const Bench *bench, Arrays *arrays) {
    double cache, memory;
    STATUS_TRY(peak_bandwidth(1, PEAK_CACHE_BYTES, &cache));
    STATUS_TRY(peak_bandwidth(1, PEAK_MEMORY_BYTES, &memory));
    for (int level = CPU_LEVELS - 1; level >= 0; level--) {
        arrays->kernels = kernels_at((CpuLevel)level);
        if (!arrays->kernels)
            continue;
        bench_row(bench, 5,
                  (const char *[]){cpu_level_name((CpuLevel)level), "ns/element", "us",
                                   "% of bandwidth", "time with denormals"});
        for (size_t i = 0; i < sizeof list / sizeof *list; i++)
            kernel_row(bench, i, arrays, cache, memory);
    }
    return STATUS_OK;
}

static Arrays arrays_of(const ModelShape *shape) {
    Arrays arrays = {.T = shape->T,
                     .D = shape->D,
                     .wide = shape->mlp.value[0],
                     .grid = shape->grid,
                     .taps = shape->mlp_convolution,
                     .large = 1 << 23};
    if (shape->convolutions) {
        arrays.side = model_convolution_side(shape, 0);
        arrays.pooled = model_convolution_side(shape, 1);
        arrays.filters = model_convolution_width(shape, 1);
    }
    size_t cell = size_larger(arrays.taps * arrays.taps * arrays.wide,
                              (arrays.side + 2) * (arrays.side + 2) * arrays.filters);
    for (Size size = 0; size < SIZE_LARGE; size++)
        cell = size_larger(cell, elements_of(&arrays, size));
    arrays.cell = (cell + DROPOUT_GROUP) / 16 * 16;
    return arrays;
}

Status bench_kernels(const Bench *bench, const ModelShape *shape) {
    Arrays arrays = arrays_of(shape);
    float *memory = NULL, *large = NULL;
    Status status = memory_allocate(&memory, 8 * arrays.cell, sizeof *memory, "arrays");
    if (status == STATUS_OK)
        status = memory_allocate(&large, 4 * arrays.large, sizeof *large, "arrays");
    if (status == STATUS_OK) {
        float **const cells[] = {&arrays.a, &arrays.b,   &arrays.c,  &arrays.d,
                                 &arrays.e, &arrays.row, &arrays.col};
        for (size_t i = 0; i < 7; i++)
            *cells[i] = memory + i * arrays.cell;
        arrays.words = (uint16_t *)(void *)(memory + 7 * arrays.cell);
        arrays.dropout = (Dropout){arrays.words, 58982, 65536.0f / 58982.0f};
        arrays.w = large, arrays.m = large + arrays.large;
        arrays.v = large + 2 * arrays.large, arrays.g = large + 3 * arrays.large;
        status = measure_levels(bench, &arrays);
    }
    memory_free(memory);
    memory_free(large);
    return status;
}
