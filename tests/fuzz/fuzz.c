#include "fuzz.h"

#include <unistd.h>

/* HDF5 does not free what it was reading when that failed. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void) {
    return "leak:libhdf5";
}

/* HDF5 resolves a path before it opens it, so the file needs a real one. */
void memory_file_open(MemoryFile *file) {
    const char *folder = getenv("TMPDIR");
    if (!folder)
        folder = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
    DEMAND(snprintf(file->path, sizeof file->path, "%s/vit_fuzz_XXXXXX", folder) <
           (int)sizeof file->path);
    file->descriptor = mkstemp(file->path);
    DEMAND(file->descriptor >= 0);
}

void memory_file_set(const MemoryFile *file, const void *bytes, size_t count) {
    DEMAND(ftruncate(file->descriptor, 0) == 0);
    DEMAND(pwrite(file->descriptor, bytes, count, 0) == (ssize_t)count);
}

void memory_file_close(MemoryFile *file) {
    close(file->descriptor);
    unlink(file->path);
}
