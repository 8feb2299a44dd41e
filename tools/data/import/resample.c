#include "resample.h"

#include "vit/size.h"
#include <stdbool.h>
#include <string.h>
#if defined(__SSE2__)
#include <emmintrin.h>
#endif

enum { HALF = 1 << (RESAMPLE_PLACES - 1), STRIP = 512 };

void resample_scratch_free(ResampleScratch *scratch) {
    resample_axis_free(&scratch->across);
    resample_axis_free(&scratch->down);
    image_free(&scratch->middle);
}

/* ---- on any processor ---- */

/* Thousands of weights may together round to a little more than one. */
static inline uint8_t byte_of(int32_t sum) {
    const int32_t value = sum >> RESAMPLE_PLACES;
    return (uint8_t)(value > 255 ? 255 : value);
}

/* Inlined for each number of channels, so that the sums stay in registers. */
static inline __attribute__((always_inline)) void
resize_row(const ResampleAxis *axis, size_t channels, const uint8_t *from, uint8_t *restrict to) {
    for (size_t x = 0; x < axis->to; x++, to += channels) {
        const ResampleSpan span = axis->span[x];
        const int32_t *weight = axis->weight + x * axis->taps;
        const uint8_t *pixel = from + span.first * channels;
        int32_t sum[4] = {HALF, HALF, HALF, HALF};
        for (size_t j = 0; j < span.count; j++, pixel += channels)
            for (size_t c = 0; c < channels; c++)
                sum[c] += pixel[c] * weight[j];
        for (size_t c = 0; c < channels; c++)
            to[c] = byte_of(sum[c]);
    }
}

static void resize_some_rows(const ResampleAxis *axis, const Image *from, size_t begin, Image *to) {
    for (size_t y = begin; y < from->height; y++) {
        const uint8_t *in = from->pixels + y * from->width * from->channels;
        uint8_t *out = to->pixels + y * to->width * to->channels;
        switch (from->channels) {
        case 1:
            resize_row(axis, 1, in, out);
            break;
        case 2:
            resize_row(axis, 2, in, out);
            break;
        case 3:
            resize_row(axis, 3, in, out);
            break;
        default:
            resize_row(axis, 4, in, out);
            break;
        }
    }
}

/* `count` neighbouring bytes of a new row, from those below each other in a span of old ones. */
static void resize_strip(ResampleSpan span, const int32_t *weight, size_t count, size_t stride,
                         const uint8_t *from, uint8_t *restrict to) {
    int32_t sum[STRIP];
    for (size_t i = 0; i < count; i++)
        sum[i] = HALF;
    for (size_t j = 0; j < span.count; j++, from += stride)
        for (size_t i = 0; i < count; i++)
            sum[i] += from[i] * weight[j];
    for (size_t i = 0; i < count; i++)
        to[i] = byte_of(sum[i]);
}

/* ---- on x86, two old pixels at once ---- */

#if defined(__SSE2__)

/* One instruction multiplies two 16-bit numbers with two others and adds the products, four times.
 * A weight is low + 2^11 high, each of which fits. Sums of the low halves may overflow; as all of
 * it is modulo 2^32, and the whole sum is less, that is right in the end. */
enum { LOW_PLACES = 11, LOW_MASK = (1 << LOW_PLACES) - 1, ROWS = 4, BLOCK = 16 };

typedef struct WeightPair {
    __m128i low, high; /* of two neighbours, four times */
} WeightPair;

typedef struct Sums {
    __m128i low, high; /* of four values */
} Sums;

static inline WeightPair pair_of(const int32_t *weight) {
    const __m128i both = _mm_loadl_epi64((const __m128i *)weight);
    const __m128i halves = _mm_packs_epi32(_mm_and_si128(both, _mm_set1_epi32(LOW_MASK)),
                                           _mm_srli_epi32(both, LOW_PLACES));
    return (WeightPair){_mm_shuffle_epi32(halves, 0x00), _mm_shuffle_epi32(halves, 0xaa)};
}

static inline Sums no_sums(void) {
    return (Sums){_mm_set1_epi32(HALF), _mm_setzero_si128()};
}

static inline void add_pair(Sums *sums, __m128i values, WeightPair weight) {
    sums->low = _mm_add_epi32(sums->low, _mm_madd_epi16(values, weight.low));
    sums->high = _mm_add_epi32(sums->high, _mm_madd_epi16(values, weight.high));
}

static inline __m128i values_of(Sums sums) {
    return _mm_srai_epi32(_mm_add_epi32(sums.low, _mm_slli_epi32(sums.high, LOW_PLACES)),
                          RESAMPLE_PLACES);
}

/* The channels of two neighbouring pixels, in pairs. Reads four bytes of each. */
static inline __m128i pixel_pair(const uint8_t *pixel, size_t channels) {
    int32_t one, two;
    memcpy(&one, pixel, sizeof one);
    memcpy(&two, pixel + channels, sizeof two);
    const __m128i bytes = _mm_unpacklo_epi8(_mm_cvtsi32_si128(one), _mm_cvtsi32_si128(two));
    return _mm_unpacklo_epi8(bytes, _mm_setzero_si128());
}

static inline void store_pixel(Sums sums, size_t channels, uint8_t *to) {
    const __m128i words = _mm_packs_epi32(values_of(sums), _mm_setzero_si128());
    const int32_t bytes = _mm_cvtsi128_si32(_mm_packus_epi16(words, words));
    memcpy(to, &bytes, channels);
}

