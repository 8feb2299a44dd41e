#ifndef IMPORT_IMPORT_PICTURE_H
#define IMPORT_IMPORT_PICTURE_H

#include "image.h"
#include "import_options.h"
#include "import_set.h"
#include "resample.h"

/* A sample's pixels, as an import wants them. */

/* A thread's own: what is taken for one picture serves the next. All zeros at first. */
typedef struct ImportPicture {
    uint8_t *bytes; /* as stored */
    size_t room;
    Image decoded, resized;
    ResampleScratch scratch;
} ImportPicture;

void import_picture_free(ImportPicture *picture);

/* Reads, decodes, turns, greys and resizes a sample; *image is picture's until the next call.
 * STATUS_DATA: it cannot be decoded; STATUS_IO: it cannot be read; STATUS_INTERNAL: out of memory.
 * For any number of threads at once. */
Status import_picture_load(const Source *source, const ImportSet *set, const ImportSample *sample,
                           const ImportOptions *options, ImportPicture *picture,
                           const Image **image);

/* The same of a picture file's bytes; messages begin with name. */
Status import_picture_decode(const char *name, const uint8_t *bytes, size_t count,
                             const ImportOptions *options, ImportPicture *picture,
                             const Image **image);

#endif
