#include "vit/fat_layers.h"

#include "vit/column_exchange.h"
#include "vit/fat_rows.h"
#include "vit/memory.h"
#include "vit/phase.h"
#include "vit/range_gather.h"
#include "vit/size.h"
#include "vit/tree_exchange.h"
#include <limits.h>
#include <string.h>

/* Rows of the gradient between two calls of progress. */
enum { ROWS_AT_A_TIME = 2304 };

/* One layer. On one rank its inputs and deltas are the model's own. */
typedef struct FatLayer {
    FatRows rows; /* this rank's */
    size_t *row;  /* [ranks + 1] */
    size_t *leaf; /* [ranks + 1], the partition's */
    ColumnExchange *columns;
    TreeExchange *sums;
    size_t *output;      /* [ranks + 1] borders of a round's outputs, in floats */
    RangeGather *deltas; /* by the same borders */
    float *input;        /* [round, rows]: the round's inputs */
    /* Of the whole batch, in its order. */
    const float *batch_input,
        *batch_delta; /* [batch, rows] with leading dimension ld, [batch, out] */
    size_t ld;
    float *kept_input, *kept_delta; /* room for them where a batch passes in several rounds */
    float *gradient;                /* [rows, out] */
} FatLayer;

struct FatLayers {
    FatLayersOptions o;
    FatLayer layer[JOB_LIST_MAX + 1];
    size_t *borders; /* the layers' row and output, and place */
    size_t *place;   /* [ranks + 1] where each rank's images are in the round */
    float *work;     /* one layer's and direction's at a time: work_floats */
    float *room;     /* of products */
    const float *weights;
    const Slices *slices;
    bool training;
    size_t rounds;
    void (*progress)(void *context);
    void *context;
    double waited;
};

static size_t ranks_of(const FatLayersOptions *o) {
    return (size_t)o->ranks->size;
}

static const Region *region_of(const FatLayersOptions *o, size_t j) {
    return &o->partition->region[partition_kernel(j)];
}

static bool is_fat(const FatLayersOptions *o, size_t j) {
    return region_of(o, j)->treatment == TREAT_FAT;
}

static FatRows rows_of(const FatLayersOptions *o, size_t j, int rank) {
    const size_t *leaf = region_of(o, j)->leaf;
    return fat_rows_of(model_head_width(o->shape, j), model_head_width(o->shape, j + 1), leaf[rank],
                       leaf[rank + 1], o->threads);
}

/* ---- sizes ---- */

/* The most images of a round, over all ranks; and whether a batch may need several. */
static size_t round_images(const FatLayersOptions *o) {
    return o->chunk * ranks_of(o);
}
static bool needs_several(const FatLayersOptions *o) {
    return o->batch_size > round_images(o);
}

/* Forward: the sums over this rank's nodes, [nodes, round, out]. Backward: the gradients of outputs
 * [round, out] and of inputs [round, rows]. */
static size_t work_floats(const FatLayersOptions *o, const FatRows *rows) {
    const size_t images = round_images(o), out = rows->out;
    const size_t forward = fat_rows_nodes(rows) * images * out;
    return o->training ? size_larger(forward, images * (out + rows->count)) : forward;
}

static size_t room_floats(const FatLayersOptions *o, const FatRows *rows) {
    return fat_rows_room(rows, round_images(o), o->training ? o->batch_size : 0);
}

static size_t kept_images(const FatLayersOptions *o) {
    return o->training && needs_several(o) && ranks_of(o) > 1 ? o->batch_size : 0;
}

static size_t input_floats(const FatLayersOptions *o, const FatRows *rows) {
    return ranks_of(o) > 1 ? round_images(o) * rows->count : 0;
}

static size_t gradient_floats(const FatLayersOptions *o, const FatRows *rows) {
    return o->training ? rows->count * rows->out : 0;
}

/* ---- setting up ---- */

/* One after another in one array: of each layer the rows and the outputs, then the places. */
static size_t *borders_of(const FatLayers *layers, size_t number) {
    return layers->borders + number * (ranks_of(&layers->o) + 1);
}

static void set_rows(FatLayers *layers, size_t j) {
    FatLayer *layer = &layers->layer[j];
    layer->rows = rows_of(&layers->o, j, layers->o.ranks->rank);
    layer->leaf = region_of(&layers->o, j)->leaf;
    layer->row = borders_of(layers, 2 * j);
    layer->output = borders_of(layers, 2 * j + 1);
    for (size_t r = 0; r <= ranks_of(&layers->o); r++) {
        layer->row[r] = fat_rows_leaf(layer->rows.in, layer->leaf[r]);
        layer->output[r] = r * layers->o.chunk * layer->rows.out;
    }
}

