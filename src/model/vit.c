#include "vit/vit.h"

#include "head.h"
#include "units.h"
#include "vit/memory.h"
#include "vit/phase.h"
#include "vit/size.h"
#include <string.h>

struct Vit {
    const ModelShape *shape;
    const ParameterTable *table;
    VitOptions options;
    size_t images; /* that the head keeps of: the largest slice, a chunk at least */
    size_t chunk;  /* images that pass forward, head and backward together */
    Units units;   /* everything before the head */
    Head head;
    HeadStash head_stash;
    VitPartial partial;
    double *loss;  /* [chunk] */
    size_t *place; /* [chunk] */
    float *memory;
};

static size_t head_floats(const ModelShape *shape) {
    size_t floats = 0;
    for (size_t j = 0; j < model_head_layers(shape); j++)
        floats += model_head_width(shape, j) * model_head_width(shape, j + 1);
    return floats;
}

size_t vit_chunk_images(const ModelShape *shape, size_t threads, size_t unit_images,
                        size_t images) {
    const size_t shared = head_floats(shape) > VIT_CACHED_HEAD_FLOATS ? VIT_CHUNK_IMAGES : 1;
    const size_t least = size_larger(shared, VIT_THREAD_IMAGES * threads);
    const size_t wanted = size_round_up(least, threads * unit_images);
    return size_smaller(wanted, size_larger(images, 1));
}

size_t vit_unit_floats(const ModelShape *shape, const ParameterTable *table) {
    return units_floats(shape, table);
}

/* Places everything in the arena; counts only when its base is NULL. */
static void place(Vit *vit, Arena *arena) {
    units_place(&vit->units, arena);
    head_stash_place(&vit->head_stash, &vit->head, vit->images, vit->chunk,
                     vit->options.unit_images, vit->options.nodes, arena);
}

/* Everything but the arena itself. */
static Status create(Vit **vit, const ModelShape *shape, const ParameterTable *table,
                     const VitOptions *options) {
    STATUS_TRY(memory_allocate(vit, 1, sizeof **vit, "the model"));
    (*vit)->shape = shape;
    (*vit)->table = table;
    (*vit)->options = *options;
    (*vit)->chunk = options->chunk ? options->chunk
                                   : vit_chunk_images(shape, options->threads, options->unit_images,
                                                      options->images);
    (*vit)->images = size_larger(options->images, (*vit)->chunk);
    head_plan(&(*vit)->head, shape, table, kernels_best(), options->threads, options->batch_size);
    STATUS_TRY(memory_allocate(&(*vit)->loss, (*vit)->chunk, sizeof(double), "losses"));
    STATUS_TRY(memory_allocate(&(*vit)->place, (*vit)->chunk, sizeof(size_t), "losses"));
    return units_init(&(*vit)->units, shape, table, options, (*vit)->images, (*vit)->chunk);
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
    units_plan(&(*vit)->units);
    return STATUS_OK;
}

