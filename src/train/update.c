#include "update.h"

#include "vit/phase.h"

/* Where a piece is in this rank's part of its region. */
static size_t place_in_part(const Region *region, int rank, const Piece *piece) {
    return piece->offset - region->offset - region_first(region, rank);
}

void update_squares(const Partition *partition, int rank, const Exchange *exchange,
                    double *squares) {
    const Kernels *kernels = kernels_best();
    const Phase phase = phase_current();
#pragma omp parallel
    {
        phase_begin(phase);
        for (size_t g = 0; g < partition->regions; g++) {
            const Region *region = &partition->region[g];
            const float *gradient = exchange_gradient(exchange, g);
            const size_t first = region_first_piece(region, rank);
            const size_t end = region_end_piece(region, rank);
#pragma omp for schedule(static) nowait
            for (size_t p = first; p < end; p++)
                squares[p] = kernels->sum_squares(
                    partition->piece[p].floats,
                    gradient + place_in_part(region, rank, &partition->piece[p]));
        }
        phase_begin(PHASE_WAIT);
    }
    phase_begin(phase);
}

void update_weights(const Partition *partition, int rank, const Exchange *exchange,
                    AdamwTerms terms, float *weights, float *first_moment, float *second_moment) {
    const Kernels *kernels = kernels_best();
    const Phase phase = phase_current();
#pragma omp parallel
    {
        phase_begin(phase);
        for (size_t g = 0; g < partition->regions; g++) {
            const Region *region = &partition->region[g];
            const float *gradient = exchange_gradient(exchange, g);
            const size_t first = region_first_piece(region, rank);
            const size_t end = region_end_piece(region, rank);
#pragma omp for schedule(static) nowait
            for (size_t p = first; p < end; p++) {
                const Piece *piece = &partition->piece[p];
                const size_t place = place_in_part(region, rank, piece);
                kernels->adamw(piece->floats, terms, gradient + place, weights + piece->offset,
                               first_moment + region->own + place,
                               second_moment + region->own + place);
            }
        }
        phase_begin(PHASE_WAIT);
    }
    phase_begin(phase);
}
