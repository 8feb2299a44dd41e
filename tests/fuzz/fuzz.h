#ifndef VIT_TEST_FUZZ_H
#define VIT_TEST_FUZZ_H

#include "vit/digest.h"
#include "vit/status.h"
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

/* What the fuzz targets share: demands, and files in memory. */

/* What libFuzzer, or replay.c, calls with every input. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count);

#define DEMAND(condition)                                                                          \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            fprintf(stderr, "%s:%d: demanded: %s (last message: %s)\n", __FILE__, __LINE__,        \
                    #condition, status_message());                                                 \
            abort();                                                                               \
        }                                                                                          \
    } while (0)

/* The process's one file, in memory where there is a file system for that; it is removed when the
 * process ends. Setting replaces its content. */
const char *memory_file_path(void);
void memory_file_set(const void *bytes, size_t count);

/* A kind of HDF5 file: how a small one is made, and all ways in which the program reads one. Each
 * of fuzz_data_file.c and fuzz_checkpoint.c defines one, for hdf5_edit.c and damage.c. */
typedef struct Reader {
    const char *name;
    /* On success *content is a digest of all that was read. */
    Status (*read)(const char *path, char content[static DIGEST_TEXT]);
} Reader;

extern const Reader subject_readers[];
extern const size_t subject_reader_count;
Status subject_write(const char *path);

/* The bytes of subject_write's file; free. */
typedef struct Sample {
    size_t count;
    uint8_t *byte;
} Sample;

Sample sample_make(void);

/* While this is set, every digest of the program is sixty-four times 'd': a file that was made so
 * matches its digests whatever it holds, and what stands behind that check is reached. */
extern _Bool digests_are_void;
/* Of the content, whatever digests_are_void says. Linked with --wrap=digest_finish. */
Status __real_digest_finish(Digest *digest, char text[static DIGEST_TEXT]);

#endif
