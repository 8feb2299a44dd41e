#include "vit/average.h"

#include "vit/copy.h"
#include <math.h>

double average_gain(double decay, uint64_t count) {
    const double memory = 1.0 - pow(1.0 + (double)count, -2.0 / 3.0);
    return 1.0 - fmin(decay, memory);
}

void average_begin(const Partition *partition, int rank, const float *weights, float *average) {
    for (size_t g = 0; g < partition->regions; g++) {
        const Region *region = &partition->region[g];
        copy_floats(average + region->own, weights + region->offset + region_first(region, rank),
                    region_count(region, rank));
    }
}

/* With all threads, as copy_floats. */
static void swap_floats(float *a, float *b, size_t count) {
#pragma omp parallel
    {
        size_t first, end;
        shares_equal(count, MEMORY_LINE_FLOATS, (size_t)omp_get_thread_num(),
                     (size_t)omp_get_num_threads(), &first, &end);
        for (size_t i = first; i < end; i++) {
            const float kept = a[i];
            a[i] = b[i];
            b[i] = kept;
        }
    }
}

void average_swap(const Partition *partition, int rank, float *weights, float *average) {
    for (size_t g = 0; g < partition->regions; g++) {
        const Region *region = &partition->region[g];
        swap_floats(weights + region->offset + region_first(region, rank), average + region->own,
                    region_count(region, rank));
    }
}
