#include "set.h"

#include "vector.h"

/* Philox4x32-10, several blocks side by side. The same values as random_block, which is
 * Random123's. The state's words are held in the low halves of 64-bit lanes, since the products are
 * twice as wide as their factors: what a product leaves in the high halves is never looked at.
 * Blocks with even numbers and those with odd ones are in different vectors, so that in the end an
 * odd word moves into the high half of its neighbour's lane. */

enum { ROUNDS = 10, GROUP_BLOCKS = 16, BLOCKS = LANES, PAIRS = BLOCKS / 2 };

typedef uint64_t Lanes __attribute__((vector_size(PAIRS * sizeof(uint64_t))));
typedef uint32_t Words __attribute__((vector_size(BLOCKS * sizeof(uint32_t))));
typedef uint16_t Halves __attribute__((vector_size(BLOCKS * sizeof(uint16_t))));

static inline Lanes lanes_of(uint64_t value) {
    return value - (Lanes){0};
}

/* Products of the low halves. gcc 12 would multiply whole lanes. */
static inline Lanes multiply_low(Lanes a, uint32_t factor) {
#if defined(__AVX512F__)
    return (Lanes)_mm512_mul_epu32((__m512i)a, _mm512_set1_epi64((long long)factor));
#elif defined(__AVX2__)
    return (Lanes)_mm256_mul_epu32((__m256i)a, _mm256_set1_epi64x((long long)factor));
#elif defined(__SSE2__)
    return (Lanes)_mm_mul_epu32((__m128i)a, _mm_set1_epi64x((long long)factor));
#else
    return (a & lanes_of(UINT32_MAX)) * lanes_of(factor);
#endif
}

typedef struct PhiloxState {
    Lanes word[4];
} PhiloxState;

static inline PhiloxState philox_round(PhiloxState s, uint64_t key0, uint64_t key1) {
    const Lanes product0 = multiply_low(s.word[0], 0xD2511F53u);
    const Lanes product1 = multiply_low(s.word[2], 0xCD9E8D57u);
    return (PhiloxState){{(product1 >> 32) ^ s.word[1] ^ lanes_of(key0), product1,
                          (product0 >> 32) ^ s.word[3] ^ lanes_of(key1), product0}};
}

/* One word of all blocks, in order, as low halves and, 16 places on, high halves. */
static inline void store_words(Lanes even, Lanes odd, uint16_t *low) {
    const Words words = (Words)((even & lanes_of(UINT32_MAX)) | (odd << 32));
    const Halves lower = __builtin_convertvector(words, Halves);
    const Halves upper = __builtin_convertvector(words >> 16, Halves);
    memcpy(low, &lower, sizeof lower);
    memcpy(low + GROUP_BLOCKS, &upper, sizeof upper);
}

void KERNEL(dropout_words)(RandomStream stream, size_t groups, uint16_t *words) {
    Lanes first = lanes_of(0);
    for (uint64_t lane = 0; lane < PAIRS; lane++)
        first[lane] = 2 * lane;
    for (size_t block = 0; block < groups * GROUP_BLOCKS; block += BLOCKS) {
        PhiloxState even = {{first + lanes_of(block), lanes_of(stream.who), lanes_of(stream.when),
                             lanes_of(stream.where)}};
        PhiloxState odd = even;
        odd.word[0] += 1;
        uint32_t key0 = (uint32_t)stream.seed, key1 = (uint32_t)(stream.seed >> 32);
#pragma GCC unroll 10
        for (int round = 0; round < ROUNDS; round++) {
            even = philox_round(even, key0, key1);
            odd = philox_round(odd, key0, key1);
            key0 += 0x9E3779B9u;
            key1 += 0xBB67AE85u;
        }
        uint16_t *group = words + block / GROUP_BLOCKS * DROPOUT_GROUP + block % GROUP_BLOCKS;
        for (size_t w = 0; w < 4; w++)
            store_words(even.word[w], odd.word[w], group + w * 2 * GROUP_BLOCKS);
    }
}

void KERNEL(dropout)(size_t n, float *x, Dropout dropout) {
    if (!dropout.words && dropout.scale == 1.0f)
        return;
    if (!dropout.words) {
#pragma omp simd
        for (size_t i = 0; i < n; i++)
            x[i] *= dropout.scale;
        return;
    }
#pragma omp simd
    for (size_t i = 0; i < n; i++)
        x[i] *= dropout.words[i] < dropout.threshold ? dropout.scale : 0.0f;
}
