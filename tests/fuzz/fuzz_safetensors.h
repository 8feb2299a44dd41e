#ifndef VIT_TEST_FUZZ_SAFETENSORS_H
#define VIT_TEST_FUZZ_SAFETENSORS_H

#include "fuzz.h"
#include "vit/safetensors.h"
#include <string.h>

/* What must be true of a header that was read: tensors side by side from the first byte to the last
 * of `room`, none smaller than its values, each found by its name; or a message that begins with
 * the file's name. */
static inline void fuzz_check_safetensors(Status status, const Safetensors *file, const char *path,
                                          uint64_t room) {
    DEMAND(status == STATUS_OK || status == STATUS_DATA);
    if (status != STATUS_OK) {
        DEMAND(strncmp(status_message(), path, strlen(path)) == 0);
        return;
    }
    uint64_t at = 0;
    for (size_t i = 0; i < file->count; i++) {
        const SafetensorsTensor *tensor = &file->tensor[i];
        uint64_t count = 1;
        DEMAND(tensor->begin == at && tensor->end >= at);
        DEMAND(tensor->axes <= SAFETENSORS_AXES_MOST);
        for (size_t k = 0; k < tensor->axes; k++)
            DEMAND(!__builtin_mul_overflow(count, tensor->shape[k], &count));
        DEMAND(count == tensor->count);
        if (tensor->kind == SAFETENSORS_F32)
            DEMAND(tensor->end - tensor->begin == 4 * count);
        DEMAND(safetensors_find(file, tensor->name) == tensor);
        at = tensor->end;
    }
    DEMAND(at == room);
    for (size_t i = 0; i < file->notes; i++)
        DEMAND(safetensors_note(file, file->note[i].key) == file->note[i].text);
}

#endif
