/* stdio.h must come before jpeglib.h, which does not include what it needs. */
#include <stdio.h>

#include "exif.h"
#include "picture_codec.h"
#include <jerror.h>
#include <jpeglib.h>
#include <setjmp.h>
#include <string.h>

/* A scan over the largest picture takes some 10 ms, and need not have more than a few bytes; real
 * files have a dozen scans. */
enum { SCANS_MAX = 500, EXIF_MARKER = JPEG_APP0 + 1, MARKER_BYTES_MAX = 0xFFFF };

/* libjpeg leaves through `jump` when something is wrong; `status` then says what. */
typedef struct JpegReader {
    const PictureFile *file;
    bool grey;
    PictureHeader *header;
    Image *image;
    Status status;
    struct jpeg_decompress_struct jpeg;
    struct jpeg_error_mgr errors;
    struct jpeg_progress_mgr progress;
    jmp_buf jump;
} JpegReader;

/* ---- what libjpeg calls ---- */

static _Noreturn void leave(j_common_ptr jpeg) {
    JpegReader *reader = jpeg->client_data;
    char text[JMSG_LENGTH_MAX];
    jpeg->err->format_message(jpeg, text);
    if (jpeg->err->msg_code == JERR_OUT_OF_MEMORY)
        reader->status = status_fail(STATUS_INTERNAL, "out of memory: %s", reader->file->name);
    else
        reader->status = picture_broken(reader->file, text);
    longjmp(reader->jump, 1);
}

/* Of the warnings, those that many good files bring about: bytes between segments, a marker that an
 * odd encoder wrote. All others mean that pixels are lost. */
static bool is_harmless(int code) {
    return code == JWRN_EXTRANEOUS_DATA || code == JWRN_ADOBE_XFORM || code == JWRN_JFIF_MAJOR ||
           code == JWRN_NOT_SEQUENTIAL;
}

/* level: below 0 for a warning. Leaving at the first one keeps a small file of a large picture from
 * filling it with guesses. */
static void note(j_common_ptr jpeg, int level) {
    if (level < 0 && !is_harmless(jpeg->err->msg_code))
        leave(jpeg);
}

static void stay_silent(j_common_ptr jpeg) {
    (void)jpeg;
}

static void count_scans(j_common_ptr jpeg) {
    JpegReader *reader = jpeg->client_data;
    if (reader->jpeg.input_scan_number <= SCANS_MAX)
        return;
    reader->status = picture_broken(reader->file, "it has more than 500 scans");
    longjmp(reader->jump, 1);
}

/* Does the work; whatever happens in it, the result is in reader->status, and nothing is left. */
static Status run(JpegReader *reader, void (*work)(JpegReader *)) {
    reader->jpeg.err = jpeg_std_error(&reader->errors);
    reader->jpeg.client_data = reader;
    reader->errors.error_exit = leave;
    reader->errors.emit_message = note;
    reader->errors.output_message = stay_silent;
    reader->progress.progress_monitor = count_scans;
    if (setjmp(reader->jump) == 0) {
        jpeg_create_decompress(&reader->jpeg);
        reader->jpeg.progress = &reader->progress;
        work(reader);
    }
    jpeg_destroy_decompress(&reader->jpeg);
    return reader->status;
}

/* ---- header ---- */

static unsigned orientation_of(const struct jpeg_decompress_struct *jpeg) {
    enum { PREFIX = 6 }; /* "Exif", zero, padding */
    for (jpeg_saved_marker_ptr at = jpeg->marker_list; at; at = at->next)
        if (at->marker == EXIF_MARKER && at->data_length >= PREFIX &&
            memcmp(at->data, "Exif", PREFIX - 1) == 0)
            return exif_orientation(at->data + PREFIX, at->data_length - PREFIX);
    return 1;
}

static Status check_kind(const PictureFile *file, const struct jpeg_decompress_struct *jpeg) {
    if (jpeg->num_components == 2 || jpeg->num_components > 4)
        return picture_broken(file, "it has neither 1, 3 nor 4 colour components");
    if (jpeg->data_precision != 8)
        return status_fail(STATUS_DATA, "%s: is a JPEG picture of %d bits; 8 are read", file->name,
                           jpeg->data_precision);
    if (jpeg->arith_code)
        return status_fail(STATUS_DATA,
                           "%s: is a JPEG picture with arithmetic coding; Huffman coding is read",
                           file->name);
    return picture_check_size(file, jpeg->image_height, jpeg->image_width);
}

static void read_header(JpegReader *reader) {
    struct jpeg_decompress_struct *jpeg = &reader->jpeg;
    jpeg_save_markers(jpeg, EXIF_MARKER, MARKER_BYTES_MAX);
    jpeg_mem_src(jpeg, reader->file->bytes, reader->file->count);
    jpeg_read_header(jpeg, TRUE);
    *reader->header = (PictureHeader){jpeg->image_height, jpeg->image_width, orientation_of(jpeg)};
    reader->status = check_kind(reader->file, jpeg);
}

Status picture_jpeg_header(const PictureFile *file, PictureHeader *header) {
    JpegReader reader = {.file = file, .header = header};
    return run(&reader, read_header);
}

/* ---- pixels ---- */

/* a b / 255, rounded to the nearest. */
static unsigned product(unsigned a, unsigned b) {
    const unsigned scaled = a * b + 128;
    return (scaled + (scaled >> 8)) >> 8;
}

/* Inks stored inverted: 255 is none. */
static void inks_to_colour(size_t width, const uint8_t *inks, uint8_t *colour) {
    for (size_t x = 0; x < width; x++, inks += 4, colour += 3)
        for (size_t c = 0; c < 3; c++)
            colour[c] = (uint8_t)(inks[3] - product(255u - inks[c], inks[3]));
}

static void read_rows(struct jpeg_decompress_struct *jpeg, Image *image) {
    const size_t stride = image->width * image->channels;
    JSAMPROW inks = NULL;
    if (jpeg->out_color_space == JCS_CMYK)
        inks = *jpeg->mem->alloc_sarray((j_common_ptr)jpeg, JPOOL_IMAGE, 4 * jpeg->output_width, 1);
    while (jpeg->output_scanline < jpeg->output_height) {
        JSAMPROW row = image->pixels + jpeg->output_scanline * stride;
        jpeg_read_scanlines(jpeg, inks ? &inks : &row, 1);
        if (inks)
            inks_to_colour(image->width, inks, row);
    }
}

/* The decoder's own defaults, which give the same pixels on every processor. */
static void read_picture(JpegReader *reader) {
    struct jpeg_decompress_struct *jpeg = &reader->jpeg;
    read_header(reader);
    if (reader->status != STATUS_OK)
        return;
    const bool one = reader->grey && jpeg->num_components == 1;
    jpeg->out_color_space = jpeg->num_components == 4 ? JCS_CMYK : one ? JCS_GRAYSCALE : JCS_RGB;
    reader->status = image_resize_room(reader->image, reader->header->height, reader->header->width,
                                       one ? 1 : 3);
    if (reader->status != STATUS_OK)
        return;
    jpeg_start_decompress(jpeg);
    read_rows(jpeg, reader->image);
    jpeg_finish_decompress(jpeg);
}

Status picture_jpeg_decode(const PictureFile *file, bool grey, PictureHeader *header,
                           Image *image) {
    JpegReader reader = {.file = file, .grey = grey, .header = header, .image = image};
    return run(&reader, read_picture);
}
