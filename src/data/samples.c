#include "vit/samples.h"

#include "vit/memory.h"

/* Of so many samples. */
static size_t trained(size_t images, double fraction) {
    return (size_t)((double)images * (1.0 - fraction));
}

Holdout holdout_file_end(size_t images, double fraction) {
    const size_t train = trained(images, fraction);
    return (Holdout){.train = {.count = train},
                     .validation = {.count = images - train, .first = train}};
}

/* left [classes]: of each class, the samples that are trained on and not yet found; returns their
 * number. */
static size_t count_trained(const uint16_t *label, size_t images, size_t classes, double fraction,
                            size_t *left) {
    size_t all = 0;
    for (size_t i = 0; i < images; i++)
        left[label[i]]++;
    for (size_t c = 0; c < classes; c++) {
        left[c] = trained(left[c], fraction);
        all += left[c];
    }
    return all;
}

Status holdout_stratified(Holdout *holdout, const uint16_t *label, size_t images, size_t classes,
                          double fraction) {
    size_t *left;
    *holdout = (Holdout){0};
    STATUS_TRY(memory_allocate(&holdout->memory, images, sizeof(uint32_t), "the validation split"));
    STATUS_TRY(memory_allocate(&left, classes, sizeof *left, "the validation split"));
    const size_t train = count_trained(label, images, classes, fraction, left);
    uint32_t *next_train = holdout->memory, *next_validation = holdout->memory + train;
    holdout->train = (Samples){.count = train, .number = next_train};
    holdout->validation = (Samples){.count = images - train, .number = next_validation};
    for (size_t i = 0; i < images; i++) {
        size_t *of_class = &left[label[i]];
        if (*of_class) {
            *next_train++ = (uint32_t)i;
            --*of_class;
        } else {
            *next_validation++ = (uint32_t)i;
        }
    }
    memory_free(left);
    return STATUS_OK;
}

void holdout_free(Holdout *holdout) {
    memory_free(holdout->memory);
    *holdout = (Holdout){0};
}
