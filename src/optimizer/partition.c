#include "vit/partition.h"

#include "vit/memory.h"
#include "vit/size.h"
#include <limits.h>

static size_t piece_floats(RulePieces pieces, Treatment treatment, const Parameter *entry) {
    if (pieces == RULE_WHOLE_TENSORS)
        return entry->count;
    return treatment == TREAT_FACTORS ? partition_row_piece(entry->shape[1])
                                      : PARTITION_PIECE_FLOATS;
}

/* Adds the pieces of a tensor; only counts them while there is no memory. */
static void add_pieces(Partition *partition, Region *region, const ParameterTable *table,
                       size_t number) {
    const Parameter *entry = &table->entry[number];
    const size_t floats = piece_floats(partition->rule_pieces, region->treatment, entry);
    for (size_t done = 0; done < entry->count; done += floats) {
        if (partition->piece)
            partition->piece[partition->pieces] =
                (Piece){.offset = entry->offset + done,
                        .floats = size_smaller(floats, entry->count - done),
                        .entry = number};
        partition->pieces++;
        region->pieces++;
    }
}

/* The tensors of a flat vector from `offset` on, up to `end`, which lie there in table order but
 * for a folded attention's, whose order among themselves does not matter. */
static void add_region(Partition *partition, const ParameterTable *table, Treatment treatment,
                       size_t layer, size_t offset, size_t end) {
    Region *region = &partition->region[partition->regions++];
    *region = (Region){.treatment = treatment,
                       .offset = offset,
                       .floats = end - offset,
                       .layer = layer,
                       .first_piece = partition->pieces};
    for (size_t i = 0; i < table->count; i++)
        if (table->entry[i].offset >= offset && table->entry[i].offset < end)
            add_pieces(partition, region, table, i);
}

static void add_regions(Partition *partition, const ModelShape *shape, const ParameterTable *table,
                        size_t batch_size) {
    const size_t layers = model_head_layers(shape);
    partition->regions = partition->pieces = 0;
    add_region(partition, table, model_folds_attention(shape) ? TREAT_REPLICATED : TREAT_SUMMED, 0,
               0, table->unit_floats);
    for (size_t j = 0; j < layers; j++) {
        const size_t in = model_head_width(shape, j), out = model_head_width(shape, j + 1);
        const size_t end = j + 1 < layers ? table->head_kernel[j + 1] : table->floats;
        const bool fat = model_layer_is_fat(in, out, batch_size);
        add_region(partition, table, fat ? TREAT_FACTORS : TREAT_SUMMED, j, table->head_kernel[j],
                   end);
    }
}

/* Divides a region's pieces, which lie in order, among the ranks. */
static void divide(const Partition *partition, Region *region, const Ranks *ranks) {
    const size_t size = (size_t)ranks->size;
    for (size_t r = 0; r <= size; r++) {
        size_t first = region->pieces, count = 0;
        if (r < size)
            ranks_share(region->pieces, size, r, &first, &count);
        region->piece_border[r] = first;
        region->border[r] =
            first == region->pieces
                ? region->floats
                : partition->piece[region->first_piece + first].offset - region->offset;
    }
}

/* MPI counts with ints. */
static Status check_sizes(const Partition *partition, const ParameterTable *table,
                          const Ranks *ranks) {
    if (ranks->size == 1)
        return STATUS_OK;
    for (size_t g = 0; g < partition->regions; g++) {
        const Region *region = &partition->region[g];
        if (region->floats > INT_MAX)
            return status_fail(STATUS_CONFIG,
                               "%s and what is exchanged with it have %zu values: on several ranks "
                               "at most %d",
                               table->entry[partition->piece[region->first_piece].entry].name,
                               region->floats, INT_MAX);
    }
    return STATUS_OK;
}

Status partition_init(Partition *partition, const ModelShape *shape, const ParameterTable *table,
                      size_t batch_size, RulePieces pieces, const Ranks *ranks) {
    const size_t borders = (size_t)ranks->size + 1;
    *partition = (Partition){.rule_pieces = pieces};
    add_regions(partition, shape, table, batch_size);
    STATUS_TRY(memory_allocate(&partition->piece, partition->pieces, sizeof *partition->piece,
                               "the table of pieces"));
    add_regions(partition, shape, table, batch_size);
    STATUS_TRY(check_sizes(partition, table, ranks));
    STATUS_TRY(memory_allocate(&partition->memory, 2 * partition->regions * borders, sizeof(size_t),
                               "the table of pieces"));
    for (size_t g = 0; g < partition->regions; g++) {
        Region *region = &partition->region[g];
        region->border = partition->memory + 2 * g * borders;
        region->piece_border = region->border + borders;
        if (region_is_divided(region))
            divide(partition, region, ranks);
        region->own = partition->own_floats;
        partition->own_floats += region_count(region, ranks->rank);
    }
    return STATUS_OK;
}

void partition_free(Partition *partition) {
    memory_free(partition->piece);
    memory_free(partition->memory);
    *partition = (Partition){0};
}
