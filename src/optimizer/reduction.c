#include "vit/reduction.h"

#include "vit/size.h"
#include "vit/tree_exchange.h"

/* One region's; of a fat layer's there is none. */
typedef struct RegionReduction {
    TreeExchange *sums;
    size_t *border; /* [ranks + 1] of the summed vector */
} RegionReduction;

struct Reduction {
    const Ranks *ranks;
    const Partition *partition;
    const Slices *slices; /* of the batch under way */
    RegionReduction region[REGIONS_MOST];
    size_t *borders; /* [regions, ranks + 1] */
};

static bool is_summed(const Region *region) {
    return region->treatment != TREAT_FAT;
}

/* ---- borders between the ranks' parts ---- */

/* In the vector that a region's sum is made of. */
static void sum_borders(const Ranks *ranks, const Region *region, size_t unit_floats,
                        size_t *border) {
    const size_t size = (size_t)ranks->size, grains = size_groups(unit_floats, REDUCTION_GRAIN);
    for (size_t r = 0; r <= size; r++)
        border[r] = region_is_divided(region)
                        ? region->border[r]
                        : size_smaller(grains * r / size * REDUCTION_GRAIN, unit_floats);
}

/* ---- setting up ---- */

static Status init_region(Reduction *reduction, size_t g, size_t unit_floats, size_t nodes) {
    const Ranks *ranks = reduction->ranks;
    const Region *region = &reduction->partition->region[g];
    RegionReduction *mine = &reduction->region[g];
    if (!is_summed(region))
        return STATUS_OK;
    mine->border = reduction->borders + g * ((size_t)ranks->size + 1);
    sum_borders(ranks, region, unit_floats, mine->border);
    return tree_exchange_init(&mine->sums, ranks, mine->border, nodes, !region_is_divided(region));
}

static Status init_regions(Reduction *reduction, const ModelShape *shape,
                           const ParameterTable *table, const ReductionOptions *options) {
    const Ranks *ranks = reduction->ranks;
    const size_t regions = reduction->partition->regions, borders = (size_t)ranks->size + 1;
    SlicesMost most;
    Status status =
        slices_most(ranks, options->train_images, options->batch_size, options->unit_images, &most);
    if (status == STATUS_OK)
        status = memory_allocate(&reduction->borders, regions * borders, sizeof(size_t),
                                 "borders between ranks");
    STATUS_TRY(ranks_agree(ranks, status));
    for (size_t g = 0; g < regions; g++)
        STATUS_TRY(init_region(reduction, g, vit_unit_floats(shape, table), most.all_nodes));
    return STATUS_OK;
}

Status reduction_init(Reduction **reduction, const Ranks *ranks, const Partition *partition,
                      const ModelShape *shape, const ParameterTable *table,
                      const ReductionOptions *options) {
    STATUS_TRY(ranks_allocate(ranks, reduction, sizeof **reduction, "the reduction of gradients"));
    **reduction = (Reduction){.ranks = ranks, .partition = partition};
    const Status status = init_regions(*reduction, shape, table, options);
    if (status != STATUS_OK) {
        reduction_free(*reduction);
        *reduction = NULL;
    }
    return status;
}

void reduction_free(Reduction *reduction) {
    if (!reduction)
        return;
    for (size_t g = 0; g < reduction->partition->regions; g++)
        tree_exchange_free(reduction->region[g].sums);
    memory_free(reduction->borders);
    memory_free(reduction);
}

/* ---- a step ---- */

void reduction_start(Reduction *reduction, const Slices *slices) {
    reduction->slices = slices;
}

void reduction_ready(Reduction *reduction, const VitPartial *partial, VitPart part, size_t layer) {
    const size_t g = part == VIT_UNITS ? partition_units() : partition_kernel(layer);
    const RegionReduction *mine = &reduction->region[g];
    const Slices *slices = reduction->slices;
    tree_exchange_post(mine->sums, slices->unit,
                       part == VIT_UNITS ? partial->unit : partial->layer[layer].node);
}

void reduction_progress(Reduction *reduction) {
    for (size_t g = 0; g < reduction->partition->regions; g++)
        if (reduction->region[g].sums)
            tree_exchange_progress(reduction->region[g].sums);
}

double reduction_drain(Reduction *reduction) {
    double seconds = 0.0;
    for (size_t g = 0; g < reduction->partition->regions; g++)
        if (reduction->region[g].sums)
            seconds += tree_exchange_drain(reduction->region[g].sums);
    return seconds;
}

float *reduction_sum(Reduction *reduction, size_t region, double *seconds) {
    return tree_exchange_wait(reduction->region[region].sums, seconds);
}

/* ---- what it costs ---- */

/* Adds one region's; held: the most nodes of any batch, sent: those of a whole one. */
static void add_cost(const Ranks *ranks, const Region *region, size_t held, size_t sent,
                     const size_t *border, ReductionCost *cost) {
    const double size = (double)ranks->size, others = size - 1.0, bytes = sizeof(float);
    const bool everyone = !region_is_divided(region);
    const double floats = (double)border[ranks->size];
    cost->memory += (double)tree_exchange_bytes(ranks, border, held, everyone);
    /* Every node's other parts; then, for everyone, this rank's part to all others. */
    cost->sums += bytes * floats * others / size * (double)sent / size;
    cost->sums += everyone ? bytes * floats / size * others : 0.0;
}

Status reduction_cost(const Ranks *ranks, const Partition *partition, const ModelShape *shape,
                      const ParameterTable *table, const ReductionOptions *options,
                      ReductionCost *cost) {
    const size_t batch = options->batch_size, unit = options->unit_images;
    SlicesMost held, sent;
    size_t *border;
    *cost = (ReductionCost){0};
    STATUS_TRY(slices_most(ranks, options->train_images, batch, unit, &held));
    STATUS_TRY(slices_most(ranks, batch, batch, unit, &sent));
    STATUS_TRY(
        memory_allocate(&border, (size_t)ranks->size + 1, sizeof *border, "borders between ranks"));
    for (size_t g = 0; g < partition->regions; g++) {
        const Region *region = &partition->region[g];
        if (!is_summed(region))
            continue;
        sum_borders(ranks, region, vit_unit_floats(shape, table), border);
        add_cost(ranks, region, held.all_nodes, sent.all_nodes, border, cost);
    }
    memory_free(border);
    return STATUS_OK;
}
