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
/* Of a block's branches: 0 attention, 1 MLP. */
static inline uint32_t dropout_site_branch(size_t block, size_t branch) {
    return (uint32_t)(block * 256 + 240 + branch);
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

/* Dropout in the encoder, of one image. */
typedef struct EncoderDropout {
    DropoutSource attention, mlp;
    double stochastic_depth; /* see dropout_branch; 0 in evaluation */
} EncoderDropout;

/* From here on it is about that sample. */
static inline void dropout_choose(EncoderDropout *dropout, uint32_t sample) {
    dropout->attention.sample = sample;
    dropout->mlp.sample = sample;
}

/* Stochastic depth (Huang et al. 2016, with the linear rule): the factor of a block's branch, 0
 * with probability rate * block / (depth - 1), or else 1 divided by the part that is kept. */
static inline float dropout_branch(const EncoderDropout *dropout, size_t depth, size_t block,
                                   size_t branch) {
    if (dropout->stochastic_depth == 0.0 || block == 0)
        return 1.0f;
    const DropoutSource *source = &dropout->mlp;
    const double rate = dropout->stochastic_depth * (double)block / (double)(depth - 1);
    const uint32_t threshold = dropout_threshold(rate);
    uint32_t words[4];
    random_block(random_stream(source->seed, RANDOM_DROPOUT, source->step, source->sample,
                               dropout_site_branch(block, branch)),
                 0, words);
    return (words[0] & 0xffff) < threshold ? 65536.0f / (float)threshold : 0.0f;
}

#endif
