#include "vit/vit.h"

#include "encoder.h"
#include "head.h"
#include "unit_sums.h"
#include "vit/memory.h"
#include "vit/phase.h"
#include "vit/size.h"
#include <omp.h>
#include <stdlib.h>
#include <string.h>

/* At least so many images share one pass over the head's weights, when there are so many. */
enum { CHUNK_IMAGES = 64 };

typedef struct Worker {
    EncoderWork work;
    DropoutSource encoder_dropout, head_dropout;
} Worker;

struct Vit {
    const ModelShape *shape;
    const ParameterTable *table;
    VitOptions options;
    size_t images; /* that the head keeps of: the largest slice, a chunk at least */
    size_t chunk;  /* images that pass forward, head and backward together */
    Encoder encoder;
    Head head;
    EncoderWeights weights;
    HeadStash head_stash;
    ImageStash *stash;           /* [chunk] */
    BlockStash *block_stash;     /* [chunk * depth] */
    DropoutSource *head_sources; /* [threads] */
    Worker *worker;              /* [threads] */
    UnitSums sums;
    VitPartial partial;
    double *loss;  /* [chunk] */
    size_t *place; /* [chunk] */
    float *memory;
};

/* One call of vit_forward_backward or vit_evaluate. */
typedef struct Pass {
    const float *weights;
    const VitInput *input;
    const VitHooks *hooks;
    uint64_t step;
    bool training;
    float *logits;
} Pass;

static size_t chunk_images(const VitOptions *options) {
    const size_t turn = options->threads * options->unit_images;
    const size_t wanted = size_round_up(CHUNK_IMAGES, turn);
    const size_t most = options->images ? options->images : 1;
    return wanted < most ? wanted : most;
}

static size_t folded_floats(const ModelShape *shape) {
    return shape->depth * attention_folded_floats(shape);
}

size_t vit_unit_floats(const ModelShape *shape, const ParameterTable *table) {
    return folded_floats(shape) + table->unit_floats - table->folded_floats;
}

static size_t units_of(const Vit *vit, size_t images) {
    return size_groups(images, vit->options.unit_images);
}

/* Places everything in the arena; counts only when its base is NULL. */
static void place(Vit *vit, Arena *arena) {
    encoder_weights_place(&vit->weights, vit->shape, arena);
    head_stash_place(&vit->head_stash, &vit->head, vit->images, vit->chunk,
                     vit->options.unit_images, vit->options.nodes, arena);
    for (size_t i = 0; i < vit->chunk; i++)
        encoder_stash_place(&vit->stash[i], vit->shape, arena);
    for (size_t t = 0; t < vit->options.threads; t++)
        encoder_work_place(&vit->worker[t].work, vit->shape,
                           size_smaller(vit->options.unit_images, vit->chunk), arena);
    unit_sums_place(&vit->sums, arena);
}

/* Everything but the arena itself. */
static Status make(Vit *vit) {
    STATUS_TRY(memory_allocate(&vit->stash, vit->chunk, sizeof *vit->stash, "activations"));
    STATUS_TRY(memory_allocate(&vit->block_stash, vit->chunk * vit->shape->depth,
                               sizeof *vit->block_stash, "activations"));
    STATUS_TRY(memory_allocate(&vit->weights.block, vit->shape->depth, sizeof *vit->weights.block,
                               "block weights"));
    STATUS_TRY(memory_allocate(&vit->worker, vit->options.threads, sizeof *vit->worker, "threads"));
    STATUS_TRY(memory_allocate(&vit->head_sources, vit->options.threads, sizeof *vit->head_sources,
                               "threads"));
    STATUS_TRY(memory_allocate(&vit->loss, vit->chunk, sizeof *vit->loss, "losses"));
    STATUS_TRY(memory_allocate(&vit->place, vit->chunk, sizeof *vit->place, "losses"));
    for (size_t i = 0; i < vit->chunk; i++)
        vit->stash[i].block = vit->block_stash + i * vit->shape->depth;
    return unit_sums_init(&vit->sums, kernels_best(), vit->options.threads,
                          units_of(vit, vit->images), units_of(vit, vit->chunk),
                          vit_unit_floats(vit->shape, vit->table));
}

