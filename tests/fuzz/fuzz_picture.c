/* Pictures: an input is a JPEG, PNG or WebP file. It is decoded in all ways, and resized. */

#include "fuzz.h"
#include "picture.h"
#include "resample.h"
#include <string.h>
#include <sys/resource.h>

/* Larger ones only have their header read, since a second is long here. A decoder's own arrays are
 * a few times as large as the pixels. */
enum { PIXELS_MAX = 1 << 20, SIDE = 8, PEAK_MAX_KB = 1 << 20 };

static Image image, resized;
static ResampleScratch scratch;

static void check_failure(Status status) {
    DEMAND(status == STATUS_DATA);
    DEMAND(strncmp(status_message(), "cat: ", 5) == 0);
}

static void check_small(void) {
    DEMAND(resample(&image, SIDE, SIDE, &scratch, &resized) == STATUS_OK);
    DEMAND(resized.height == SIDE && resized.width == SIDE && resized.channels == image.channels);
}

static void decode(const uint8_t *bytes, size_t count, PictureWish wish) {
    size_t height, width;
    Status status = picture_size("cat", bytes, count, wish, &height, &width);
    if (status != STATUS_OK) {
        check_failure(status);
        DEMAND(picture_decode("cat", bytes, count, wish, &image) == STATUS_DATA);
        return;
    }
    DEMAND(height > 0 && width > 0 && height * width <= PICTURE_PIXELS_MAX);
    if (height * width > PIXELS_MAX)
        return;
    status = picture_decode("cat", bytes, count, wish, &image);
    if (status != STATUS_OK) {
        check_failure(status);
        return;
    }
    DEMAND(image.height == height && image.width == width);
    DEMAND(image.channels == (wish.grey ? 1 : 3));
    check_small();
}

static void check_memory(void) {
    struct rusage used;
    DEMAND(getrusage(RUSAGE_SELF, &used) == 0);
    DEMAND(used.ru_maxrss < PEAK_MAX_KB);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count) {
    decode(bytes, count, (PictureWish){0});
    decode(bytes, count, (PictureWish){.grey = true, .as_stored = true});
    check_memory();
    image_free(&image);
    image_free(&resized);
    resample_scratch_free(&scratch);
    return 0;
}
