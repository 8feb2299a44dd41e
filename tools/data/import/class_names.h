#ifndef IMPORT_CLASS_NAMES_H
#define IMPORT_CLASS_NAMES_H

#include "vit/data_file.h"

/* Ways to get the names of classes. All local; on error *names is empty, or holds what
 * memory_free(names->text) releases. */

/* Copies of these. STATUS_INTERNAL: out of memory. */
Status class_names_copy(const char *const *name, size_t count, DataNames *names);

/* "0", "1", ..., for classes that have none. */
Status class_names_numbers(size_t count, DataNames *names);

/* A name a line of a file; empty lines at the end do not count. STATUS_DATA, naming `file`: a line
 * that is none, or no line. */
Status class_names_lines(const char *file, const uint8_t *bytes, size_t count, DataNames *names);

/* Gives a class another name, which is neither empty nor longer than memory allows. */
Status class_names_set(DataNames *names, size_t class, const char *name, size_t length);

/* STATUS_DATA, naming `source`: a name with control characters, or that is not UTF-8, which other
 * programs could not read. */
Status class_names_check(const char *source, const DataNames *names);

/* "ant, bee, cow, ...": the first ones, as many as there is room for. Returns text. */
enum { CLASS_NAMES_TEXT = 128 };
const char *class_names_some(const DataNames *names, char text[static CLASS_NAMES_TEXT]);

/* Name number `class`. */
static inline char *class_names_at(const DataNames *names, size_t class) {
    return names->text + class * names->width;
}

#endif