static Status create(Vit **vit, const ModelShape *shape, const ParameterTable *table,
                     const VitOptions *options) {
    STATUS_TRY(memory_allocate(vit, 1, sizeof **vit, "the model"));
    (*vit)->shape = shape;
    (*vit)->table = table;
    (*vit)->options = *options;
    (*vit)->chunk = chunk_images(options);
    (*vit)->images = size_larger(options->images, (*vit)->chunk);
    head_plan(&(*vit)->head, shape, table, kernels_best(), options->threads, options->batch_size);
    return make(*vit);
}

Status vit_init(Vit **vit, const ModelShape *shape, const ParameterTable *table,
                const VitOptions *options) {
    Status status = create(vit, shape, table, options);
    Arena arena = {0};
    if (status == STATUS_OK) {
        place(*vit, &arena);
        status = memory_allocate(&(*vit)->memory, arena.used, sizeof(float), "activations");
    }
    if (status != STATUS_OK) {
        vit_free(*vit);
        *vit = NULL;
        return status;
    }
    arena = (Arena){.base = (*vit)->memory};
    place(*vit, &arena);
    encoder_plan(&(*vit)->encoder, shape, table, kernels_best());
    return STATUS_OK;
}

void vit_free(Vit *vit) {
    if (!vit)
        return;
    memory_free(vit->stash);
    memory_free(vit->block_stash);
    memory_free(vit->weights.block);
    memory_free(vit->worker);
    memory_free(vit->head_sources);
    memory_free(vit->loss);
    memory_free(vit->place);
    unit_sums_free(&vit->sums);
    memory_free(vit->memory);
    memory_free(vit);
}

Status vit_bytes(const ModelShape *shape, const ParameterTable *table, const VitOptions *options,
                 size_t *bytes) {
    Vit *vit = NULL;
    Arena arena = {0};
    const Status status = create(&vit, shape, table, options);
    if (status == STATUS_OK)
        place(vit, &arena);
    vit_free(vit);
    *bytes = arena.used * sizeof(float);
    return status;
}

static DropoutSource dropout_source(const Vit *vit, const Pass *pass, double rate,
                                    uint16_t *words) {
    return (DropoutSource){.kernels = vit->encoder.kernels,
                           .seed = vit->options.seed,
                           .step = pass->step,
                           .threshold = dropout_threshold(rate),
                           .words = pass->training && rate > 0.0 ? words : NULL};
}

static void prepare_worker(Vit *vit, const Pass *pass, size_t t) {
    Worker *worker = &vit->worker[t];
    worker->encoder_dropout = dropout_source(vit, pass, vit->shape->dropout, worker->work.words);
    worker->head_dropout = dropout_source(vit, pass, vit->shape->head_dropout, worker->work.words);
    vit->head_sources[t] = worker->head_dropout;
}

/* Before the first chunk: the weights' forms, the threads' dropout sources, no unit sums yet. */
static void prepare(Vit *vit, const Pass *pass) {
    unit_sums_start(&vit->sums, units_of(vit, pass->input->batch));
    encoder_prepare(&vit->encoder, pass->weights, &vit->weights);
    const size_t depth = vit->shape->depth, threads = vit->options.threads;
#pragma omp parallel num_threads((int)threads)
    {
        phase_begin(PHASE_PREPARE);
#pragma omp for schedule(static) nowait
        for (size_t l = 0; l < depth; l++)
            encoder_prepare_block(&vit->encoder, pass->weights, l,
                                  &vit->worker[omp_get_thread_num()].work, &vit->weights);
#pragma omp for schedule(static)
        for (size_t t = 0; t < threads; t++)
            prepare_worker(vit, pass, t);
        phase_begin(PHASE_WAIT);
    }
}

static void progress(const Pass *pass) {
    if (!pass->hooks || !pass->hooks->progress || omp_get_thread_num() != 0)
        return;
    phase_begin(PHASE_EXCHANGE);
    pass->hooks->progress(pass->hooks->context);
}

/* Where a chunk's rows begin in the head's stash: evaluation keeps none. */
static size_t head_row(const Pass *pass, size_t base) {
    return pass->training ? base : 0;
}

