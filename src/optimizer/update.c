#include "vit/update.h"

#include "vit/average.h"
#include "vit/team.h"

/* One of this rank's pieces. */
typedef struct OwnPiece {
    const Piece *piece;
    size_t number;         /* in the partition */
    const float *gradient; /* [piece->floats] */
    size_t own;            /* where it is in a vector of what this rank updates */
    bool guarded;          /* nobody else has these weights */
} OwnPiece;

/* Calls visit for each of this rank's pieces, which the threads share. */
static void visit_own(const Gradient *gradient, int rank,
                      void (*visit)(const OwnPiece *own, void *context), void *context) {
    const Partition *partition = gradient->partition;
    const Phase phase = phase_current();
#pragma omp parallel
    {
        const TeamThread team = team_enter(phase);
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
                                  .gradient = gradient->region[g] + place,
                                  .own = region->own + place,
                                  .guarded = !region_is_everywhere(region)},
                      context);
            }
        }
        team_leave(team);
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

void update_squares(const Gradient *gradient, int rank, double *squares) {
    Squares context = {.kernels = kernels_best(), .value = squares};
    visit_own(gradient, rank, square, &context);
}

typedef struct Update {
    const Job *job;
    const UpdateRule *by;
    RuleTerms terms;
    float gain; /* of the average */
    Guard *guard;
    const UpdateTarget *target;
} Update;

static void update(const OwnPiece *own, void *context) {
    const Update *u = context;
    const Rule *rule = u->by->rule;
    const Parameter *entry = &u->by->table->entry[own->piece->entry];
    RulePiece piece = {.entry = entry,
                       .decays = rule_decays(u->job, entry),
                       .rate_scale = u->by->rate_scale[own->piece->entry],
                       .floats = own->piece->floats,
                       .gradient = own->gradient,
                       .weights = u->target->weights + own->piece->offset};
    for (size_t s = 0; s < rule->states; s++)
        piece.state[s] = u->target->state[s] + own->own;
    if (own->guarded)
        guard_before(u->guard, own->number, piece.weights);
    rule->update(&u->terms, &piece);
    if (own->guarded)
        guard_after(u->guard, own->number, piece.weights);
    if (u->target->average)
        kernels_best()->average(piece.floats, u->gain, piece.weights,
                                u->target->average + own->own);
}

void update_weights(const Gradient *gradient, int rank, const UpdateRule *rule,
                    const RuleStep *step, Guard *guard, const UpdateTarget *target) {
    Update context = {.job = step->job,
                      .by = rule,
                      .terms = rule->rule->terms(step),
                      .gain = (float)average_gain(step->job->ema, step->count),
                      .guard = guard,
                      .target = target};
    visit_own(gradient, rank, update, &context);
}
