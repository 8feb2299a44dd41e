#include "vit/random.h"

#include <math.h>
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

void random_normals(RandomStream stream, uint32_t block, double normal[static 4]) {
    uint32_t words[4];
    random_block(stream, block, words);
    for (int i = 0; i < 4; i += 2) {
        /* In (0, 1), so that the logarithm is finite. */
        const double radius = sqrt(-2.0 * log(((double)words[i] + 0.5) * 0x1p-32));
        const double angle = 2.0 * 3.14159265358979323846 * (double)words[i + 1] * 0x1p-32;
        normal[i] = radius * cos(angle);
        normal[i + 1] = radius * sin(angle);
    }
}
