#ifndef VIT_TEST_SAID_H
#define VIT_TEST_SAID_H

/* What a test's process says on standard output and standard error. */

#include <stdio.h>
#include <unistd.h>

static char said[4096];
static FILE *said_file;
static int said_kept[2]; /* what the two were before */

/* From now on it is kept from the person; said_end brings it into `said`. */
static inline void said_begin(void) {
    fflush(NULL);
    said_file = tmpfile();
    for (int stream = STDOUT_FILENO; said_file && stream <= STDERR_FILENO; stream++) {
        said_kept[stream - STDOUT_FILENO] = dup(stream);
        dup2(fileno(said_file), stream);
    }
}

static inline const char *said_end(void) {
    said[0] = '\0';
    if (!said_file)
        return said;
    fflush(NULL);
    for (int stream = STDOUT_FILENO; stream <= STDERR_FILENO; stream++) {
        dup2(said_kept[stream - STDOUT_FILENO], stream);
        close(said_kept[stream - STDOUT_FILENO]);
    }
    rewind(said_file);
    said[fread(said, 1, sizeof said - 1, said_file)] = '\0';
    fclose(said_file);
    return said;
}

#endif
