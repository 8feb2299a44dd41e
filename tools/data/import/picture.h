#ifndef VIT_IMPORT_PICTURE_H
#define VIT_IMPORT_PICTURE_H

#include "image.h"
#include <stdbool.h>

/* From the bytes of a JPEG, PNG or (where libwebp was there when this was built) WebP file to
 * pixels. The kind is told by the first bytes; names and their suffixes matter in messages only.
 *
 * Pixels are those of Pillow's ImageOps.exif_transpose(Image.open(file)).convert('RGB'), or 'L', to
 * the bit, given the same libjpeg-turbo:
 * - JPEG: grey, YCbCr of any subsampling, RGB; sequential or progressive, 8 bits. CMYK and YCCK are
 *   taken to be stored inverted, as Adobe does. Arithmetic coding is refused: not every libjpeg
 *   reads it.
 * - PNG: all kinds. Alpha is dropped, nothing is blended. No gamma, no colour profile. Of 16 bits
 *   the upper 8 are taken, as Pillow does with colours; 16-bit grey it clips to white above 255,
 *   which nobody wants.
 * - WebP: lossy and lossless; alpha is dropped. Animations are refused.
 * - Orientation comes from JPEG's first EXIF block, PNG's eXIf, or WebP's EXIF; not from XMP, nor
 *   from text.
 *
 * Memory: the image's pixels; for a progressive JPEG two bytes more a value while it is decoded.
 *
 * Bytes may be hostile. A picture of more than PICTURE_PIXELS_MAX pixels, or with a side above
 * PICTURE_FILE_SIDE_MAX, is refused before anything is allocated for it, a JPEG with more than 500
 * scans at the next one. What is cut short or damaged is refused, as is a PNG with any wrong
 * checksum; what no pixel depends on (bytes between segments, odd profiles, empty text) is let
 * pass.
 *
 * All local, and for any number of threads at once. What is wrong with the picture is STATUS_DATA,
 * "<name>: ..."; lack of memory STATUS_INTERNAL. Nothing is written to stderr. */

#define PICTURE_PIXELS_MAX 89478485 /* where Pillow warns of a decompression bomb */
#define PICTURE_FILE_SIDE_MAX 65500 /* what libjpeg takes */

/* "JPEG and PNG": what is read, for messages. */
extern const char picture_kinds[];

typedef struct PictureWish {
    bool grey;      /* 1 channel, not 3 */
    bool as_stored; /* not turned as EXIF says */
} PictureWish;

/* The size that picture_decode will give, from the header alone. */
Status picture_size(const char *name, const uint8_t *bytes, size_t count, PictureWish wish,
                    size_t *height, size_t *width);

/* Decodes into image, whose room grows as needed. After an error its content is undefined, and it
 * may still be used again and freed. */
Status picture_decode(const char *name, const uint8_t *bytes, size_t count, PictureWish wish,
                      Image *image);

#endif
