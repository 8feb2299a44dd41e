#include "vit/batch.h"

#include "vit/memory.h"
#include "vit/size.h"
#include <string.h>

/* A sample on its way: pixels, then the label. */
enum { SAMPLE_BYTES = DATA_IMAGE_BYTES + 2, BATCH_TAG = 1 };

struct BatchExchange {
    const Ranks *ranks;
    MPI_Comm comm;
    const Shard *shard;
    size_t unit_images;
    size_t images;        /* of the batch under way; 0: none */
    size_t first, count;  /* this rank's slice of it */
    uint32_t *samples;    /* [slice] of the batch under way */
    uint8_t *sent;        /* [batch_size, SAMPLE_BYTES], grouped by receiver */
    uint8_t *received;    /* [slice, SAMPLE_BYTES], grouped by sender */
    size_t *place;        /* [ranks] where a sender's next sample is in received */
    MPI_Request *request; /* [2 ranks] */
    int requests;
    Batch current;
};

Status shard_read(Shard *shard, const Ranks *ranks, const char *path, const DataHeader *header,
                  DataSplit split, bool coarse, size_t begin, size_t total) {
    *shard = (Shard){.total = total};
    ranks_share(total, (size_t)ranks->size, (size_t)ranks->rank, &shard->first, &shard->count);
    STATUS_TRY(memory_allocate(&shard->images, shard->count, DATA_IMAGE_BYTES, "images"));
    STATUS_TRY(memory_allocate(&shard->labels, shard->count, sizeof *shard->labels, "labels"));
    return data_file_read_rows(path, header, split, coarse, begin + shard->first, shard->count,
                               shard->images, shard->labels);
}

void shard_free(Shard *shard) {
    memory_free(shard->images);
    memory_free(shard->labels);
    *shard = (Shard){0};
}

void batch_slice(size_t images, size_t unit_images, size_t ranks, size_t rank, size_t *first,
                 size_t *count) {
    const size_t units = size_groups(images, unit_images);
    size_t first_unit, unit_count;
    ranks_share(units, ranks, rank, &first_unit, &unit_count);
    const size_t begin = first_unit * unit_images, end = (first_unit + unit_count) * unit_images;
    *first = begin < images ? begin : images;
    *count = (end < images ? end : images) - *first;
}

static Status allocate(BatchExchange *exchange, size_t batch_size) {
    const size_t ranks = (size_t)exchange->ranks->size;
    /* No slice is longer than the largest share of whole units. */
    const size_t units = size_groups(batch_size, exchange->unit_images);
    const size_t slice = (units + ranks - 1) / ranks * exchange->unit_images;
    Batch *current = &exchange->current;
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
    (*exchange)->unit_images = unit_images;
    MPI_Comm_dup(ranks->comm, &(*exchange)->comm);
    Status status = ranks_agree(ranks, allocate(*exchange, batch_size));
    if (status != STATUS_OK) {
        batch_exchange_free(*exchange);
        *exchange = NULL;
    }
    return status;
}

void batch_exchange_free(BatchExchange *exchange) {
    if (!exchange)
        return;
    if (exchange->images)
        MPI_Waitall(exchange->requests, exchange->request, MPI_STATUSES_IGNORE);
    MPI_Comm_free(&exchange->comm);
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
static size_t pack(const BatchExchange *exchange, const uint32_t *sample, size_t images, int to,
                   uint8_t *packed) {
    const Shard *shard = exchange->shard;
    size_t first, count, number = 0;
    batch_slice(images, exchange->unit_images, (size_t)exchange->ranks->size, (size_t)to, &first,
                &count);
    for (size_t i = first; i < first + count; i++) {
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
    memset(exchange->place, 0, (size_t)size * sizeof *exchange->place);
    for (size_t i = 0; i < exchange->count; i++)
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
    exchange->images = images;
    batch_slice(images, exchange->unit_images, (size_t)size, (size_t)rank, &exchange->first,
                &exchange->count);
    memcpy(exchange->samples, sample + exchange->first,
           exchange->count * sizeof *exchange->samples);
    post_receives(exchange);
    pack(exchange, sample, images, rank, exchange->received + exchange->place[rank] * SAMPLE_BYTES);
    uint8_t *packed = exchange->sent;
    /* Each rank begins with its neighbour, so that not all send to rank 0 at once. */
    for (int turn = 1; turn < size; turn++) {
        const int to = (rank + turn) % size;
        const size_t number = pack(exchange, sample, images, to, packed);
        if (number)
            MPI_Isend(packed, ranks_int(number * SAMPLE_BYTES), MPI_BYTE, to, BATCH_TAG,
                      exchange->comm, &exchange->request[exchange->requests++]);
        packed += number * SAMPLE_BYTES;
    }
}

void batch_progress(BatchExchange *exchange) {
    int done = 0;
    if (exchange->images && exchange->requests)
        MPI_Testall(exchange->requests, exchange->request, &done, MPI_STATUSES_IGNORE);
}

double batch_wait(BatchExchange *exchange, Batch *batch) {
    const double start = MPI_Wtime();
    MPI_Waitall(exchange->requests, exchange->request, MPI_STATUSES_IGNORE);
    Batch *current = &exchange->current;
    current->images = exchange->images;
    current->count = exchange->count;
    exchange->images = 0;
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
