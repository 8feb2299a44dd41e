#ifndef VIT_HASH_H
#define VIT_HASH_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* FNV-1a: begins with HASH_START, goes on with the hash so far. Tells things apart, secures
 * nothing. */
#define HASH_START 0xcbf29ce484222325u

static inline uint64_t hash_add(uint64_t hash, const void *bytes, size_t count) {
    const unsigned char *byte = bytes;
    for (size_t i = 0; i < count; i++)
        hash = (hash ^ byte[i]) * 0x100000001b3u;
    return hash;
}

/* The same for many bytes: eight at a time, a few gigabytes a second. Each step is invertible in
 * what is added, so that one changed word always changes the hash. Of the same bytes on every
 * little-endian machine. */
static inline uint64_t hash_add_words(uint64_t hash, const void *bytes, size_t count) {
    const unsigned char *byte = bytes;
    for (size_t i = 0; i < count; i += 8) {
        uint64_t word = 0;
        memcpy(&word, byte + i, count - i < 8 ? count - i : 8);
        hash = (hash ^ word) * 0x9e3779b97f4a7c15u;
        hash ^= hash >> 29;
    }
    return hash;
}

#endif
