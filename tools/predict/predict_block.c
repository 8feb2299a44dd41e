#include "predict_block.h"

#include "vit/memory.h"
#include "vit/size.h"
#include "vit/watchdog.h"
#include <omp.h>
#include <stdio.h>
#include <string.h>

/* ---- memory ---- */

static Status allocate_outcomes(PredictOutcome **outcome) {
    return memory_allocate(outcome, PREDICT_BLOCK_PICTURES, sizeof **outcome, "outcomes");
}

/* Of pictures of that form, for all threads of all ranks. Collective. */
static size_t most_pictures(const Ranks *ranks, Picture form) {
    uint64_t threads = (uint64_t)omp_get_max_threads();
    ranks_sum(ranks, &threads, 1);
    const size_t wanted = PREDICT_THREAD_PICTURES * (size_t)threads;
    const size_t bounded =
        size_smaller(size_larger(wanted, PREDICT_BLOCK_LEAST), PREDICT_BLOCK_PICTURES);
    return size_smaller(bounded, size_larger(PREDICT_BLOCK_PIXEL_BYTES / picture_bytes(form), 1));
}

Status predict_block_init(PredictBlock *block, const Ranks *ranks, Picture form) {
    *block = (PredictBlock){.ranks = ranks,
                            .form = form,
                            .most = most_pictures(ranks, form),
                            .threads = (size_t)omp_get_max_threads()};
    STATUS_TRY(allocate_outcomes(&block->read));
    STATUS_TRY(allocate_outcomes(&block->own));
    STATUS_TRY(allocate_outcomes(&block->all));
    return memory_allocate(&block->picture, block->threads, sizeof *block->picture, "pictures");
}

void predict_block_free(PredictBlock *block) {
    for (size_t i = 0; block->picture && i < block->threads; i++)
        import_picture_free(&block->picture[i]);
    import_picture_free(&block->file);
    memory_free(block->picture);
    memory_free(block->all);
    memory_free(block->own);
    memory_free(block->read);
    memory_free(block->pixels);
    memory_free(block->files);
    *block = (PredictBlock){0};
}

/* Bytes of the files of a rank's slice. */
static size_t slice_bytes(const PredictBlock *block, const Slices *borders, int rank) {
    const size_t first = slices_first(borders, rank), count = slices_count(borders, rank);
    size_t bytes = 0;
    for (size_t i = first; i < first + count; i++)
        bytes += (size_t)block->bytes[i];
    return bytes;
}

static Status make_room(uint8_t **array, size_t *room, size_t bytes, const char *what) {
    if (*array && bytes <= *room)
        return STATUS_OK;
    memory_free(*array);
    *room = 0;
    STATUS_TRY(memory_allocate(array, bytes, 1, what));
    *room = bytes;
    return STATUS_OK;
}

static Status make_rooms(PredictBlock *block, const Slices *borders) {
    const int rank = block->ranks->rank;
    size_t most = slice_bytes(block, borders, rank);
    for (int r = 1; rank == 0 && r < block->ranks->size; r++)
        most = size_larger(most, slice_bytes(block, borders, r));
    STATUS_TRY(make_room(&block->files, &block->file_room, most, "pictures as they are stored"));
    return make_room(&block->pixels, &block->pixel_room,
                     slices_count(borders, rank) * picture_bytes(block->form), "pixels");
}

/* ---- which pictures ---- */

void predict_block_choose(PredictBlock *block, const PredictList *list, size_t first) {
    size_t bytes = 0;
    block->images = 0;
    if (block->ranks->rank == 0)
        while (block->images < block->most && first + block->images < list->items) {
            const size_t more = predict_list_file(list, first + block->images)->bytes;
            if (block->images && bytes + more > PREDICT_BLOCK_FILE_BYTES)
                break;
            bytes += more;
            block->bytes[block->images++] = more > SOURCE_READ_MAX ? 0 : more;
        }
    ranks_broadcast(block->ranks, &block->images, sizeof block->images);
    ranks_broadcast(block->ranks, block->bytes, block->images * sizeof *block->bytes);
}

/* ---- from rank 0 to the slices ---- */

static void keep(PredictOutcome *outcome, Status status) {
    outcome->status = status;
    outcome->message[0] = '\0';
    if (status != STATUS_OK)
        snprintf(outcome->message, sizeof outcome->message, "%s", status_message());
}

/* A file that cannot be read is as many zeros. */
static Status read_file(PredictBlock *block, const PredictList *list, size_t first, size_t image,
                        uint8_t *to) {
    ImportPicture *file = &block->file;
    size_t count;
    const Status status = predict_list_read(list, first + image, &file->bytes, &file->room, &count);
    if (status == STATUS_OK)
        memcpy(to, file->bytes, count);
    else
        memset(to, 0, (size_t)block->bytes[image]);
    keep(&block->read[image], status);
    return status == STATUS_INTERNAL ? status : STATUS_OK;
}