/* Images [first, first + count) of the chunk that begins with image `base`, one unit, forward. */
static void unit_forward(Vit *vit, const Pass *pass, Worker *worker, size_t base, size_t first,
                         size_t count, size_t scratch) {
    const size_t values = vit->shape->T * vit->shape->D;
    const size_t row = head_row(pass, base) + first;
    /* Evaluation keeps nothing: all images and blocks write over the same stash, which stays in
     * cache. */
    for (size_t i = 0; i < count; i++) {
        ImageStash *stash = &vit->stash[pass->training ? first + i : scratch];
        phase_begin(PHASE_AUGMENT);
        pass->input->load(pass->input->context, base + first + i, worker->work.planes);
        encoder_embed(&vit->encoder, &vit->weights, worker->work.planes, stash,
                      worker->work.residual + i * values);
    }
    for (size_t l = 0; l < vit->shape->depth; l++)
        for (size_t i = 0; i < count; i++) {
            BlockStash *stash =
                pass->training ? &vit->stash[first + i].block[l] : &vit->stash[scratch].block[0];
            worker->encoder_dropout.sample =
                pass->training ? pass->input->sample[base + first + i] : 0;
            encoder_block(&vit->encoder, &vit->weights, l, &worker->encoder_dropout, stash,
                          &worker->work, worker->work.residual + i * values);
            progress(pass);
        }
    for (size_t i = 0; i < count; i++) {
        const size_t features = vit->shape->features;
        ImageStash *stash = &vit->stash[pass->training ? first + i : scratch];
        float *target = vit->head_stash.input[0] + (row + i) * features;
        encoder_pool(&vit->encoder, &vit->weights, worker->work.residual + i * values, &stash->norm,
                     &worker->work, target);
        if (!pass->training)
            continue;
        worker->head_dropout.sample = pass->input->sample[base + first + i];
        vit->encoder.kernels->dropout(
            features, target, dropout_draw(&worker->head_dropout, DROPOUT_SITE_FEATURES, features));
    }
}

static EncoderGradient gradient_in(const Vit *vit, float *sum) {
    return (EncoderGradient){.folded = sum, .tensors = sum + folded_floats(vit->shape)};
}

/* The same unit backward, from the gradient of the features [chunk, features]. */
static void unit_backward(Vit *vit, const Pass *pass, size_t thread, size_t base, size_t first,
                          size_t count, float *dfeatures) {
    const size_t values = vit->shape->T * vit->shape->D, features = vit->shape->features;
    Worker *worker = &vit->worker[thread];
    const EncoderGradient gradient = gradient_in(vit, unit_sums_open(&vit->sums, thread));
    phase_begin(PHASE_HEAD_BACKWARD);
    for (size_t j = 0; j < vit->head.layers; j++)
        head_bias_gradient(&vit->head, j, base + first, count, &vit->head_stash,
                           encoder_gradient_of(vit->table, gradient, vit->table->head_bias[j]));
    for (size_t i = 0; i < count; i++) {
        float *source = dfeatures + (first + i) * features;
        phase_begin(PHASE_HEAD_BACKWARD);
        worker->head_dropout.sample = pass->input->sample[base + first + i];
        vit->encoder.kernels->dropout(
            features, source, dropout_draw(&worker->head_dropout, DROPOUT_SITE_FEATURES, features));
        encoder_pool_backward(&vit->encoder, &vit->weights, source, &vit->stash[first + i].norm,
                              &worker->work, gradient, worker->work.residual + i * values);
    }
    for (size_t l = vit->shape->depth; l-- > 0;)
        for (size_t i = 0; i < count; i++) {
            encoder_block_backward(&vit->encoder, &vit->weights, l, &vit->stash[first + i].block[l],
                                   &worker->work, gradient, worker->work.residual + i * values);
            progress(pass);
        }
    for (size_t i = 0; i < count; i++)
        encoder_embed_backward(&vit->encoder, &vit->stash[first + i],
                               worker->work.residual + i * values, gradient);
    unit_sums_close(&vit->sums, thread,
                    (pass->input->first + base + first) / vit->options.unit_images);
}

/* All units of a chunk on all threads, each thread a contiguous part; forward when dfeatures is
 * NULL. */
