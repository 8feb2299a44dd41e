/* replay PATH...: hands every file, and every file in a folder, to LLVMFuzzerTestOneInput, as
 * libFuzzer does with a corpus. Ends with 1 when there was none. */

#include "fuzz.h"

#include <dirent.h>
#include <sys/stat.h>

static size_t replayed;

static void replay_file(const char *path) {
    struct stat found;
    FILE *stream = fopen(path, "rb");
    DEMAND(stream && fstat(fileno(stream), &found) == 0);
    size_t count = (size_t)found.st_size;
    uint8_t *bytes = malloc(count ? count : 1); /* no more, so that a sanitizer sees its end */
    DEMAND(bytes && fread(bytes, 1, count, stream) == count);
    fclose(stream);
    LLVMFuzzerTestOneInput(bytes, count);
    free(bytes);
    replayed++;
}

static void replay(const char *path) {
    DIR *folder = opendir(path);
    if (!folder) {
        replay_file(path);
        return;
    }
    for (struct dirent *entry; (entry = readdir(folder));) {
        char inside[1024];
        snprintf(inside, sizeof inside, "%s/%s", path, entry->d_name);
        if (entry->d_name[0] != '.')
            replay_file(inside);
    }
    closedir(folder);
}

int main(int argc, char **argv) {
    for (int i = 1; i < argc; i++)
        replay(argv[i]);
    printf("%zu inputs\n", replayed);
    return replayed > 0 ? 0 : 1;
}
