#include "import_set.h"

#include "class_names.h"
#include "grow.h"
#include <stdio.h>

void import_set_free(ImportSet *set) {
    for (size_t s = 0; s < SPLIT_COUNT; s++)
        memory_free(set->split[s].sample);
    for (size_t i = 0; i < set->pickles; i++)
        pickle_free(set->pickle[i]);
    memory_free(set->names.text);
    memory_free(set->coarse_names.text);
    *set = (ImportSet){0};
}

Status import_set_add(ImportSet *set, DataSplit split, const ImportSample *sample) {
    ImportSamples *to = &set->split[split];
    STATUS_TRY(grow_array(&to->sample, &to->room, to->count, sizeof *to->sample, "samples"));
    to->sample[to->count++] = *sample;
    return STATUS_OK;
}

static Status fail_room(const char *name) {
    return status_fail(STATUS_DATA, "%s: is one of more than %d files of arrays", name,
                       IMPORT_ARRAYS_MAX);
}

Status import_set_add_rows(ImportSet *set, const char *name, DataSplit split,
                           const ImportRows *rows, const uint16_t *labels, const uint16_t *coarse) {
    if (set->arrays == IMPORT_ARRAYS_MAX)
        return fail_room(name);
    set->array[set->arrays] = *rows;
    snprintf(set->array_name[set->arrays], FILE_PATH_MAX, "%s", name);
    for (size_t row = 0; row < rows->count; row++)
        STATUS_TRY(import_set_add(
            set, split, &(ImportSample){set->arrays, row, labels[row], coarse ? coarse[row] : 0}));
    set->arrays++;
    return STATUS_OK;
}

Status import_set_keep(ImportSet *set, const char *name, Pickle *pickle) {
    if (set->pickles == IMPORT_ARRAYS_MAX) {
        pickle_free(pickle);
        return fail_room(name);
    }
    set->pickle[set->pickles++] = pickle;
    return STATUS_OK;
}

size_t import_set_classes(const ImportSet *set) {
    size_t classes = 0;
    for (size_t s = 0; s < SPLIT_COUNT; s++)
        for (size_t i = 0; i < set->split[s].count; i++)
            classes = size_larger(classes, set->split[s].sample[i].label + 1u);
    return classes;
}

Status import_set_number_classes(ImportSet *set) {
    set->is_numbered = true;
    return class_names_numbers(import_set_classes(set), &set->names);
}

const char *import_set_sample_name(const ImportSet *set, const Source *source,
                                   const ImportSample *sample, char text[static SOURCE_NAME_TEXT]) {
    if (set->arrays == 0)
        return source_name(source, &source->file[sample->file], text);
    snprintf(text, SOURCE_NAME_TEXT, "%s: row %zu", set->array_name[sample->file], sample->row);
    return text;
}

ImportRows import_set_pixel_rows(const uint8_t *bytes, Picture picture, size_t count) {
    const size_t x = picture.channels, y = x * picture.width;
    return (ImportRows){bytes, picture, y * picture.height, y, x, 1, count};
}

ImportRows import_set_plane_rows(const uint8_t *bytes, Picture picture, size_t row, size_t count) {
    const size_t y = picture.width;
    return (ImportRows){bytes, picture, row, y, 1, y * picture.height, count};
}
