/* Pickles. What is read is looked at as deep as a data set's may be, and no further, since it may
 * hold itself. */

#include "fuzz.h"
#include "pickle.h"
#include <stdbool.h>
#include <string.h>

enum { DEPTH = 4, WIDTH = 8 };

/* Whether a view's bytes can be read shows a sanitizer. */
static void touch(const uint8_t *bytes, size_t count) {
    volatile unsigned sum = 0;
    for (size_t i = 0; i < count; i++)
        sum = sum + bytes[i];
}

static void look_at(const PickleValue *value, size_t depth) {
    DEMAND(value->type >= PICKLE_NONE && value->type <= PICKLE_DTYPE);
    DEMAND(value->type != PICKLE_BOOL || value->integer == 0 || value->integer == 1);
    if (value->type == PICKLE_TEXT)
        touch(value->text.bytes, value->text.count);
    if (value->type == PICKLE_ARRAY)
        touch(value->array->bytes, value->array->byte_count);
    const bool holds =
        value->type == PICKLE_LIST || value->type == PICKLE_TUPLE || value->type == PICKLE_DICT;
    if (!holds || depth == 0)
        return;
    DEMAND(value->type != PICKLE_DICT || value->items->count % 2 == 0);
    for (size_t i = 0; i < value->items->count && i < WIDTH; i++)
        look_at(&value->items->item[i], depth - 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count) {
    Pickle *pickle;
    const Status status = pickle_read("a.pickle", bytes, count, &pickle);
    DEMAND(status == STATUS_OK || status == STATUS_DATA);
    DEMAND((status == STATUS_OK) == (pickle != NULL));
    if (status != STATUS_OK) {
        DEMAND(strncmp(status_message(), "a.pickle: byte ", 15) == 0);
        return 0;
    }
    look_at(pickle_root(pickle), DEPTH);
    pickle_get(pickle_root(pickle), "data");
    pickle_free(pickle);
    return 0;
}
