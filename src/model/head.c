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
    for (size_t j = 0; j < head->layers; j++) {
        const size_t in = head->width[j], out = head->width[j + 1];
        head->fat[j] = model_layer_is_fat(in, out, batch_size);
        head->rows[j] = fat_rows_of(in, out, 0, fat_rows_leaves(in), threads);
    }
}

/* Floats of room for layer j's products with up to `chunk` images, and its kernel's gradient. */
static size_t products_room(const Head *head, size_t j, size_t chunk, size_t images) {
    const size_t in = head->width[j], out = head->width[j + 1], threads = head->threads;
    if (head->fat[j])
        return fat_rows_room(&head->rows[j], chunk, head->batch_size);
    const size_t forward = gemm_wide_room(threads, GEMM_NN, chunk, out, in);
    const size_t backward = gemm_wide_room(threads, GEMM_NT, chunk, in, out);
    const size_t gradient = head->any_order ? gemm_wide_room(threads, GEMM_TN, in, out, images) : 0;
    return size_larger(size_larger(forward, backward), gradient);
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
        room = size_larger(room, products_room(head, j, chunk, images));
        /* A tensor's room in a flat vector is whole lines, and a kernel's node has the same. */
        for (size_t n = 0; n < nodes && !head->fat[j]; n++)
            stash->node[j][n] = arena_take(arena, size_round_up(in * out, MEMORY_LINE_FLOATS));
    }
    stash->logits = arena_take(arena, chunk * head->width[head->layers]);
    stash->dfeatures = arena_take(arena, chunk * head->width[0]);
    stash->room = arena_take(arena, room);
}

/* output [B, out] = input [B, in] W_j. */
static void forward_product(const Head *head, const float *weights, const HeadFat *fat, size_t j,
                            size_t B, const float *input, float *output, float *room) {
    const size_t in = head->width[j], out = head->width[j + 1];
    const float *kernel = weights + head->table->head_kernel[j];
    if (head->fat[j] && fat->forward)
        fat->forward(fat->context, j, B, input, output);
    else if (head->fat[j])
        fat_rows_forward(&head->rows[j], kernel, B, input, in, (float *[]){output}, room);
    else if (B)
        gemm_wide(head->threads, GEMM_NN, B, out, in, input, in, kernel, out, false, output, out,
                  room);
}

/* dinput [B, in] = delta [B, out] W_j^T. */
static void backward_product(const Head *head, const float *weights, const HeadFat *fat, size_t j,
                             size_t B, const float *delta, float *dinput, float *room) {
    const size_t in = head->width[j], out = head->width[j + 1];
    const float *kernel = weights + head->table->head_kernel[j];
    if (head->fat[j] && fat->backward)
        fat->backward(fat->context, j, B, delta, dinput);
    else if (head->fat[j])
        fat_rows_backward(&head->rows[j], kernel, B, delta, dinput, room);
    else if (B)
        gemm_wide(head->threads, GEMM_NT, B, in, out, delta, out, kernel, out, false, dinput, in,
                  room);
}

/* ---- image by image ---- */

/* Calls work for each of B images, which the threads share. */
static void each_image(const Head *head, size_t B, void (*work)(size_t i, const void *context),
                       const void *context) {
    const Phase phase = phase_current();
#pragma omp parallel num_threads((int)head->threads)
    {
        const TeamThread team = team_enter(phase);
#pragma omp for schedule(static) nowait
        for (size_t i = 0; i < B; i++)
            work(i, context);
        team_leave(team);
    }
    phase_begin(phase);
}

/* Layer j's outputs [B, out] of a chunk. */
typedef struct Outputs {
    const Kernels *kernels;
    size_t j, out;
    const float *bias;
    const uint32_t *sample;
    const DropoutSource *sources;
    float *slope, *output;
} Outputs;

static void activate(size_t i, const void *context) {
    const Outputs *o = context;
    DropoutSource source = o->sources[omp_get_thread_num()];
    source.sample = o->sample ? o->sample[i] : 0;
    Dropout dropout = dropout_draw(&source, DROPOUT_SITE_HEAD + (uint32_t)o->j, o->out);
    o->kernels->gelu(1, o->out, o->bias, dropout, o->output + i * o->out, o->slope + i * o->out);
}

static void add_bias(size_t i, const void *context) {
    const Outputs *o = context;
    o->kernels->add_bias(1, o->out, o->bias, 1.0f, o->output + i * o->out);
}

/* dz = dh slope, [B, width]. */
typedef struct Slopes {
    const Kernels *kernels;
    size_t width;
    const float *slope;
    float *gradient;
} Slopes;

static void multiply_slope(size_t i, const void *context) {
    const Slopes *s = context;
    float *gradient = s->gradient + i * s->width;
    s->kernels->multiply(s->width, gradient, s->slope + i * s->width, gradient);
}

/* ---- forward ---- */

/* h_{j+1} = dropout(gelu(h_j W_j + b_j)); logits = h_last W + b. */
void head_forward(const Head *head, const float *weights, const HeadFat *fat, size_t first,
                  size_t B, const uint32_t *sample, const DropoutSource *sources,
                  HeadStash *stash) {
    for (size_t j = 0; j < head->layers; j++) {
        const size_t in = head->width[j], out = head->width[j + 1];
        const bool last = j + 1 == head->layers;
        float *output = last ? stash->logits : stash->input[j + 1] + first * out;
        const Outputs outputs = {.kernels = head->kernels,
                                 .j = j,
                                 .out = out,
                                 .bias = weights + head->table->head_bias[j],
                                 .sample = sample,
                                 .sources = sources,
                                 .slope = stash->slope[j],
                                 .output = output};
        forward_product(head, weights, fat, j, B, stash->input[j] + first * in, output,
                        stash->room);
        each_image(head, B, last ? add_bias : activate, &outputs);
    }
}

