#include "import.h"

#include "import_block.h"
#include "import_borrow.h"
#include "import_order.h"
#include "layout.h"
#include "vit/data_writer.h"
#include "vit/log.h"
#include "vit/memory.h"
#include "vit/size.h"
#include <stdio.h>
#include <string.h>

enum { NAMED_MAX = 10 }; /* broken pictures that are named */

/* An import under way. */
typedef struct Import {
    const ImportOptions *options;
    Source source;
    ImportSet set;
    ImportBorrow borrow;
    Picture form;                     /* of all pictures, */
    char form_from[SOURCE_NAME_TEXT]; /* as this one has it */
    ImportBlock block;
    ImportProgress progress;
    DataWriter *writer;
    size_t samples, broken;
    size_t images[SPLIT_COUNT]; /* written */
} Import;

/* ---- what is imported ---- */

static Status check_splits(Import *import) {
    const ImportSet *set = &import->set;
    for (size_t s = 0; s < SPLIT_COUNT; s++) {
        if (set->split[s].count > UINT32_MAX)
            return status_fail(STATUS_DATA, "%s: has more than %u pictures", import->source.path,
                               UINT32_MAX);
        import->samples += set->split[s].count;
    }
    if (import->samples == 0)
        return status_fail(STATUS_DATA, "%s: has no pictures", import->source.path);
    return STATUS_OK;
}

static Status settle_splits(Import *import) {
    const ImportOptions *options = import->options;
    if (import->borrow.path)
        return import_borrow_classes(&import->borrow, import->source.path, &import->set);
    if (import->set.split[SPLIT_TRAIN].count == 0 && !options->has_test_part)
        return status_fail(STATUS_DATA,
                           "%s: has pictures for testing only; --train-from FILE.h5 takes those "
                           "for training from a data file, --test-part 0.2 all but a fifth of each "
                           "class of these",
                           import->source.path);
    return import_order_divide(import->source.path, options, &import->set);
}

/* Labels that begin with 1 are not refused, since a class may well be missing. */
static Status warn_of_unused(const Import *import) {
    const ImportSet *set = &import->set;
    const ImportSamples *train = &set->split[SPLIT_TRAIN];
    size_t unused = set->names.count, first = 0;
    bool *used;
    if (!set->is_numbered || import->borrow.path)
        return STATUS_OK;
    STATUS_TRY(memory_allocate(&used, set->names.count + 1, sizeof *used, "classes"));
    for (size_t i = 0; i < train->count; i++) {
        unused -= !used[train->sample[i].label];
        used[train->sample[i].label] = true;
    }
    while (used[first])
        first++;
    if (unused)
        log_warning(
            "%s: no training picture has label %zu%s; there are %zu classes all the same%s.",
            import->source.path, first, unused > 1 ? ", and others" : "", set->names.count,
            unused == 1 && first == 0 ? " (labels should begin with 0)" : "");
    memory_free(used);
    return STATUS_OK;
}

static Status list(Import *import, const char *path, const char *out) {
    STATUS_TRY(import_borrow_open(&import->borrow, import->options->train_from));
    STATUS_TRY(source_open(&import->source, path, out));
    if (import->source.others)
        log_warning("%s: %zu that are neither files nor folders are left out.", path,
                    import->source.others);
    STATUS_TRY(layout_list(&import->source, &import->set));
    STATUS_TRY(class_names_check(path, &import->set.names));
    STATUS_TRY(class_names_check(path, &import->set.coarse_names));
    STATUS_TRY(check_splits(import));
    STATUS_TRY(settle_splits(import));
    STATUS_TRY(warn_of_unused(import));
    return import_order_shuffle(import->options, &import->set);
}

/* ---- the form of the pictures ---- */

/* That of the first one that can be decoded. */
static Status find_form(Import *import, ImportPicture *picture) {
    const ImportSet *set = &import->set;
    const Image *image;
    for (size_t s = 0; s < SPLIT_COUNT; s++)
        for (size_t i = 0; i < set->split[s].count; i++) {
            const ImportSample *sample = &set->split[s].sample[i];
            const Status status =
                import_picture_load(&import->source, set, sample, import->options, picture, &image);
            if (status == STATUS_DATA)
                continue;
            if (status == STATUS_OK)
                import->form = (Picture){image->height, image->width, image->channels};
            import_set_sample_name(set, &import->source, sample, import->form_from);
            return status;
        }
    return status_fail(STATUS_DATA, "%s: none of its %zu pictures can be decoded; the last one: %s",
                       import->source.path, import->samples, status_message());
}

static Status check_form(const Import *import) {
    const Picture form = import->form;
    if (import->options->grey && form.channels != 1)
        return status_fail(STATUS_USAGE, "%s: has %zu channels; --grey is for 1 and 3",
                           import->form_from, form.channels);
    if (form.height > PICTURE_SIDE_MAX || form.width > PICTURE_SIDE_MAX)
        return status_fail(STATUS_DATA,
                           "%s: is %zu x %zu (height, width), and a data file's pictures at most "
                           "%d a side; --size HxW resizes all",
                           import->form_from, form.height, form.width, PICTURE_SIDE_MAX);
    return STATUS_OK;
}

static Status settle_form(Import *import) {
    ImportPicture picture = {0};
    if (import->borrow.path) {
        import->form = import->borrow.header.picture;
        snprintf(import->form_from, sizeof import->form_from, "%s", import->borrow.path);
        return STATUS_OK;
    }
    const Status status = find_form(import, &picture);
    import_picture_free(&picture);
    return status == STATUS_OK ? check_form(import) : status;
}