static void chunk_units(Vit *vit, const Pass *pass, size_t base, size_t images, float *dfeatures) {
    const size_t unit = vit->options.unit_images, units = units_of(vit, images);
#pragma omp parallel num_threads((int)vit->options.threads)
    {
        /* The system may give fewer threads than were asked for. */
        const size_t t = (size_t)omp_get_thread_num(), threads = (size_t)omp_get_num_threads();
        const size_t from = units * t / threads, to = units * (t + 1) / threads;
        for (size_t u = from; u < to; u++) {
            const size_t first = u * unit;
            const size_t count = images - first < unit ? images - first : unit;
            if (dfeatures)
                unit_backward(vit, pass, t, base, first, count, dfeatures);
            else
                unit_forward(vit, pass, &vit->worker[t], base, first, count, from * unit);
        }
        phase_begin(PHASE_WAIT);
    }
}

static void ready(const Pass *pass, VitPart part, size_t layer) {
    if (!pass->hooks || !pass->hooks->ready)
        return;
    phase_begin(PHASE_EXCHANGE);
    pass->hooks->ready(pass->hooks->context, part, layer);
}

static void need_kernels(const Pass *pass) {
    if (!pass->hooks || !pass->hooks->need_kernels)
        return;
    phase_begin(PHASE_EXCHANGE);
    pass->hooks->need_kernels(pass->hooks->context);
}

static void chunk_losses(Vit *vit, const Pass *pass, size_t base, size_t images, VitSums *sums) {
    const size_t classes = vit->shape->classes;
    head_losses(&vit->head, images, pass->input->label + base, &vit->head_stash, vit->loss,
                vit->place);
    for (size_t i = 0; i < images; i++) {
        const size_t image = pass->input->first + base + i;
        tree_sum_add(&sums->loss, (TreeNode){image, image + 1}, vit->loss[i]);
        sums->hits += vit->place[i] < 1;
        sums->top5_hits += vit->place[i] < 5;
    }
    if (pass->logits)
        memcpy(pass->logits + base * classes, vit->head_stash.logits,
               images * classes * sizeof *pass->logits);
}

static void chunk_forward(Vit *vit, const Pass *pass, size_t base, size_t images, VitSums *sums) {
    chunk_units(vit, pass, base, images, NULL);
    if (base == 0)
        need_kernels(pass);
    phase_begin(PHASE_HEAD);
    head_forward(&vit->head, pass->weights, head_row(pass, base), images,
                 pass->training ? pass->input->sample + base : NULL, vit->head_sources,
                 &vit->head_stash);
    chunk_losses(vit, pass, base, images, sums);
}

const VitPartial *vit_partial(const Vit *vit) {
    return &vit->partial;
}

/* What does not change during a pass. */
static void start_partial(Vit *vit, const VitInput *input) {
    const size_t first = input->first / vit->options.unit_images;
    vit->partial = (VitPartial){.layers = vit->head.layers};
    vit->partial.nodes =
        tree_cover(units_of(vit, input->batch), first, first + units_of(vit, input->images), NULL);
    for (size_t j = 0; j < vit->head.layers; j++)
        vit->partial.layer[j] = (VitLayer){.in = vit->head.width[j],
                                           .out = vit->head.width[j + 1],
                                           .fat = vit->head.fat[j],
                                           .input = vit->head_stash.input[j],
                                           .delta = vit->head_stash.delta[j],
                                           .node = vit->head_stash.node[j]};
}

/* All inputs of the head's layers are there. */
static void inputs_ready(const Vit *vit, const Pass *pass) {
    for (size_t j = 0; j < vit->head.layers; j++)
        if (vit->head.fat[j])
            ready(pass, VIT_INPUT, j);
}

/* All gradients of the head's sums are there. */
static void kernels_ready(Vit *vit, const Pass *pass) {
    const VitInput *input = pass->input;
    const size_t unit = vit->options.unit_images;
    for (size_t j = vit->head.layers; j-- > 0;) {
        phase_begin(PHASE_HEAD_BACKWARD);
        if (!vit->head.fat[j] && input->images)
            head_kernel_nodes(&vit->head, j, input->images, unit, units_of(vit, input->batch),
                              input->first / unit, &vit->head_stash);
        ready(pass, vit->head.fat[j] ? VIT_DELTA : VIT_KERNEL, j);
    }
}

