#include "set.h"

#include "vector.h"

/* Enough independent chains for two units of latency 4 and 5. */
enum { CHAINS = 12 };

size_t KERNEL(multiply_add)(size_t rounds, const float *factor, float *sum) {
    const Vector a = vector_of(factor[0]), b = vector_of(factor[1]);
    Vector chain[CHAINS];
    for (int i = 0; i < CHAINS; i++)
        chain[i] = vector_of((float)i);
    for (size_t round = 0; round < rounds; round++) {
#pragma GCC unroll 12
        for (int i = 0; i < CHAINS; i++)
            chain[i] = chain[i] * a + b;
    }
    Vector total = vector_of(0.0f);
    for (int i = 0; i < CHAINS; i++)
        total += chain[i];
    *sum = total[0];
    return rounds * CHAINS * LANES * 2;
}
