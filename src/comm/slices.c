#include "vit/slices.h"

#include "vit/memory.h"
#include "vit/size.h"
#include "vit/tree.h"
#include <string.h>

Status slices_init(Slices *slices, size_t ranks, size_t unit_images) {
    *slices = (Slices){.ranks = ranks, .unit_images = unit_images};
    STATUS_TRY(memory_allocate(&slices->image, 2 * (ranks + 1), sizeof *slices->image,
                               "borders between ranks"));
    slices->unit = slices->image + ranks + 1;
    return STATUS_OK;
}

void slices_free(Slices *slices) {
    memory_free(slices->image);
    *slices = (Slices){0};
}

void slices_set(Slices *slices, size_t images) {
    slices->images = images;
    slices->units = size_groups(images, slices->unit_images);
    for (size_t r = 0; r < slices->ranks; r++) {
        size_t count;
        ranks_share(slices->units, slices->ranks, r, &slices->unit[r], &count);
        slices->image[r] = size_smaller(slices->unit[r] * slices->unit_images, images);
    }
    slices->unit[slices->ranks] = slices->units;
    slices->image[slices->ranks] = images;
}

size_t slices_first(const Slices *slices, int rank) {
    return slices->image[rank];
}

size_t slices_count(const Slices *slices, int rank) {
    return slices->image[rank + 1] - slices->image[rank];
}

size_t slices_nodes(const Slices *slices, int rank) {
    return tree_cover(slices->units, slices->unit[rank], slices->unit[rank + 1], NULL);
}

size_t slices_all_nodes(const Slices *slices) {
    size_t nodes = 0;
    for (size_t r = 0; r < slices->ranks; r++)
        nodes += slices_nodes(slices, (int)r);
    return nodes;
}

/* So many at a time fit into MPI's counts. */
enum { MESSAGE_BYTES = 1 << 26 };

static void send_bytes(const Ranks *ranks, const char *bytes, size_t count) {
    for (size_t i = 0; i < count; i += MESSAGE_BYTES)
        MPI_Send(bytes + i, (int)size_smaller(MESSAGE_BYTES, count - i), MPI_BYTE, 0, 0,
                 ranks->comm);
}

static void receive_bytes(const Ranks *ranks, char *bytes, size_t count, int from) {
    for (size_t i = 0; i < count; i += MESSAGE_BYTES)
        MPI_Recv(bytes + i, (int)size_smaller(MESSAGE_BYTES, count - i), MPI_BYTE, from, 0,
                 ranks->comm, MPI_STATUS_IGNORE);
}

void slices_collect(const Slices *slices, const Ranks *ranks, const void *mine, size_t row_bytes,
                    void *all) {
    const size_t own = slices_count(slices, ranks->rank) * row_bytes;
    if (ranks->rank != 0) {
        send_bytes(ranks, mine, own);
        return;
    }
    if (own)
        memcpy(all, mine, own);
    for (int r = 1; r < ranks->size; r++)
        receive_bytes(ranks, (char *)all + slices_first(slices, r) * row_bytes,
                      slices_count(slices, r) * row_bytes, r);
}

/* Raises *most to what a batch of so many images has. */
static void look_at(Slices *slices, const Ranks *ranks, size_t images, SlicesMost *most) {
    slices_set(slices, images);
    most->images = size_larger(most->images, slices_count(slices, ranks->rank));
    most->nodes = size_larger(most->nodes, slices_nodes(slices, ranks->rank));
    most->all_nodes = size_larger(most->all_nodes, slices_all_nodes(slices));
}

Status slices_most(const Ranks *ranks, size_t samples, size_t batch_size, size_t unit_images,
                   SlicesMost *most) {
    Slices slices;
    *most = (SlicesMost){0};
    const Status status = slices_init(&slices, (size_t)ranks->size, unit_images);
    if (status == STATUS_OK) {
        look_at(&slices, ranks, size_smaller(batch_size, samples), most);
        look_at(&slices, ranks, samples % batch_size, most);
    }
    slices_free(&slices);
    return status;
}
