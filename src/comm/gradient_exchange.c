#include "vit/gradient_exchange.h"

#include "vit/memory.h"
#include <stdbool.h>
#include <string.h>

/* Posted ranges are cut into segments. A segment's path: every rank sends part p of it to rank p
 * (Ialltoallv), which sums the parts in rank order and gives the sum to all (Iallgatherv). The two
 * collectives of many segments overlap; each kind is posted in segment order on a communicator of
 * its own, as MPI demands the same order everywhere. */

/* Each posted range may leave one partly filled segment: so many ranges fit before one has to wait.
 */
enum { SEGMENT_FLOATS = 1 << 20, RANGES = 64 };

typedef enum SegmentState { SEGMENT_SCATTERING, SEGMENT_GATHERING, SEGMENT_DONE } SegmentState;

typedef struct Segment {
    SegmentState state;
    size_t offset;
    float *received; /* size parts of this rank's range, in rank order */
    MPI_Request request;
    int *counts, *displacements; /* [2 size]: of the gradient's parts, then of what is received */
} Segment;

struct GradientExchange {
    const Ranks *ranks;
    MPI_Comm scatter, gather;
    float *gradient;
    float *received;   /* room for what all segments receive, one after another */
    Segment *segment;  /* [room] */
    int *layout;       /* the segments' counts and displacements */
    size_t room, used; /* segments */
    size_t room_used;  /* floats of received */
    size_t gathered;   /* segments before this one have been summed */
};

static Status allocate(GradientExchange *exchange, size_t floats) {
    const size_t size = (size_t)exchange->ranks->size;
    exchange->room = floats / SEGMENT_FLOATS + RANGES;
    STATUS_TRY(memory_allocate(&exchange->segment, exchange->room, sizeof *exchange->segment,
                               "the gradient exchange"));
    STATUS_TRY(memory_allocate(&exchange->layout, exchange->room * 4 * size, sizeof(int),
                               "the gradient exchange"));
    for (size_t i = 0; i < exchange->room; i++) {
        exchange->segment[i].counts = exchange->layout + i * 4 * size;
        exchange->segment[i].displacements = exchange->segment[i].counts + 2 * size;
    }
    /* A part is at most one float longer than the mean. */
    return memory_allocate(&exchange->received, floats + exchange->room * size, sizeof(float),
                           "the gradient exchange");
}

Status gradient_exchange_init(GradientExchange **exchange, const Ranks *ranks, size_t floats) {
    Status status = memory_allocate(exchange, 1, sizeof **exchange, "the gradient exchange");
    status = ranks_agree(ranks, status);
    if (status != STATUS_OK) {
        memory_free(*exchange);
        *exchange = NULL;
        return status;
    }
    (*exchange)->ranks = ranks;
    MPI_Comm_dup(ranks->comm, &(*exchange)->scatter);
    MPI_Comm_dup(ranks->comm, &(*exchange)->gather);
    if (ranks->size > 1)
        status = ranks_agree(ranks, allocate(*exchange, floats));
    if (status != STATUS_OK) {
        gradient_exchange_free(*exchange);
        *exchange = NULL;
    }
    return status;
}

void gradient_exchange_free(GradientExchange *exchange) {
    if (!exchange)
        return;
    MPI_Comm_free(&exchange->scatter);
    MPI_Comm_free(&exchange->gather);
    memory_free(exchange->segment);
    memory_free(exchange->layout);
    memory_free(exchange->received);
    memory_free(exchange);
}

static void forget_segments(GradientExchange *exchange) {
    exchange->used = 0;
    exchange->room_used = 0;
    exchange->gathered = 0;
}

void gradient_exchange_start(GradientExchange *exchange, float *gradient) {
    exchange->gradient = gradient;
    forget_segments(exchange);
}

static void post_segment(GradientExchange *exchange, size_t offset, size_t count) {
    Segment *segment = &exchange->segment[exchange->used++];
    const size_t size = (size_t)exchange->ranks->size, rank = (size_t)exchange->ranks->rank;
    segment->state = SEGMENT_SCATTERING;
    segment->offset = offset;
    segment->received = exchange->received + exchange->room_used;
    size_t own_first, own_count;
    ranks_share(count, size, rank, &own_first, &own_count);
    exchange->room_used += size * own_count;
    for (size_t p = 0; p < size; p++) {
        size_t first, part;
        ranks_share(count, size, p, &first, &part);
        segment->counts[p] = ranks_int(part);
        segment->displacements[p] = ranks_int(first);
        segment->counts[size + p] = ranks_int(own_count);
        segment->displacements[size + p] = ranks_int(p * own_count);
    }
    MPI_Ialltoallv(exchange->gradient + offset, segment->counts, segment->displacements, MPI_FLOAT,
                   segment->received, segment->counts + size, segment->displacements + size,
                   MPI_FLOAT, exchange->scatter, &segment->request);
}

void gradient_exchange_post(GradientExchange *exchange, size_t offset, size_t count) {
    if (exchange->ranks->size == 1)
        return;
    for (size_t done = 0; done < count; done += SEGMENT_FLOATS) {
        size_t now = count - done < SEGMENT_FLOATS ? count - done : SEGMENT_FLOATS;
        if (exchange->used == exchange->room) {
            gradient_exchange_wait(exchange);
            forget_segments(exchange);
        }
        post_segment(exchange, offset + done, now);
    }
}

/* All parts of this rank's range are here: sum them, in rank order, and give the sum to all. */
static void sum_and_gather(GradientExchange *exchange, Segment *segment) {
    const size_t size = (size_t)exchange->ranks->size, rank = (size_t)exchange->ranks->rank;
    const float *parts = segment->received;
    const size_t count = (size_t)segment->counts[rank];
    float *target = exchange->gradient + segment->offset + (size_t)segment->displacements[rank];
    memcpy(target, parts, count * sizeof *target);
    for (size_t p = 1; p < size; p++)
        for (size_t i = 0; i < count; i++)
            target[i] += parts[p * count + i];
    segment->state = SEGMENT_GATHERING;
    MPI_Iallgatherv(MPI_IN_PLACE, 0, MPI_DATATYPE_NULL, exchange->gradient + segment->offset,
                    segment->counts, segment->displacements, MPI_FLOAT, exchange->gather,
                    &segment->request);
}

static bool completed(Segment *segment) {
    int done = 0;
    MPI_Test(&segment->request, &done, MPI_STATUS_IGNORE);
    return done;
}

void gradient_exchange_progress(GradientExchange *exchange) {
    while (exchange->gathered < exchange->used && completed(&exchange->segment[exchange->gathered]))
        sum_and_gather(exchange, &exchange->segment[exchange->gathered++]);
    for (size_t i = 0; i < exchange->gathered; i++) {
        Segment *segment = &exchange->segment[i];
        if (segment->state == SEGMENT_GATHERING && completed(segment))
            segment->state = SEGMENT_DONE;
    }
}

double gradient_exchange_wait(GradientExchange *exchange) {
    const double start = MPI_Wtime();
    while (exchange->gathered < exchange->used) {
        MPI_Wait(&exchange->segment[exchange->gathered].request, MPI_STATUS_IGNORE);
        gradient_exchange_progress(exchange);
    }
    for (size_t i = 0; i < exchange->used; i++)
        MPI_Wait(&exchange->segment[i].request, MPI_STATUS_IGNORE);
    return MPI_Wtime() - start;
}
