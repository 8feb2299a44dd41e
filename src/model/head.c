#include "head.h"

#include "vit/gemm.h"
#include "vit/measuring.h"
#include "vit/memory.h"
#include "vit/size.h"
#include "vit/team.h"
#include <math.h>
#include <omp.h>
#include <string.h>

void head_plan(Head *head, const ModelShape *shape, const ParameterTable *table,
               const Kernels *kernels, size_t threads, size_t batch_size) {
    *head = (Head){.shape = shape,
                   .table = table,
                   .kernels = kernels,
                   .threads = threads,
                   .batch_size = batch_size,
                   .any_order = measuring_is_on(MEASURE_ANY_ORDER),
                   .layers = model_head_layers(shape)};
    for (size_t j = 0; j <= head->layers; j++)
        head->width[j] = model_head_width(shape, j);
    for (size_t j = 0; j < head->layers; j++)
        head->fat[j] = model_layer_is_fat(head->width[j], head->width[j + 1], batch_size);
}

void head_stash_place(HeadStash *stash, const Head *head, size_t images, size_t chunk,
                      size_t unit_images, size_t nodes, Arena *arena) {
    size_t room = gemm_units_room(head->threads, images, unit_images);
    for (size_t j = 0; j < head->layers; j++) {
        const size_t in = head->width[j], out = head->width[j + 1];
        stash->input[j] = arena_take(arena, images * in);
        stash->delta[j] = arena_take(arena, images * out);
        if (j + 1 < head->layers)
            stash->slope[j] = arena_take(arena, chunk * out);
        room = size_larger(room, gemm_wide_room(head->threads, chunk, out, in));
        room = size_larger(room, gemm_wide_room(head->threads, chunk, in, out));
        if (head->fat[j] || head->any_order)
            room = size_larger(room, gemm_wide_room(head->threads, in, out, head->batch_size));
        /* A tensor's room in a flat vector is whole lines, and a kernel's node has the same. */
        for (size_t n = 0; n < nodes && !head->fat[j]; n++)
            stash->node[j][n] = arena_take(arena, size_round_up(in * out, MEMORY_LINE_FLOATS));
    }
    stash->logits = arena_take(arena, chunk * head->width[head->layers]);
    stash->dfeatures = arena_take(arena, chunk * head->width[0]);
    stash->room = arena_take(arena, room);
}

/* h_{j+1} = dropout(gelu(h_j W_j + b_j)); logits = h_last W + b. */
void head_forward(const Head *head, const float *weights, size_t first, size_t B,
                  const uint32_t *sample, const DropoutSource *sources, HeadStash *stash) {
    const Kernels *kernels = head->kernels;
    for (size_t j = 0; j < head->layers; j++) {
        const size_t in = head->width[j], out = head->width[j + 1];
        const bool last = j + 1 == head->layers;
        const float *bias = weights + head->table->head_bias[j];
        float *output = last ? stash->logits : stash->input[j + 1] + first * out;
        gemm_wide(head->threads, GEMM_NN, B, out, in, stash->input[j] + first * in, in,
                  weights + head->table->head_kernel[j], out, false, output, out, stash->room);
        if (last) {
            kernels->add_bias(B, out, bias, 1.0f, output);
            continue;
        }
        const Phase phase = phase_current();
#pragma omp parallel num_threads((int)head->threads)
        {
            const TeamThread team = team_enter(phase);
#pragma omp for schedule(static) nowait
            for (size_t i = 0; i < B; i++) {
                DropoutSource source = sources[omp_get_thread_num()];
                source.sample = sample ? sample[i] : 0;
                Dropout dropout = dropout_draw(&source, DROPOUT_SITE_HEAD + (uint32_t)j, out);
                kernels->gelu(1, out, bias, dropout, output + i * out, stash->slope[j] + i * out);
            }
            team_leave(team);
        }
        phase_begin(phase);
    }
}

