#include "picture.h"

#include "picture_codec.h"
#include <string.h>

/* picture_webp.c is built where libwebp is. */
#ifdef VIT_WEBP
#define WEBP_HEADER picture_webp_header
#define WEBP_DECODE picture_webp_decode
const char picture_kinds[] = "JPEG, PNG and WebP";
#else
#define WEBP_HEADER NULL
#define WEBP_DECODE NULL
const char picture_kinds[] = "JPEG and PNG";
#endif

/* A kind of file, known by `length` bytes at `offset`; without functions if it is not read. */
typedef struct Format {
    size_t offset, length;
    const char *magic, *name;
    Status (*header)(const PictureFile *, PictureHeader *);
    Status (*decode)(const PictureFile *, bool, PictureHeader *, Image *);
} Format;

static const Format formats[] = {
    {0, 3, "\xff\xd8\xff", "a JPEG", picture_jpeg_header, picture_jpeg_decode},
    {0, 8, "\x89PNG\r\n\x1a\n", "a PNG", picture_png_header, picture_png_decode},
    {0, 6, "GIF87a", "a GIF", NULL, NULL},
    {0, 6, "GIF89a", "a GIF", NULL, NULL},
    {8, 4, "WEBP", "a WebP", WEBP_HEADER, WEBP_DECODE},
    {0, 2, "BM", "a BMP", NULL, NULL},
    {0, 4, "II*\0", "a TIFF", NULL, NULL},
    {0, 4, "MM\0*", "a TIFF", NULL, NULL},
    {4, 8, "ftypavif", "an AVIF", NULL, NULL},
    {4, 8, "ftypavis", "an AVIF", NULL, NULL},
    {4, 7, "ftyphei", "a HEIF", NULL, NULL},
    {4, 7, "ftyphev", "a HEIF", NULL, NULL},
    {4, 8, "ftypmif1", "a HEIF", NULL, NULL},
    {4, 8, "ftypmsf1", "a HEIF", NULL, NULL},
    {4, 8, "jP  \r\n\x87\n", "a JPEG 2000", NULL, NULL},
    {4, 8, "JXL \r\n\x87\n", "a JPEG XL", NULL, NULL},
    {0, 2, "\xff\x0a", "a JPEG XL", NULL, NULL},
    {0, 3, "P5\n", "a PGM", NULL, NULL},
    {0, 3, "P6\n", "a PPM", NULL, NULL},
};

static bool is_format(const PictureFile *file, const Format *format) {
    return file->count >= format->offset + format->length &&
           memcmp(file->bytes + format->offset, format->magic, format->length) == 0;
}

/* NULL, and a message for STATUS_DATA, if it cannot be read. */
static const Format *find_format(const PictureFile *file) {
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++) {
        if (!is_format(file, &formats[i]))
            continue;
        if (formats[i].decode)
            return &formats[i];
        status_fail(STATUS_DATA, "%s: is %s picture; %s are read", file->name, formats[i].name,
                    picture_kinds);
        return NULL;
    }
    status_fail(STATUS_DATA, "%s: %s; %s are read", file->name,
                file->count == 0 ? "is empty" : "is not a picture", picture_kinds);
    return NULL;
}

Status picture_size(const char *name, const uint8_t *bytes, size_t count, PictureWish wish,
                    size_t *height, size_t *width) {
    const PictureFile file = {name, bytes, count};
    const Format *format = find_format(&file);
    PictureHeader header;
    if (!format)
        return STATUS_DATA;
    STATUS_TRY(format->header(&file, &header));
    const bool exchanged = !wish.as_stored && header.orientation >= 5;
    *height = exchanged ? header.width : header.height;
    *width = exchanged ? header.height : header.width;
    return STATUS_OK;
}

Status picture_decode(const char *name, const uint8_t *bytes, size_t count, PictureWish wish,
                      Image *image) {
    const PictureFile file = {name, bytes, count};
    const Format *format = find_format(&file);
    PictureHeader header;
    if (!format)
        return STATUS_DATA;
    STATUS_TRY(format->decode(&file, wish.grey, &header, image));
    if (wish.grey)
        image_to_grey(image);
    return wish.as_stored ? STATUS_OK : image_turn(image, header.orientation);
}
