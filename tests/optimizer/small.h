#ifndef VIT_TEST_SMALL_H
#define VIT_TEST_SMALL_H

/* What the tests of this folder that run on ranks share: a small ViT with a fat and a thin layer in
 * its head, its pictures, and its gradient by one process over whole batches. */

#include "mpi_check.h"
#include "vit/fat_layers.h"
#include "vit/gemm.h"
#include "vit/memory.h"
#include "vit/partition.h"
#include "vit/random.h"
#include "vit/slices.h"
#include "vit/vit.h"
#include <omp.h>
#include <string.h>

/* An epoch is a whole batch of 12 units and one of two, so that some of many ranks have none. */
enum {
    SMALL_BATCH = 48,
    SMALL_LAST = 6,
    SMALL_IMAGES = SMALL_BATCH + SMALL_LAST,
    SMALL_CHUNK = 8, /* of a round: several on few ranks, one on many */
    SMALL_CHANNELS = 3,
    SMALL_CLASSES = 5
};

typedef struct Small {
    Job job;
    ModelShape shape;
    ParameterTable table;
    float *pictures; /* [SMALL_IMAGES, channels, image_size, image_size] */
    uint32_t sample[SMALL_IMAGES];
    uint16_t label[SMALL_IMAGES];
    SlicesMost most;
    Slices slices; /* of the batch under way */
} Small;

/* Images of the epoch from `first` on: what a VitInput loads. */
typedef struct SmallImages {
    const Small *small;
    size_t first;
} SmallImages;

/* [count] zeroed elements of size bytes. */
static inline void *small_array(size_t count, size_t size) {
    void *array = NULL;
    CHECK(memory_allocate(&array, count, size, "a test's array") == STATUS_OK);
    return array;
}

/* Of one picture. */
static inline size_t small_plane_values(const Small *small) {
    return SMALL_CHANNELS * small->shape.image_size * small->shape.image_size;
}

/* Rows of 1030 floats: three make a piece, and pieces do not begin on cache lines. With K = 24
 * attention is folded, with 8 it is not. */
static inline void small_open(Small *small, bool folded, size_t threads) {
    *small = (Small){0};
    CHECK(job_parse(&small->job, "small.ini",
                    "[data]\nbatch_size = 48\n[augment]\nimage_size = 24\n[model]\npatch_size = 6\n"
                    "dim = 16\ndepth = 1\nheads = 2\nmlp = 24,16\nhead = 1030\ndropout = 0.1\n"
                    "head_dropout = 0.2\n[train]\nlearning_rate = 0.01\nunit_images = 4\n",
                    0, NULL) == STATUS_OK);
    small->job.key_dim = folded ? 24 : 8;
    small->job.threads = threads;
    small->shape = model_shape(&small->job, SMALL_CHANNELS, SMALL_CLASSES);
    CHECK(model_folds_attention(&small->shape) == folded);
    CHECK(parameter_table_init(&small->table, &small->shape) == STATUS_OK);
    const size_t values = SMALL_IMAGES * small_plane_values(small);
    const RandomStream stream = random_stream(3, RANDOM_SYNTH, 0, 0, 0);
    small->pictures = small_array(values, sizeof(float));
    for (size_t i = 0; i < values; i++) {
        uint32_t words[4];
        random_block(stream, (uint32_t)i, words);
        small->pictures[i] = 2.0f * random_unit(words[0]) - 1.0f;
    }
    for (size_t i = 0; i < SMALL_IMAGES; i++) {
        small->sample[i] = (uint32_t)(1000 - i);
        small->label[i] = (uint16_t)(i % SMALL_CLASSES);
    }
    CHECK(slices_init(&small->slices, (size_t)world.size, small->job.unit_images) == STATUS_OK);
    CHECK(slices_most(&world, SMALL_IMAGES, SMALL_BATCH, small->job.unit_images, &small->most) ==
          STATUS_OK);
    omp_set_num_threads((int)threads);
}

/* Several threads a rank where the ranks are so few that a test does not take long with them. */
static inline size_t small_threads(void) {
    return world.size <= 2 ? 2 : 1;
}

static inline void small_close(Small *small) {
    slices_free(&small->slices);
    parameter_table_free(&small->table);
    memory_free(small->pictures);
}

static inline float *small_vector(const Small *small) {
    return small_array(small->table.floats, sizeof(float));
}