static Status allocate_layer(const FatLayersOptions *o, FatLayer *layer) {
    const FatRows *rows = &layer->rows;
    const size_t kept = kept_images(o);
    const char *what = "a fat layer";
    STATUS_TRY(memory_allocate(&layer->input, input_floats(o, rows), sizeof(float), what));
    STATUS_TRY(memory_allocate(&layer->kept_input, kept * rows->count, sizeof(float), what));
    STATUS_TRY(memory_allocate(&layer->kept_delta, kept * rows->out, sizeof(float), what));
    return memory_allocate(&layer->gradient, gradient_floats(o, rows), sizeof(float), what);
}

/* A round's values travel in one message at most. */
static Status check_sizes(const FatLayersOptions *o, const FatRows *rows) {
    const size_t most = size_larger(rows->in, rows->out);
    if (ranks_of(o) == 1 || round_images(o) <= INT_MAX / most)
        return STATUS_OK;
    return status_fail(STATUS_CONFIG,
                       "%zu images of %zu values at a time are more than MPI counts: use fewer "
                       "ranks or threads, or a smaller [data] batch_size",
                       round_images(o), most);
}

static Status allocate(FatLayers *layers) {
    const FatLayersOptions *o = &layers->o;
    const size_t count = model_head_layers(o->shape);
    size_t work = 0, room = 0;
    STATUS_TRY(memory_allocate(&layers->borders, (2 * count + 1) * (ranks_of(o) + 1),
                               sizeof(size_t), "borders between ranks"));
    layers->place = borders_of(layers, 2 * count);
    for (size_t j = 0; j < count; j++) {
        if (!is_fat(o, j))
            continue;
        set_rows(layers, j);
        const FatRows *rows = &layers->layer[j].rows;
        STATUS_TRY(check_sizes(o, rows));
        STATUS_TRY(allocate_layer(o, &layers->layer[j]));
        work = size_larger(work, work_floats(o, rows));
        room = size_larger(room, room_floats(o, rows));
    }
    STATUS_TRY(memory_allocate(&layers->work, ranks_of(o) > 1 ? work : 0, sizeof(float),
                               "the fat layers"));
    return memory_allocate(&layers->room, room, sizeof(float), "the fat layers");
}

static Status make(FatLayers *layers) {
    const FatLayersOptions *o = &layers->o;
    STATUS_TRY(ranks_agree(o->ranks, allocate(layers)));
    for (size_t j = 0; j < model_head_layers(o->shape); j++) {
        FatLayer *layer = &layers->layer[j];
        if (!is_fat(o, j))
            continue;
        STATUS_TRY(column_exchange_init(&layer->columns, o->ranks, layer->row, o->chunk));
        STATUS_TRY(tree_exchange_init(&layer->sums, o->ranks, layer->output,
                                      tree_exchange_nodes(o->ranks, layer->leaf), false));
        STATUS_TRY(range_gather_init(&layer->deltas, o->ranks, layer->output));
    }
    return STATUS_OK;
}

Status fat_layers_init(FatLayers **layers, const FatLayersOptions *options) {
    STATUS_TRY(ranks_allocate(options->ranks, layers, sizeof **layers, "the fat layers"));
    (*layers)->o = *options;
    const Status status = make(*layers);
    if (status != STATUS_OK) {
        fat_layers_free(*layers);
        *layers = NULL;
    }
    return status;
}

void fat_layers_free(FatLayers *layers) {
    if (!layers)
        return;
    for (size_t j = 0; j <= JOB_LIST_MAX; j++) {
        FatLayer *layer = &layers->layer[j];
        column_exchange_free(layer->columns);
        tree_exchange_free(layer->sums);
        range_gather_free(layer->deltas);
        memory_free(layer->input);
        memory_free(layer->kept_input);
        memory_free(layer->kept_delta);
        memory_free(layer->gradient);
    }
    memory_free(layers->borders);
    memory_free(layers->work);
    memory_free(layers->room);
    memory_free(layers);
}

/* ---- rounds ---- */

size_t fat_layers_start(FatLayers *layers, const float *weights, const Slices *slices,
                        bool training, void (*progress)(void *context), void *context) {
    size_t most = 0;
    for (int r = 0; r < layers->o.ranks->size; r++)
        most = size_larger(most, slices_count(slices, r));
    layers->weights = weights;
    layers->slices = slices;
    layers->training = training;
    layers->rounds = size_groups(most, layers->o.chunk);
    layers->progress = progress;
    layers->context = context;
    return layers->rounds;
}

