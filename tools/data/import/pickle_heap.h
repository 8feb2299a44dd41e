#ifndef IMPORT_PICKLE_HEAP_H
#define IMPORT_PICKLE_HEAP_H

#include "pickle_value.h"

/* Private to the reader of pickles: its memory, and its messages. */

typedef struct PickleBlock PickleBlock;

typedef struct PickleHeap {
    const char *name; /* for messages: the file, and the opcode's position */
    size_t at;
    PickleBlock *last;  /* of all that were taken; they are released together */
    size_t used, limit; /* bytes */
} PickleHeap;

/* STATUS_DATA with "<name>: byte <at>: " before the message. A macro, so that compilers see that it
 * is never STATUS_OK. */
#define pickle_heap_fail(heap, ...) (pickle_heap_say(heap, __VA_ARGS__), STATUS_DATA)

/* Stores that message. */
void pickle_heap_say(const PickleHeap *heap, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Sets *memory to zeroed bytes that last until pickle_heap_free. On error it is NULL: STATUS_DATA
 * beyond the limit, STATUS_INTERNAL when there is no memory. */
Status pickle_heap_take(PickleHeap *heap, size_t bytes, void *memory);

/* Makes room for `more` items behind those that are there, which may move. */
Status pickle_heap_reserve(PickleHeap *heap, PickleItems *items, size_t more);

/* Appends `count` values, which are not items' own. */
Status pickle_heap_append(PickleHeap *heap, PickleItems *items, const PickleValue *values,
                          size_t count);

/* Releases all that was taken. */
void pickle_heap_free(PickleHeap *heap);

#endif
