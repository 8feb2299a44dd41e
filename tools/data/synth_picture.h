#ifndef TOOLS_SYNTH_PICTURE_H
#define TOOLS_SYNTH_PICTURE_H

#include "vit/random.h"
#include <stddef.h>
#include <stdint.h>

/* Draws one picture: a shape with a texture and a colour, under random position, size, rotation,
 * stretch and light, before a random background with clutter, and with noise. */

enum {
    SYNTH_SIDE = 32, /* pixels */
    SYNTH_CHANNELS = 3,
    SYNTH_IMAGE_BYTES = SYNTH_SIDE * SYNTH_SIDE * SYNTH_CHANNELS
};

enum { SYNTH_SHAPES = 10, SYNTH_TEXTURES = 5, SYNTH_COLOURS = 5 };

extern const char *const synth_shape_name[SYNTH_SHAPES];
extern const char *const synth_texture_name[SYNTH_TEXTURES];
extern const char *const synth_colour_name[SYNTH_COLOURS];

typedef struct SynthThing {
    size_t shape, texture, colour;
} SynthThing;

/* image: [SYNTH_SIDE, SYNTH_SIDE, SYNTH_CHANNELS]. A function of its arguments alone. Uses only
 * operations that IEEE 754 rounds exactly (no sine, no exponential), so that every machine draws
 * the same bits. */
void synth_picture(RandomStream stream, SynthThing thing, uint8_t *image);

#endif
