#include "vit/batch.h"

#include "vit/memory.h"
#include <stdbool.h>
#include <string.h>

/* A sample on its way: pixels, then the label. */
enum { SAMPLE_BYTES = DATA_IMAGE_BYTES + 2, BATCH_TAG = 1 };

struct BatchExchange {
    const Ranks *ranks;
    MPI_Comm comm;
    const Shard *shard;
    Slices next, now; /* of the batch under way, and of the one that batch_wait gave */
    bool under_way;
    uint32_t *samples;    /* [slice] of the batch under way */
    uint8_t *sent;        /* [batch_size, SAMPLE_BYTES], grouped by receiver */
    uint8_t *received;    /* [slice, SAMPLE_BYTES], grouped by sender */
    size_t *place;        /* [ranks] where a sender's next sample is in received */
    MPI_Request *request; /* [2 ranks] */
    int requests;
    Batch current;
};

static Status allocate(BatchExchange *exchange, size_t batch_size, size_t unit_images) {
    const size_t ranks = (size_t)exchange->ranks->size;
    Batch *current = &exchange->current;
    SlicesMost most;
    STATUS_TRY(slices_init(&exchange->next, ranks, unit_images));
    STATUS_TRY(slices_init(&exchange->now, ranks, unit_images));
    STATUS_TRY(
        slices_most(exchange->ranks, exchange->shard->total, batch_size, unit_images, &most));
    const size_t slice = most.images;
    STATUS_TRY(memory_allocate(&exchange->samples, slice, sizeof(uint32_t), "batches"));
    STATUS_TRY(memory_allocate(&exchange->sent, batch_size, SAMPLE_BYTES, "batches"));
    STATUS_TRY(memory_allocate(&exchange->received, slice, SAMPLE_BYTES, "batches"));
    STATUS_TRY(memory_allocate(&exchange->place, ranks, sizeof(size_t), "batches"));
    STATUS_TRY(memory_allocate(&exchange->request, 2 * ranks, sizeof(MPI_Request), "batches"));
    STATUS_TRY(memory_allocate(&current->pixels, slice, DATA_IMAGE_BYTES, "batches"));
    STATUS_TRY(memory_allocate(&current->labels, slice, sizeof(uint16_t), "batches"));
    return memory_allocate(&current->samples, slice, sizeof(uint32_t), "batches");
}

Status batch_exchange_init(BatchExchange **exchange, const Ranks *ranks, const Shard *shard,
                           size_t batch_size, size_t unit_images) {
    STATUS_TRY(ranks_allocate(ranks, exchange, sizeof **exchange, "batches"));
    (*exchange)->ranks = ranks;
    (*exchange)->shard = shard;
    MPI_Comm_dup(ranks->comm, &(*exchange)->comm);
    Status status = ranks_agree(ranks, allocate(*exchange, batch_size, unit_images));
    if (status != STATUS_OK) {
        batch_exchange_free(*exchange);
        *exchange = NULL;
    }
    return status;
}

void batch_exchange_free(BatchExchange *exchange) {
    if (!exchange)
        return;
    if (exchange->under_way)
        MPI_Waitall(exchange->requests, exchange->request, MPI_STATUSES_IGNORE);
    MPI_Comm_free(&exchange->comm);
    slices_free(&exchange->next);
    slices_free(&exchange->now);
    memory_free(exchange->samples);
    memory_free(exchange->sent);
    memory_free(exchange->received);
    memory_free(exchange->place);
    memory_free(exchange->request);
    memory_free(exchange->current.pixels);
    memory_free(exchange->current.labels);
    memory_free(exchange->current.samples);
    memory_free(exchange);
}

static int sample_owner(const BatchExchange *exchange, uint32_t sample) {
    return (int)ranks_owner(exchange->shard->total, (size_t)exchange->ranks->size, sample);
}