/* Reads a rank's slice, all of it whatever fails. */
static Status read_slice(PredictBlock *block, const PredictList *list, size_t first,
                         const Slices *borders, int rank) {
    const size_t begin = slices_first(borders, rank), count = slices_count(borders, rank);
    uint8_t *to = block->files;
    Status status = STATUS_OK;
    for (size_t i = begin; i < begin + count; i++) {
        const Status one = read_file(block, list, first, i, to);
        status = one != STATUS_OK ? one : status;
        to += block->bytes[i];
        watchdog_tick();
    }
    return status;
}

/* Rank 0 reads for all, for itself last. */
static Status deal(PredictBlock *block, const PredictList *list, size_t first,
                   const Slices *borders) {
    const Ranks *ranks = block->ranks;
    Status status = STATUS_OK;
    if (ranks->rank != 0) {
        MPI_Recv(block->files, ranks_int(slice_bytes(block, borders, ranks->rank)), MPI_BYTE, 0, 0,
                 ranks->comm, MPI_STATUS_IGNORE);
        return STATUS_OK;
    }
    for (int r = 1; r <= ranks->size; r++) {
        const int rank = r % ranks->size;
        watchdog_work("reading pictures", WATCHDOG_OWN_WORK);
        const Status one = read_slice(block, list, first, borders, rank);
        status = one != STATUS_OK ? one : status;
        watchdog_work("dealing pictures", WATCHDOG_TOGETHER);
        if (rank != 0)
            MPI_Send(block->files, ranks_int(slice_bytes(block, borders, rank)), MPI_BYTE, rank, 0,
                     ranks->comm);
    }
    return status;
}

/* ---- decoding ---- */

static void decode(const PredictBlock *block, const uint8_t *bytes, size_t count, size_t at,
                   ImportPicture *picture) {
    const Picture form = block->form;
    const ImportOptions options = {
        .height = form.height, .width = form.width, .grey = form.channels == 1};
    uint8_t *pixels = block->pixels + at * picture_bytes(form);
    const Image *image;
    const Status status = import_picture_decode("", bytes, count, &options, picture, &image);
    keep(&block->own[at], status);
    if (status == STATUS_OK)
        memcpy(pixels, image->pixels, picture_bytes(form));
    else
        memset(pixels, 0, picture_bytes(form));
}

static void decode_slice(PredictBlock *block, const Slices *borders) {
    const size_t first = slices_first(borders, block->ranks->rank);
    const size_t count = slices_count(borders, block->ranks->rank);
    size_t at[PREDICT_BLOCK_PICTURES]; /* where a file begins */
    for (size_t i = 0, next = 0; i < count; next += block->bytes[first + i++])
        at[i] = next;
#pragma omp parallel for num_threads((int)block->threads) schedule(dynamic, 1)
    for (size_t i = 0; i < count; i++) {
        decode(block, block->files + at[i], (size_t)block->bytes[first + i], i,
               &block->picture[omp_get_thread_num()]);
        if (omp_get_thread_num() == 0)
            watchdog_tick();
    }
}

/* What is wrong with this process and not with a picture. */
static Status own_failure(const PredictBlock *block, size_t count) {
    for (size_t i = 0; i < count; i++)
        if (block->own[i].status == STATUS_INTERNAL)
            return status_fail(STATUS_INTERNAL, "a picture%s", block->own[i].message);
    return STATUS_OK;
}

/* Rank 0: of each picture what failed first, with its name. */
static void complete_outcomes(PredictBlock *block, const PredictList *list, size_t first) {
    char name[SOURCE_NAME_TEXT];
    for (size_t i = 0; i < block->images; i++) {
        PredictOutcome *outcome = &block->all[i];
        if (block->read[i].status != STATUS_OK)
            *outcome = block->read[i];
        else if (outcome->status != STATUS_OK)
            keep(outcome, status_fail(outcome->status, "%s%s",
                                      predict_list_name(list, first + i, name), outcome->message));
    }
}

/* ---- */

Status predict_block_load(PredictBlock *block, const PredictList *list, size_t first,
                          const Slices *borders) {
    const Ranks *ranks = block->ranks;
    STATUS_TRY(ranks_agree(ranks, make_rooms(block, borders)));
    watchdog_work("reading pictures", WATCHDOG_TOGETHER);
    const Status dealt = deal(block, list, first, borders);
    watchdog_work("decoding pictures", WATCHDOG_OWN_WORK);
    decode_slice(block, borders);
    watchdog_work("bringing the answers together", WATCHDOG_TOGETHER);
    const Status failed = own_failure(block, slices_count(borders, ranks->rank));
    STATUS_TRY(ranks_agree(ranks, dealt != STATUS_OK ? dealt : failed));
    slices_collect(borders, ranks, block->own, sizeof *block->own, block->all);
    if (ranks->rank == 0)
        complete_outcomes(block, list, first);
    return STATUS_OK;
}

const PredictOutcome *predict_block_outcome(const PredictBlock *block, size_t image) {
    return &block->all[image];
}
