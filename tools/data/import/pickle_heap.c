#include "pickle_heap.h"

#include "vit/memory.h"
#include "vit/size.h"
#include <stdalign.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* What was taken lies behind it. */
struct PickleBlock {
    alignas(16) PickleBlock *before;
    PickleBlock *after;
    size_t bytes; /* with this header, rounded up as memory_allocate does */
};

void pickle_heap_say(const PickleHeap *heap, const char *format, ...) {
    char what[512];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(what, sizeof what, format, arguments);
    va_end(arguments);
    (void)status_fail(STATUS_DATA, "%s: byte %zu: %s", heap->name, heap->at, what);
}

Status pickle_heap_take(PickleHeap *heap, size_t bytes, void *memory) {
    void **result = memory;
    PickleBlock *block = NULL;
    *result = NULL;
    if (bytes > heap->limit || heap->limit - bytes < heap->used + sizeof *block + MEMORY_ALIGNMENT)
        return pickle_heap_fail(heap,
                                "more memory would be needed than the %zu bytes that a "
                                "pickle of this size may take",
                                heap->limit);
    const size_t whole = size_round_up(sizeof *block + bytes, MEMORY_ALIGNMENT);
    STATUS_TRY(memory_allocate(&block, whole, 1, heap->name));
    *block = (PickleBlock){.before = heap->last, .bytes = whole};
    if (heap->last)
        heap->last->after = block;
    heap->last = block;
    heap->used += whole;
    *result = block + 1;
    return STATUS_OK;
}

static void give_back(PickleHeap *heap, void *memory) {
    PickleBlock *block = (PickleBlock *)memory - 1;
    if (block->before)
        block->before->after = block->after;
    if (block->after)
        block->after->before = block->before;
    else
        heap->last = block->before;
    heap->used -= block->bytes;
    memory_free(block);
}

Status pickle_heap_reserve(PickleHeap *heap, PickleItems *items, size_t more) {
    if (more <= items->room - items->count)
        return STATUS_OK;
    PickleValue *item = NULL;
    const size_t room = size_larger(2 * items->room, items->count + more);
    STATUS_TRY(pickle_heap_take(heap, room * sizeof *item, &item));
    if (items->room) {
        memcpy(item, items->item, items->count * sizeof *item);
        give_back(heap, items->item);
    }
    items->item = item;
    items->room = room;
    return STATUS_OK;
}

Status pickle_heap_append(PickleHeap *heap, PickleItems *items, const PickleValue *values,
                          size_t count) {
    STATUS_TRY(pickle_heap_reserve(heap, items, count));
    if (count)
        memcpy(items->item + items->count, values, count * sizeof *values);
    items->count += count;
    return STATUS_OK;
}

void pickle_heap_free(PickleHeap *heap) {
    while (heap->last)
        give_back(heap, (void *)(heap->last + 1));
}
