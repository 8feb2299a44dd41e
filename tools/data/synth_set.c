#include "synth_set.h"

#include "synth_picture.h"
#include "vit/memory.h"
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { NAME_BYTES = 32 };

/* A class is a shape and a combination of texture and colour. Every texture and every colour
 * belongs to two of the ten combinations, so that neither tells the combination by itself. */
static SynthThing thing_of(size_t shape, size_t combination) {
    size_t texture = combination % SYNTH_TEXTURES;
    size_t shift = combination / SYNTH_TEXTURES;
    return (SynthThing){shape, texture, (texture + shift) % SYNTH_COLOURS};
}

/* The classes fill a square of side x side shapes and combinations along its diagonals, so that any
 * number of them uses all shapes and all combinations equally often, within one. */
static size_t grid_side(size_t classes) {
    size_t side = 1;
    while (side * side < classes)
        side++;
    return side;
}

static SynthThing thing_of_class(size_t class, size_t side) {
    return thing_of(class % side, (class % side + class / side) % side);
}

static Status name_classes(DataSet *set, size_t classes, size_t side) {
    set->names = (DataNames){.count = classes, .width = NAME_BYTES};
    set->coarse_names = (DataNames){.count = side, .width = NAME_BYTES};
    STATUS_TRY(memory_allocate(&set->names.text, classes, NAME_BYTES, "class names"));
    STATUS_TRY(memory_allocate(&set->coarse_names.text, side, NAME_BYTES, "shape names"));
    for (size_t i = 0; i < classes; i++) {
        SynthThing thing = thing_of_class(i, side);
        snprintf(set->names.text + i * NAME_BYTES, NAME_BYTES, "%s %s %s",
                 synth_texture_name[thing.texture], synth_colour_name[thing.colour],
                 synth_shape_name[thing.shape]);
    }
    for (size_t i = 0; i < side; i++)
        snprintf(set->coarse_names.text + i * NAME_BYTES, NAME_BYTES, "%s", synth_shape_name[i]);
    return STATUS_OK;
}

static Status draw_split(DataSet *set, DataSplit split, size_t count, uint64_t seed) {
    DataRows *rows = &set->split[split];
    size_t side = set->coarse_names.count;
    rows->count = count;
    STATUS_TRY(memory_allocate(&rows->images, count, SYNTH_IMAGE_BYTES, "images"));
    STATUS_TRY(memory_allocate(&rows->labels, count, sizeof *rows->labels, "labels"));
    STATUS_TRY(memory_allocate(&rows->coarse_labels, count, sizeof *rows->labels, "shapes"));
    for (size_t i = 0; i < count; i++) {
        size_t class = i % set->names.count;
        SynthThing thing = thing_of_class(class, side);
        rows->labels[i] = (uint16_t) class;
        rows->coarse_labels[i] = (uint16_t)thing.shape;
        synth_picture(random_stream(seed, RANDOM_SYNTH, 0, i, (uint32_t)split), thing,
                      rows->images + i * SYNTH_IMAGE_BYTES);
    }
    return STATUS_OK;
}

Status synth_set(const SynthOptions *options, DataSet *set) {
    *set = (DataSet){0};
    set->picture = (Picture){SYNTH_SIDE, SYNTH_SIDE, SYNTH_CHANNELS};
    snprintf(set->origin.source, sizeof set->origin.source,
             "vit_data synth --classes %" PRIu64 " --train %" PRIu64 " --test %" PRIu64
             " --seed %" PRIu64,
             options->classes, options->train, options->test, options->seed);
    STATUS_TRY(name_classes(set, options->classes, grid_side(options->classes)));
    STATUS_TRY(draw_split(set, SPLIT_TRAIN, options->train, options->seed));
    return draw_split(set, SPLIT_TEST, options->test, options->seed);
}
