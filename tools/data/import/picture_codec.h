#ifndef VIT_IMPORT_PICTURE_CODEC_H
#define VIT_IMPORT_PICTURE_CODEC_H

#include "image.h"
#include <stdbool.h>

/* What a decoder is to picture.c, and what the decoders share. Errors as in picture.h. */

typedef struct PictureFile {
    const char *name;
    const uint8_t *bytes;
    size_t count;
} PictureFile;

/* Of the picture as it is stored. */
typedef struct PictureHeader {
    size_t height, width;
    unsigned orientation; /* EXIF's, 1 to 8 */
} PictureHeader;

/* Size and orientation, without decoding; a size that is refused is an error here already. */
Status picture_jpeg_header(const PictureFile *file, PictureHeader *header);
Status picture_png_header(const PictureFile *file, PictureHeader *header);
Status picture_webp_header(const PictureFile *file, PictureHeader *header);

/* Decodes as it is stored, and sets the header too. Grey pictures have 1 channel if that is what is
 * wished, and else 3 equal ones; coloured ones always have 3. */
Status picture_jpeg_decode(const PictureFile *file, bool grey, PictureHeader *header, Image *image);
Status picture_png_decode(const PictureFile *file, bool grey, PictureHeader *header, Image *image);
Status picture_webp_decode(const PictureFile *file, bool grey, PictureHeader *header, Image *image);

/* Refuses sizes that are not worth any memory. */
Status picture_check_size(const PictureFile *file, size_t height, size_t width);

/* STATUS_DATA: "<name>: broken picture: <what>". */
Status picture_broken(const PictureFile *file, const char *what);

#endif
