#include "import_block.h"

#include "vit/memory.h"
#include "vit/size.h"
#include <omp.h>
#include <stdio.h>
#include <string.h>

enum { BLOCK_BYTES = 64 << 20, BLOCK_ROWS = 4096 };

Status import_block_init(ImportBlock *block, Picture form) {
    const size_t bytes = picture_bytes(form);
    const size_t room = size_larger(size_smaller(BLOCK_BYTES / bytes, BLOCK_ROWS), 1);
    *block = (ImportBlock){.form = form, .room = room, .threads = (size_t)omp_get_max_threads()};
    STATUS_TRY(memory_allocate(&block->images, room, bytes, "images"));
    STATUS_TRY(memory_allocate(&block->labels, room, sizeof *block->labels, "labels"));
    STATUS_TRY(memory_allocate(&block->coarse_labels, room, sizeof *block->labels, "labels"));
    STATUS_TRY(memory_allocate(&block->outcome, room, sizeof *block->outcome, "outcomes"));
    return memory_allocate(&block->picture, block->threads, sizeof *block->picture, "pictures");
}

void import_block_free(ImportBlock *block) {
    for (size_t i = 0; block->picture && i < block->threads; i++)
        import_picture_free(&block->picture[i]);
    memory_free(block->picture);
    memory_free(block->outcome);
    memory_free(block->coarse_labels);
    memory_free(block->labels);
    memory_free(block->images);
    *block = (ImportBlock){0};
}

static void keep_row(const ImportBlock *block, size_t row, Status status, const Image *image) {
    ImportOutcome *outcome = &block->outcome[row];
    const size_t bytes = picture_bytes(block->form);
    outcome->status = status;
    if (status != STATUS_OK) {
        snprintf(outcome->message, sizeof outcome->message, "%s", status_message());
        return;
    }
    outcome->form = (Picture){image->height, image->width, image->channels};
    if (import_block_fits(outcome->form, block->form))
        memcpy(block->images + row * bytes, image->pixels, bytes);
}

void import_block_load(ImportBlock *block, const Source *source, const ImportSet *set,
                       const ImportOptions *options, const ImportSample *sample, size_t count,
                       ImportProgress *progress) {
#pragma omp parallel num_threads((int)block->threads)
    {
        ImportPicture *picture = &block->picture[omp_get_thread_num()];
        const Image *image;
#pragma omp for schedule(dynamic, 4)
        for (size_t i = 0; i < count; i++) {
            const Status status =
                import_picture_load(source, set, &sample[i], options, picture, &image);
            keep_row(block, i, status, image);
            import_progress_add(progress);
            if (omp_get_thread_num() == 0)
                import_progress_show(progress);
        }
    }
}

size_t import_block_close_up(ImportBlock *block, const ImportSample *sample, size_t count) {
    const size_t bytes = picture_bytes(block->form);
    size_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        if (block->outcome[i].status != STATUS_OK)
            continue;
        if (kept != i)
            memcpy(block->images + kept * bytes, block->images + i * bytes, bytes);
        block->labels[kept] = sample[i].label;
        block->coarse_labels[kept++] = sample[i].coarse_label;
    }
    return kept;
}
