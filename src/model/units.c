#include "units.h"

#include "vit/memory.h"
#include "vit/size.h"
#include "vit/team.h"
#include <omp.h>
#include <sched.h>
#include <string.h>

static size_t folded_floats(const ModelShape *shape) {
    return shape->depth * attention_folded_floats(shape);
}

size_t units_floats(const ModelShape *shape, const ParameterTable *table) {
    return folded_floats(shape) + table->unit_floats - table->folded_floats;
}

size_t units_count(const Units *units, size_t images) {
    return size_groups(images, units->unit_images);
}

Status units_init(Units *units, const ModelShape *shape, const ParameterTable *table,
                  const VitOptions *options, size_t images, size_t chunk) {
    const size_t threads = options->threads, depth = shape->depth;
    *units = (Units){.shape = shape,
                     .table = table,
                     .kernels = kernels_best(),
                     .threads = threads,
                     .unit_images = options->unit_images,
                     .mixes = options->mixes,
                     .chunk = chunk,
                     .stashes = size_larger(chunk, threads),
                     .seed = options->seed};
    STATUS_TRY(memory_allocate(&units->stash, units->stashes, sizeof *units->stash, "activations"));
    STATUS_TRY(memory_allocate(&units->block_stash, units->stashes * depth,
                               sizeof *units->block_stash, "activations"));
    STATUS_TRY(memory_allocate(&units->weights.block, depth, sizeof *units->weights.block,
                               "block weights"));
    STATUS_TRY(memory_allocate(&units->thread, threads, sizeof *units->thread, "threads"));
    STATUS_TRY(
        memory_allocate(&units->head_sources, threads, sizeof *units->head_sources, "threads"));
    for (size_t i = 0; i < units->stashes; i++)
        units->stash[i].block = units->block_stash + i * depth;
    STATUS_TRY(shares_init(&units->shares, threads));
    return unit_sums_init(&units->sums, units->kernels, threads, units_count(units, images),
                          units_count(units, chunk), units_floats(shape, table));
}

static size_t image_values(const ModelShape *shape) {
    return shape->channels * shape->image_size * shape->image_size;
}

static void thread_place(UnitsThread *thread, const Units *units, Arena *arena) {
    const size_t images = size_smaller(units->unit_images, units->chunk);
    encoder_work_place(&thread->work, units->shape, images, units->mixes ? images : 1, arena);
}

void units_place(Units *units, Arena *arena) {
    encoder_weights_place(&units->weights, units->shape, arena);
    for (size_t i = 0; i < units->stashes; i++)
        encoder_stash_place(&units->stash[i], units->shape, arena);
    for (size_t t = 0; t < units->threads; t++)
        thread_place(&units->thread[t], units, arena);
    unit_sums_place(&units->sums, arena);
}

void units_plan(Units *units) {
    encoder_plan(&units->encoder, units->shape, units->table, units->kernels);
    encoder_fill_constants(&units->encoder, &units->weights);
}

void units_free(Units *units) {
    memory_free(units->stash);
    memory_free(units->block_stash);
    memory_free(units->weights.block);
    memory_free(units->thread);
    memory_free(units->head_sources);
    shares_free(&units->shares);
    unit_sums_free(&units->sums);
    *units = (Units){0};
}

static DropoutSource dropout_source(const Units *units, const Pass *pass, double rate,
                                    uint16_t *words) {
    return (DropoutSource){.kernels = units->kernels,
                           .seed = units->seed,
                           .step = pass->step,
                           .threshold = dropout_threshold(rate),
                           .words = pass->training && rate > 0.0 ? words : NULL};
}

void units_start(Units *units, const Pass *pass) {
    const ModelShape *shape = units->shape;
    unit_sums_start(&units->sums, units_count(units, pass->input->batch));
    encoder_prepare(&units->encoder, pass->weights, &units->weights);
    for (size_t t = 0; t < units->threads; t++) {
        uint16_t *words = units->thread[t].work.words;
        units->thread[t].dropout = (EncoderDropout){
            .attention = dropout_source(units, pass, shape->attention_dropout, words),
            .mlp = dropout_source(units, pass, shape->dropout, words),
            .stochastic_depth = pass->training ? shape->stochastic_depth : 0.0};
        units->head_sources[t] = dropout_source(units, pass, shape->head_dropout, words);
    }
#pragma omp parallel num_threads((int)units->threads)
    {
        const TeamThread team = team_enter(PHASE_PREPARE);
#pragma omp for schedule(dynamic) nowait
        for (size_t f = 0; f < encoder_forms(&units->encoder); f++)
            encoder_prepare_form(&units->encoder, pass->weights, f,
                                 &units->thread[omp_get_thread_num()].work, &units->weights);
        team_leave(team);
    }
}