/* What would make such a picture like the others. */
static const char *form_hint(const Import *import, Picture form, char hint[static 64]) {
    const Picture wanted = import->form;
    hint[0] = '\0';
    if (form.height != wanted.height || form.width != wanted.width)
        snprintf(hint, 64, "; --size %zux%zu resizes all", wanted.height, wanted.width);
    else if (form.channels + wanted.channels == 4 && !import->options->grey)
        snprintf(hint, 64, "; --grey makes one channel of three");
    return hint;
}

static Status fail_form(const Import *import, const ImportSample *sample, Picture form) {
    const Picture wanted = import->form;
    char name[SOURCE_NAME_TEXT], hint[64];
    import_set_sample_name(&import->set, &import->source, sample, name);
    return status_fail(STATUS_DATA,
                       "%s: is %zu x %zu x %zu (height, width, channels), and %s is %zu x %zu x "
                       "%zu%s",
                       name, form.height, form.width, form.channels, import->form_from,
                       wanted.height, wanted.width, wanted.channels, form_hint(import, form, hint));
}

/* ---- pictures ---- */

static Status count_broken(Import *import, const char *message) {
    import->broken++;
    if (import->broken <= NAMED_MAX)
        log_warning("%s; left out.", message);
    else if (import->broken == NAMED_MAX + 1)
        log_warning("More pictures are left out.");
    if (import->broken <= import->samples / 2)
        return STATUS_OK;
    return status_fail(STATUS_DATA, "%s: more than half of its %zu pictures cannot be decoded",
                       import->source.path, import->samples);
}

/* What went wrong with a block's samples, in order. */
static Status judge_block(Import *import, const ImportSample *sample, size_t count) {
    for (size_t i = 0; i < count; i++) {
        const ImportOutcome *outcome = &import->block.outcome[i];
        if (outcome->status == STATUS_DATA)
            STATUS_TRY(count_broken(import, outcome->message));
        else if (outcome->status != STATUS_OK)
            return status_fail(outcome->status, "%s", outcome->message);
        else if (!import_block_fits(outcome->form, import->form))
            return fail_form(import, &sample[i], outcome->form);
    }
    return STATUS_OK;
}

static Status add_split(Import *import, DataSplit split) {
    const ImportSamples *samples = &import->set.split[split];
    ImportBlock *block = &import->block;
    for (size_t first = 0; first < samples->count; first += block->room) {
        const ImportSample *sample = samples->sample + first;
        const size_t count = size_smaller(block->room, samples->count - first);
        import_block_load(block, &import->source, &import->set, import->options, sample, count,
                          &import->progress);
        STATUS_TRY(judge_block(import, sample, count));
        const size_t kept = import_block_close_up(block, sample, count);
        STATUS_TRY(data_writer_add(import->writer, split, kept, block->images, block->labels,
                                   block->coarse_labels));
        import->images[split] += kept;
    }
    return STATUS_OK;
}

/* ---- the data file ---- */

static DataOutline outline_of(const Import *import) {
    DataOutline outline = {.picture = import->form,
                           .names = import->set.names,
                           .coarse_names = import->set.coarse_names};
    for (size_t s = 0; s < SPLIT_COUNT; s++)
        outline.most[s] = import->set.split[s].count;
    if (import->borrow.path)
        outline.most[SPLIT_TRAIN] = import->borrow.header.images[SPLIT_TRAIN];
    return outline;
}

static void set_origin(const Import *import, const char *path, DataOrigin *origin) {
    const Source *source = &import->source;
    const char *name = source->chosen ? source->chosen : source_base(source->path);
    *origin = (DataOrigin){0};
    snprintf(origin->source, sizeof origin->source, "%s from %s", import->set.title,
             *name ? name : path);
    memcpy(origin->sha256, import->set.sha256, sizeof origin->sha256);
    if (import->borrow.path)
        memcpy(origin->sha256[SPLIT_TRAIN], import->borrow.origin.sha256[SPLIT_TRAIN], DIGEST_TEXT);
}

static Status write_all(Import *import, const char *path, const char *out, ImportResult *result) {
    const DataOutline outline = outline_of(import);
    STATUS_TRY(data_writer_open(&import->writer, out, &outline));
    STATUS_TRY(import_block_init(&import->block, import->form));
    import_progress_start(&import->progress, import->samples);
    if (import->borrow.path)
        STATUS_TRY(import_borrow_copy(&import->borrow, import->writer));
    import->images[SPLIT_TRAIN] = import->borrow.header.images[SPLIT_TRAIN];
    for (DataSplit split = 0; split < SPLIT_COUNT; split++)
        STATUS_TRY(add_split(import, split));
    set_origin(import, path, &result->origin);
    return data_writer_finish(import->writer, &result->origin);
}

Status import_run(const char *path, const char *out, const ImportOptions *options,
                  ImportResult *result) {
    Import import = {.options = options, .source.spool.descriptor = -1};
    *result = (ImportResult){0};
    Status status = list(&import, path, out);
    if (status == STATUS_OK)
        status = settle_form(&import);
    if (status == STATUS_OK)
        status = write_all(&import, path, out, result);
    memcpy(result->images, import.images, sizeof result->images);
    result->broken = import.broken;
    result->classes = import.set.names.count;
    class_names_some(&import.set.names, result->some_classes);
    result->is_cifar100 = import.set.is_cifar100;
    data_writer_free(import.writer);
    import_block_free(&import.block);
    import_set_free(&import.set);
    source_free(&import.source);
    return status;
}
