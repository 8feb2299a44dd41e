/* idx files. */

#include "fuzz.h"
#include "idx.h"
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count) {
    Array array;
    const Status status = idx_read("a.idx", bytes, count, &array);
    DEMAND(status == STATUS_OK || status == STATUS_DATA);
    if (status != STATUS_OK) {
        DEMAND(strncmp(status_message(), "a.idx: byte ", 12) == 0);
        return 0;
    }
    DEMAND(array.bytes + array.byte_count == bytes + count);
    for (size_t i = 0; i < array.count; i++) {
        int64_t integer;
        if (array_integer(&array, i, &integer))
            DEMAND((double)integer == array_real(&array, i));
    }
    return 0;
}