void vit_forward_backward(Vit *vit, const float *weights, uint64_t step, const VitInput *input,
                          float scale, float *logits, const VitHooks *hooks, VitSums *sums) {
    const Pass pass = {.weights = weights,
                       .input = input,
                       .hooks = hooks,
                       .step = step,
                       .training = true,
                       .logits = logits};
    *sums = (VitSums){0};
    tree_sum_start(&sums->loss, input->batch);
    prepare(vit, &pass);
    start_partial(vit, input);
    if (input->images == 0) {
        need_kernels(&pass);
        inputs_ready(vit, &pass);
        kernels_ready(vit, &pass);
    }
    for (size_t base = 0; base < input->images; base += vit->chunk) {
        const size_t left = input->images - base, images = size_smaller(left, vit->chunk);
        chunk_forward(vit, &pass, base, images, sums);
        if (images == left)
            inputs_ready(vit, &pass);
        phase_begin(PHASE_HEAD_BACKWARD);
        head_backward(&vit->head, weights, base, images, input->label + base, scale,
                      &vit->head_stash);
        if (images == left)
            kernels_ready(vit, &pass);
        chunk_units(vit, &pass, base, images, vit->head_stash.dfeatures);
        unit_sums_join(&vit->sums);
    }
    unit_sums_finish(&vit->sums, vit->partial.nodes, vit->partial.unit);
    ready(&pass, VIT_UNITS, 0);
    phase_begin(PHASE_OTHER);
}

/* Floats that a thread copies at a time. */
enum { COPY_PIECE = 4096 };

void vit_finish_units(Vit *vit, const float *weights, float *sums, float *gradient) {
    const ParameterTable *table = vit->table;
    const size_t depth = vit->shape->depth, folded = folded_floats(vit->shape);
    const size_t rest = table->unit_floats - table->folded_floats;
    const Phase phase = phase_current();
#pragma omp parallel num_threads((int)vit->options.threads)
    {
        phase_begin(phase);
#pragma omp for schedule(static) nowait
        for (size_t i = 0; i < rest; i += COPY_PIECE)
            memcpy(gradient + table->folded_floats + i, sums + folded + i,
                   size_smaller(COPY_PIECE, rest - i) * sizeof *gradient);
#pragma omp for schedule(static) nowait
        for (size_t l = 0; l < depth; l++)
            encoder_unfold_block(&vit->encoder, weights, l, &vit->worker[omp_get_thread_num()].work,
                                 sums, gradient);
        phase_begin(PHASE_WAIT);
    }
    phase_begin(phase);
}

/* Rows of a fat layer's gradient between two calls of progress. */
enum { ROWS_AT_A_TIME = 2304 };

void vit_finish_kernel(Vit *vit, size_t layer, size_t images, size_t rows, const float *input,
                       size_t ld, const float *delta, const VitHooks *hooks, float *gradient) {
    const size_t out = vit->head.width[layer + 1];
    for (size_t done = 0; done < rows; done += ROWS_AT_A_TIME) {
        head_kernel_rows(&vit->head, layer, images, size_smaller(ROWS_AT_A_TIME, rows - done),
                         input + done, ld, delta, vit->head_stash.room, gradient + done * out);
        if (hooks && hooks->progress)
            hooks->progress(hooks->context);
    }
}

void vit_whole_gradient(Vit *vit, const float *weights, size_t images, float *gradient) {
    const ParameterTable *table = vit->table;
    vit_finish_units(vit, weights, vit->partial.unit[0], gradient);
    for (size_t j = 0; j < vit->partial.layers; j++) {
        const VitLayer *layer = &vit->partial.layer[j];
        float *kernel = gradient + table->head_kernel[j];
        if (layer->fat)
            vit_finish_kernel(vit, j, images, layer->in, layer->input, layer->in, layer->delta,
                              NULL, kernel);
        else
            memcpy(kernel, layer->node[0], layer->in * layer->out * sizeof *kernel);
    }
}

void vit_evaluate(Vit *vit, const float *weights, const VitInput *input, float *logits,
                  const VitHooks *hooks, VitSums *sums) {
    const Pass pass = {.weights = weights, .input = input, .hooks = hooks, .logits = logits};
    *sums = (VitSums){0};
    tree_sum_start(&sums->loss, input->batch);
    prepare(vit, &pass);
    for (size_t base = 0; base < input->images; base += vit->chunk) {
        const size_t left = input->images - base;
        chunk_forward(vit, &pass, base, left < vit->chunk ? left : vit->chunk, sums);
    }
}
