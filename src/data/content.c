#include "vit/content.h"

#include <stdio.h>
#include <string.h>

/* The only form that pictures had in release 0.1.0, which left it out of the digest. */
static const Picture first_form = {.height = 32, .width = 32, .channels = 3};

/* The same bytes are other pictures in another form. */
Status content_begin(Digest *digest, Picture picture) {
    char text[64];
    STATUS_TRY(digest_init(digest));
    if (picture.height == first_form.height && picture.width == first_form.width &&
        picture.channels == first_form.channels)
        return STATUS_OK;
    snprintf(text, sizeof text, "%zux%zux%zu", picture.height, picture.width, picture.channels);
    digest_add(digest, text, strlen(text) + 1);
    return STATUS_OK;
}

void content_add_validation(Digest *digest) {
    static const char text[] = "validation";
    digest_add(digest, text, sizeof text);
}

void content_add_labels(Digest *digest, const uint16_t *labels, size_t count) {
    unsigned char bytes[2048]; /* little-endian on every machine */
    for (size_t first = 0; first < count; first += sizeof bytes / 2) {
        size_t n = count - first < sizeof bytes / 2 ? count - first : sizeof bytes / 2;
        for (size_t i = 0; i < n; i++) {
            bytes[2 * i] = (unsigned char)(labels[first + i] & 0xff);
            bytes[2 * i + 1] = (unsigned char)(labels[first + i] >> 8);
        }
        digest_add(digest, bytes, 2 * n);
    }
}
