#ifndef IMPORT_BYTES_H
#define IMPORT_BYTES_H

#include <stddef.h>
#include <stdint.h>

/* Bytes of files: as numbers, and as text for messages. */

/* The unsigned number in `count` bytes, at most 8, the lowest first. */
static inline uint64_t bytes_little(const uint8_t *bytes, size_t count) {
    uint64_t value = 0;
    for (size_t i = count; i-- > 0;)
        value = value << 8 | bytes[i];
    return value;
}

/* Alike, the highest first. */
static inline uint64_t bytes_big(const uint8_t *bytes, size_t count) {
    uint64_t value = 0;
    for (size_t i = 0; i < count; i++)
        value = value << 8 | bytes[i];
    return value;
}

/* The signed number (two's complement) whose lowest `count` bytes, at most 8, are value's; of no
 * bytes 0. */
static inline int64_t bytes_signed(uint64_t value, size_t count) {
    if (count == 0)
        return 0;
    const uint64_t sign = (uint64_t)1 << (8 * count - 1);
    return (int64_t)((value ^ sign) - sign);
}

enum { BYTES_EXCERPT = 64 };

/* The beginning of bytes for a message, '?' for what is not printable, "..." where there are more;
 * returns text. */
static inline const char *bytes_excerpt(const uint8_t *bytes, size_t count,
                                        char text[static BYTES_EXCERPT]) {
    const size_t most = BYTES_EXCERPT - 4;
    size_t length = 0;
    for (; length < count && length < most; length++)
        text[length] = (char)(bytes[length] >= ' ' && bytes[length] <= '~' ? bytes[length] : '?');
    for (size_t dots = 0; count > most && dots < 3; dots++)
        text[length++] = '.';
    text[length] = '\0';
    return text;
}

#endif
