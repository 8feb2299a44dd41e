#include "vit/reduction.h"

#include "vit/copy.h"
#include "vit/factor_exchange.h"
#include "vit/memory.h"
#include "vit/phase.h"
#include "vit/range_gather.h"
#include "vit/size.h"
#include "vit/tree_exchange.h"
#include <string.h>

/* Parts of a sum begin on cache lines. */
enum { SUM_GRAIN = 16 };

/* One region's. */
typedef struct RegionExchange {
    TreeExchange *sums;      /* or NULL */
    FactorExchange *factors; /* or NULL */
    RangeGather *weights;    /* of divided ones, or NULL */
    size_t *border;          /* [ranks + 1] of the summed vector, or the kernel's rows */
    float *block;            /* this rank's part of the gradient, where it is made here, or NULL */
    const float *gradient;   /* of the step */
} RegionExchange;

struct Exchange {
    const Ranks *ranks;
    const Partition *partition;
    ExchangeOptions options;
    const Slices *slices; /* of the batch under way */
    RegionExchange region[REGIONS_MOST];
    size_t *memory;
};

/* Borders in the vector that a region's sum is made of. */
static void sum_borders(const Ranks *ranks, const Region *region, size_t unit_floats,
                        size_t *border) {
    const size_t size = (size_t)ranks->size, grains = size_groups(unit_floats, SUM_GRAIN);
    for (size_t r = 0; r <= size; r++)
        border[r] = region_is_divided(region)
                        ? region->border[r]
                        : size_smaller(grains * r / size * SUM_GRAIN, unit_floats);
}

static void row_borders(const Ranks *ranks, const Region *region, size_t in, size_t out,
                        size_t *border) {
    for (int r = 0; r <= ranks->size; r++)
        border[r] = size_smaller(region->border[r] / out, in);
    border[ranks->size] = in;
}

static void region_borders(const Ranks *ranks, const Region *region, const ModelShape *shape,
                           const ParameterTable *table, size_t *border) {
    if (region->treatment == TREAT_FACTORS)
        row_borders(ranks, region, model_head_width(shape, region->layer),
                    model_head_width(shape, region->layer + 1), border);
    else
        sum_borders(ranks, region, vit_unit_floats(shape, table), border);
}

/* Whether this rank's gradient of a region is made in memory of its own. */
static bool has_block(const Region *region) {
    return region->treatment != TREAT_SUMMED;
}

static Status init_region(Exchange *exchange, size_t g, const ModelShape *shape,
                          const ParameterTable *table, const SlicesMost *most) {
    const Ranks *ranks = exchange->ranks;
    const Region *region = &exchange->partition->region[g];
    RegionExchange *mine = &exchange->region[g];
    const ExchangeOptions *options = &exchange->options;
    const size_t nodes = most->all_nodes, slice = most->images;
    region_borders(ranks, region, shape, table, mine->border);
    if (region->treatment == TREAT_FACTORS)
        STATUS_TRY(factor_exchange_init(&mine->factors, ranks, mine->border,
                                        model_head_width(shape, region->layer + 1),
                                        options->batch_size, slice));
    else
        STATUS_TRY(tree_exchange_init(&mine->sums, ranks, mine->border, nodes,
                                      !region_is_divided(region)));
    if (region_is_divided(region))
        STATUS_TRY(range_gather_init(&mine->weights, ranks, region->border));
    Status status = STATUS_OK;
    if (has_block(region))
        status = memory_allocate(&mine->block, region_count(region, ranks->rank), sizeof(float),
                                 "the gradient");
    return ranks_agree(ranks, status);
}

static Status init_regions(Exchange *exchange, const ModelShape *shape,
                           const ParameterTable *table) {
    const ExchangeOptions *options = &exchange->options;
    SlicesMost most;
    const Status status = slices_most(exchange->ranks, options->train_images, options->batch_size,
                                      options->unit_images, &most);
    STATUS_TRY(ranks_agree(exchange->ranks, status));
    for (size_t g = 0; g < exchange->partition->regions; g++)
        STATUS_TRY(init_region(exchange, g, shape, table, &most));
    return STATUS_OK;
}

Status exchange_init(Exchange **exchange, const Ranks *ranks, const Partition *partition,
                     const ModelShape *shape, const ParameterTable *table,
                     const ExchangeOptions *options) {
    const size_t borders = (size_t)ranks->size + 1;
    STATUS_TRY(ranks_allocate(ranks, exchange, sizeof **exchange, "the exchange"));
    Exchange *x = *exchange;
    *x = (Exchange){.ranks = ranks, .partition = partition, .options = *options};
    Status status = ranks_agree(ranks, memory_allocate(&x->memory, partition->regions * borders,
                                                       sizeof *x->memory, "the exchange"));
    if (status == STATUS_OK) {
        for (size_t g = 0; g < partition->regions; g++)
            x->region[g].border = x->memory + g * borders;
        status = init_regions(x, shape, table);
    }
    if (status != STATUS_OK) {
        exchange_free(x);
        *exchange = NULL;
    }
    return status;
}

