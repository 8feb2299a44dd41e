#ifndef VIT_PARTITION_H
#define VIT_PARTITION_H

#include "vit/model_shape.h"
#include "vit/parameter.h"
#include "vit/ranks.h"
#include "vit/rule.h"

/* Who updates what. A flat vector (parameter.h) consists of regions, which differ in how their
 * gradient comes about; what happens to a region follows from the job alone, never from the number
 * of ranks. Regions consist of pieces: what is normed and updated in one go. A rank owns a
 * contiguous range of pieces of each region that is divided: it finishes their gradient, holds
 * the rule's states of them and updates their weights, which are then gathered by all ranks, but
 * for a fat layer's, which nobody else reads. So neither norms nor updates depend on the number of
 * ranks or threads, and the states' memory is divided by it. */

typedef enum Treatment {
    /* The gradient is summed over the batch's units and known to all ranks, which all update the
     * whole region: the encoder where attention is folded, since its gradient can only be unfolded
     * as a whole. It is then small. */
    TREAT_REPLICATED,
    TREAT_SUMMED, /* the same, but divided */
    TREAT_FAT     /* a fat layer's kernel: divided by rows, which stay with their owners, whose
                     gradient they make themselves (fat_layers.h) */
} Treatment;

/* What is normed and updated in one go; a part of one tensor. */
typedef struct Piece {
    size_t offset, floats; /* in a flat vector */
    size_t entry;          /* of the parameter table */
} Piece;

typedef struct Region {
    Treatment treatment;
    size_t offset, floats;      /* in a flat vector */
    size_t layer;               /* of the head; not of the first region */
    size_t first_piece, pieces; /* in partition->piece */
    /* Where it is divided: [ranks + 1] floats from offset, rank r owns [border[r], border[r+1]);
     * and the same in pieces from first_piece. */
    size_t *border, *piece_border;
    size_t *leaf; /* TREAT_FAT: [ranks + 1], in leaves of the kernel's rows (fat_rows.h) */
    size_t own;   /* where this rank's part is in a vector of what it updates */
} Region;

enum { REGIONS_MOST = 2 + JOB_LIST_MAX };

/* The numbers of the regions: everything but the head's kernels, and one of these. */
static inline size_t partition_units(void) {
    return 0;
}
static inline size_t partition_kernel(size_t layer) {
    return 1 + layer;
}

typedef struct Partition {
    RulePieces rule_pieces;
    size_t regions;
    Region region[REGIONS_MOST]; /* first everything but the head's kernels, then these, in order */
    size_t pieces;
    Piece *piece;      /* [pieces], by region */
    size_t own_floats; /* length of a vector of what this rank updates: a state of the rule */
    size_t *memory;
} Partition;

/* Floats of a piece of a tensor that is divided anywhere; of a fat layer's kernel a piece is as
 * many whole rows of `out` floats as that holds, one at least, all of one leaf. */
enum { PARTITION_PIECE_FLOATS = 4096 };
static inline size_t partition_row_piece(size_t out) {
    return out < PARTITION_PIECE_FLOATS ? PARTITION_PIECE_FLOATS / out * out : out;
}

/* pieces: what the rule wants. Local. STATUS_INTERNAL: out of memory; STATUS_CONFIG: more values
 * than MPI can count between several ranks. partition_free accepts what is left. */
Status partition_init(Partition *partition, const ModelShape *shape, const ParameterTable *table,
                      size_t batch_size, RulePieces pieces, const Ranks *ranks);
void partition_free(Partition *partition);

/* The initial values (parameter_initialize) of the weights that a rank has: a flat vector, of which
 * a fat layer's other rows are not touched. Local. */
void partition_initialize(const Partition *partition, const ParameterTable *table, uint64_t seed,
                          int rank, float *weights);
/* Floats of weights that a rank has. Local. */
size_t partition_held_floats(const Partition *partition, int rank);

/* Whether every rank has all of its weights. */
static inline bool region_is_everywhere(const Region *region) {
    return region->treatment != TREAT_FAT;
}

/* Whether each rank owns a part of it only. */
static inline bool region_is_divided(const Region *region) {
    return region->treatment != TREAT_REPLICATED;
}

/* The pieces of a region that this rank updates. */
static inline size_t region_first_piece(const Region *region, int rank) {
    return region->first_piece + (region_is_divided(region) ? region->piece_border[rank] : 0);
}
static inline size_t region_end_piece(const Region *region, int rank) {
    return region->first_piece +
           (region_is_divided(region) ? region->piece_border[rank + 1] : region->pieces);
}

/* Where this rank's part of a region begins, and its length, in floats from the region's offset. */
static inline size_t region_first(const Region *region, int rank) {
    return region_is_divided(region) ? region->border[rank] : 0;
}
static inline size_t region_count(const Region *region, int rank) {
    return region_is_divided(region) ? region->border[rank + 1] - region->border[rank]
                                     : region->floats;
}

#endif
