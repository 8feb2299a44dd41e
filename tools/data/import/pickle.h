#ifndef IMPORT_PICKLE_H
#define IMPORT_PICKLE_H

#include "pickle_value.h"

/* Pickles: what Python's pickle.dump and NumPy write, protocols 2 to 5, read without executing
 * anything. A pickle is a program for a stack machine (docs.python.org/3/library/pickletools.html).
 * Of its opcodes this one knows those that make plain values; it looks names up in a short list of
 * what NumPy's arrays need, and refuses all others. Everything here is local. */

typedef struct Pickle Pickle;

/* Reads the pickle that these bytes are. *pickle refers to them, and is released with pickle_free.
 * It takes at most 64 times as much memory and a megabyte, in all no more than 2 GiB. On error
 * *pickle is NULL: STATUS_DATA, naming `name` and a position: cut, damaged, bytes behind its end,
 * arrays that are no numbers or in Fortran order, integers that int64_t cannot hold, names or
 * opcodes that are not read, memory beyond that bound; STATUS_INTERNAL: out of memory. */
Status pickle_read(const char *name, const uint8_t *bytes, size_t count, Pickle **pickle);

/* Accepts NULL. */
void pickle_free(Pickle *pickle);

/* The value that was pickled. A value may be nested as deeply as the file is long, and be a part of
 * itself. */
const PickleValue *pickle_root(const Pickle *pickle);

/* The value that a dict has for this text, be it bytes, str or unicode; NULL when there is none, or
 * no dict. */
const PickleValue *pickle_get(const PickleValue *dict, const char *key);

#endif
