#ifndef VIT_TEST_REFERENCE_H
#define VIT_TEST_REFERENCE_H

/* Pictures in tests/reference/pictures.h5, or another file there. */

#include "check.h"
#include "image.h"
#include "vit/h5.h"

#ifndef REFERENCE_PICTURES
#define REFERENCE_PICTURES "pictures.h5"
#endif

static hid_t reference_file;

static inline int reference_open(void **state) {
    (void)state;
    return h5_open(REFERENCE_FOLDER "/" REFERENCE_PICTURES, &reference_file) == STATUS_OK ? 0 : 1;
}

static inline int reference_close(void **state) {
    (void)state;
    return h5_close(reference_file) == STATUS_OK ? 0 : 1;
}

static inline size_t reference_count(const char *object, const char *attribute) {
    uint64_t count;
    assert_ok(h5_get_count(reference_file, object, attribute, &count));
    return (size_t)count;
}

/* The dataset "/<kind>/<number>"; image_free. */
static inline Image reference_image(const char *kind, size_t number) {
    char name[64];
    size_t rank, shape[4];
    Image image = {0};
    snprintf(name, sizeof name, "/%s/%zu", kind, number);
    assert_ok(h5_shape(reference_file, name, &rank, shape));
    assert_int_equal(rank, 3);
    assert_ok(image_resize_room(&image, shape[0], shape[1], shape[2]));
    assert_ok(h5_read(reference_file, name, H5T_NATIVE_UINT8, rank, shape, image.pixels));
    return image;
}

/* Says where they differ. */
static inline bool reference_same(const Image *wanted, const Image *found, const char *what) {
    if (wanted->height != found->height || wanted->width != found->width ||
        wanted->channels != found->channels) {
        print_error("%s: %zu x %zu x %zu, not %zu x %zu x %zu\n", what, found->height, found->width,
                    found->channels, wanted->height, wanted->width, wanted->channels);
        return false;
    }
    const size_t bytes = wanted->height * wanted->width * wanted->channels;
    for (size_t i = 0; i < bytes; i++)
        if (wanted->pixels[i] != found->pixels[i]) {
            print_error("%s: byte %zu of %zu is %d, not %d\n", what, i, bytes, found->pixels[i],
                        wanted->pixels[i]);
            return false;
        }
    return true;
}

#endif
