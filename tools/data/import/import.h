#ifndef IMPORT_IMPORT_H
#define IMPORT_IMPORT_H

#include "class_names.h"
#include "import_options.h"
#include "vit/data_file.h"

/* From a source of any layout to a data file. */

typedef struct ImportResult {
    size_t images[SPLIT_COUNT];
    size_t classes;
    char some_classes[CLASS_NAMES_TEXT]; /* names of the first ones */
    size_t broken;                       /* pictures that could not be decoded, and are left out */
    DataOrigin origin;
    bool is_cifar100; /* of which the official files' digests are known */
} ImportResult;

/* Imports what is at `path` into the data file `out`, decoding on all threads, with a progress bar
 * on a terminal and warnings about what is left out. The file is a function of the source's files
 * and the options: neither of the order in which a folder lists them nor of the number of threads.
 *
 * Memory is bounded: about 150 bytes and a path a sample, a block of 64 MB of rows, for each thread
 * a picture as it is stored and decoded, and what the data file's writer keeps of each sample (8
 * bytes). Arrays are mapped, not read as a whole.
 *
 * STATUS_USAGE: options that the source leaves no sense; STATUS_DATA: no known layout, damaged
 * files, pictures of several sizes without options->height, more than half of them broken;
 * STATUS_IO; STATUS_INTERNAL. An older file at `out` is then untouched. */
Status import_run(const char *path, const char *out, const ImportOptions *options,
                  ImportResult *result);

#endif
