#ifndef IMPORT_PICKLE_NUMPY_H
#define IMPORT_PICKLE_NUMPY_H

#include "pickle_heap.h"

/* Private to the reader of pickles: the names that a data set's pickle may ask for, and what comes
 * of calling them. */

typedef struct PickleName {
    const char *module, *name;
    /* NULL: may be named, as a class is, but not called */
    Status (*call)(PickleHeap *heap, const PickleItems *arguments, PickleValue *result);
} PickleName;

/* The elements of an array to come. */
typedef struct PickleDtype {
    ArrayType type;
    bool big_endian;
} PickleDtype;

/* Looks up a name of the list; STATUS_DATA, naming it, when it is not there. */
Status pickle_numpy_find(PickleHeap *heap, PickleText module, PickleText name, PickleValue *result);

/* What the named function returns for these arguments (REDUCE). */
Status pickle_numpy_call(PickleHeap *heap, const PickleValue *callee, const PickleValue *arguments,
                         PickleValue *result);

/* Gives an array or a dtype its state (BUILD). */
Status pickle_numpy_build(PickleHeap *heap, const PickleValue *object, const PickleValue *state);

#endif
