#ifndef VIT_TEST_SAMPLE_H
#define VIT_TEST_SAMPLE_H

#include "../check.h"
#include <stdlib.h>

/* For tests of readers of bytes: bytes with nothing readable behind them, and what is refused. */

typedef struct Sample {
    size_t count;
    uint8_t *bytes;
} Sample;

/* A copy of exactly these bytes; free with sample_free. */
static inline Sample sample_of(const void *bytes, size_t count) {
    Sample sample = {count, malloc(count ? count : 1)};
    assert_non_null(sample.bytes);
    if (count)
        memcpy(sample.bytes, bytes, count);
    return sample;
}

/* Of a string literal, zero bytes too, without the one at its end. */
#define SAMPLE(literal) sample_of(literal, sizeof(literal) - 1)

/* A file of tests/reference/arrays. */
static inline Sample sample_file(const char *name) {
    char path[512];
    uint8_t bytes[8192];
    snprintf(path, sizeof path, "%s/arrays/%s", REFERENCE_FOLDER, name);
    FILE *stream = fopen(path, "rb");
    if (!stream)
        fail_msg("%s cannot be opened", path);
    const size_t count = fread(bytes, 1, sizeof bytes, stream);
    assert_true(count > 0 && count < sizeof bytes);
    fclose(stream);
    return sample_of(bytes, count);
}

static inline void sample_free(Sample sample) {
    free(sample.bytes);
}

/* Hands every beginning of the sample to `read`, and it with every byte changed in several ways.
 * read checks what comes of it. */
static inline void sample_damage(Sample sample, void (*read)(const uint8_t *bytes, size_t count)) {
    static const uint8_t changes[] = {0x01, 0x80, 0xff, 0x20, 0x55};
    for (size_t count = 0; count < sample.count; count++) {
        const Sample cut = sample_of(sample.bytes, count);
        read(cut.bytes, count);
        sample_free(cut);
    }
    for (size_t i = 0; i < sample.count; i++)
        for (size_t c = 0; c < sizeof changes; c++) {
            sample.bytes[i] ^= changes[c];
            read(sample.bytes, sample.count);
            sample.bytes[i] ^= changes[c];
        }
}

#define assert_refused(call, text) check_refused((call), text, __FILE__, __LINE__)

/* STATUS_DATA with this in its message. */
static inline void check_refused(Status status, const char *text, const char *file, int line) {
    if (status != STATUS_DATA || !strstr(status_message(), text))
        print_error("status %d: %s\nwanted: %s\n", (int)status, status_message(), text);
    _assert_int_equal(status, STATUS_DATA, file, line);
    _assert_true(strstr(status_message(), text) != NULL, text, file, line);
}

#endif