/* ROWS rows at once, which share the weights. */
static inline __attribute__((always_inline)) void
resize_row_group(const ResampleAxis *axis, size_t channels, const uint8_t *from, uint8_t *to) {
    const size_t from_stride = axis->from * channels, to_stride = axis->to * channels;
    for (size_t x = 0; x < axis->to; x++, to += channels) {
        const ResampleSpan span = axis->span[x];
        const int32_t *weight = axis->weight + x * axis->taps;
        const uint8_t *pixel = from + span.first * channels;
        Sums sums[ROWS];
        for (size_t r = 0; r < ROWS; r++)
            sums[r] = no_sums();
        for (size_t j = 0; j < span.count; j += 2, pixel += 2 * channels) {
            const WeightPair pair = pair_of(weight + j);
            for (size_t r = 0; r < ROWS; r++)
                add_pair(&sums[r], pixel_pair(pixel + r * from_stride, channels), pair);
        }
        for (size_t r = 0; r < ROWS; r++)
            store_pixel(sums[r], channels, to + r * to_stride);
    }
}

/* Returns how many rows, from the first one on, it has done: not the last ones, since up to four
 * bytes after the end of a row are read. */
static size_t resize_row_groups(const ResampleAxis *axis, const Image *from, Image *to) {
    const size_t stride = from->width * from->channels, kept = size_groups(4, stride);
    size_t y = 0;
    if (from->channels < 3)
        return 0;
    for (; y + ROWS + kept <= from->height; y += ROWS) {
        const uint8_t *in = from->pixels + y * stride;
        uint8_t *out = to->pixels + y * to->width * to->channels;
        if (from->channels == 3)
            resize_row_group(axis, 3, in, out);
        else
            resize_row_group(axis, 4, in, out);
    }
    return y;
}

/* BLOCK neighbouring bytes. */
static inline void resize_block(ResampleSpan span, const int32_t *weight, size_t stride,
                                const uint8_t *from, uint8_t *to) {
    const __m128i zero = _mm_setzero_si128();
    Sums sums[4] = {no_sums(), no_sums(), no_sums(), no_sums()};
    for (size_t j = 0; j < span.count; j += 2, from += 2 * stride) {
        const uint8_t *next = j + 1 < span.count ? from + stride : from; /* its weight is zero */
        const WeightPair pair = pair_of(weight + j);
        const __m128i one = _mm_loadu_si128((const __m128i *)from);
        const __m128i two = _mm_loadu_si128((const __m128i *)next);
        const __m128i left = _mm_unpacklo_epi8(one, two), right = _mm_unpackhi_epi8(one, two);
        add_pair(&sums[0], _mm_unpacklo_epi8(left, zero), pair);
        add_pair(&sums[1], _mm_unpackhi_epi8(left, zero), pair);
        add_pair(&sums[2], _mm_unpacklo_epi8(right, zero), pair);
        add_pair(&sums[3], _mm_unpackhi_epi8(right, zero), pair);
    }
    const __m128i words[2] = {_mm_packs_epi32(values_of(sums[0]), values_of(sums[1])),
                              _mm_packs_epi32(values_of(sums[2]), values_of(sums[3]))};
    _mm_storeu_si128((__m128i *)to, _mm_packus_epi16(words[0], words[1]));
}

/* Returns how many bytes of the new row, from the first one on, it has done. */
static size_t resize_blocks(ResampleSpan span, const int32_t *weight, size_t stride,
                            const uint8_t *from, uint8_t *to) {
    size_t at = 0;
    for (; at + BLOCK <= stride; at += BLOCK)
        resize_block(span, weight, stride, from + at, to + at);
    return at;
}

#else /* nothing is done here */

static size_t resize_row_groups(const ResampleAxis *axis, const Image *from, Image *to) {
    (void)axis, (void)from, (void)to;
    return 0;
}

static size_t resize_blocks(ResampleSpan span, const int32_t *weight, size_t stride,
                            const uint8_t *from, uint8_t *to) {
    (void)span, (void)weight, (void)stride, (void)from, (void)to;
    return 0;
}

#endif

/* ---- both passes ---- */

static void resize_rows(const ResampleAxis *axis, const Image *from, Image *to) {
    resize_some_rows(axis, from, resize_row_groups(axis, from, to), to);
}

static void resize_columns(const ResampleAxis *axis, const Image *from, Image *to) {
    const size_t stride = from->width * from->channels;
    for (size_t y = 0; y < axis->to; y++) {
        const ResampleSpan span = axis->span[y];
        const int32_t *weight = axis->weight + y * axis->taps;
        const uint8_t *in = from->pixels + span.first * stride;
        uint8_t *out = to->pixels + y * stride;
        for (size_t at = resize_blocks(span, weight, stride, in, out); at < stride; at += STRIP)
            resize_strip(span, weight, size_smaller(STRIP, stride - at), stride, in + at, out + at);
    }
}

Status resample(const Image *from, size_t height, size_t width, ResampleScratch *scratch,
                Image *to) {
    const bool across = width != from->width, down = height != from->height;
    Image *rows = down ? &scratch->middle : to;
    STATUS_TRY(image_resize_room(to, height, width, from->channels));
    if (across) {
        STATUS_TRY(resample_axis_prepare(&scratch->across, from->width, width));
        STATUS_TRY(image_resize_room(rows, from->height, width, from->channels));
        resize_rows(&scratch->across, from, rows);
    }
    if (down) {
        STATUS_TRY(resample_axis_prepare(&scratch->down, from->height, height));
        resize_columns(&scratch->down, across ? rows : from, to);
    }
    if (!across && !down)
        memcpy(to->pixels, from->pixels, height * width * from->channels);
    return STATUS_OK;
}
