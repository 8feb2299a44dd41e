/* The samples of every batch reach the right rank, in the right order, for uneven shards, partial
 * batches and more ranks than samples. */

#include "mpi_check.h"
#include "vit/batch.h"
#include "vit/epoch_order.h"
#include <stdlib.h>
#include <string.h>

static uint8_t pixel(size_t sample, size_t i) {
    return (uint8_t)(sample * 31 + i * 7 + sample / 256);
}

static void shard_make(Shard *shard, size_t total, size_t image_bytes) {
    *shard = (Shard){.total = total, .image_bytes = image_bytes};
    ranks_share(total, (size_t)world.size, (size_t)world.rank, &shard->first, &shard->count);
    shard->images = malloc(shard->count * image_bytes + 1);
    shard->labels = malloc(shard->count * sizeof *shard->labels + 1);
    for (size_t s = 0; s < shard->count; s++) {
        shard->labels[s] = (uint16_t)((shard->first + s) * 3);
        for (size_t i = 0; i < image_bytes; i++)
            shard->images[s * image_bytes + i] = pixel(shard->first + s, i);
    }
}

static void check_batch(const Batch *batch, const uint32_t *wanted, size_t images, size_t unit,
                        size_t image_bytes) {
    const size_t first = slices_first(batch->slices, world.rank);
    CHECK(batch->slices->images == images && batch->slices->unit_images == unit);
    CHECK(batch->images == images && batch->count == slices_count(batch->slices, world.rank));
    size_t wrong = 0;
    for (size_t i = 0; i < batch->count; i++) {
        const uint32_t sample = wanted[first + i];
        wrong += batch->samples[i] != sample || batch->labels[i] != (uint16_t)(sample * 3);
        for (size_t b = 0; b < image_bytes; b++)
            wrong += batch->pixels[i * image_bytes + b] != pixel(sample, b);
    }
    CHECK(wrong == 0);
}

/* One epoch of `total` samples, the next batch under way while one is looked at. */
static void an_epoch_arrives(size_t total, size_t batch_size, size_t unit, size_t image_bytes) {
    Shard shard;
    BatchExchange *exchange = NULL;
    uint32_t *order = malloc(total * sizeof *order);
    shard_make(&shard, total, image_bytes);
    epoch_order(1, total, total, order);
    CHECK(batch_exchange_init(&exchange, &world, &shard, batch_size, unit) == STATUS_OK);
    size_t images = total < batch_size ? total : batch_size;
    batch_post(exchange, order, images);
    for (size_t done = 0; done < total;) {
        Batch batch;
        const size_t now = images;
        batch_progress(exchange);
        CHECK(batch_wait(exchange, &batch) >= 0.0);
        images = total - done - now < batch_size ? total - done - now : batch_size;
        if (images)
            batch_post(exchange, order + done + now, images);
        check_batch(&batch, order + done, now, unit, image_bytes);
        done += now;
    }
    /* One that nobody waits for any more. */
    batch_post(exchange, order, total < batch_size ? total : batch_size);
    batch_exchange_free(exchange);
    shard_free(&shard);
    free(order);
}

int main(int argc, char **argv) {
    test_start(&argc, &argv);
    an_epoch_arrives(97, 20, 4, 3072);
    an_epoch_arrives(97, 97, 1, 1920);
    an_epoch_arrives(33, 16, 5, 12288);
    an_epoch_arrives(3, 16, 1, 1);
    an_epoch_arrives(1, 1, 4, 77);
    return test_end();
}
