#ifndef VIT_RAND_LEVEL_H
#define VIT_RAND_LEVEL_H

#include "vit/data_file.h"

/* What each level, 0 to 255, becomes. */
typedef struct Levels {
    uint8_t of[256];
} Levels;

/* Clipped to 0 ... 255 and rounded, a half to the even neighbour, as PyTorch does. */
uint8_t level_of(float value);

/* in -> out: one channel, or all. */
void levels_map_channel(Picture picture, size_t channel, const Levels *levels, const uint8_t *in,
                        uint8_t *out);
void levels_map(Picture picture, const Levels *levels, const uint8_t *in, uint8_t *out);

#endif
