#ifndef VIT_HASH_H
#define VIT_HASH_H

#include <stddef.h>
#include <stdint.h>

/* FNV-1a: begins with HASH_START, goes on with the hash so far. Tells things apart, secures
 * nothing. */
#define HASH_START 0xcbf29ce484222325u

static inline uint64_t hash_add(uint64_t hash, const void *bytes, size_t count) {
    const unsigned char *byte = bytes;
    for (size_t i = 0; i < count; i++)
        hash = (hash ^ byte[i]) * 0x100000001b3u;
    return hash;
}

#endif
