#include "plan_data.h"

#include "vit/checkpoint.h"
#include "vit/memory.h"
#include "vit/watchdog.h"
#include <stdio.h>
#include <string.h>

/* Every rank gets the header that rank 0 read. */
static Status read_header(Plan *plan) {
    Status status = STATUS_OK;
    watchdog_first_works("reading the data's header");
    if (plan->ranks->rank == 0)
        status = data_file_read_header(plan->job.data_file, &plan->data);
    watchdog_work("start", WATCHDOG_TOGETHER);
    STATUS_TRY(ranks_agree(plan->ranks, status));
    ranks_broadcast(plan->ranks, &plan->data, sizeof plan->data);
    return STATUS_OK;
}

size_t plan_classes(const Plan *plan) {
    return plan->job.labels == LABELS_COARSE ? plan->data.coarse_classes : plan->data.classes;
}

static Status check_data(const Plan *plan) {
    const Job *job = &plan->job;
    const size_t *images = plan->data.images;
    if (job->labels == LABELS_COARSE && plan->data.coarse_classes == 0)
        return status_fail(STATUS_CONFIG,
                           "%s: [data] labels = coarse, but %s has no coarse labels: use fine",
                           plan->command->job, job->data_file);
    if (images[SPLIT_TRAIN] == 0 || images[SPLIT_TRAIN] > UINT32_MAX || images[SPLIT_TEST] == 0)
        return status_fail(STATUS_DATA,
                           "%s: %zu training images and %zu test images: there must be some of "
                           "each, and less than 2^32",
                           job->data_file, images[SPLIT_TRAIN], images[SPLIT_TEST]);
    if (images[SPLIT_VALIDATION] && job->validation_split != 0.0)
        return status_fail(STATUS_CONFIG,
                           "%s: [data] validation_split = %g, but %s has %zu images for validation "
                           "of its own: use 0",
                           plan->command->job, job->validation_split, job->data_file,
                           images[SPLIT_VALIDATION]);
    return STATUS_OK;
}

/* ---- labels, which rank 0 reads ---- */

/* Of both splits that a run has to do with before the test, one after the other. */
typedef struct Labels {
    uint16_t *train, *validation;
} Labels;

static void free_labels(Labels *labels) {
    memory_free(labels->train);
    memory_free(labels->validation);
}

static Status read_split(const Plan *plan, DataSplit split, uint16_t **labels) {
    STATUS_TRY(memory_allocate(labels, plan->data.images[split], sizeof **labels, "labels"));
    return data_file_read_labels(plan->job.data_file, &plan->data, split,
                                 plan->job.labels == LABELS_COARSE, *labels);
}

/* Those of the test split are looked at, so that --check tells of them too. */
static Status check_test(const Plan *plan) {
    uint16_t *labels = NULL;
    const Status status = read_split(plan, SPLIT_TEST, &labels);
    memory_free(labels);
    return status;
}

static Status read_labels(const Plan *plan, Labels *labels) {
    STATUS_TRY(check_test(plan));
    STATUS_TRY(read_split(plan, SPLIT_TRAIN, &labels->train));
    return plan->data.images[SPLIT_VALIDATION]
               ? read_split(plan, SPLIT_VALIDATION, &labels->validation)
               : STATUS_OK;
}

/* All ranks get the training images' labels. */
static Status share_labels(const Plan *plan, Labels *labels) {
    const size_t images = plan->data.images[SPLIT_TRAIN];
    Status status = STATUS_OK;
    if (plan->ranks->rank != 0)
        status = memory_allocate(&labels->train, images, sizeof *labels->train, "labels");
    STATUS_TRY(ranks_agree(plan->ranks, status));
    ranks_broadcast(plan->ranks, labels->train, images * sizeof *labels->train);
    return STATUS_OK;
}

/* ---- what is trained on, and what is kept for validation ---- */

static Status divide(Plan *plan, Labels *labels) {
    const Job *job = &plan->job;
    const size_t images = plan->data.images[SPLIT_TRAIN];
    if (job->validation != VALIDATION_STRATIFIED) {
        plan->holdout = holdout_file_end(images, job->validation_split);
        return STATUS_OK;
    }
    STATUS_TRY(share_labels(plan, labels));
    return ranks_agree(plan->ranks, holdout_stratified(&plan->holdout, labels->train, images,
                                                       plan_classes(plan), job->validation_split));
}

static Status divide_data(Plan *plan, Labels *labels) {
    STATUS_TRY(divide(plan, labels));
    plan->validation_of = SPLIT_TRAIN;
    if (plan->data.images[SPLIT_VALIDATION]) {
        plan->validation_of = SPLIT_VALIDATION;
        plan->holdout.validation = (Samples){.count = plan->data.images[SPLIT_VALIDATION]};
    }
    plan->train_images = plan->holdout.train.count;
    plan->validation_images = plan->holdout.validation.count;
    if (plan->train_images == 0)
        return status_fail(
            STATUS_CONFIG,
            "%s: [data] validation_split = %g leaves none of the %zu training images "
            "of %s to train on: use a smaller one",
            plan->command->job, plan->job.validation_split, plan->data.images[SPLIT_TRAIN],
            plan->job.data_file);
    return STATUS_OK;
}

/* ---- classes without images ---- */

/* Images of each class. */
typedef struct Counts {
    size_t classes, *trained, *validated;
} Counts;

static void count(const Samples *samples, const uint16_t *label, size_t *counts) {
    for (size_t i = 0; i < samples->count; i++)
        counts[label[samples_number(samples, i)]]++;
}

