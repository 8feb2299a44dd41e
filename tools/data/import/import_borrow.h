#ifndef IMPORT_IMPORT_BORROW_H
#define IMPORT_IMPORT_BORROW_H

#include "import_set.h"
#include "vit/data_writer.h"

/* Training images from another data file, for sets that are for testing only: CIFAR-100-C, or
 * pictures of known classes. All local. */

typedef struct ImportBorrow {
    const char *path; /* NULL: nothing is borrowed; the rest is then zero */
    DataHeader header;
    DataOrigin origin;
} ImportBorrow;

/* Looks into the data file. */
Status import_borrow_open(ImportBorrow *borrow, const char *path);

/* Makes the set's pictures, none of which may be for training beside others, its test split, and
 * gives its classes the file's names, and where they have names of their own the file's numbers.
 * STATUS_USAGE: the set has pictures both for training and for testing; STATUS_DATA: classes that
 * the file does not have; errors of reading the file. `source` is for messages. */
Status import_borrow_classes(const ImportBorrow *borrow, const char *source, ImportSet *set);

/* Writes the file's training images and labels. */
Status import_borrow_copy(const ImportBorrow *borrow, DataWriter *writer);

#endif
