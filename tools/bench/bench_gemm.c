#include "bench.h"

#include "vit/gemm.h"
#include "vit/memory.h"
#include "vit/peak.h"
#include <stdio.h>

/* The small products of the tokenizer and of one block, as tokenizer.c, attend.c, attention.c and
 * mlp.c plan them; one thread, operands in cache. */

typedef struct Product {
    char name[64];
    GemmForm form;
    size_t m, n, k;
    bool accumulate;
} Product;

enum { PRODUCTS_MAX = 8 + 3 * JOB_LIST_MAX + 2 * (JOB_LIST_MAX + 1) };

static void add_product(Product *list, size_t *count, const char *name, GemmForm form, size_t m,
                        size_t n, size_t k, bool accumulate) {
    Product *product = &list[(*count)++];
    *product = (Product){.form = form, .m = m, .n = n, .k = k, .accumulate = accumulate};
    snprintf(product->name, sizeof product->name, "%s", name);
}

/* Of a tap of its kernel: along a row, and its gradient. */
static void add_convolution(const ModelShape *shape, size_t i, Product *list, size_t *count) {
    char name[64];
    const size_t side = model_convolution_side(shape, i), in = model_convolution_width(shape, i);
    const size_t out = model_convolution_width(shape, i + 1);
    snprintf(name, sizeof name, "convolution %zu, a tap", i);
    add_product(list, count, name, GEMM_NN, side, out, in, true);
    snprintf(name, sizeof name, "convolution %zu, gradient of a tap", i);
    add_product(list, count, name, GEMM_TN, in, out, side * (side + 2) - 2, true);
}

static size_t list_products(const ModelShape *shape, Product *list) {
    const size_t T = shape->T, D = shape->D;
    const size_t W = model_folds_attention(shape) ? D : shape->K;
    size_t count = 0, in = D;
    if (shape->tokenizer == TOKENIZER_PATCH)
        add_product(list, &count, "patch embedding", GEMM_NN, shape->grid * shape->grid, D,
                    shape->patch_values, false);
    for (size_t i = 0; i < shape->convolutions; i++)
        add_convolution(shape, i, list, &count);
    add_product(list, &count, "projection", GEMM_NN, T, W, D, false);
    add_product(list, &count, "scores", GEMM_NN, T, T, W, false);
    add_product(list, &count, "probabilities x values", GEMM_NN, T, W, T, false);
    add_product(list, &count, "the same, transposed", GEMM_TN, T, W, T, false);
    add_product(list, &count, "gradient of x", GEMM_NN, T, D, W, true);
    add_product(list, &count, "gradient of the projection", GEMM_TN, D, W, T, true);
    for (size_t j = 0; j < shape->mlp.count; j++) {
        char name[64];
        const size_t out = shape->mlp.value[j];
        snprintf(name, sizeof name, "MLP layer %zu", j);
        add_product(list, &count, name, GEMM_NN, T, out, in, false);
        snprintf(name, sizeof name, "MLP layer %zu, gradient of input", j);
        add_product(list, &count, name, GEMM_NN, T, in, out, false);
        snprintf(name, sizeof name, "MLP layer %zu, of weights", j);
        add_product(list, &count, name, GEMM_TN, in, out, T, true);
        in = out;
    }
    return count;
}

typedef struct Call {
    Gemm gemm;
    float *a, *b, *c;
} Call;

static void run_call(void *context) {
    const Call *call = context;
    gemm_run(&call->gemm, call->a, call->b, call->c);
}

static double flops_of(const Product *p, GemmBackend backend, Call *call) {
    const size_t lda = p->form == GEMM_TN ? p->m : p->k;
    gemm_plan_with(backend, &call->gemm, p->form, p->m, p->n, p->k, lda, p->n, p->n, p->accumulate);
    return 2.0 * (double)p->m * (double)p->n * (double)p->k / bench_seconds(run_call, call);
}

static void product_row(const Bench *bench, const Product *p, Call *call) {
    char shape[40], text[5][24];
    snprintf(shape, sizeof shape, "%zux%zux%zu", p->m, p->n, p->k);
    const double peak = peak_flops(1);
    const char *cell[6] = {p->name, shape, "-", "-", "-", "-"};
    if (gemm_has(GEMM_XSMM)) {
        const double flops = flops_of(p, GEMM_XSMM, call);
        cell[2] = bench_number(text[0], "%.1f", 1e-9 * flops);
        cell[3] = bench_number(text[1], "%.1f", 100.0 * flops / peak);
    }
    const double flops = flops_of(p, GEMM_BLIS, call);
    cell[4] = bench_number(text[2], "%.1f", 1e-9 * flops);
    cell[5] = bench_number(text[3], "%.1f", 100.0 * flops / peak);
    bench_row(bench, 6, cell);
}

Status bench_gemm(const Bench *bench, const ModelShape *shape) {
    Product list[PRODUCTS_MAX];
    const size_t count = list_products(shape, list);
    size_t most = 0;
    for (size_t i = 0; i < count; i++) {
        const size_t sizes[3] = {list[i].m * list[i].k, list[i].k * list[i].n,
                                 list[i].m * list[i].n};
        for (int s = 0; s < 3; s++)
            most = sizes[s] > most ? sizes[s] : most;
    }
    float *memory;
    STATUS_TRY(memory_allocate(&memory, 3 * most, sizeof *memory, "matrices"));
    Call call = {.a = memory, .b = memory + most, .c = memory + 2 * most};
    bench_heading(bench, gemm_description());
    bench_row(bench, 6,
              (const char *[]){"product", "m x n x k", "LIBXSMM GF/s", "% of peak", "BLIS GF/s",
                               "% of peak"});
    for (size_t i = 0; i < count; i++)
        product_row(bench, &list[i], &call);
    memory_free(memory);
    return STATUS_OK;
}
