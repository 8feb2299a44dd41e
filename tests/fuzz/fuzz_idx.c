/* idx files. */

#include "fuzz_array.h"
#include "idx.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count) {
    Array array;
    const Status status = idx_read("a.idx", bytes, count, &array);
    fuzz_check_array(status, "a.idx: byte ", &array, bytes + count);
    return 0;
}
