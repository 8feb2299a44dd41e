#include "import_picture.h"

#include "picture.h"
#include "vit/memory.h"
#include <string.h>

void import_picture_free(ImportPicture *picture) {
    memory_free(picture->bytes);
    image_free(&picture->decoded);
    image_free(&picture->resized);
    resample_scratch_free(&picture->scratch);
    *picture = (ImportPicture){0};
}

/* Row by row of a picture whose values may lie in any order. */
static void copy_values(const ImportRows *rows, const uint8_t *from, uint8_t *to) {
    for (size_t y = 0; y < rows->picture.height; y++)
        for (size_t x = 0; x < rows->picture.width; x++)
            for (size_t c = 0; c < rows->picture.channels; c++)
                *to++ = from[y * rows->y + x * rows->x + c * rows->c];
}

static Status load_row(const ImportRows *rows, size_t row, bool grey, Image *image) {
    const Picture form = rows->picture;
    const uint8_t *from = rows->bytes + row * rows->row;
    STATUS_TRY(image_resize_room(image, form.height, form.width, form.channels));
    if (rows->c == 1 && rows->x == form.channels && rows->y == rows->x * form.width)
        memcpy(image->pixels, from, picture_bytes(form));
    else
        copy_values(rows, from, image->pixels);
    if (grey)
        image_to_grey(image);
    return STATUS_OK;
}

static Status decode(const char *name, const uint8_t *bytes, size_t count,
                     const ImportOptions *options, ImportPicture *picture) {
    const PictureWish wish = {.grey = options->grey, .as_stored = options->as_stored};
    return picture_decode(name, bytes, count, wish, &picture->decoded);
}

static Status load_file(const Source *source, const SourceFile *file, const ImportOptions *options,
                        ImportPicture *picture) {
    char name[SOURCE_NAME_TEXT];
    size_t count;
    STATUS_TRY(source_read(source, file, &picture->bytes, &picture->room, &count));
    return decode(source_name(source, file, name), picture->bytes, count, options, picture);
}

static Status resize(const ImportOptions *options, ImportPicture *picture, const Image **image) {
    *image = &picture->decoded;
    if (!options->height ||
        (picture->decoded.height == options->height && picture->decoded.width == options->width))
        return STATUS_OK;
    *image = &picture->resized;
    return resample(&picture->decoded, options->height, options->width, &picture->scratch,
                    &picture->resized);
}

Status import_picture_load(const Source *source, const ImportSet *set, const ImportSample *sample,
                           const ImportOptions *options, ImportPicture *picture,
                           const Image **image) {
    if (set->arrays)
        STATUS_TRY(
            load_row(&set->array[sample->file], sample->row, options->grey, &picture->decoded));
    else
        STATUS_TRY(load_file(source, &source->file[sample->file], options, picture));
    return resize(options, picture, image);
}

Status import_picture_decode(const char *name, const uint8_t *bytes, size_t count,
                             const ImportOptions *options, ImportPicture *picture,
                             const Image **image) {
    STATUS_TRY(decode(name, bytes, count, options, picture));
    return resize(options, picture, image);
}