/* The batch's samples that this rank holds, packed for rank `to` at `packed`; returns how many. */
static size_t pack(const BatchExchange *exchange, const uint32_t *sample, int to, uint8_t *packed) {
    const Shard *shard = exchange->shard;
    const size_t first = slices_first(&exchange->next, to);
    const size_t end = first + slices_count(&exchange->next, to);
    size_t number = 0;
    for (size_t i = first; i < end; i++) {
        if (sample[i] < shard->first || sample[i] >= shard->first + shard->count)
            continue;
        const size_t row = sample[i] - shard->first;
        uint8_t *slot = packed + number++ * SAMPLE_BYTES;
        memcpy(slot, shard->images + row * DATA_IMAGE_BYTES, DATA_IMAGE_BYTES);
        memcpy(slot + DATA_IMAGE_BYTES, &shard->labels[row], sizeof shard->labels[row]);
    }
    return number;
}

/* Posts the receives: one message from every rank that holds samples of this rank's slice. */
static void post_receives(BatchExchange *exchange) {
    const int size = exchange->ranks->size;
    const size_t count = slices_count(&exchange->next, exchange->ranks->rank);
    memset(exchange->place, 0, (size_t)size * sizeof *exchange->place);
    for (size_t i = 0; i < count; i++)
        exchange->place[sample_owner(exchange, exchange->samples[i])]++;
    size_t place = 0;
    for (int from = 0; from < size; from++) {
        const size_t number = exchange->place[from];
        exchange->place[from] = place;
        if (number && from != exchange->ranks->rank)
            MPI_Irecv(exchange->received + place * SAMPLE_BYTES, ranks_int(number * SAMPLE_BYTES),
                      MPI_BYTE, from, BATCH_TAG, exchange->comm,
                      &exchange->request[exchange->requests++]);
        place += number;
    }
}

void batch_post(BatchExchange *exchange, const uint32_t *sample, size_t images) {
    const int size = exchange->ranks->size, rank = exchange->ranks->rank;
    exchange->requests = 0;
    exchange->under_way = true;
    slices_set(&exchange->next, images);
    memcpy(exchange->samples, sample + slices_first(&exchange->next, rank),
           slices_count(&exchange->next, rank) * sizeof *exchange->samples);
    post_receives(exchange);
    pack(exchange, sample, rank, exchange->received + exchange->place[rank] * SAMPLE_BYTES);
    uint8_t *packed = exchange->sent;
    /* Each rank begins with its neighbour, so that not all send to rank 0 at once. */
    for (int turn = 1; turn < size; turn++) {
        const int to = (rank + turn) % size;
        const size_t number = pack(exchange, sample, to, packed);
        if (number)
            MPI_Isend(packed, ranks_int(number * SAMPLE_BYTES), MPI_BYTE, to, BATCH_TAG,
                      exchange->comm, &exchange->request[exchange->requests++]);
        packed += number * SAMPLE_BYTES;
    }
}

void batch_progress(BatchExchange *exchange) {
    int done = 0;
    if (exchange->under_way && exchange->requests)
        MPI_Testall(exchange->requests, exchange->request, &done, MPI_STATUSES_IGNORE);
}

double batch_wait(BatchExchange *exchange, Batch *batch) {
    const double start = MPI_Wtime();
    MPI_Waitall(exchange->requests, exchange->request, MPI_STATUSES_IGNORE);
    Batch *current = &exchange->current;
    const Slices slices = exchange->next;
    exchange->next = exchange->now;
    exchange->now = slices;
    exchange->under_way = false;
    current->slices = &exchange->now;
    current->images = slices.images;
    current->count = slices_count(&slices, exchange->ranks->rank);
    for (size_t i = 0; i < current->count; i++) {
        const uint32_t sample = exchange->samples[i];
        const size_t place = exchange->place[sample_owner(exchange, sample)]++;
        const uint8_t *slot = exchange->received + place * SAMPLE_BYTES;
        memcpy(current->pixels + i * DATA_IMAGE_BYTES, slot, DATA_IMAGE_BYTES);
        memcpy(&current->labels[i], slot + DATA_IMAGE_BYTES, sizeof current->labels[i]);
        current->samples[i] = sample;
    }
    *batch = *current;
    return MPI_Wtime() - start;
}

double batch_sent_bytes(const Ranks *ranks, size_t images) {
    const double size = (double)ranks->size;
    return (double)images / size * (double)SAMPLE_BYTES * (size - 1.0) / size;
}