/* Where the images of a rank's round begin in its slice. */
static size_t round_first(const FatLayers *layers, size_t number, int rank) {
    return size_smaller(number * layers->o.chunk, slices_count(layers->slices, rank));
}

/* The round's images, one rank's after another's: their places, and the borders of a layer's
 * outputs. Returns how many there are. */
static size_t set_places(FatLayers *layers, size_t number, FatLayer *layer) {
    for (int r = 0; r <= layers->o.ranks->size; r++) {
        if (r > 0)
            layers->place[r] = layers->place[r - 1] + round_first(layers, number + 1, r - 1) -
                               round_first(layers, number, r - 1);
        layer->output[r] = layers->place[r] * layer->rows.out;
    }
    return layers->place[layers->o.ranks->size];
}

static bool is_last_round(const FatLayers *layers, const VitRound *round) {
    return round->number + 1 >= layers->rounds;
}

static const float *kernel_of(const FatLayers *layers, size_t j) {
    const FatRows *rows = &layers->layer[j].rows;
    return layers->weights + layers->o.table->head_kernel[j] + rows->first * rows->out;
}

/* Puts a round's rows of `width` floats where they belong in the batch. */
static void keep(const FatLayers *layers, const VitRound *round, const float *rows, size_t width,
                 float *batch) {
    for (int r = 0; r < layers->o.ranks->size; r++) {
        const size_t image =
            slices_first(layers->slices, r) + round_first(layers, round->number, r);
        memcpy(batch + image * width, rows + layers->place[r] * width,
               (layers->place[r + 1] - layers->place[r]) * width * sizeof *batch);
    }
}

/* ---- forward ---- */

static void forward_alone(FatLayers *layers, const VitRound *round, size_t j, const float *input,
                          float *output) {
    FatLayer *layer = &layers->layer[j];
    layer->ld = layer->rows.in;
    if (layers->training)
        layer->batch_input = input - round->first * layer->ld;
    fat_rows_forward(&layer->rows, kernel_of(layers, j), round->images, input, layer->ld,
                     (float *[]){output}, layers->room);
}

/* This rank's columns of the round's inputs. */
static void bring_inputs(FatLayers *layers, const VitRound *round, FatLayer *layer,
                         const float *input) {
    column_exchange_post_out(layer->columns, layers->place, input, layer->input);
    layers->waited += column_exchange_wait(layer->columns);
    if (!layers->training)
        return;
    layer->ld = layer->rows.count;
    layer->batch_input = layers->rounds == 1 ? layer->input : layer->kept_input;
    if (layers->rounds > 1)
        keep(layers, round, layer->input, layer->ld, layer->kept_input);
}

void fat_layers_forward(FatLayers *layers, const VitRound *round, size_t j, const float *input,
                        float *output) {
    FatLayer *layer = &layers->layer[j];
    float *node[TREE_NODES_MOST];
    if (layers->o.ranks->size == 1) {
        forward_alone(layers, round, j, input, output);
        return;
    }
    const Phase phase = phase_begin(PHASE_EXCHANGE);
    const size_t images = set_places(layers, round->number, layer);
    bring_inputs(layers, round, layer, input);
    for (size_t n = 0; n < fat_rows_nodes(&layer->rows); n++)
        node[n] = layers->work + n * images * layer->rows.out;
    phase_begin(phase);
    fat_rows_forward(&layer->rows, kernel_of(layers, j), images, layer->input, layer->rows.count,
                     node, layers->room);
    phase_begin(PHASE_EXCHANGE);
    tree_exchange_post(layer->sums, layer->leaf, node);
    const float *sum = tree_exchange_wait(layer->sums, &layers->waited);
    memcpy(output, sum, round->images * layer->rows.out * sizeof *output);
    phase_begin(phase);
}

/* ---- backward ---- */

static void make_gradient(FatLayers *layers, FatLayer *layer) {
    const FatRows *rows = &layer->rows;
    for (size_t done = 0; done < rows->count; done += ROWS_AT_A_TIME) {
        fat_rows_gradient(rows, size_smaller(ROWS_AT_A_TIME, rows->count - done),
                          layers->slices->images, layer->batch_input + done, layer->ld,
                          layer->batch_delta, layer->gradient + done * rows->out, layers->room);
        if (layers->progress)
            layers->progress(layers->context);
    }
}

static void backward_alone(FatLayers *layers, const VitRound *round, size_t j, const float *delta,
                           float *dinput) {
    FatLayer *layer = &layers->layer[j];
    layer->batch_delta = delta - round->first * layer->rows.out;
    fat_rows_backward(&layer->rows, kernel_of(layers, j), round->images, delta, dinput,
                      layers->room);
    if (is_last_round(layers, round))
        make_gradient(layers, layer);
}

