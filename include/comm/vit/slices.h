#ifndef VIT_SLICES_H
#define VIT_SLICES_H

#include "vit/ranks.h"

/* Who computes which images of a batch (or of a split that is evaluated): the one place where the
 * borders between the ranks are made. A slice is whole gradient units, in order, so that no unit is
 * divided; ranks may get none. Units are the leaves of the tree in whose order gradients are summed
 * (tree.h). All ranks compute the same; local where nothing else is said. */
typedef struct Slices {
    size_t ranks, unit_images;
    size_t images, units; /* of the whole batch */
    size_t *image;        /* [ranks + 1]: rank r computes images [image[r], image[r + 1]) */
    size_t *unit;         /* [ranks + 1]: which are units [unit[r], unit[r + 1]) */
} Slices;

/* For batches whose units have unit_images images (1 where images are not summed in units). Borders
 * of an empty batch. STATUS_INTERNAL: out of memory, slices_free accepts what is left. */
Status slices_init(Slices *slices, size_t ranks, size_t unit_images);
void slices_free(Slices *slices);

/* The borders of a batch of so many images. */
void slices_set(Slices *slices, size_t images);

/* Of one rank: the first image, how many, and how many nodes of the tree its units make up. */
size_t slices_first(const Slices *slices, int rank);
size_t slices_count(const Slices *slices, int rank);
size_t slices_nodes(const Slices *slices, int rank);
/* Nodes of all ranks together. */
size_t slices_all_nodes(const Slices *slices);

/* Brings what the ranks have of each image, rows of row_bytes, to rank 0: mine [slices_count of
 * this rank, row_bytes] to all [images, row_bytes], which is rank 0's alone. Collective. */
void slices_collect(const Slices *slices, const Ranks *ranks, const void *mine, size_t row_bytes,
                    void *all);

/* The most that a rank, or all ranks together, have in any batch of an epoch of `samples` samples:
 * the last, smaller batch may give a rank more than a whole one. STATUS_INTERNAL: out of memory. */
typedef struct SlicesMost {
    size_t images, nodes; /* of the rank */
    size_t all_nodes;     /* of all ranks in one batch */
} SlicesMost;
Status slices_most(const Ranks *ranks, size_t samples, size_t batch_size, size_t unit_images,
                   SlicesMost *most);

#endif
