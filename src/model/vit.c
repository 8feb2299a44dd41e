#include "vit/vit.h"

#include "encoder.h"
#include "head.h"
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
    EncoderGradient gradient;
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
    double *loss;                /* [chunk] */
    size_t *rank;                /* [chunk] */
    float *memory;
};

/* One call of vit_train or vit_evaluate. */
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
    const size_t most = size_round_up(options->images ? options->images : 1, options->unit_images);
    return wanted < most ? wanted : most;
}

static size_t folded_floats(const Vit *vit) {
    return vit->shape->depth * attention_folded_floats(vit->shape);
}

/* Places everything in the arena; counts only when its base is NULL. */
static void place(Vit *vit, Arena *arena) {
    encoder_weights_place(&vit->weights, vit->shape, arena);
    head_stash_place(&vit->head_stash, &vit->head, vit->images, vit->chunk, arena);
    for (size_t i = 0; i < vit->chunk; i++)
        encoder_stash_place(&vit->stash[i], vit->shape, arena);
    for (size_t t = 0; t < vit->options.threads; t++) {
        vit->worker[t].gradient.tensors = arena_take(arena, vit->table->encoder_floats);
        vit->worker[t].gradient.folded = arena_take(arena, folded_floats(vit));
        encoder_work_place(&vit->worker[t].work, vit->shape, vit->options.unit_images, arena);
    }
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
    STATUS_TRY(memory_allocate(&vit->rank, vit->chunk, sizeof *vit->rank, "ranks"));
    for (size_t i = 0; i < vit->chunk; i++)
        vit->stash[i].block = vit->block_stash + i * vit->shape->depth;
    return STATUS_OK;
}

static Status create(Vit **vit, const ModelShape *shape, const ParameterTable *table,
                     const VitOptions *options) {
    STATUS_TRY(memory_allocate(vit, 1, sizeof **vit, "the model"));
    (*vit)->shape = shape;
    (*vit)->table = table;
    (*vit)->options = *options;
    (*vit)->chunk = chunk_images(options);
    (*vit)->images = size_larger(options->images, (*vit)->chunk);
    head_plan(&(*vit)->head, shape, table, kernels_best(), options->threads);
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
    memory_free(vit->rank);
    memory_free(vit->memory);
    memory_free(vit);
}

size_t vit_bytes(const ModelShape *shape, const ParameterTable *table, const VitOptions *options) {
    Vit *vit = NULL;
    Arena arena = {0};
    if (create(&vit, shape, table, options) == STATUS_OK)
        place(vit, &arena);
    vit_free(vit);
    return arena.used * sizeof(float);
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
    if (!pass->training)
        return;
    memset(worker->gradient.tensors, 0, vit->table->encoder_floats * sizeof(float));
    memset(worker->gradient.folded, 0, folded_floats(vit) * sizeof(float));
}

