#include "vit/random.h"

#include <Random123/philox.h>

RandomStream random_stream(uint64_t seed, RandomPurpose purpose, uint64_t when, uint64_t who,
                           uint32_t site) {
    return (RandomStream){.seed = seed,
                          .when = (uint32_t)when,
                          .who = (uint32_t)who,
                          .where = (uint32_t)purpose << 24 | (site & 0xffffffu)};
}

void random_block(RandomStream stream, uint32_t block, uint32_t words[static 4]) {
    philox4x32_ctr_t counter = {{block, stream.who, stream.when, stream.where}};
    philox4x32_key_t key = {{(uint32_t)stream.seed, (uint32_t)(stream.seed >> 32)}};
    philox4x32_ctr_t result = philox4x32_R(10, counter, key);
    for (int i = 0; i < 4; i++)
        words[i] = result.v[i];
}
