/* The JSON in safetensors files, of a file that has as many bytes of values as it tells of. */

#include "fuzz_safetensors.h"
#include "safetensors_header.h"

static char path[] = "a.safetensors";

/* Where the tensors end that could be read. */
static uint64_t room_of(const char *text, size_t count) {
    Safetensors file = {.path = path, .descriptor = -1};
    uint64_t room = 0;
    fuzz_check_safetensors(safetensors_header_read(&file, text, count, 0), &file, path, 0);
    for (size_t i = 0; i < file.count; i++)
        room = file.tensor[i].end > room ? file.tensor[i].end : room;
    file.path = NULL; /* is not its own */
    safetensors_close(&file);
    return room;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count) {
    Safetensors file = {.path = path, .descriptor = -1};
    const uint64_t room = room_of((const char *)bytes, count);
    const Status status = safetensors_header_read(&file, (const char *)bytes, count, room);
    fuzz_check_safetensors(status, &file, path, room);
    file.path = NULL;
    safetensors_close(&file);
    return 0;
}