void vit_free(Vit *vit) {
    if (!vit)
        return;
    units_free(&vit->units);
    memory_free(vit->loss);
    memory_free(vit->place);
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

/* Where a chunk's rows begin in the head's stash: evaluation keeps none. */
static size_t head_row(const Pass *pass, size_t base) {
    return pass->training ? base : 0;
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

/* Of the chunk that begins with image `base`. */
static HeadTargets targets_of(const VitInput *input, size_t base) {
    return (HeadTargets){.label = input->label + base,
                         .other = input->share ? input->other + base : NULL,
                         .share = input->share ? input->share + base : NULL,
                         .smoothing = input->smoothing};
}

static void chunk_losses(Vit *vit, const Pass *pass, size_t base, size_t images, VitSums *sums) {
    const size_t classes = vit->shape->classes;
    const HeadTargets targets = targets_of(pass->input, base);
    head_losses(&vit->head, images, &targets, &vit->head_stash, vit->loss, vit->place);
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

/* ---- rounds ---- */

/* A round, and what its products of fat layers need to know. */
typedef struct Turn {
    const Pass *pass;
    VitRound round;
} Turn;

static void fat_forward(void *context, size_t j, size_t B, const float *input, float *output) {
    const Turn *turn = context;
    const VitHooks *hooks = turn->pass->hooks;
    (void)B;
    hooks->fat_forward(hooks->context, &turn->round, j, input, output);
}

static void fat_backward(void *context, size_t j, size_t B, const float *delta, float *dinput) {
    const Turn *turn = context;
    const VitHooks *hooks = turn->pass->hooks;
    (void)B;
    hooks->fat_backward(hooks->context, &turn->round, j, delta, dinput);
}

static HeadFat head_fat(Turn *turn) {
    const VitHooks *hooks = turn->pass->hooks;
    return (HeadFat){.forward = hooks && hooks->fat_forward ? fat_forward : NULL,
                     .backward = hooks && hooks->fat_backward ? fat_backward : NULL,
                     .context = turn};
}

static size_t rounds_of(const Vit *vit, const VitInput *input) {
    return size_larger(size_larger(input->rounds, 1), size_groups(input->images, vit->chunk));
}

static Turn turn_of(const Vit *vit, const Pass *pass, size_t number) {
    const size_t images = pass->input->images;
    const size_t first = size_smaller(number * vit->chunk, images);
    const VitRound round = {
        .number = number, .first = first, .images = size_smaller(vit->chunk, images - first)};
    return (Turn){.pass = pass, .round = round};
}

static void round_forward(Vit *vit, Turn *turn, VitSums *sums) {
    const Pass *pass = turn->pass;
    const size_t base = turn->round.first, images = turn->round.images;
    const size_t row = head_row(pass, base);
    const HeadFat fat = head_fat(turn);
    if (images)
        units_forward(&vit->units, pass, base, images,
                      vit->head_stash.input[0] + row * vit->shape->features);
    if (turn->round.number == 0)
        need_kernels(pass);
    phase_begin(PHASE_HEAD);
    head_forward(&vit->head, pass->weights, &fat, row, images,
                 pass->training ? pass->input->sample + base : NULL, vit->units.head_sources,
                 &vit->head_stash);
    chunk_losses(vit, pass, base, images, sums);
}

static void round_backward(Vit *vit, Turn *turn, float scale) {
    const Pass *pass = turn->pass;
    const size_t base = turn->round.first;
    const HeadFat fat = head_fat(turn);
    const HeadTargets targets = targets_of(pass->input, base);
    phase_begin(PHASE_HEAD_BACKWARD);
    head_backward(&vit->head, pass->weights, &fat, base, turn->round.images, &targets, scale,
                  &vit->head_stash);
}

const VitPartial *vit_partial(const Vit *vit) {
    return &vit->partial;
}

/* What does not change during a pass. */
static void start_partial(Vit *vit, const VitInput *input) {
    const size_t first = input->first / vit->options.unit_images;
    vit->partial = (VitPartial){.layers = vit->head.layers};
    vit->partial.nodes = tree_cover(units_count(&vit->units, input->batch), first,
                                    first + units_count(&vit->units, input->images), NULL);
    for (size_t j = 0; j < vit->head.layers; j++)
        vit->partial.layer[j] = (VitLayer){.in = vit->head.width[j],
                                           .out = vit->head.width[j + 1],
                                           .fat = vit->head.fat[j],
                                           .node = vit->head_stash.node[j]};
}

/* All gradients of the head's sums are there. */
static void kernels_ready(Vit *vit, const Pass *pass) {
    const VitInput *input = pass->input;
    const size_t unit = vit->options.unit_images;
    for (size_t j = vit->head.layers; j-- > 0;) {
        if (vit->head.fat[j])
            continue;
        phase_begin(PHASE_HEAD_BACKWARD);
        if (input->images)
            head_kernel_nodes(&vit->head, j, input->images, unit,
                              units_count(&vit->units, input->batch), input->first / unit,
                              &vit->head_stash);
        ready(pass, VIT_KERNEL, j);
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
    units_start(&vit->units, &pass);
    start_partial(vit, input);
    const size_t rounds = rounds_of(vit, input);
    for (size_t r = 0; r < rounds; r++) {
        Turn turn = turn_of(vit, &pass, r);
        round_forward(vit, &turn, sums);
        round_backward(vit, &turn, scale);
        if (r + 1 == rounds)
            kernels_ready(vit, &pass);
        if (turn.round.images)
            units_backward(&vit->units, &pass, turn.round.first, turn.round.images, &vit->head,
                           &vit->head_stash);
    }
    unit_sums_finish(&vit->units.sums, vit->partial.nodes, vit->partial.unit);
    ready(&pass, VIT_UNITS, 0);
    phase_begin(PHASE_OTHER);
}

void vit_finish_units(Vit *vit, const float *weights, float *sums, float *gradient) {
    units_finish(&vit->units, weights, sums, gradient);
}

void vit_whole_gradient(Vit *vit, const float *weights, size_t images, float *gradient) {
    const ParameterTable *table = vit->table;
    vit_finish_units(vit, weights, vit->partial.unit[0], gradient);
    for (size_t j = 0; j < vit->partial.layers; j++) {
        const VitLayer *layer = &vit->partial.layer[j];
        float *kernel = gradient + table->head_kernel[j];
        if (layer->fat)
            head_fat_gradient(&vit->head, j, images, &vit->head_stash, kernel);
        else
            memcpy(kernel, layer->node[0], layer->in * layer->out * sizeof *kernel);
    }
}

void vit_evaluate(Vit *vit, const float *weights, const VitInput *input, float *logits,
                  const VitHooks *hooks, VitSums *sums) {
    const Pass pass = {.weights = weights, .input = input, .hooks = hooks, .logits = logits};
    *sums = (VitSums){0};
    tree_sum_start(&sums->loss, input->batch);
    units_start(&vit->units, &pass);
    const size_t rounds = rounds_of(vit, input);
    for (size_t r = 0; r < rounds; r++) {
        Turn turn = turn_of(vit, &pass, r);
        round_forward(vit, &turn, sums);
    }
}