static inline float *small_weights(const Small *small) {
    float *weights = small_vector(small);
    parameter_initialize(&small->table, 1, weights);
    return weights;
}

/* For slices of up to so many images, whose units make up so many nodes; chunk 0: what vit chooses.
 */
static inline Vit *small_vit(const Small *small, size_t images, size_t nodes, size_t chunk) {
    const VitOptions options = {.seed = 5,
                                .batch_size = SMALL_BATCH,
                                .unit_images = small->job.unit_images,
                                .threads = small->job.threads,
                                .images = images,
                                .chunk = chunk,
                                .nodes = nodes};
    Vit *vit = NULL;
    CHECK(vit_init(&vit, &small->shape, &small->table, &options) == STATUS_OK);
    return vit;
}

/* The epoch's batch of step 0, the whole one; of step 1, the small one; and so on. */
static inline size_t small_first(uint64_t step) {
    return step % 2 ? SMALL_BATCH : 0;
}
static inline size_t small_images(uint64_t step) {
    return step % 2 ? SMALL_LAST : SMALL_BATCH;
}

static inline void small_load(const void *context, size_t image, float *planes) {
    const SmallImages *images = context;
    const size_t values = small_plane_values(images->small);
    memcpy(planes, images->small->pictures + (images->first + image) * values,
           values * sizeof *planes);
}

static inline FatLayersOptions small_layers_options(const Small *small, const Partition *partition,
                                                    size_t chunk) {
    return (FatLayersOptions){.ranks = &world,
                              .shape = &small->shape,
                              .table = &small->table,
                              .partition = partition,
                              .threads = small->job.threads,
                              .batch_size = SMALL_BATCH,
                              .chunk = chunk,
                              .training = true};
}

/* Of images [first, first + count) of that step's batch, in so many rounds at least: the gradient
 * of the batch's mean loss. */
static inline void small_forward_backward(const Small *small, Vit *vit, const float *weights,
                                          uint64_t step, size_t first, size_t count, size_t rounds,
                                          const VitHooks *hooks) {
    const SmallImages images = {.small = small, .first = small_first(step) + first};
    const VitInput input = {.images = count,
                            .rounds = rounds,
                            .first = first,
                            .batch = small_images(step),
                            .sample = small->sample + images.first,
                            .label = small->label + images.first,
                            .load = small_load,
                            .context = &images};
    VitSums sums;
    vit_forward_backward(vit, weights, step, &input, 1.0f / (float)small_images(step), NULL, hooks,
                         &sums);
}

/* The whole batch's, by this process alone. */
static inline void small_whole_gradient(const Small *small, const float *weights, uint64_t step,
                                        float *gradient) {
    Vit *vit = small_vit(small, SMALL_BATCH, 1, 0);
    small_forward_backward(small, vit, weights, step, 0, small_images(step), 0, NULL);
    vit_whole_gradient(vit, weights, small_images(step), gradient);
    vit_free(vit);
}

/* How many values of tensors have not the same bits; gaps between tensors do not count. */
static inline size_t small_differences(const Small *small, const float *a, const float *b) {
    size_t count = 0;
    for (size_t i = 0; i < small->table.count; i++) {
        const Parameter *entry = &small->table.entry[i];
        for (size_t k = entry->offset; k < entry->offset + entry->count; k++)
            count += memcmp(&a[k], &b[k], sizeof *a) != 0;
    }
    return count;
}

/* The same of the values that this rank has: of the fat layer's kernel only its own rows. */
static inline size_t small_held_differences(const Partition *partition, const float *a,
                                            const float *b) {
    size_t count = 0;
    for (size_t g = 0; g < partition->regions; g++) {
        const Region *region = &partition->region[g];
        const bool all = region_is_everywhere(region);
        const size_t end =
            all ? region->first_piece + region->pieces : region_end_piece(region, world.rank);
        for (size_t p = all ? region->first_piece : region_first_piece(region, world.rank); p < end;
             p++)
            for (size_t k = 0; k < partition->piece[p].floats; k++) {
                const size_t i = partition->piece[p].offset + k;
                count += memcmp(&a[i], &b[i], sizeof *a) != 0;
            }
    }
    return count;
}

/* The initial weights that this rank has; of the fat layer's other rows none. */
static inline float *small_held_weights(const Small *small, const Partition *partition) {
    float *weights = small_vector(small);
    partition_initialize(partition, &small->table, 1, world.rank, weights);
    return weights;
}

#endif
