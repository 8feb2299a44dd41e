#ifndef IMPORT_LINES_H
#define IMPORT_LINES_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

/* Lines of a text of given length. Local. */

typedef struct Lines {
    const char *text; /* what is left */
    size_t bytes;
} Lines;

/* The next line, without its end (LF or CR LF); false when there is none. */
static inline bool lines_next(Lines *lines, const char **line, size_t *length) {
    if (lines->bytes == 0)
        return false;
    const char *end = memchr(lines->text, '\n', lines->bytes);
    const size_t whole = end ? (size_t)(end - lines->text) : lines->bytes;
    const size_t taken = end ? whole + 1 : whole;
    *line = lines->text;
    *length = whole && lines->text[whole - 1] == '\r' ? whole - 1 : whole;
    lines->text += taken;
    lines->bytes -= taken;
    return true;
}

/* The bytes of text without white space at its end. */
static inline size_t lines_trimmed(const char *text, size_t bytes) {
    while (bytes && strchr(" \t\r\n", text[bytes - 1]))
        bytes--;
    return bytes;
}

/* Takes a line's next field, which ends with `divider` or the line, off its front. */
static inline void lines_field(char divider, const char **line, size_t *length, const char **field,
                               size_t *field_length) {
    const char *end = memchr(*line, divider, *length);
    *field = *line;
    *field_length = end ? (size_t)(end - *line) : *length;
    const size_t taken = end ? *field_length + 1 : *length;
    *line += taken;
    *length -= taken;
}

/* Whether a field is a whole number from 0 to `most`. */
static inline bool lines_number(const char *field, size_t length, size_t most, size_t *number) {
    *number = 0;
    for (size_t i = 0; i < length; i++) {
        if (field[i] < '0' || field[i] > '9' || *number > most / 10)
            return false;
        *number = 10 * *number + (size_t)(field[i] - '0');
    }
    return length > 0 && *number <= most;
}

#endif
