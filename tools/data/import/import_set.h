#ifndef IMPORT_IMPORT_SET_H
#define IMPORT_IMPORT_SET_H

#include "pickle.h"
#include "source.h"
#include "vit/data_file.h"

/* What a layout finds in a source: samples with their labels, and where their pixels are. */

/* Pixels are either files, each a JPEG or PNG picture, or rows of arrays in memory. */
typedef struct ImportRows {
    const uint8_t *bytes;
    Picture picture;     /* of each row */
    size_t row, y, x, c; /* bytes from one row, line, column, channel to the next */
    size_t count;        /* rows */
} ImportRows;

typedef struct ImportSample {
    size_t file; /* of the source; or one of the set's arrays */
    size_t row;  /* of that array */
    uint16_t label, coarse_label;
} ImportSample;

typedef struct ImportSamples {
    size_t count, room;
    ImportSample *sample; /* [count] */
} ImportSamples;

enum { IMPORT_ARRAYS_MAX = 64 };

typedef struct ImportSet {
    char title[64];   /* of the layout */
    bool keeps_order; /* unless a seed is asked for */
    bool is_cifar100; /* binary, of which the official files' digests are known */
    bool is_numbered; /* the names of the classes are their numbers */
    ImportSamples split[SPLIT_COUNT];
    DataNames names, coarse_names; /* owned; coarse_names.count = 0: none */
    char sha256[SPLIT_COUNT][DIGEST_TEXT];
    size_t arrays; /* 0: samples are files */
    ImportRows array[IMPORT_ARRAYS_MAX];
    char array_name[IMPORT_ARRAYS_MAX][FILE_PATH_MAX]; /* for messages */
    size_t pickles;                                    /* in which arrays are */
    Pickle *pickle[IMPORT_ARRAYS_MAX];
} ImportSet;

void import_set_free(ImportSet *set);

/* Appends to a split. STATUS_INTERNAL: out of memory. Local, as all here. */
Status import_set_add(ImportSet *set, DataSplit split, const ImportSample *sample);

/* Adds an array, whose rows are samples with these labels, to a split; coarse may be NULL.
 * STATUS_DATA, naming `name`: more than IMPORT_ARRAYS_MAX arrays. */
Status import_set_add_rows(ImportSet *set, const char *name, DataSplit split,
                           const ImportRows *rows, const uint16_t *labels, const uint16_t *coarse);

/* Keeps a pickle until import_set_free, which also releases it when there is no place for it
 * (STATUS_DATA, as above). */
Status import_set_keep(ImportSet *set, const char *name, Pickle *pickle);

/* One more than the greatest label. */
size_t import_set_classes(const ImportSet *set);

/* Names the classes after their numbers. STATUS_INTERNAL: out of memory. */
Status import_set_number_classes(ImportSet *set);

/* Where a sample is from, for messages. Returns text. */
const char *import_set_sample_name(const ImportSet *set, const Source *source,
                                   const ImportSample *sample, char text[static SOURCE_NAME_TEXT]);

/* Rows of pixels one after another, and of planes one after another. */
ImportRows import_set_pixel_rows(const uint8_t *bytes, Picture picture, size_t count);
ImportRows import_set_plane_rows(const uint8_t *bytes, Picture picture, size_t row, size_t count);

#endif