/* Before the first chunk: the weights' forms, the threads' dropout sources and empty gradients. */
static void prepare(Vit *vit, const Pass *pass) {
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
        pass->input->load(pass->input->context, base + first + i, stash->patches);
        encoder_embed(&vit->encoder, &vit->weights, stash->patches,
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

/* The same unit backward, from the gradient of the features [chunk, features]. */
static void unit_backward(Vit *vit, const Pass *pass, Worker *worker, size_t base, size_t first,
                          size_t count, float *dfeatures) {
    const size_t values = vit->shape->T * vit->shape->D, features = vit->shape->features;
    for (size_t i = 0; i < count; i++) {
        float *source = dfeatures + (first + i) * features;
        phase_begin(PHASE_HEAD_BACKWARD);
        worker->head_dropout.sample = pass->input->sample[base + first + i];
        vit->encoder.kernels->dropout(
            features, source, dropout_draw(&worker->head_dropout, DROPOUT_SITE_FEATURES, features));
        encoder_pool_backward(&vit->encoder, &vit->weights, source, &vit->stash[first + i].norm,
                              &worker->work, worker->gradient, worker->work.residual + i * values);
    }
    for (size_t l = vit->shape->depth; l-- > 0;)
        for (size_t i = 0; i < count; i++) {
            encoder_block_backward(&vit->encoder, &vit->weights, l, &vit->stash[first + i].block[l],
                                   &worker->work, worker->gradient,
                                   worker->work.residual + i * values);
            progress(pass);
        }
    for (size_t i = 0; i < count; i++)
        encoder_embed_backward(&vit->encoder, vit->stash[first + i].patches,
                               worker->work.residual + i * values, worker->gradient);
}

/* All units of a chunk on all threads, each thread a contiguous part; forward when dfeatures is
 * NULL. */
static void chunk_units(Vit *vit, const Pass *pass, size_t base, size_t images, float *dfeatures) {
    const size_t unit = vit->options.unit_images, units = (images + unit - 1) / unit;
#pragma omp parallel num_threads((int)vit->options.threads)
    {
        /* The system may give fewer threads than were asked for. */
        const size_t t = (size_t)omp_get_thread_num(), threads = (size_t)omp_get_num_threads();
        const size_t from = units * t / threads, to = units * (t + 1) / threads;
        for (size_t u = from; u < to; u++) {
            const size_t first = u * unit;
            const size_t count = images - first < unit ? images - first : unit;
            if (dfeatures)
                unit_backward(vit, pass, &vit->worker[t], base, first, count, dfeatures);
            else
                unit_forward(vit, pass, &vit->worker[t], base, first, count, from * unit);
        }
        phase_begin(PHASE_WAIT);
    }
}

static void ready(const Pass *pass, size_t first, size_t count) {
    if (!pass->hooks || !pass->hooks->ready)
        return;
    phase_begin(PHASE_EXCHANGE);
    pass->hooks->ready(pass->hooks->context, first, count);
}

static void chunk_losses(Vit *vit, const Pass *pass, size_t base, size_t images, VitSums *sums) {
    const size_t classes = vit->shape->classes;
    head_losses(&vit->head, images, pass->input->label + base, &vit->head_stash, vit->loss,
                vit->rank);
    for (size_t i = 0; i < images; i++) {
        sums->loss += vit->loss[i];
        sums->hits += vit->rank[i] < 1;
        sums->top5_hits += vit->rank[i] < 5;
    }
    if (pass->logits)
        memcpy(pass->logits + base * classes, vit->head_stash.logits,
               images * classes * sizeof *pass->logits);
}

static void chunk_forward(Vit *vit, const Pass *pass, size_t base, size_t images, VitSums *sums) {
    chunk_units(vit, pass, base, images, NULL);
    phase_begin(PHASE_HEAD);
    head_forward(&vit->head, pass->weights, head_row(pass, base), images,
                 pass->training ? pass->input->sample + base : NULL, vit->head_sources,
                 &vit->head_stash);
    chunk_losses(vit, pass, base, images, sums);
}

/* The threads' gradients of the encoder, in the threads' order. */
static void sum_workers(Vit *vit, const float *weights, float *gradient) {
    const size_t floats = vit->table->encoder_floats, threads = vit->options.threads;
    const size_t folded = folded_floats(vit), depth = vit->shape->depth;
    float *sums = vit->worker[0].gradient.folded;
#pragma omp parallel num_threads((int)threads)
    {
        phase_begin(PHASE_SUM);
#pragma omp for schedule(static) nowait
        for (size_t i = 0; i < floats; i++) {
            float sum = vit->worker[0].gradient.tensors[i];
            for (size_t t = 1; t < threads; t++)
                sum += vit->worker[t].gradient.tensors[i];
            gradient[i] = sum;
        }
#pragma omp for schedule(static)
        for (size_t i = 0; i < folded; i++)
            for (size_t t = 1; t < threads; t++)
                sums[i] += vit->worker[t].gradient.folded[i];
#pragma omp for schedule(static)
        for (size_t l = 0; l < depth; l++)
            encoder_unfold_block(&vit->encoder, weights, l, &vit->worker[omp_get_thread_num()].work,
                                 (EncoderGradient){.tensors = gradient, .folded = sums});
        phase_begin(PHASE_WAIT);
    }
}

void vit_train(Vit *vit, const float *weights, uint64_t step, const VitInput *input, float scale,
               float *gradient, float *logits, const VitHooks *hooks, VitSums *sums) {
    const Pass pass = {.weights = weights,
                       .input = input,
                       .hooks = hooks,
                       .step = step,
                       .training = true,
                       .logits = logits};
    const ParameterTable *table = vit->table;
    *sums = (VitSums){0};
    prepare(vit, &pass);
    if (input->images == 0) {
        memset(gradient, 0, table->floats * sizeof *gradient);
        ready(&pass, table->encoder_count, table->count - table->encoder_count);
    }
    for (size_t base = 0; base < input->images; base += vit->chunk) {
        const size_t left = input->images - base, images = left < vit->chunk ? left : vit->chunk;
        chunk_forward(vit, &pass, base, images, sums);
        phase_begin(PHASE_HEAD_BACKWARD);
        head_backward(&vit->head, weights, base, images, input->label + base, scale,
                      &vit->head_stash);
        if (images == left) {
            head_gradient(&vit->head, input->images, &vit->head_stash, gradient);
            ready(&pass, table->encoder_count, table->count - table->encoder_count);
        }
        chunk_units(vit, &pass, base, images, vit->head_stash.dfeatures);
    }
    if (input->images > 0)
        sum_workers(vit, weights, gradient);
    ready(&pass, 0, table->encoder_count);
    phase_begin(PHASE_OTHER);
}

void vit_evaluate(Vit *vit, const float *weights, const VitInput *input, float *logits,
                  const VitHooks *hooks, VitSums *sums) {
    const Pass pass = {.weights = weights, .input = input, .hooks = hooks, .logits = logits};
    *sums = (VitSums){0};
    prepare(vit, &pass);
    for (size_t base = 0; base < input->images; base += vit->chunk) {
        const size_t left = input->images - base;
        chunk_forward(vit, &pass, base, left < vit->chunk ? left : vit->chunk, sums);
    }
}
