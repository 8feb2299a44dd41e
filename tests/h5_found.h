#ifndef VIT_TEST_H5_FOUND_H
#define VIT_TEST_H5_FOUND_H

#include "vit/h5.h"

/* What is there in a file that can be read. */

static inline bool h5_exists(hid_t file, const char *name) {
    bool found;
    return h5_find(file, name, &found) == STATUS_OK && found;
}

static inline bool h5_has_attribute(hid_t file, const char *name, const char *attribute) {
    bool found;
    return h5_find_attribute(file, name, attribute, &found) == STATUS_OK && found;
}

#endif
