#include "exif.h"
#include "picture.h"
#include "picture_codec.h"
#include <png.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

/* A chunk: length and type, data, checksum. */
enum { SIGNATURE = 8, CHUNK_HEAD = 8, CHUNK_TAIL = 4, IHDR_BYTES = 13, CHUNK_MEMORY = 1 << 20 };

/* libpng leaves through `jump` when something is wrong; `status` then says what. */
typedef struct PngReader {
    const PictureFile *file;
    size_t at; /* what libpng has read of it */
    bool grey;
    const PictureHeader *header;
    Image *image;
    Status status;
    png_structp png;
    png_infop info;
    jmp_buf jump;
} PngReader;

/* ---- what libpng calls ---- */

static _Noreturn void leave(png_structp png, png_const_charp what) {
    PngReader *reader = png_get_error_ptr(png);
    if (reader->status == STATUS_OK)
        reader->status = picture_broken(reader->file, what);
    longjmp(reader->jump, 1);
}

/* Checksums and missing data are errors; warnings are about what no pixel depends on. */
static void stay_silent(png_structp png, png_const_charp what) {
    (void)png;
    (void)what;
}

static void *allocate(png_structp png, png_alloc_size_t bytes) {
    PngReader *reader = png_get_mem_ptr(png);
    void *memory = malloc(bytes);
    if (!memory)
        reader->status = status_fail(STATUS_INTERNAL, "out of memory: %s", reader->file->name);
    return memory;
}

static void release(png_structp png, void *memory) {
    (void)png;
    free(memory);
}

static void read_bytes(png_structp png, png_bytep to, size_t count) {
    PngReader *reader = png_get_io_ptr(png);
    if (count > reader->file->count - reader->at)
        png_error(png, "the file ends too early");
    memcpy(to, reader->file->bytes + reader->at, count);
    reader->at += count;
}

/* ---- header ---- */

/* EXIF data may stand before or after the pixels. */
static unsigned orientation_of(const PictureFile *file) {
    size_t at = SIGNATURE;
    while (file->count - at >= CHUNK_HEAD + CHUNK_TAIL) {
        const size_t length = png_get_uint_32(file->bytes + at);
        const uint8_t *type = file->bytes + at + 4;
        if (length > file->count - at - CHUNK_HEAD - CHUNK_TAIL || memcmp(type, "IEND", 4) == 0)
            break;
        if (memcmp(type, "eXIf", 4) == 0)
            return exif_orientation(type + 4, length);
        at += CHUNK_HEAD + length + CHUNK_TAIL;
    }
    return 1;
}

/* By hand, so that libpng sees no picture that is too large. */
Status picture_png_header(const PictureFile *file, PictureHeader *header) {
    const uint8_t *chunk = file->bytes + SIGNATURE;
    if (file->count < SIGNATURE + CHUNK_HEAD + IHDR_BYTES + CHUNK_TAIL)
        return picture_broken(file, "the file ends too early");
    if (png_get_uint_32(chunk) != IHDR_BYTES || memcmp(chunk + 4, "IHDR", 4) != 0)
        return picture_broken(file, "it has no header");
    header->width = png_get_uint_32(chunk + CHUNK_HEAD);
    header->height = png_get_uint_32(chunk + CHUNK_HEAD + 4);
    header->orientation = orientation_of(file);
    return picture_check_size(file, header->height, header->width);
}

/* ---- pixels ---- */

/* Of the optional chunks none is looked at but for its checksum: what expands in memory, or could
 * change colours, is never opened. */
static void be_strict(PngReader *reader) {
    png_set_read_fn(reader->png, reader, read_bytes);
    png_set_user_limits(reader->png, PICTURE_FILE_SIDE_MAX, PICTURE_FILE_SIDE_MAX);
    png_set_chunk_malloc_max(reader->png, CHUNK_MEMORY);
    png_set_keep_unknown_chunks(reader->png, PNG_HANDLE_CHUNK_NEVER, NULL, -1);
    png_set_crc_action(reader->png, PNG_CRC_ERROR_QUIT, PNG_CRC_ERROR_QUIT);
}

/* Whatever is stored: 8 bits a channel, no palette, no alpha. */
static void ask_for_bytes(PngReader *reader) {
    png_set_expand(reader->png);
    png_set_strip_16(reader->png);
    png_set_strip_alpha(reader->png);
    if (!reader->grey)
        png_set_gray_to_rgb(reader->png);
}

static void read_picture(PngReader *reader) {
    be_strict(reader);
    png_read_info(reader->png, reader->info);
    ask_for_bytes(reader);
    const int passes = png_set_interlace_handling(reader->png);
    png_read_update_info(reader->png, reader->info);
    const size_t channels = png_get_channels(reader->png, reader->info);
    reader->status =
        image_resize_room(reader->image, reader->header->height, reader->header->width, channels);
    if (reader->status != STATUS_OK)
        return;
    const size_t stride = reader->header->width * channels;
    for (int pass = 0; pass < passes; pass++)
        for (size_t y = 0; y < reader->header->height; y++)
            png_read_row(reader->png, reader->image->pixels + y * stride, NULL);
    png_read_end(reader->png, NULL);
}

/* Whatever happens, the result is in reader->status, and nothing is left. */
static Status run(PngReader *reader) {
    if (setjmp(reader->jump) == 0) {
        reader->png = png_create_read_struct_2(PNG_LIBPNG_VER_STRING, reader, leave, stay_silent,
                                               reader, allocate, release);
        if (reader->png)
            reader->info = png_create_info_struct(reader->png);
        if (reader->info)
            read_picture(reader);
        else if (reader->status == STATUS_OK)
            reader->status = status_fail(STATUS_INTERNAL, "libpng cannot be used");
    }
    png_destroy_read_struct(&reader->png, &reader->info, NULL);
    return reader->status;
}

Status picture_png_decode(const PictureFile *file, bool grey, PictureHeader *header, Image *image) {
    STATUS_TRY(picture_png_header(file, header));
    PngReader reader = {.file = file, .grey = grey, .header = header, .image = image};
    return run(&reader);
}