/* loss = log(sum exp(z)) - z_label, shifted by the maximum, in double. */
static double cross_entropy(size_t classes, const float *logits, size_t label) {
    float maximum = logits[0];
    for (size_t c = 1; c < classes; c++)
        maximum = logits[c] > maximum ? logits[c] : maximum;
    double sum = 0.0;
    for (size_t c = 0; c < classes; c++)
        sum += exp((double)logits[c] - (double)maximum);
    return log(sum) - ((double)logits[label] - (double)maximum);
}

static size_t label_place(size_t classes, const float *logits, size_t label) {
    if (isnan(logits[label]))
        return classes;
    size_t place = 0;
    for (size_t c = 0; c < classes; c++)
        place += logits[c] > logits[label] || (logits[c] == logits[label] && c < label);
    return place;
}

void head_losses(const Head *head, size_t B, const uint16_t *label, const HeadStash *stash,
                 double *loss, size_t *place) {
    const size_t classes = head->shape->classes;
    for (size_t i = 0; i < B; i++) {
        loss[i] = cross_entropy(classes, stash->logits + i * classes, label[i]);
        place[i] = label_place(classes, stash->logits + i * classes, label[i]);
    }
}

/* dz = scale * (softmax(z) - onehot(label)). */
static void logits_gradient(size_t B, size_t classes, const float *logits, const uint16_t *label,
                            float scale, float *dlogits) {
    for (size_t i = 0; i < B; i++) {
        const float *z = logits + i * classes;
        const double log_sum = cross_entropy(classes, z, label[i]) + (double)z[label[i]];
        for (size_t c = 0; c < classes; c++) {
            double p = exp((double)z[c] - log_sum);
            dlogits[i * classes + c] = scale * (float)(p - (c == label[i] ? 1.0 : 0.0));
        }
    }
}

/* dh_j = dz_j W_j^T; dz_{j-1} = dh_j slope_{j-1}. */
void head_backward(const Head *head, const float *weights, size_t first, size_t B,
                   const uint16_t *label, float scale, HeadStash *stash) {
    const Kernels *kernels = head->kernels;
    const size_t classes = head->width[head->layers];
    logits_gradient(B, classes, stash->logits, label, scale,
                    stash->delta[head->layers - 1] + first * classes);
    for (size_t j = head->layers; j-- > 0;) {
        const size_t in = head->width[j], out = head->width[j + 1];
        float *dinput = j > 0 ? stash->delta[j - 1] + first * in : stash->dfeatures;
        gemm_wide(head->threads, GEMM_NT, B, in, out, stash->delta[j] + first * out, out,
                  weights + head->table->head_kernel[j], out, false, dinput, in, stash->room);
        if (j > 0)
            kernels->multiply(B * in, dinput, stash->slope[j - 1], dinput);
    }
}

/* dW_j = h_j^T dz_j; db_j = column sums of dz_j. */
void head_kernel_rows(const Head *head, size_t j, size_t images, size_t rows, const float *input,
                      size_t ld, const float *delta, float *room, float *gradient) {
    const size_t out = head->width[j + 1];
    gemm_wide(head->threads, GEMM_TN, rows, out, images, input, ld, delta, out, false, gradient,
              out, room);
}

void head_kernel_nodes(const Head *head, size_t j, size_t images, size_t unit_images, size_t units,
                       size_t first, const HeadStash *stash) {
    if (head->any_order) {
        head_kernel_rows(head, j, images, head->width[j], stash->input[j], head->width[j],
                         stash->delta[j], stash->room, stash->node[j][0]);
        const size_t end = first + size_groups(images, unit_images);
        for (size_t n = 1; n < tree_cover(units, first, end, NULL); n++)
            memset(stash->node[j][n], 0, head->width[j] * head->width[j + 1] * sizeof(float));
        return;
    }
    gemm_units(head->threads, head->width[j], head->width[j + 1], images, unit_images, units, first,
               stash->input[j], stash->delta[j], stash->node[j], stash->room);
}

void head_bias_gradient(const Head *head, size_t j, size_t first, size_t images,
                        const HeadStash *stash, float *dbias) {
    const size_t out = head->width[j + 1];
    head->kernels->add_column_sums(images, out, stash->delta[j] + first * out, dbias);
}
