#ifndef VIT_IMPORT_EXIF_H
#define VIT_IMPORT_EXIF_H

#include <stddef.h>
#include <stdint.h>

/* The orientation, 1 to 8, in a block of EXIF data, which is a TIFF header with its directories:
 * tag 274 of the first one (TIFF 6.0, EXIF 2.3). 1, upright, where it is missing or makes no sense:
 * cameras and editors write many blocks that are wrong, and the picture is good without. Local. */
unsigned exif_orientation(const uint8_t *tiff, size_t count);

#endif
