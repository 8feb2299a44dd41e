/* export_pictures DATA.h5 FOLDER: the test images of a data file, of one channel or three, as
 * FOLDER/0000.png, ... For the shell tests. */

#include "canvas.h"
#include "vit/data_set.h"
#include <stdio.h>

static Status export(const DataSet *set, size_t image, const char *folder) {
    const Picture picture = set->picture;
    const uint8_t *pixels = set->split[SPLIT_TEST].images + image * picture_bytes(picture);
    Canvas canvas;
    char path[512];
    snprintf(path, sizeof path, "%s/%04zu.png", folder, image);
    STATUS_TRY(canvas_init(&canvas, picture.width, picture.height, (Ink){{0}}));
    for (size_t i = 0; i < 3 * picture.width * picture.height; i++)
        canvas.pixels[i] = pixels[picture.channels == 1 ? i / 3 : i];
    const Status status = canvas_write_png(&canvas, path);
    canvas_free(&canvas);
    return status;
}

int main(int argc, char **argv) {
    DataHeader header;
    DataSet set;
    if (argc != 3)
        return STATUS_USAGE;
    Status status = data_set_read(argv[1], &header, &set);
    for (size_t i = 0; status == STATUS_OK && i < set.split[SPLIT_TEST].count; i++)
        status = export(&set, i, argv[2]);
    if (status != STATUS_OK)
        fprintf(stderr, "%s\n", status_message());
    data_set_free(&set);
    return (int)status;
}
