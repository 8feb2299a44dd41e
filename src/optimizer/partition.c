#include "vit/partition.h"

#include "vit/fat_rows.h"
#include "vit/memory.h"
#include "vit/size.h"
#include "vit/team.h"
#include <limits.h>

/* Adds pieces of up to `floats` values of [first, end) of a tensor; only counts them while there is
 * no memory. */
static void cut(Partition *partition, Region *region, const ParameterTable *table, size_t number,
                size_t first, size_t end, size_t floats) {
    for (size_t done = first; done < end; done += floats) {
        if (partition->piece)
            partition->piece[partition->pieces] =
                (Piece){.offset = table->entry[number].offset + done,
                        .floats = size_smaller(floats, end - done),
                        .entry = number};
        partition->pieces++;
        region->pieces++;
    }
}

/* All pieces of a tensor. */
static void add_pieces(Partition *partition, Region *region, const ParameterTable *table,
                       size_t number) {
    const Parameter *entry = &table->entry[number];
    const size_t in = entry->shape[0], out = entry->shape[1], count = entry->count;
    if (partition->rule_pieces == RULE_WHOLE_TENSORS)
        cut(partition, region, table, number, 0, count, count);
    else if (region->treatment != TREAT_FAT)
        cut(partition, region, table, number, 0, count, PARTITION_PIECE_FLOATS);
    else
        for (size_t l = 0; l < fat_rows_leaves(in); l++)
            cut(partition, region, table, number, fat_rows_leaf(in, l) * out,
                fat_rows_leaf(in, l + 1) * out, partition_row_piece(out));
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
        add_region(partition, table, fat ? TREAT_FAT : TREAT_SUMMED, j, table->head_kernel[j], end);
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

/* The first piece of a fat layer's region that begins with a leaf or after it. */
static size_t piece_of_leaf(const Partition *partition, const Region *region, size_t floats) {
    size_t piece = 0;
    while (piece < region->pieces &&
           partition->piece[region->first_piece + piece].offset < region->offset + floats)
        piece++;
    return piece;
}

/* Divides a fat layer's leaves among the ranks: those of more ranks than leaves own none. A rule
 * that wants the whole kernel finds it with whoever owns its one piece. */
static void divide_fat(const Partition *partition, Region *region, const ModelShape *shape,
                       const Ranks *ranks) {
    const size_t size = (size_t)ranks->size, in = model_head_width(shape, region->layer);
    const size_t out = model_head_width(shape, region->layer + 1), leaves = fat_rows_leaves(in);
    const bool whole = partition->rule_pieces == RULE_WHOLE_TENSORS;
    for (size_t r = 0; r <= size; r++) {
        size_t first = leaves, count = 0;
        if (r < size)
            ranks_share(whole ? 1 : leaves, size, r, &first, &count);
        first = whole && r < size ? first * leaves : first;
        region->leaf[r] = first;
        region->border[r] = first == leaves ? region->floats : fat_rows_leaf(in, first) * out;
        region->piece_border[r] = piece_of_leaf(partition, region, region->border[r]);
    }
}

/* MPI counts with ints. */
static Status check_sizes(const Partition *partition, const ParameterTable *table,
                          const Ranks *ranks) {
    if (ranks->size == 1)
        return STATUS_OK;
    for (size_t g = 0; g < partition->regions; g++) {
        const Region *region = &partition->region[g];
        if (region_is_everywhere(region) && region->floats > INT_MAX)
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
    STATUS_TRY(memory_allocate(&partition->memory, 3 * partition->regions * borders, sizeof(size_t),
                               "the table of pieces"));
    for (size_t g = 0; g < partition->regions; g++) {
        Region *region = &partition->region[g];
        region->border = partition->memory + 3 * g * borders;
        region->piece_border = region->border + borders;
        region->leaf = region->piece_border + borders;
        if (region->treatment == TREAT_FAT)
            divide_fat(partition, region, shape, ranks);
        else if (region_is_divided(region))
            divide(partition, region, ranks);
        region->own = partition->own_floats;
        partition->own_floats += region_count(region, ranks->rank);
    }
    return STATUS_OK;
}

/* Divided as the update divides them, so that a thread's pieces are first touched by it. */
static void initialize_pieces(const Partition *partition, const ParameterTable *table,
                              uint64_t seed, size_t first, size_t end, float *weights) {
#pragma omp parallel
    {
        const TeamThread team = team_enter(phase_current());
#pragma omp for schedule(static) nowait
        for (size_t p = first; p < end; p++) {
            const Piece *piece = &partition->piece[p];
            parameter_initialize_part(table, seed, piece->entry,
                                      piece->offset - table->entry[piece->entry].offset,
                                      piece->floats, weights);
        }
        team_leave(team);
    }
}

void partition_initialize(const Partition *partition, const ParameterTable *table, uint64_t seed,
                          int rank, float *weights) {
    for (size_t g = 0; g < partition->regions; g++) {
        const Region *region = &partition->region[g];
        const bool all = region_is_everywhere(region);
        const size_t first = all ? region->first_piece : region_first_piece(region, rank);
        const size_t end =
            all ? region->first_piece + region->pieces : region_end_piece(region, rank);
        initialize_pieces(partition, table, seed, first, end, weights);
    }
}

size_t partition_held_floats(const Partition *partition, int rank) {
    size_t floats = 0;
    for (size_t g = 0; g < partition->regions; g++) {
        const Region *region = &partition->region[g];
        floats += region_is_everywhere(region) ? region->floats : region_count(region, rank);
    }
    return floats;
}

void partition_free(Partition *partition) {
    memory_free(partition->piece);
    memory_free(partition->memory);
    *partition = (Partition){0};
}
