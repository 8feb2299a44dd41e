#include "vit/factor_exchange.h"

#include "requests.h"
#include "vit/memory.h"
#include <string.h>

struct FactorExchange {
    const Ranks *ranks;
    const size_t *row;
    size_t out;
    Requests requests;
    float *sent;  /* [slice, in]: columns by receiver; [slice, their rows] for each */
    float *input; /* [batch, this rank's rows] */
    float *delta; /* [batch, out] */
    Factors factors;
};

static size_t own_rows(const Ranks *ranks, const size_t *row) {
    return row[ranks->rank + 1] - row[ranks->rank];
}

size_t factor_exchange_bytes(const Ranks *ranks, const size_t *row, size_t out, size_t batch_size,
                             size_t slice) {
    if (ranks->size == 1)
        return 0;
    const size_t received = batch_size * (own_rows(ranks, row) + out);
    return (slice * row[ranks->size] + received) * sizeof(float);
}

static Status make(FactorExchange *exchange, size_t batch_size, size_t slice) {
    const Ranks *ranks = exchange->ranks;
    const size_t size = (size_t)ranks->size, in = exchange->row[size];
    /* Two messages to and two from each of the others. */
    STATUS_TRY(requests_init(&exchange->requests, ranks, 4 * (size - 1)));
    if (size == 1)
        return STATUS_OK;
    STATUS_TRY(memory_allocate(&exchange->sent, slice * in, sizeof(float), "factors"));
    STATUS_TRY(memory_allocate(&exchange->input, batch_size * own_rows(ranks, exchange->row),
                               sizeof(float), "factors"));
    return memory_allocate(&exchange->delta, batch_size * exchange->out, sizeof(float), "factors");
}

Status factor_exchange_init(FactorExchange **exchange, const Ranks *ranks, const size_t *row,
                            size_t out, size_t batch_size, size_t slice) {
    STATUS_TRY(ranks_allocate(ranks, exchange, sizeof **exchange, "factors"));
    **exchange = (FactorExchange){.ranks = ranks, .row = row, .out = out};
    Status status = ranks_agree(ranks, make(*exchange, batch_size, slice));
    if (status != STATUS_OK) {
        factor_exchange_free(*exchange);
        *exchange = NULL;
    }
    return status;
}

void factor_exchange_free(FactorExchange *exchange) {
    if (!exchange)
        return;
    requests_free(&exchange->requests);
    memory_free(exchange->sent);
    memory_free(exchange->input);
    memory_free(exchange->delta);
    memory_free(exchange);
}

/* The others, beginning with the successor, so that they do not all send to the same one. */
static int other(const Ranks *ranks, int i) {
    return (ranks->rank + i) % ranks->size;
}

/* Columns [first, first + cols) of in [rows, ld], tightly packed. */
static void pack(size_t rows, size_t cols, const float *in, size_t ld, float *packed) {
    for (size_t r = 0; r < rows; r++)
        memcpy(packed + r * cols, in + r * ld, cols * sizeof *packed);
}

void factor_exchange_post_input(FactorExchange *exchange, const size_t *image, const float *input) {
    const Ranks *ranks = exchange->ranks;
    const size_t *row = exchange->row, in = row[ranks->size], own = own_rows(ranks, row);
    const size_t images = image[ranks->rank + 1] - image[ranks->rank];
    if (ranks->size == 1) {
        exchange->factors = (Factors){.input = input, .ld = in};
        return;
    }
    exchange->factors = (Factors){.input = exchange->input, .ld = own, .delta = exchange->delta};
    for (int i = 1; i < ranks->size; i++) {
        const int r = other(ranks, ranks->size - i);
        requests_receive(&exchange->requests, exchange->input + image[r] * own,
                         (image[r + 1] - image[r]) * own, r);
    }
    pack(images, own, input + row[ranks->rank], in, exchange->input + image[ranks->rank] * own);
    for (int i = 1; i < ranks->size; i++) {
        const int r = other(ranks, i);
        float *packed = exchange->sent + images * row[r];
        pack(images, row[r + 1] - row[r], input + row[r], in, packed);
        requests_send(&exchange->requests, packed, images * (row[r + 1] - row[r]), r);
    }
}

void factor_exchange_post_delta(FactorExchange *exchange, const size_t *image, const float *delta) {
    const Ranks *ranks = exchange->ranks;
    const size_t out = exchange->out;
    const size_t images = image[ranks->rank + 1] - image[ranks->rank];
    if (ranks->size == 1) {
        exchange->factors.delta = delta;
        return;
    }
    for (int i = 1; i < ranks->size; i++) {
        const int r = other(ranks, ranks->size - i);
        requests_receive(&exchange->requests, exchange->delta + image[r] * out,
                         (image[r + 1] - image[r]) * out, r);
    }
    memcpy(exchange->delta + image[ranks->rank] * out, delta, images * out * sizeof *delta);
    for (int i = 1; i < ranks->size; i++)
        requests_send(&exchange->requests, delta, images * out, other(ranks, i));
}

void factor_exchange_progress(FactorExchange *exchange) {
    requests_test(&exchange->requests);
}

Factors factor_exchange_wait(FactorExchange *exchange, double *seconds) {
    *seconds += requests_wait(&exchange->requests);
    return exchange->factors;
}
