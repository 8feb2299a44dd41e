#include "vit/epoch_order.h"

#include "vit/random.h"

void epoch_order(uint64_t seed, uint64_t epoch, size_t count, uint32_t *order) {
    const RandomStream stream = random_stream(seed, RANDOM_EPOCH_ORDER, epoch, 0, 0);
    for (size_t i = 0; i < count; i++)
        order[i] = (uint32_t)i;
    for (size_t i = count; i-- > 1;) {
        uint32_t words[4];
        random_block(stream, (uint32_t)i, words);
        size_t j = random_below(words[0], words[1], i + 1);
        uint32_t kept = order[i];
        order[i] = order[j];
        order[j] = kept;
    }
}

static uint64_t mixed(uint64_t sample) {
    uint64_t z = (sample + 1) * 0x9E3779B97F4A7C15u;
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9u;
    z = (z ^ z >> 27) * 0x94D049BB133111EBu;
    return z ^ z >> 31;
}

uint64_t epoch_coverage(const uint32_t *sample, size_t count) {
    uint64_t sum = 0;
    for (size_t i = 0; i < count; i++)
        sum += mixed(sample[i]);
    return sum;
}

uint64_t epoch_coverage_of_all(const Samples *samples) {
    uint64_t sum = 0;
    for (size_t i = 0; i < samples->count; i++)
        sum += mixed(samples_number(samples, i));
    return sum;
}
