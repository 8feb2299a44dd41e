#include "fuzz.h"

#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

bool digests_are_void;

Status __wrap_digest_finish(Digest *digest, char text[static DIGEST_TEXT]);
Status __wrap_digest_finish(Digest *digest, char text[static DIGEST_TEXT]) {
    Status status = __real_digest_finish(digest, text);
    if (digests_are_void)
        memset(text, 'd', DIGEST_TEXT - 1);
    return status;
}

/* Writers rename, so this takes a folder for a moment. */
Sample sample_make(void) {
    char folder[] = "/tmp/vit_fuzz_XXXXXX", path[64];
    DEMAND(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/a.h5", folder);
    DEMAND(subject_write(path) == STATUS_OK);
    struct stat found;
    FILE *stream = fopen(path, "rb");
    DEMAND(stream && fstat(fileno(stream), &found) == 0);
    Sample sample = {(size_t)found.st_size, malloc((size_t)found.st_size)};
    DEMAND(sample.byte && fread(sample.byte, 1, sample.count, stream) == sample.count);
    fclose(stream);
    unlink(path);
    rmdir(folder);
    return sample;
}