void exchange_free(Exchange *exchange) {
    if (!exchange)
        return;
    for (size_t g = 0; g < exchange->partition->regions; g++) {
        RegionExchange *mine = &exchange->region[g];
        tree_exchange_free(mine->sums);
        factor_exchange_free(mine->factors);
        range_gather_free(mine->weights);
        memory_free(mine->block);
    }
    memory_free(exchange->memory);
    memory_free(exchange);
}

/* Adds what one region costs; held, sent: nodes at most, and of a whole batch; border: its, [ranks
 * + 1]. */
static void region_cost(const Ranks *ranks, const Region *region, const ModelShape *shape,
                        const ExchangeOptions *options, const SlicesMost *held, size_t sent,
                        const size_t *border, ExchangeCost *cost) {
    const double size = (double)ranks->size, others = size - 1.0, bytes = sizeof(float);
    const double batch = (double)options->batch_size;
    const bool factors = region->treatment == TREAT_FACTORS;
    if (factors) {
        const size_t in = model_head_width(shape, region->layer),
                     out = model_head_width(shape, region->layer + 1);
        cost->memory +=
            (double)factor_exchange_bytes(ranks, border, out, options->batch_size, held->images);
        cost->factors += bytes * batch / size * ((double)in / size + (double)out) * others;
    } else {
        const bool everyone = !region_is_divided(region);
        const double floats = (double)border[ranks->size];
        cost->memory += (double)tree_exchange_bytes(ranks, border, held->all_nodes, everyone);
        /* Every node's other parts; then, for everyone, this rank's part to all others. */
        cost->sums += bytes * floats * others / size * (double)sent / size;
        cost->sums += everyone ? bytes * floats / size * others : 0.0;
    }
    if (has_block(region))
        cost->memory += bytes * (double)region_count(region, ranks->rank);
    if (region_is_divided(region))
        cost->weights += bytes * (double)region->floats / size * others;
}

Status exchange_cost(const Ranks *ranks, const Partition *partition, const ModelShape *shape,
                     const ParameterTable *table, const ExchangeOptions *options,
                     ExchangeCost *cost) {
    SlicesMost held, sent;
    size_t *border;
    *cost = (ExchangeCost){0};
    STATUS_TRY(slices_most(ranks, options->train_images, options->batch_size, options->unit_images,
                           &held));
    STATUS_TRY(
        slices_most(ranks, options->batch_size, options->batch_size, options->unit_images, &sent));
    STATUS_TRY(
        memory_allocate(&border, (size_t)ranks->size + 1, sizeof *border, "borders between ranks"));
    for (size_t g = 0; g < partition->regions; g++) {
        region_borders(ranks, &partition->region[g], shape, table, border);
        region_cost(ranks, &partition->region[g], shape, options, &held, sent.all_nodes, border,
                    cost);
    }
    memory_free(border);
    return STATUS_OK;
}

void exchange_start(Exchange *exchange, const Slices *slices) {
    exchange->slices = slices;
}

/* The region of one of the head's kernels. */
static size_t region_of_layer(size_t layer) {
    return 1 + layer;
}

void exchange_ready(Exchange *exchange, const Vit *vit, VitPart part, size_t layer) {
    const VitPartial *partial = vit_partial(vit);
    RegionExchange *mine = &exchange->region[part == VIT_UNITS ? 0 : region_of_layer(layer)];
    switch (part) {
    case VIT_INPUT:
        factor_exchange_post_input(mine->factors, exchange->slices->image,
                                   partial->layer[layer].input);
        break;
    case VIT_DELTA:
        factor_exchange_post_delta(mine->factors, exchange->slices->image,
                                   partial->layer[layer].delta);
        break;
    case VIT_KERNEL:
        tree_exchange_post(mine->sums, exchange->slices->unit, partial->layer[layer].node);
        break;
    case VIT_UNITS:
        tree_exchange_post(mine->sums, exchange->slices->unit, partial->unit);
        break;
    }
}

void exchange_progress(Exchange *exchange) {
    for (size_t g = 0; g < exchange->partition->regions; g++) {
        RegionExchange *mine = &exchange->region[g];
        if (mine->sums)
            tree_exchange_progress(mine->sums);
        if (mine->factors)
            factor_exchange_progress(mine->factors);
        if (mine->weights)
            range_gather_progress(mine->weights);
    }
}

double exchange_drain(Exchange *exchange) {
    double seconds = 0.0;
    for (size_t g = 0; g < exchange->partition->regions; g++) {
        const RegionExchange *mine = &exchange->region[g];
        if (mine->sums)
            seconds += tree_exchange_drain(mine->sums);
        if (mine->factors)
            factor_exchange_wait(mine->factors, &seconds);
        if (mine->weights)
            seconds += range_gather_wait(mine->weights);
    }
    return seconds;
}

