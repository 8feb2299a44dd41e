#include "vit/update.h"

#include "vit/phase.h"

/* One of this rank's pieces. */
typedef struct OwnPiece {
    const Piece *piece;
    size_t number;         /* in the partition */
    const float *gradient; /* [piece->floats] */
    size_t own;            /* where it is in a block of what this rank updates */
} OwnPiece;

/* Calls visit for each of this rank's pieces, which the threads share. */
static void visit_own(const Partition *partition, int rank, const Exchange *exchange,
                      void (*visit)(const OwnPiece *own, void *context), void *context) {
    const Phase phase = phase_current();
#pragma omp parallel
    {
        phase_begin(phase);
        for (size_t g = 0; g < partition->regions; g++) {
            const Region *region = &partition->region[g];
            const size_t first = region_first_piece(region, rank);
            const size_t end = region_end_piece(region, rank);
            const size_t begin = region->offset + region_first(region, rank);
#pragma omp for schedule(static) nowait
            for (size_t p = first; p < end; p++) {
                const Piece *piece = &partition->piece[p];
                const size_t place = piece->offset - begin;
                visit(&(OwnPiece){.piece = piece,
                                  .number = p,
                                  .gradient = exchange_gradient(exchange, g) + place,
                                  .own = region->own + place},
                      context);
            }
        }
        phase_begin(PHASE_WAIT);
    }
    phase_begin(phase);
}

typedef struct Squares {
    const Kernels *kernels;
    double *value;
} Squares;

static void square(const OwnPiece *own, void *context) {
    const Squares *squares = context;
    squares->value[own->number] = squares->kernels->sum_squares(own->piece->floats, own->gradient);
}

void update_squares(const Partition *partition, int rank, const Exchange *exchange,
                    double *squares) {
    Squares context = {.kernels = kernels_best(), .value = squares};
    visit_own(partition, rank, exchange, square, &context);
}

typedef struct Update {
    const Kernels *kernels;
    AdamwTerms terms;
    float *weights, *first_moment, *second_moment;
} Update;

static void update(const OwnPiece *own, void *context) {
    const Update *u = context;
    u->kernels->adamw(own->piece->floats, u->terms, own->gradient, u->weights + own->piece->offset,
                      u->first_moment + own->own, u->second_moment + own->own);
}

void update_weights(const Partition *partition, int rank, const Exchange *exchange,
                    AdamwTerms terms, float *weights, float *first_moment, float *second_moment) {
    Update context = {.kernels = kernels_best(),
                      .terms = terms,
                      .weights = weights,
                      .first_moment = first_moment,
                      .second_moment = second_moment};
    visit_own(partition, rank, exchange, update, &context);
}
