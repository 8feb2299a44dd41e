#include "vit/moments.h"

void moments_add(Moments *moments, Picture picture, const uint8_t *images, size_t count) {
    const size_t channels = picture.channels, pixels = count * picture.height * picture.width;
    moments->pixels += pixels;
    for (size_t i = 0; i < pixels; i++)
        for (size_t c = 0; c < channels; c++) {
            const uint64_t value = images[i * channels + c];
            moments->sum[c] += value;
            moments->squares[c] += value * value;
        }
}

void moments_get(const Moments *moments, size_t channels, double *mean, double *variance) {
    const double pixels = (double)moments->pixels;
    for (size_t c = 0; c < channels; c++) {
        unsigned __int128 spread = (unsigned __int128)moments->pixels * moments->squares[c];
        spread -= (unsigned __int128)moments->sum[c] * moments->sum[c];
        mean[c] = (double)moments->sum[c] / pixels;
        variance[c] = (double)spread / (pixels * pixels);
    }
}