/* "3 (cat), 7 (dog) and 5 more": the classes that nothing is trained on. */
static void name_lost(const Counts *counts, const DataNames *names, char *text, size_t bytes) {
    enum { NAMED_MOST = 10 };
    size_t lost = 0, used = 0;
    for (size_t c = 0; c < counts->classes; c++) {
        if (counts->trained[c])
            continue;
        if (lost++ < NAMED_MOST && used < bytes)
            used += (size_t)snprintf(text + used, bytes - used, "%s%zu (%.40s)",
                                     lost > 1 ? ", " : "", c, names->text + c * names->width);
    }
    if (lost > NAMED_MOST && used < bytes)
        snprintf(text + used, bytes - used, " and %zu more", lost - NAMED_MOST);
}

static Status warn_of_lost(Plan *plan, const Counts *counts) {
    size_t lost = 0, validated = 0;
    char named[640] = "", also[128] = "";
    DataNames names;
    for (size_t c = 0; c < counts->classes; c++)
        if (counts->trained[c] == 0) {
            lost++;
            validated += counts->validated[c];
        }
    if (lost == 0)
        return STATUS_OK;
    STATUS_TRY(
        data_file_read_names(plan->job.data_file, plan->job.labels == LABELS_COARSE, &names));
    name_lost(counts, &names, named, sizeof named);
    memory_free(names.text);
    if (validated)
        snprintf(also, sizeof also, "; %zu images to validate with are of such classes", validated);
    STATUS_TRY(memory_allocate(&plan->lost_classes, 1024, 1, "a warning"));
    snprintf(plan->lost_classes, 1024, "%zu of %zu classes have no image to train on: %s%s", lost,
             counts->classes, named, also);
    return STATUS_OK;
}

static Status count_classes(Plan *plan, const Labels *labels) {
    Counts counts = {.classes = plan_classes(plan)};
    Status status =
        memory_allocate(&counts.trained, counts.classes, sizeof *counts.trained, "counts");
    if (status == STATUS_OK)
        status =
            memory_allocate(&counts.validated, counts.classes, sizeof *counts.validated, "counts");
    if (status == STATUS_OK) {
        count(&plan->holdout.train, labels->train, counts.trained);
        count(&plan->holdout.validation, labels->validation ? labels->validation : labels->train,
              counts.validated);
        status = warn_of_lost(plan, &counts);
    }
    memory_free(counts.trained);
    memory_free(counts.validated);
    return status;
}

/* ---- all ---- */

static Status look_at_labels(Plan *plan, Labels *labels) {
    const bool first = plan->ranks->rank == 0;
    watchdog_first_works("reading the labels");
    const Status read = first ? read_labels(plan, labels) : STATUS_OK;
    watchdog_work("start", WATCHDOG_TOGETHER);
    STATUS_TRY(ranks_agree(plan->ranks, read));
    STATUS_TRY(divide_data(plan, labels));
    return ranks_agree(plan->ranks, first ? count_classes(plan, labels) : STATUS_OK);
}

Status plan_data_read(Plan *plan) {
    Labels labels = {0};
    STATUS_TRY(read_header(plan));
    STATUS_TRY(ranks_agree(plan->ranks, check_data(plan)));
    const Status status = look_at_labels(plan, &labels);
    free_labels(&labels);
    return status;
}

/* ---- or what a checkpoint tells ---- */

static Status take_known(Plan *plan, const CheckpointData *known) {
    DataHeader *data = &plan->data;
    if (known->channels == 0)
        return status_fail(STATUS_DATA,
                           "%s: a release before 0.4.0 wrote it: it does not tell how pictures are "
                           "normalized, nor their size; a data file's test split can be looked at, "
                           "by the statistics of that file",
                           plan->command->job);
    data->picture = (Picture){known->height, known->width, known->channels};
    data->classes = known->classes;
    data->coarse_classes = plan->job.labels == LABELS_COARSE ? known->classes : 0;
    data->has_statistics = true;
    memcpy(data->mean, known->mean, sizeof data->mean);
    memcpy(data->variance, known->variance, sizeof data->variance);
    return STATUS_OK;
}

/* Whatever wrote it: what no data file could have is no reason to take memory for. */
static Status check_known(const Plan *plan) {
    enum { CLASSES_MAX = UINT16_MAX + 1 };
    const Picture picture = plan->data.picture;
    if (picture.height < 1 || picture.height > PICTURE_SIDE_MAX || picture.width < 1 ||
        picture.width > PICTURE_SIDE_MAX)
        return status_fail(STATUS_DATA,
                           "%s: says that it was trained on pictures of %zu x %zu pixels (allowed: "
                           "1 to %d a side)",
                           plan->command->job, picture.height, picture.width, PICTURE_SIDE_MAX);
    if (plan->data.classes < 1 || plan->data.classes > CLASSES_MAX)
        return status_fail(STATUS_DATA, "%s: has names of %zu classes (allowed: 1 to %d)",
                           plan->command->job, plan->data.classes, CLASSES_MAX);
    return STATUS_OK;
}

static Status read_known(Plan *plan) {
    CheckpointData known;
    STATUS_TRY(checkpoint_read_data(plan->command->job, &known));
    const Status status = take_known(plan, &known);
    checkpoint_data_free(&known);
    return status == STATUS_OK ? check_known(plan) : status;
}

Status plan_data_known(Plan *plan) {
    watchdog_first_works("reading a checkpoint");
    const Status read = plan->ranks->rank == 0 ? read_known(plan) : STATUS_OK;
    watchdog_work("start", WATCHDOG_TOGETHER);
    STATUS_TRY(ranks_agree(plan->ranks, read));
    ranks_broadcast(plan->ranks, &plan->data, sizeof plan->data);
    plan->statistics_known = true;
    plan->train_images = plan->job.batch_size;
    return STATUS_OK;
}
