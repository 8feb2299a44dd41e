#ifndef VIT_TEST_LOGITS_H
#define VIT_TEST_LOGITS_H

#include "vit/memory.h"
#include "vit/vit.h"
#include <string.h>

/* What the trainer's model says of planes: what others have to say, too. */

typedef struct LogitsInput {
    const float *planes; /* [images, channels, S, S] */
    size_t values;       /* of an image */
} LogitsInput;

static inline void logits_load(const void *context, size_t image, float *planes) {
    const LogitsInput *input = context;
    memcpy(planes, input->planes + image * input->values, input->values * sizeof *planes);
}

/* logits: [images, classes]. gemm_init, or arithmetic_use, comes before. */
static inline Status logits_make(const ModelShape *shape, const ParameterTable *table,
                                 const float *weights, const float *planes, size_t images,
                                 float *logits) {
    Vit *vit;
    VitSums sums;
    uint16_t *labels;
    const LogitsInput input = {planes, shape->channels * shape->image_size * shape->image_size};
    const VitOptions options = {.seed = 1,
                                .batch_size = images,
                                .unit_images = 2,
                                .threads = 1,
                                .images = images,
                                .nodes = 1};
    STATUS_TRY(vit_init(&vit, shape, table, &options));
    STATUS_TRY(memory_allocate(&labels, images, sizeof *labels, "labels"));
    const VitInput batch = {
        .images = images, .batch = images, .label = labels, .load = logits_load, .context = &input};
    vit_evaluate(vit, weights, &batch, logits, NULL, &sums);
    memory_free(labels);
    vit_free(vit);
    return STATUS_OK;
}

#endif
