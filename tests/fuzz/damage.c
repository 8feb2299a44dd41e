/* damage [STEP]: changes every STEP-th byte of a small file (1: every one), by one bit or by all in
 * turn, then cuts the file at every STEP-th length, and has every reader read each of these, in a
 * process of its own. A damaged file must be refused with STATUS_DATA or read as the undamaged one.
 * Prints a table; ends with 1 when there was anything else, or when a reader refused nothing. */

#include "fuzz.h"

#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { READERS_MAX = 8, SECONDS_MAX = 20 };

typedef enum Outcome {
    REFUSED,
    HARMLESS,
    WRONG_STATUS,
    OTHER_CONTENT,
    CRASHED,
    HUNG,
    OUTCOMES
} Outcome;

typedef struct Table {
    size_t count[READERS_MAX][OUTCOMES];
} Table;

static char undamaged[READERS_MAX][DIGEST_TEXT];

static Outcome read_once(size_t reader, const char *path) {
    char content[DIGEST_TEXT];
    Status status = subject_readers[reader].read(path, content);
    if (status == STATUS_OK)
        return strcmp(content, undamaged[reader]) == 0 ? HARMLESS : OTHER_CONTENT;
    return status == STATUS_DATA ? REFUSED : WRONG_STATUS;
}

static Outcome outcome_of(int end) {
    if (WIFEXITED(end) && WEXITSTATUS(end) < OUTCOMES)
        return (Outcome)WEXITSTATUS(end);
    return WIFSIGNALED(end) && WTERMSIG(end) == SIGALRM ? HUNG : CRASHED;
}

static void try_file(const char *what, size_t at, Table *table) {
    for (size_t r = 0; r < subject_reader_count; r++) {
        fflush(NULL);
        pid_t child = fork();
        DEMAND(child >= 0);
        if (child == 0) {
            alarm(SECONDS_MAX);
            _exit((int)read_once(r, memory_file_path()));
        }
        int end;
        DEMAND(waitpid(child, &end, 0) == child);
        Outcome outcome = outcome_of(end);
        table->count[r][outcome]++;
        if (outcome > HARMLESS)
            printf("%s %zu: reader '%s': outcome %d\n", what, at, subject_readers[r].name,
                   (int)outcome);
    }
}

/* Returns whether all is well. */
static int print_table(const char *what, const Table *table) {
    static const char *const name[OUTCOMES] = {"refused",       "harmless", "wrong status",
                                               "other content", "crashed",  "hung"};
    int well = 1;
    for (size_t r = 0; r < subject_reader_count; r++) {
        printf("%-10s %-9s", what, subject_readers[r].name);
        for (size_t o = 0; o < OUTCOMES; o++) {
            printf("  %s %zu", name[o], table->count[r][o]);
            well &= o <= HARMLESS || table->count[r][o] == 0;
        }
        printf("\n");
        well &= table->count[r][REFUSED] > 0;
    }
    return well;
}

int main(int argc, char **argv) {
    size_t step = argc > 1 ? strtoul(argv[1], NULL, 10) : 1;
    Sample sample = sample_make();
    memory_file_set(sample.byte, sample.count);
    DEMAND(step > 0 && subject_reader_count <= READERS_MAX);
    for (size_t r = 0; r < subject_reader_count; r++)
        DEMAND(subject_readers[r].read(memory_file_path(), undamaged[r]) == STATUS_OK);
    printf("%zu bytes\n", sample.count);
    Table flips = {0}, cuts = {0};
    for (size_t at = 0; at < sample.count; at += step) {
        const size_t bit = at / step % 9;
        const uint8_t mask = (uint8_t)(bit == 8 ? 0xffu : 1u << bit);
        sample.byte[at] ^= mask;
        memory_file_set(sample.byte, sample.count);
        try_file("flip", at, &flips);
        sample.byte[at] ^= mask;
    }
    for (size_t length = 0; length < sample.count; length += step) {
        memory_file_set(sample.byte, length);
        try_file("cut", length, &cuts);
    }
    free(sample.byte);
    int well = print_table("flips", &flips) & print_table("cuts", &cuts);
    return well ? 0 : 1;
}
