#ifndef VIT_LITTLE_ENDIAN_H
#define VIT_LITTLE_ENDIAN_H

#include <stddef.h>
#include <stdint.h>

/* Numbers as bytes, the lowest first, whatever this processor has them like. Private to
 * src/exchange. */

/* The lowest `count` bytes. */
static inline void little_endian_put(uint64_t value, uint8_t *bytes, size_t count) {
    for (size_t i = 0; i < count; i++)
        bytes[i] = (uint8_t)(value >> 8 * i);
}

/* count: at most 8. */
static inline uint64_t little_endian_get(const uint8_t *bytes, size_t count) {
    uint64_t value = 0;
    for (size_t i = count; i-- > 0;)
        value = value << 8 | bytes[i];
    return value;
}

#endif
