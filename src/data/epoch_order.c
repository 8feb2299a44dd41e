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
