#include "fuzz.h"

#include <unistd.h>

/* HDF5 does not free what it was reading when that failed. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void) {
    return "leak:libhdf5";
}

/* HDF5 resolves a path before it opens it, so the file needs a real one. */
static char path[256];
static int descriptor;

static void remove_file(void) {
    unlink(path);
}

const char *memory_file_path(void) {
    if (*path)
        return path;
    const char *folder = getenv("TMPDIR");
    if (!folder)
        folder = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
    DEMAND(snprintf(path, sizeof path, "%s/vit_fuzz_XXXXXX", folder) < (int)sizeof path);
    descriptor = mkstemp(path);
    DEMAND(descriptor >= 0);
    atexit(remove_file);
    return path;
}

void memory_file_set(const void *bytes, size_t count) {
    memory_file_path();
    DEMAND(ftruncate(descriptor, 0) == 0);
    DEMAND(pwrite(descriptor, bytes, count, 0) == (ssize_t)count);
}
