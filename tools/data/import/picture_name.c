#include "picture_name.h"

#include "source.h"
#include <string.h>
#include <strings.h>

static bool has_suffix(const char *path, const char *const *suffixes) {
    const char *dot = strrchr(source_base(path), '.');
    for (; dot && *suffixes; suffixes++)
        if (strcasecmp(dot, *suffixes) == 0)
            return true;
    return false;
}

/* Browsers save JPEGs as .jfif, too. */
bool picture_name_is_read(const char *path) {
    static const char *const suffixes[] = {".jpg",  ".jpeg", ".jpe", ".jfif", ".png",
#ifdef VIT_WEBP
                                           ".webp",
#endif
                                           NULL};
    return has_suffix(path, suffixes);
}

bool picture_name_is_other(const char *path) {
    static const char *const suffixes[] = {".ppm",  ".bmp",  ".pgm",  ".tif", ".tiff",
                                           ".gif",  ".avif", ".heic", ".jp2", ".jxl",
#ifndef VIT_WEBP
                                           ".webp",
#endif
                                           NULL};
    return has_suffix(path, suffixes);
}