static void make_progress(void *context) {
    exchange_progress(context);
}

/* This rank's rows of a fat layer's gradient. */
static void make_rows(Exchange *exchange, Vit *vit, size_t g, double *seconds) {
    RegionExchange *mine = &exchange->region[g];
    const int rank = exchange->ranks->rank;
    const size_t layer = exchange->partition->region[g].layer;
    const size_t rows = mine->border[rank + 1] - mine->border[rank];
    const size_t images = exchange->slices->images;
    const Factors factors = factor_exchange_wait(mine->factors, seconds);
    const VitHooks hooks = {.progress = make_progress, .context = exchange};
    vit_finish_kernel(vit, layer, images, rows, factors.input, factors.ld, factors.delta, &hooks,
                      mine->block);
    mine->gradient = mine->block;
}

void exchange_finish(Exchange *exchange, Vit *vit, const float *weights, double *seconds) {
    const Partition *partition = exchange->partition;
    /* The sums are on their way meanwhile. */
    phase_begin(PHASE_HEAD_BACKWARD);
    for (size_t g = partition->regions; g-- > 1;)
        if (partition->region[g].treatment == TREAT_FACTORS)
            make_rows(exchange, vit, g, seconds);
    phase_begin(PHASE_EXCHANGE);
    for (size_t g = partition->regions; g-- > 0;) {
        RegionExchange *mine = &exchange->region[g];
        if (partition->region[g].treatment == TREAT_FACTORS)
            continue;
        float *sum = tree_exchange_wait(mine->sums, seconds);
        mine->gradient = sum;
        if (!mine->block)
            continue;
        phase_begin(PHASE_SUM);
        vit_finish_units(vit, weights, sum, mine->block);
        mine->gradient = mine->block;
    }
}

const float *exchange_gradient(const Exchange *exchange, size_t region) {
    return exchange->region[region].gradient;
}

void exchange_post_weights(Exchange *exchange, float *weights) {
    const Partition *partition = exchange->partition;
    for (size_t g = 0; g < partition->regions; g++)
        if (region_is_divided(&partition->region[g]))
            range_gather_post(exchange->region[g].weights, weights + partition->region[g].offset);
}

double exchange_need_units(Exchange *exchange) {
    RangeGather *weights = exchange->region[0].weights;
    return weights ? range_gather_wait(weights) : 0.0;
}

double exchange_need_kernels(Exchange *exchange) {
    double seconds = 0.0;
    for (size_t g = 1; g < exchange->partition->regions; g++)
        seconds += range_gather_wait(exchange->region[g].weights);
    return seconds;
}

/* Messages of at most this many floats; MPI counts with ints. */
enum { MESSAGE_FLOATS = 1 << 26 };

static void send_floats(const Ranks *ranks, const float *values, size_t count, int to) {
    for (size_t i = 0; i < count; i += MESSAGE_FLOATS)
        MPI_Send(values + i, (int)size_smaller(MESSAGE_FLOATS, count - i), MPI_FLOAT, to, 0,
                 ranks->comm);
}

static void receive_floats(const Ranks *ranks, float *values, size_t count, int from) {
    for (size_t i = 0; i < count; i += MESSAGE_FLOATS)
        MPI_Recv(values + i, (int)size_smaller(MESSAGE_FLOATS, count - i), MPI_FLOAT, from, 0,
                 ranks->comm, MPI_STATUS_IGNORE);
}

void exchange_collect(const Ranks *ranks, const Partition *partition, const float *own,
                      float *full) {
    for (size_t g = 0; g < partition->regions; g++) {
        const Region *region = &partition->region[g];
        const size_t count = region_count(region, ranks->rank);
        if (ranks->rank == 0)
            copy_floats(full + region->offset, own + region->own, count);
        else if (region_is_divided(region))
            send_floats(ranks, own + region->own, count, 0);
        for (int r = 1; ranks->rank == 0 && region_is_divided(region) && r < ranks->size; r++)
            receive_floats(ranks, full + region->offset + region_first(region, r),
                           region_count(region, r), r);
    }
}

void exchange_deal(const Ranks *ranks, const Partition *partition, const float *full, float *own) {
    for (size_t g = 0; g < partition->regions; g++) {
        const Region *region = &partition->region[g];
        const size_t count = region_count(region, ranks->rank);
        if (ranks->rank > 0)
            receive_floats(ranks, own + region->own, count, 0);
        else
            memcpy(own + region->own, full + region->offset, count * sizeof *own);
        for (int r = 1; ranks->rank == 0 && r < ranks->size; r++)
            send_floats(ranks, full + region->offset + region_first(region, r),
                        region_count(region, r), r);
    }
}