/* One image's: class c has smoothing / classes + (1 - smoothing) t_c. */
typedef struct Target {
    size_t classes, label, other;
    double share, smoothing;
} Target;

static Target target_of(const HeadTargets *targets, size_t classes, size_t i) {
    return (Target){.classes = classes,
                    .label = targets->label[i],
                    .other = targets->share ? targets->other[i] : targets->label[i],
                    .share = targets->share ? targets->share[i] : 1.0,
                    .smoothing = targets->smoothing};
}

static double target_probability(const Target *target, size_t c) {
    const double own = c == target->label ? target->share : 0.0;
    const double rest = c == target->other ? 1.0 - target->share : 0.0;
    return target->smoothing / (double)target->classes + (1.0 - target->smoothing) * (own + rest);
}

/* The target's mean of the logits: what the loss takes from log(sum exp(z)). A class that the
 * target leaves out may have any logit. */
static double target_logit(const Target *target, const float *logits) {
    double mean = (double)logits[target->label];
    if (target->share != 1.0)
        mean = target->share * mean + (1.0 - target->share) * (double)logits[target->other];
    if (target->smoothing == 0.0)
        return mean;
    double sum = 0.0;
    for (size_t c = 0; c < target->classes; c++)
        sum += (double)logits[c];
    return (1.0 - target->smoothing) * mean + target->smoothing * (sum / (double)target->classes);
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

typedef struct Losses {
    size_t classes;
    const float *logits;
    const HeadTargets *targets;
    double *loss;
    size_t *place;
} Losses;

/* log(sum exp(z)) - sum_c target_c z_c. */
static void image_loss(size_t i, const void *context) {
    const Losses *l = context;
    const float *logits = l->logits + i * l->classes;
    const Target target = target_of(l->targets, l->classes, i);
    l->loss[i] = cross_entropy(l->classes, logits, target.label) +
                 ((double)logits[target.label] - target_logit(&target, logits));
    l->place[i] = label_place(l->classes, logits, target.share < 0.5 ? target.other : target.label);
}

void head_losses(const Head *head, size_t B, const HeadTargets *targets, const HeadStash *stash,
                 double *loss, size_t *place) {
    const Losses losses = {.classes = head->shape->classes,
                           .logits = stash->logits,
                           .targets = targets,
                           .loss = loss,
                           .place = place};
    each_image(head, B, image_loss, &losses);
}

/* ---- backward ---- */

/* dz = scale * (softmax(z) - target). */
typedef struct LogitsGradient {
    size_t classes;
    const float *logits;
    const HeadTargets *targets;
    float scale, *gradient;
} LogitsGradient;

static void logits_gradient(size_t i, const void *context) {
    const LogitsGradient *g = context;
    const float *z = g->logits + i * g->classes;
    const Target target = target_of(g->targets, g->classes, i);
    const double log_sum = cross_entropy(g->classes, z, target.label) + (double)z[target.label];
    for (size_t c = 0; c < g->classes; c++) {
        const double p = exp((double)z[c] - log_sum);
        g->gradient[i * g->classes + c] = g->scale * (float)(p - target_probability(&target, c));
    }
}

/* dh_j = dz_j W_j^T; dz_{j-1} = dh_j slope_{j-1}. */
void head_backward(const Head *head, const float *weights, const HeadFat *fat, size_t first,
                   size_t B, const HeadTargets *targets, float scale, HeadStash *stash) {
    const size_t classes = head->width[head->layers];
    const LogitsGradient logits = {.classes = classes,
                                   .logits = stash->logits,
                                   .targets = targets,
                                   .scale = scale,
                                   .gradient = stash->delta[head->layers - 1] + first * classes};
    each_image(head, B, logits_gradient, &logits);
    for (size_t j = head->layers; j-- > 0;) {
        const size_t in = head->width[j], out = head->width[j + 1];
        float *dinput = j > 0 ? stash->delta[j - 1] + first * in : stash->dfeatures;
        backward_product(head, weights, fat, j, B, stash->delta[j] + first * out, dinput,
                         stash->room);
        if (j > 0)
            each_image(head, B, multiply_slope,
                       &(Slopes){head->kernels, in, stash->slope[j - 1], dinput});
    }
}

/* dW_j = h_j^T dz_j; db_j = column sums of dz_j. */
void head_fat_gradient(const Head *head, size_t j, size_t images, const HeadStash *stash,
                       float *gradient) {
    fat_rows_gradient(&head->rows[j], head->width[j], images, stash->input[j], head->width[j],
                      stash->delta[j], gradient, stash->room);
}

void head_kernel_nodes(const Head *head, size_t j, size_t images, size_t unit_images, size_t units,
                       size_t first, const HeadStash *stash) {
    if (head->any_order) {
        const size_t in = head->width[j], out = head->width[j + 1];
        gemm_wide(head->threads, GEMM_TN, in, out, images, stash->input[j], in, stash->delta[j],
                  out, false, stash->node[j][0], out, stash->room);
        const size_t end = first + size_groups(images, unit_images);
        for (size_t n = 1; n < tree_cover(units, first, end, NULL); n++)
            memset(stash->node[j][n], 0, in * out * sizeof(float));
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
