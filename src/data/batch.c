#include "vit/batch.h"

#include "vit/memory.h"
#include <stdbool.h>
#include <string.h>

enum { BATCH_TAG = 1 };

struct BatchExchange {
    const Ranks *ranks;
    MPI_Comm comm;
    const Shard *shard;
    size_t sample_bytes; /* of a sample on its way: pixels, then the label */
    MPI_Datatype sample; /* so many bytes: MPI counts samples, of which there are few enough */
    Slices next, now;    /* of the batch under way, and of the one that batch_wait gave */
    bool under_way;
    uint32_t *samples;    /* [slice] of the batch under way */
    uint8_t *sent;        /* [batch_size, sample_bytes], grouped by receiver */
    uint8_t *received;    /* [slice, sample_bytes], grouped by sender */
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
    const size_t slice = most.images, bytes = exchange->sample_bytes;
    STATUS_TRY(memory_allocate(&exchange->samples, slice, sizeof(uint32_t), "batches"));
    STATUS_TRY(memory_allocate(&exchange->sent, batch_size, bytes, "batches"));
    STATUS_TRY(memory_allocate(&exchange->received, slice, bytes, "batches"));
    STATUS_TRY(memory_allocate(&exchange->place, ranks, sizeof(size_t), "batches"));
    STATUS_TRY(memory_allocate(&exchange->request, 2 * ranks, sizeof(MPI_Request), "batches"));
    STATUS_TRY(memory_allocate(&current->pixels, slice, exchange->shard->image_bytes, "batches"));
    STATUS_TRY(memory_allocate(&current->labels, slice, sizeof(uint16_t), "batches"));
    return memory_allocate(&current->samples, slice, sizeof(uint32_t), "batches");
}

Status batch_exchange_init(BatchExchange **exchange, const Ranks *ranks, const Shard *shard,
                           size_t batch_size, size_t unit_images) {
    STATUS_TRY(ranks_allocate(ranks, exchange, sizeof **exchange, "batches"));
    (*exchange)->ranks = ranks;
    (*exchange)->shard = shard;
    (*exchange)->sample_bytes = shard_sample_bytes(shard->image_bytes);
    MPI_Comm_dup(ranks->comm, &(*exchange)->comm);
    MPI_Type_contiguous(ranks_int((*exchange)->sample_bytes), MPI_BYTE, &(*exchange)->sample);
    MPI_Type_commit(&(*exchange)->sample);
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
    MPI_Type_free(&exchange->sample);
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
    const size_t bytes = shard->image_bytes, first = slices_first(&exchange->next, to);
    const size_t end = first + slices_count(&exchange->next, to);
    size_t number = 0;
    for (size_t i = first; i < end; i++) {
        if (sample[i] < shard->first || sample[i] >= shard->first + shard->count)
            continue;
        const size_t row = sample[i] - shard->first;
        uint8_t *slot = packed + number++ * exchange->sample_bytes;
        memcpy(slot, shard->images + row * bytes, bytes);
        memcpy(slot + bytes, &shard->labels[row], sizeof shard->labels[row]);
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
            MPI_Irecv(exchange->received + place * exchange->sample_bytes, ranks_int(number),
                      exchange->sample, from, BATCH_TAG, exchange->comm,
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
    pack(exchange, sample, rank,
         exchange->received + exchange->place[rank] * exchange->sample_bytes);
    uint8_t *packed = exchange->sent;
    /* Each rank begins with its neighbour, so that not all send to rank 0 at once. */
    for (int turn = 1; turn < size; turn++) {
        const int to = (rank + turn) % size;
        const size_t number = pack(exchange, sample, to, packed);
        if (number)
            MPI_Isend(packed, ranks_int(number), exchange->sample, to, BATCH_TAG, exchange->comm,
                      &exchange->request[exchange->requests++]);
        packed += number * exchange->sample_bytes;
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
    const size_t bytes = exchange->shard->image_bytes;
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
        const uint8_t *slot = exchange->received + place * exchange->sample_bytes;
        memcpy(current->pixels + i * bytes, slot, bytes);
        memcpy(&current->labels[i], slot + bytes, sizeof current->labels[i]);
        current->samples[i] = (uint32_t)samples_number(&exchange->shard->samples, sample);
    }
    *batch = *current;
    return MPI_Wtime() - start;
}

size_t batch_exchange_bytes(size_t batch_size, size_t slice, size_t image_bytes) {
    const size_t sample = shard_sample_bytes(image_bytes);
    /* Sent; received, and unpacked, with the samples' numbers. */
    return batch_size * sample + slice * 2 * (sample + sizeof(uint32_t));
}

double batch_sent_bytes(const Ranks *ranks, size_t images, size_t image_bytes) {
    const double size = (double)ranks->size;
    return (double)images / size * (double)shard_sample_bytes(image_bytes) * (size - 1.0) / size;
}
