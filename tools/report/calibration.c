#include "calibration.h"

#include "class_top.h"
#include "vit/size.h"
#include <math.h>

/* The sums become means. */
static void finish(Calibration *found) {
    double apart = 0.0, images = 0.0;
    for (size_t p = 0; p < CALIBRATION_PARTS; p++) {
        const double count = (double)found->images[p];
        apart += fabs(found->right[p] - found->sure[p]);
        images += count;
        found->right[p] /= count;
        found->sure[p] /= count;
    }
    found->error = apart / images;
}

Calibration calibration_of(size_t images, size_t classes, const float *logits,
                           const uint16_t *label) {
    Calibration found = {0};
    for (size_t i = 0; i < images; i++) {
        ClassAnswer top;
        class_top(classes, logits + i * classes, 1, &top);
        if (!isfinite(top.probability))
            continue;
        const size_t part =
            size_smaller((size_t)(top.probability * CALIBRATION_PARTS), CALIBRATION_PARTS - 1);
        found.images[part]++;
        found.right[part] += top.class == label[i];
        found.sure[part] += top.probability;
    }
    finish(&found);
    return found;
}
