/* safetensors files: header and values. */

#include "fuzz_safetensors.h"
#include "vit/memory.h"

/* All values of a tensor, from the file that is as long as it says. */
static void read_values(const Safetensors *file, const SafetensorsTensor *tensor) {
    float *values;
    if (tensor->kind == SAFETENSORS_OTHER) {
        DEMAND(safetensors_read(file, tensor, NULL) == STATUS_DATA);
        return;
    }
    DEMAND(memory_allocate(&values, tensor->count, sizeof *values, "values") == STATUS_OK);
    DEMAND(safetensors_read(file, tensor, values) == STATUS_OK);
    memory_free(values);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count) {
    Safetensors file;
    memory_file_set(bytes, count);
    const char *path = memory_file_path();
    const Status status = safetensors_open(&file, path);
    fuzz_check_safetensors(status, &file, path, status == STATUS_OK ? count - file.values : 0);
    for (size_t i = 0; status == STATUS_OK && i < file.count; i++)
        read_values(&file, &file.tensor[i]);
    safetensors_close(&file);
    return 0;
}
