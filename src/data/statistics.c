#include "vit/statistics.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

const char *statistics_text(size_t channels, const double *values,
                            char text[static STATISTICS_TEXT]) {
    text[0] = '\0';
    for (size_t c = 0; c < channels; c++) {
        const size_t used = strlen(text);
        snprintf(text + used, STATISTICS_TEXT - used, "%s%.4f", c ? "  " : "", values[c]);
    }
    return text;
}

static Status fail_statistics(const char *path, const DataHeader *header, const double *mean,
                              const double *variance) {
    const size_t channels = header->picture.channels;
    char told[2][STATISTICS_TEXT], found[2][STATISTICS_TEXT];
    return status_fail(
        STATUS_DATA,
        "%s: / @channel_mean (%s) and @channel_variance (%s) cannot be those of the training "
        "images, whose means are %s and variances %s: pixels are 0 to 255, and variances no "
        "standard deviations; without the attributes they are computed",
        path, statistics_text(channels, header->mean, told[0]),
        statistics_text(channels, header->variance, told[1]),
        statistics_text(channels, mean, found[0]), statistics_text(channels, variance, found[1]));
}

/* A channel of one value everywhere cannot be told by its variance. */
static double ratio(double told, double found) {
    return found > 0.0 ? told / found : 1.0;
}

Status statistics_check(const char *path, const DataHeader *header, const Moments *moments,
                        bool *same) {
    static const double far = 1.0, spread = 4.0, rounding = 0.01;
    const size_t channels = header->picture.channels;
    double mean[PICTURE_CHANNELS_MAX], variance[PICTURE_CHANNELS_MAX];
    moments_get(moments, channels, mean, variance);
    *same = true;
    for (size_t c = 0; c < channels; c++) {
        const double off = fabs(mean[c] - header->mean[c]) / sqrt(header->variance[c]);
        const double wide = ratio(header->variance[c], variance[c]);
        if (off > far || wide > spread || wide < 1.0 / spread)
            return fail_statistics(path, header, mean, variance);
        *same = *same && off <= rounding && fabs(wide - 1.0) <= rounding;
    }
    return STATUS_OK;
}