/* All images' gradients of outputs, all [round, out]. */
static void bring_deltas(FatLayers *layers, const VitRound *round, FatLayer *layer,
                         const float *delta, float *all) {
    const size_t out = layer->rows.out;
    memcpy(all + layers->place[layers->o.ranks->rank] * out, delta,
           round->images * out * sizeof *all);
    range_gather_post(layer->deltas, all);
    layers->waited += range_gather_wait(layer->deltas);
    layer->batch_delta = layers->rounds == 1 ? all : layer->kept_delta;
    if (layers->rounds > 1)
        keep(layers, round, all, out, layer->kept_delta);
}

void fat_layers_backward(FatLayers *layers, const VitRound *round, size_t j, const float *delta,
                         float *dinput) {
    FatLayer *layer = &layers->layer[j];
    if (layers->o.ranks->size == 1) {
        backward_alone(layers, round, j, delta, dinput);
        return;
    }
    const Phase phase = phase_begin(PHASE_EXCHANGE);
    const size_t images = set_places(layers, round->number, layer);
    float *all = layers->work, *columns = all + round_images(&layers->o) * layer->rows.out;
    bring_deltas(layers, round, layer, delta, all);
    phase_begin(phase);
    fat_rows_backward(&layer->rows, kernel_of(layers, j), images, all, columns, layers->room);
    phase_begin(PHASE_EXCHANGE);
    column_exchange_post_back(layer->columns, layers->place, columns, dinput);
    if (layers->o.no_overlap)
        layers->waited += column_exchange_wait(layer->columns);
    phase_begin(phase);
    if (is_last_round(layers, round))
        make_gradient(layers, layer);
    phase_begin(PHASE_EXCHANGE);
    layers->waited += column_exchange_wait(layer->columns);
    phase_begin(phase);
}

void fat_layers_progress(FatLayers *layers) {
    for (size_t j = 0; j < model_head_layers(layers->o.shape); j++)
        if (layers->layer[j].columns)
            column_exchange_progress(layers->layer[j].columns);
}

/* ---- what came of it ---- */

const float *fat_layers_gradient(const FatLayers *layers, size_t j) {
    return layers->layer[j].gradient;
}

double fat_layers_waited(const FatLayers *layers) {
    return layers->waited;
}

/* ---- what it costs ---- */

/* What a rank sends of one layer in a step: see fat_layers.h's four messages. */
static double sent_by(const FatLayersOptions *o, const Slices *slices, size_t j, int rank) {
    const FatRows rows = rows_of(o, j, rank);
    const double images = (double)slices_count(slices, rank);
    const double others = (double)slices->images - images, in = (double)rows.in;
    const double out = (double)rows.out, own = (double)rows.count;
    return sizeof(float) * (images * (in - own) + (double)fat_rows_nodes(&rows) * others * out +
                            images * out * (double)(o->ranks->size - 1) + others * own);
}

static double held(const FatLayersOptions *o, size_t j) {
    const Region *region = region_of(o, j);
    const FatRows rows = rows_of(o, j, o->ranks->rank);
    const size_t kept = kept_images(o) * (rows.count + rows.out);
    const size_t received = tree_exchange_nodes(o->ranks, region->leaf) * o->chunk * rows.out;
    const size_t travel = o->ranks->size > 1 ? received + o->chunk * rows.in : 0;
    return sizeof(float) *
           (double)(input_floats(o, &rows) + kept + travel + gradient_floats(o, &rows));
}

Status fat_layers_cost(const FatLayersOptions *o, size_t unit_images, FatLayersCost *cost) {
    size_t work = 0, room = 0;
    Slices slices;
    *cost = (FatLayersCost){0};
    const Status status = slices_init(&slices, ranks_of(o), unit_images);
    if (status == STATUS_OK)
        slices_set(&slices, o->batch_size);
    for (size_t j = 0; j < model_head_layers(o->shape) && status == STATUS_OK; j++) {
        if (!is_fat(o, j))
            continue;
        const FatRows rows = rows_of(o, j, o->ranks->rank);
        work = size_larger(work, ranks_of(o) > 1 ? work_floats(o, &rows) : 0);
        room = size_larger(room, room_floats(o, &rows));
        cost->memory += held(o, j);
        for (int r = 0; r < o->ranks->size; r++)
            cost->sent += sent_by(o, &slices, j, r) / (double)o->ranks->size;
    }
    cost->memory += sizeof(float) * (double)(work + room);
    slices_free(&slices);
    return status;
}
