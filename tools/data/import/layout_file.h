#ifndef IMPORT_LAYOUT_FILE_H
#define IMPORT_LAYOUT_FILE_H

#include "array.h"
#include "import_set.h"

/* What layouts have in common: files that must be there, and arrays of pictures and labels. All
 * local, on one thread. */

/* A file in memory (source_map). */
typedef struct LayoutFile {
    char name[SOURCE_NAME_TEXT]; /* for messages */
    const uint8_t *bytes;
    size_t count;
} LayoutFile;

/* Maps a file of the source; errors of source_map. */
Status layout_file_map(Source *source, const SourceFile *file, LayoutFile *mapped);

/* Finds one by its name and maps it. STATUS_DATA: it is missing, or there are several; it has no
 * bytes then. */
Status layout_file_need(Source *source, const char *name, LayoutFile *mapped);

/* Maps PREFIX1SUFFIX, PREFIX2SUFFIX, ...: as many as there are, one at least, without a gap; *file
 * has room for `most`. STATUS_DATA as above, or there are more. */
Status layout_file_need_batches(Source *source, const char *prefix, const char *suffix,
                                LayoutFile *file, size_t most, size_t *count);

/* CIFAR's files: one for training, or batches, and one for testing. */
typedef struct LayoutSplits {
    const char *train, *test;    /* train NULL: */
    const char *prefix, *suffix; /* as layout_file_need_batches takes them */
    /* Adds the samples of one of them. */
    Status (*add)(const void *version, const LayoutFile *file, DataSplit split, ImportSet *set);
    const void *version;
} LayoutSplits;

/* Adds the samples of both splits, and the digests of their files. */
Status layout_file_list_splits(Source *source, const LayoutSplits *splits, ImportSet *set);

/* The names of classes in a text that must be there. */
Status layout_file_need_names(Source *source, const char *name, DataNames *names);

/* The digest of the bytes of these, one after another. */
Status layout_file_digest(const LayoutFile *file, size_t count, char text[static DIGEST_TEXT]);

/* uint8 [N, height, width] or [N, height, width, channels] as rows. STATUS_DATA, saying what was
 * found and what is wanted. */
Status layout_file_pictures(const char *name, const Array *array, ImportRows *rows);

/* Adds pictures, which are from the file `images`, with their labels, from the file `labels`:
 * integers [N] or [N, 1], less `first`. STATUS_DATA: other shapes or types, a label outside of 0 to
 * 65535. */
Status layout_file_add(const char *images, const ImportRows *rows, const char *labels,
                       const Array *array, int64_t first, DataSplit split, ImportSet *set);

#endif
