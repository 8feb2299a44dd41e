#ifndef VIT_TEST_FUZZ_ARRAY_H
#define VIT_TEST_FUZZ_ARRAY_H

#include "array.h"
#include "fuzz.h"
#include <string.h>

/* What must be true of a reader's outcome: a message that begins with the file's name and a place,
 * or an array that ends with the file, all of whose elements can be looked at. */
static inline void fuzz_check_array(Status status, const char *beginning, const Array *array,
                                    const uint8_t *end) {
    DEMAND(status == STATUS_OK || status == STATUS_DATA);
    if (status != STATUS_OK) {
        DEMAND(strncmp(status_message(), beginning, strlen(beginning)) == 0);
        return;
    }
    DEMAND(array->bytes + array->byte_count == end);
    for (size_t i = 0; i < array->count; i++) {
        int64_t integer;
        if (array_integer(array, i, &integer))
            DEMAND((double)integer == array_real(array, i));
    }
}

#endif