static void progress(const Pass *pass) {
    if (!pass->hooks || !pass->hooks->progress || omp_get_thread_num() != 0)
        return;
    phase_begin(PHASE_EXCHANGE);
    pass->hooks->progress(pass->hooks->context);
}

/* Dropout of the features of image number `image`, or of their gradient. */
static void drop_features(const Units *units, const Pass *pass, size_t thread, size_t image,
                          float *features) {
    const size_t count = units->shape->features;
    DropoutSource source = units->head_sources[thread];
    source.sample = pass->input->sample[image];
    units->kernels->dropout(count, features, dropout_draw(&source, DROPOUT_SITE_FEATURES, count));
}

/* One unit: images [first, first + count) of the chunk that begins with image `base`. */
typedef struct Unit {
    size_t base, first, count;
} Unit;

/* Evaluation keeps nothing: all images and blocks of a thread write over the same stash, which
 * stays in cache. */
static ImageStash *stash_of(const Units *units, const Pass *pass, size_t thread, size_t image) {
    return &units->stash[pass->training ? image : thread * units->stashes / units->threads];
}

/* Its images' tokens, into the residuals. Where they are mixed they are all loaded first. */
static void unit_embed(Units *units, const Pass *pass, size_t thread, Unit unit) {
    const VitInput *input = pass->input;
    const ModelShape *shape = units->shape;
    UnitsThread *t = &units->thread[thread];
    const size_t first = unit.base + unit.first, together = input->mix ? unit.count : 1;
    for (size_t i = 0; i < unit.count; i += together) {
        phase_begin(PHASE_AUGMENT);
        for (size_t k = 0; k < together; k++)
            input->load(input->context, first + i + k, t->work.planes + k * image_values(shape));
        if (input->mix)
            input->mix(input->context, first, unit.count, t->work.planes);
        for (size_t k = i; k < i + together; k++)
            encoder_embed(&units->encoder, &units->weights,
                          t->work.planes + (k - i) * image_values(shape),
                          stash_of(units, pass, thread, unit.first + k), &t->work,
                          t->work.residual + k * shape->T * shape->D);
    }
}

/* features: of the chunk. */
static void unit_forward(Units *units, const Pass *pass, size_t thread, Unit unit,
                         float *features) {
    const Encoder *encoder = &units->encoder;
    const size_t values = units->shape->T * units->shape->D;
    EncoderWork *work = &units->thread[thread].work;
    EncoderDropout *dropout = &units->thread[thread].dropout;
    unit_embed(units, pass, thread, unit);
    for (size_t l = 0; l < units->shape->depth; l++)
        for (size_t i = 0; i < unit.count; i++) {
            ImageStash *image = stash_of(units, pass, thread, unit.first + i);
            BlockStash *stash = &image->block[pass->training ? l : 0];
            if (pass->training)
                dropout_choose(dropout, pass->input->sample[unit.base + unit.first + i]);
            encoder_block(encoder, &units->weights, l, dropout, stash, work,
                          work->residual + i * values);
            progress(pass);
        }
    for (size_t i = 0; i < unit.count; i++) {
        ImageStash *stash = stash_of(units, pass, thread, unit.first + i);
        float *target = features + (unit.first + i) * units->shape->features;
        encoder_pool(encoder, &units->weights, work->residual + i * values, &stash->pool, work,
                     target);
        if (pass->training)
            drop_features(units, pass, thread, unit.base + unit.first + i, target);
    }
}

