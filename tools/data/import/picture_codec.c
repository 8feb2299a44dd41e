#include "picture_codec.h"

#include "picture.h"

Status picture_check_size(const PictureFile *file, size_t height, size_t width) {
    if (height == 0 || width == 0)
        return picture_broken(file, "it has no pixels");
    if (height > PICTURE_FILE_SIDE_MAX || width > PICTURE_FILE_SIDE_MAX ||
        width > PICTURE_PIXELS_MAX / height)
        return status_fail(STATUS_DATA,
                           "%s: too large: %zu x %zu pixels; at most %d are read, and %d a side",
                           file->name, height, width, PICTURE_PIXELS_MAX, PICTURE_FILE_SIDE_MAX);
    return STATUS_OK;
}

Status picture_broken(const PictureFile *file, const char *what) {
    return status_fail(STATUS_DATA, "%s: broken picture: %s", file->name, what);
}
