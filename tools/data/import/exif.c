#include "exif.h"

#include <stdbool.h>
#include <string.h>

enum { ENTRY_BYTES = 12, TAG_ORIENTATION = 0x0112, TYPE_SHORT = 3, TYPE_LONG = 4 };

static uint32_t number(const uint8_t *at, size_t bytes, bool big_endian) {
    uint32_t value = 0;
    for (size_t i = 0; i < bytes; i++)
        value = value << 8 | at[big_endian ? i : bytes - 1 - i];
    return value;
}

/* Of a directory's entry: tag, type, count, and the value where it fits into four bytes. */
static unsigned entry_orientation(const uint8_t *entry, bool big_endian) {
    const uint32_t type = number(entry + 2, 2, big_endian);
    const size_t bytes = type == TYPE_SHORT ? 2 : type == TYPE_LONG ? 4 : 0;
    const uint32_t value = number(entry + 8, bytes, big_endian);
    const bool makes_sense = number(entry + 4, 4, big_endian) == 1 && value >= 1 && value <= 8;
    return makes_sense ? value : 1;
}

unsigned exif_orientation(const uint8_t *tiff, size_t count) {
    if (count < 8 || (memcmp(tiff, "II*\0", 4) != 0 && memcmp(tiff, "MM\0*", 4) != 0))
        return 1;
    const bool big_endian = tiff[0] == 'M';
    const size_t directory = number(tiff + 4, 4, big_endian);
    if (directory > count - 2)
        return 1;
    size_t at = directory + 2;
    for (size_t left = number(tiff + directory, 2, big_endian); left > 0; left--) {
        if (count - at < ENTRY_BYTES)
            return 1;
        if (number(tiff + at, 2, big_endian) == TAG_ORIENTATION)
            return entry_orientation(tiff + at, big_endian);
        at += ENTRY_BYTES;
    }
    return 1;
}