/* Its gradient, into the sum that the thread has open. */
static void unit_backward(Units *units, const Pass *pass, size_t thread, Unit unit,
                          const Head *head, HeadStash *stash) {
    const Encoder *encoder = &units->encoder;
    const size_t values = units->shape->T * units->shape->D;
    EncoderWork *work = &units->thread[thread].work;
    EncoderDropout *dropout = &units->thread[thread].dropout;
    const ImageStash *image = units->stash + unit.first; /* [unit.count] */
    float *sum = unit_sums_open(&units->sums, thread);
    const EncoderGradient gradient = {.folded = sum, .tensors = sum + folded_floats(units->shape)};
    phase_begin(PHASE_HEAD_BACKWARD);
    for (size_t j = 0; j < head->layers; j++)
        head_bias_gradient(head, j, unit.base + unit.first, unit.count, stash,
                           encoder_gradient_of(units->table, gradient, units->table->head_bias[j]));
    for (size_t i = 0; i < unit.count; i++) {
        float *source = stash->dfeatures + (unit.first + i) * units->shape->features;
        phase_begin(PHASE_HEAD_BACKWARD);
        drop_features(units, pass, thread, unit.base + unit.first + i, source);
        encoder_pool_backward(encoder, &units->weights, source, &image[i].pool, work, gradient,
                              work->residual + i * values);
    }
    for (size_t l = units->shape->depth; l-- > 0;)
        for (size_t i = 0; i < unit.count; i++) {
            dropout_choose(dropout, pass->input->sample[unit.base + unit.first + i]);
            encoder_block_backward(encoder, &units->weights, l, dropout, &image[i].block[l], work,
                                   gradient, work->residual + i * values);
            progress(pass);
        }
    for (size_t i = 0; i < unit.count; i++)
        encoder_embed_backward(encoder, &units->weights, &image[i], work,
                               work->residual + i * values, gradient);
}

/* Unit number u of a chunk. */
static Unit unit_of(const Units *units, size_t base, size_t images, size_t u) {
    const size_t first = u * units->unit_images;
    return (Unit){base, first, size_smaller(units->unit_images, images - first)};
}

/* The master thread, which has found no more units (none at all if it was held up), keeps messages
 * moving until the others are done with theirs. */
static void progress_until_finished(const Units *units, const Pass *pass) {
    if (!pass->hooks || !pass->hooks->progress || omp_get_thread_num() != 0)
        return;
    do {
        progress(pass);
        phase_begin(PHASE_WAIT);
        sched_yield();
    } while (!shares_are_finished(&units->shares));
}

void units_forward(Units *units, const Pass *pass, size_t base, size_t images, float *features) {
    shares_deal(&units->shares, units_count(units, images));
#pragma omp parallel num_threads((int)units->threads)
    {
        const TeamThread team = team_enter(PHASE_AUGMENT);
        const size_t thread = (size_t)omp_get_thread_num();
        size_t u;
        while (shares_take(&units->shares, thread, &u)) {
            unit_forward(units, pass, thread, unit_of(units, base, images, u), features);
            shares_finish(&units->shares);
        }
        progress_until_finished(units, pass);
        team_leave(team);
    }
}

void units_backward(Units *units, const Pass *pass, size_t base, size_t images, const Head *head,
                    HeadStash *stash) {
    const size_t first = (pass->input->first + base) / units->unit_images;
    shares_deal(&units->shares, units_count(units, images));
#pragma omp parallel num_threads((int)units->threads)
    {
        const TeamThread team = team_enter(PHASE_HEAD_BACKWARD);
        const size_t thread = (size_t)omp_get_thread_num();
        size_t u;
        while (shares_take(&units->shares, thread, &u)) {
            unit_backward(units, pass, thread, unit_of(units, base, images, u), head, stash);
            unit_sums_close(&units->sums, thread, first + u, !shares_are_taken(&units->shares));
            shares_finish(&units->shares);
        }
        progress_until_finished(units, pass);
        team_leave(team);
    }
    unit_sums_join(&units->sums);
}

void units_finish(Units *units, const float *weights, float *sums, float *gradient) {
    const ParameterTable *table = units->table;
    const size_t folded = folded_floats(units->shape);
    const size_t rest = table->unit_floats - table->folded_floats;
    const Phase phase = phase_current();
#pragma omp parallel num_threads((int)units->threads)
    {
        const TeamThread team = team_enter(phase);
        size_t from, end;
#pragma omp for schedule(dynamic) nowait
        for (size_t h = 0; h < units->shape->depth * units->shape->H; h++)
            encoder_unfold_head(&units->encoder, weights, h / units->shape->H, h % units->shape->H,
                                &units->thread[omp_get_thread_num()].work, sums, gradient);
        shares_equal(rest, MEMORY_LINE_FLOATS, (size_t)omp_get_thread_num(),
                     (size_t)omp_get_num_threads(), &from, &end);
        memcpy(gradient + table->folded_floats + from, sums + folded + from,
               (end - from) * sizeof *gradient);
        team_leave(team);
    }
    phase_begin(phase);
}
