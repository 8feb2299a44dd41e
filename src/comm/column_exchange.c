#include "vit/column_exchange.h"

#include "requests.h"
#include "vit/memory.h"
#include "vit/team.h"
#include <string.h>

struct ColumnExchange {
    const Ranks *ranks;
    const size_t *column;
    Requests requests;
    float *packed; /* [images, all columns] as they travel: [images, its columns] of each rank */
    size_t images; /* of this rank, of the matrix under way */
    float *rows;   /* where what comes back is to be unpacked, or NULL */
};

static size_t columns_of(const ColumnExchange *exchange, int rank) {
    return exchange->column[rank + 1] - exchange->column[rank];
}

static Status make(ColumnExchange *exchange, size_t images) {
    const Ranks *ranks = exchange->ranks;
    const size_t size = (size_t)ranks->size;
    STATUS_TRY(requests_init(&exchange->requests, ranks, 2 * (size - 1)));
    if (size == 1)
        return STATUS_OK;
    return memory_allocate(&exchange->packed, images * exchange->column[size], sizeof(float),
                           "columns under way");
}

Status column_exchange_init(ColumnExchange **exchange, const Ranks *ranks, const size_t *column,
                            size_t images) {
    STATUS_TRY(ranks_allocate(ranks, exchange, sizeof **exchange, "columns under way"));
    **exchange = (ColumnExchange){.ranks = ranks, .column = column};
    const Status status = ranks_agree(ranks, make(*exchange, images));
    if (status != STATUS_OK) {
        column_exchange_free(*exchange);
        *exchange = NULL;
    }
    return status;
}

void column_exchange_free(ColumnExchange *exchange) {
    if (!exchange)
        return;
    requests_free(&exchange->requests);
    memory_free(exchange->packed);
    memory_free(exchange);
}

/* The others, beginning with the successor, so that they do not all send to the same one. */
static int other(const Ranks *ranks, int i) {
    return (ranks->rank + i) % ranks->size;
}

/* to [rows, cols] = from, with leading dimensions; the threads share the rows. */
static void copy(size_t rows, size_t cols, const float *from, size_t ld_from, float *to,
                 size_t ld_to) {
    const Phase phase = phase_current();
#pragma omp parallel
    {
        const TeamThread team = team_enter(phase);
#pragma omp for schedule(static) nowait
        for (size_t r = 0; r < rows; r++)
            memcpy(to + r * ld_to, from + r * ld_from, cols * sizeof *to);
        team_leave(team);
    }
    phase_begin(phase);
}

void column_exchange_post_out(ColumnExchange *exchange, const size_t *image, const float *rows,
                              float *columns) {
    const Ranks *ranks = exchange->ranks;
    const size_t *column = exchange->column, all = column[ranks->size];
    const size_t own = columns_of(exchange, ranks->rank);
    const size_t images = image[ranks->rank + 1] - image[ranks->rank];
    exchange->rows = NULL;
    for (int i = 1; i < ranks->size; i++) {
        const int r = other(ranks, ranks->size - i);
        requests_receive(&exchange->requests, columns + image[r] * own,
                         (image[r + 1] - image[r]) * own, r);
    }
    for (int i = 1; i < ranks->size; i++) {
        const int r = other(ranks, i);
        const size_t theirs = columns_of(exchange, r);
        float *packed = exchange->packed + images * column[r];
        copy(images, theirs, rows + column[r], all, packed, theirs);
        requests_send(&exchange->requests, packed, images * theirs, r);
    }
    copy(images, own, rows + column[ranks->rank], all, columns + image[ranks->rank] * own, own);
}

void column_exchange_post_back(ColumnExchange *exchange, const size_t *image, const float *columns,
                               float *rows) {
    const Ranks *ranks = exchange->ranks;
    const size_t *column = exchange->column, all = column[ranks->size];
    const size_t own = columns_of(exchange, ranks->rank);
    const size_t images = image[ranks->rank + 1] - image[ranks->rank];
    exchange->images = images;
    exchange->rows = rows;
    for (int i = 1; i < ranks->size; i++) {
        const int r = other(ranks, ranks->size - i);
        requests_receive(&exchange->requests, exchange->packed + images * column[r],
                         images * columns_of(exchange, r), r);
    }
    for (int i = 1; i < ranks->size; i++) {
        const int r = other(ranks, i);
        requests_send(&exchange->requests, columns + image[r] * own,
                      (image[r + 1] - image[r]) * own, r);
    }
    copy(images, own, columns + image[ranks->rank] * own, own, rows + column[ranks->rank], all);
}

void column_exchange_progress(ColumnExchange *exchange) {
    requests_test(&exchange->requests);
}

double column_exchange_wait(ColumnExchange *exchange) {
    const Ranks *ranks = exchange->ranks;
    const size_t *column = exchange->column;
    const double seconds = requests_wait(&exchange->requests);
    for (int r = 0; exchange->rows && r < ranks->size; r++)
        if (r != ranks->rank)
            copy(exchange->images, columns_of(exchange, r),
                 exchange->packed + exchange->images * column[r], columns_of(exchange, r),
                 exchange->rows + column[r], column[ranks->size]);
    return seconds;
}
