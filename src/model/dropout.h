#ifndef VIT_DROPOUT_H
#define VIT_DROPOUT_H

#include "vit/kernels.h"
#include "vit/phase.h"
#include <stddef.h>
#include <stdint.h>

/* Which elements dropout drops (Srivastava et al. 2014): a function of (seed, step, sample, site,
 * element). */

/* Site numbers are part of every result. */
static inline uint32_t dropout_site_attention(size_t block, size_t head) {
    return (uint32_t)(block * 256 + head); /* at most 128 heads */
}
static inline uint32_t dropout_site_mlp(size_t block, size_t layer) {
    return (uint32_t)(block * 256 + 128 + layer);
}
enum { DROPOUT_SITE_FEATURES = 0xff0000, DROPOUT_SITE_HEAD = 0xff0001 }; /* + layer */

/* Where a thread gets the decisions for one image. Rate 0 or evaluation: words NULL. */
typedef struct DropoutSource {
    const Kernels *kernels;
    uint64_t seed, step;
    uint32_t sample;
    uint32_t threshold;
    uint16_t *words; /* the thread's room for the largest site */
} DropoutSource;

/* round((1 - rate) * 65536), but at least 1: some element has to be kept for the scale to be
 * finite. */
static inline uint32_t dropout_threshold(double rate) {
    const uint32_t threshold = (uint32_t)((1.0 - rate) * 65536.0 + 0.5);
    return threshold ? threshold : 1;
}

/* The part of elements that is kept, exactly. */
static inline float dropout_keep(double rate) {
    return (float)dropout_threshold(rate) / 65536.0f;
}

/* Draws the decisions for a site with `elements` elements; they stay valid until the next call. */
static inline Dropout dropout_draw(const DropoutSource *source, uint32_t site, size_t elements) {
    if (!source->words)
        return (Dropout){.words = NULL, .threshold = 65536, .scale = 1.0f};
    const Phase before = phase_begin(PHASE_DROPOUT);
    source->kernels->dropout_words(
        random_stream(source->seed, RANDOM_DROPOUT, source->step, source->sample, site),
        dropout_groups(elements), source->words);
    phase_begin(before);
    return (Dropout){.words = source->words,
                     .threshold = source->threshold,
                     .scale = 65536.0f / (float)source->threshold};
}

#endif
