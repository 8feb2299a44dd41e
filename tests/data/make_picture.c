/* make_picture FILE HEIGHTxWIDTH RED,GREEN,BLUE [ORIENTATION]: writes a picture of one colour, a
 * PNG unless the name ends with .jpg or .JPEG, with that EXIF orientation if it is a JPEG. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jpeglib.h>
#include <png.h>

typedef struct Wish {
    unsigned height, width;
    uint8_t colour[3];
    int orientation; /* 0: none */
} Wish;

static uint8_t *make_pixels(const Wish *wish) {
    uint8_t *pixels = malloc(3u * wish->height * wish->width);
    for (size_t i = 0; pixels && i < 3u * wish->height * wish->width; i++)
        pixels[i] = wish->colour[i % 3];
    return pixels;
}

static void write_orientation(struct jpeg_compress_struct *jpeg, int orientation) {
    /* TIFF, big-endian: one entry, tag 0x0112, a short. */
    uint8_t exif[] = {'E', 'x',  'i', 'f', 0, 0, 'M', 'M', 0, 42, 0, 0, 0, 8, 0, 1,
                      1,   0x12, 0,   3,   0, 0, 0,   1,   0, 0,  0, 0, 0, 0, 0, 0};
    exif[25] = (uint8_t)orientation;
    jpeg_write_marker(jpeg, JPEG_APP0 + 1, exif, sizeof exif);
}

static void write_jpeg(FILE *file, const Wish *wish, uint8_t *pixels) {
    struct jpeg_compress_struct jpeg;
    struct jpeg_error_mgr errors;
    jpeg.err = jpeg_std_error(&errors);
    jpeg_create_compress(&jpeg);
    jpeg_stdio_dest(&jpeg, file);
    jpeg.image_height = wish->height;
    jpeg.image_width = wish->width;
    jpeg.input_components = 3;
    jpeg.in_color_space = JCS_RGB;
    jpeg_set_defaults(&jpeg);
    jpeg_set_quality(&jpeg, 95, TRUE);
    jpeg_start_compress(&jpeg, TRUE);
    if (wish->orientation)
        write_orientation(&jpeg, wish->orientation);
    for (unsigned y = 0; y < wish->height; y++)
        jpeg_write_scanlines(&jpeg, (JSAMPROW[]){pixels + 3u * y * wish->width}, 1);
    jpeg_finish_compress(&jpeg);
    jpeg_destroy_compress(&jpeg);
}

static void write_png(FILE *file, const Wish *wish, const uint8_t *pixels) {
    png_image image = {.version = PNG_IMAGE_VERSION,
                       .height = wish->height,
                       .width = wish->width,
                       .format = PNG_FORMAT_RGB};
    png_image_write_to_stdio(&image, file, 0, pixels, 0, NULL);
}

int main(int argc, char **argv) {
    Wish wish = {0};
    if (argc < 4 || sscanf(argv[2], "%ux%u", &wish.height, &wish.width) != 2 ||
        sscanf(argv[3], "%hhu,%hhu,%hhu", &wish.colour[0], &wish.colour[1], &wish.colour[2]) != 3)
        return 64;
    wish.orientation = argc > 4 ? atoi(argv[4]) : 0;
    const char *dot = strrchr(argv[1], '.');
    uint8_t *pixels = make_pixels(&wish);
    FILE *file = fopen(argv[1], "wb");
    if (!pixels || !file) {
        free(pixels);
        return 74;
    }
    if (dot && (strcmp(dot, ".jpg") == 0 || strcmp(dot, ".JPEG") == 0))
        write_jpeg(file, &wish, pixels);
    else
        write_png(file, &wish, pixels);
    free(pixels);
    return fclose(file) == 0 ? 0 : 74;
}
