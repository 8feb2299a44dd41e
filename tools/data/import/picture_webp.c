#include "bytes.h"
#include "exif.h"
#include "picture_codec.h"
#include <string.h>
#include <webp/decode.h>

/* RIFF: "RIFF", how many bytes follow, "WEBP", then chunks: a name, how many bytes, these, and one
 * more where they are an odd number (WebP Container Specification). */
enum { RIFF_HEAD = 12, CHUNK_HEAD = 8 };

/* ---- header ---- */

/* Some writers begin EXIF data as in a JPEG. */
static unsigned orientation_in(const uint8_t *exif, size_t count) {
    static const char prefix[6] = "Exif\0";
    const size_t skipped =
        count >= sizeof prefix && memcmp(exif, prefix, sizeof prefix) == 0 ? sizeof prefix : 0;
    return exif_orientation(exif + skipped, count - skipped);
}

static unsigned orientation_of(const PictureFile *file) {
    size_t at = RIFF_HEAD;
    while (at < file->count && file->count - at >= CHUNK_HEAD) {
        const uint8_t *chunk = file->bytes + at;
        const size_t length = (size_t)bytes_little(chunk + 4, 4);
        if (length > file->count - at - CHUNK_HEAD)
            break;
        if (memcmp(chunk, "EXIF", 4) == 0)
            return orientation_in(chunk + CHUNK_HEAD, length);
        at += CHUNK_HEAD + length + length % 2;
    }
    return 1;
}

/* What the container promises is there: EXIF data may stand behind the pixels. */
static Status check_container(const PictureFile *file) {
    if (file->count < RIFF_HEAD || memcmp(file->bytes, "RIFF", 4) != 0)
        return picture_broken(file, "it has no header");
    if (bytes_little(file->bytes + 4, 4) > file->count - CHUNK_HEAD)
        return picture_broken(file, "the file ends too early");
    return STATUS_OK;
}

Status picture_webp_header(const PictureFile *file, PictureHeader *header) {
    WebPBitstreamFeatures found;
    STATUS_TRY(check_container(file));
    if (WebPGetFeatures(file->bytes, file->count, &found) != VP8_STATUS_OK)
        return picture_broken(file, "its header is damaged");
    if (found.has_animation)
        return status_fail(STATUS_DATA, "%s: is an animation; still pictures are read", file->name);
    header->width = (size_t)found.width;
    header->height = (size_t)found.height;
    header->orientation = orientation_of(file);
    return picture_check_size(file, header->height, header->width);
}

/* ---- pixels ---- */

static Status outcome(const PictureFile *file, VP8StatusCode code) {
    if (code == VP8_STATUS_OUT_OF_MEMORY)
        return status_fail(STATUS_INTERNAL, "out of memory: %s", file->name);
    return code == VP8_STATUS_OK ? STATUS_OK : picture_broken(file, "its pixels are damaged");
}

Status picture_webp_decode(const PictureFile *file, bool grey, PictureHeader *header,
                           Image *image) {
    enum { CHANNELS = 3 };
    WebPDecoderConfig config;
    (void)grey; /* no WebP is */
    STATUS_TRY(picture_webp_header(file, header));
    if (!WebPInitDecoderConfig(&config))
        return status_fail(STATUS_INTERNAL, "libwebp is another one than this was built with");
    STATUS_TRY(image_resize_room(image, header->height, header->width, CHANNELS));
    const size_t stride = header->width * CHANNELS;
    config.output.colorspace = MODE_RGB;
    config.output.is_external_memory = 1;
    config.output.u.RGBA = (WebPRGBABuffer){
        .rgba = image->pixels, .stride = (int)stride, .size = stride * header->height};
    const VP8StatusCode code = WebPDecode(file->bytes, file->count, &config);
    WebPFreeDecBuffer(&config.output);
    return outcome(file, code);
}
