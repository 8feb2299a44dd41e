/* .npy files. */

#include "fuzz_array.h"
#include "npy.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count) {
    Array array;
    const Status status = npy_read("a.npy", bytes, count, &array);
    fuzz_check_array(status, "a.npy: byte ", &array, bytes + count);
    return 0;
}
