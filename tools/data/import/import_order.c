#include "import_order.h"

#include "vit/epoch_order.h"
#include "vit/memory.h"
#include "vit/size.h"
#include <math.h>
#include <string.h>

/* Which permutations are drawn from the seed: one a split, then one a class. */
enum { FIRST_CLASS = SPLIT_COUNT };

/* ---- for testing ---- */

/* The training samples, class by class. */
typedef struct ByClass {
    size_t classes;
    size_t *end; /* [classes]: of each class, in member; the class before ends where it begins */
    uint32_t *member; /* samples, those of a class in order */
    uint32_t *order;  /* room for a permutation of a class */
    bool *tests;      /* [samples] */
} ByClass;

static Status by_class_init(ByClass *by, const ImportSamples *samples, size_t classes) {
    by->classes = classes;
    STATUS_TRY(memory_allocate(&by->end, classes + 1, sizeof *by->end, "classes"));
    STATUS_TRY(memory_allocate(&by->member, samples->count, sizeof *by->member, "samples"));
    STATUS_TRY(memory_allocate(&by->order, samples->count, sizeof *by->order, "samples"));
    STATUS_TRY(memory_allocate(&by->tests, samples->count, sizeof *by->tests, "samples"));
    for (size_t i = 0; i < samples->count; i++)
        by->end[samples->sample[i].label + 1u]++;
    for (size_t class = 0; class < classes; class ++)
        by->end[class + 1] += by->end[class];
    for (size_t i = 0; i < samples->count; i++)
        by->member[by->end[samples->sample[i].label]++] = (uint32_t)i;
    return STATUS_OK;
}

static void by_class_free(ByClass *by) {
    memory_free(by->end);
    memory_free(by->member);
    memory_free(by->order);
    memory_free(by->tests);
}

/* Of a class of `count`: at least one stays for training, or the class could not be learnt. */
static size_t test_count(double part, size_t count) {
    return count ? size_smaller((size_t)llround(part * (double)count), count - 1) : 0;
}

static void mark_tests(const ImportOptions *options, ByClass *by) {
    for (size_t class = 0, first = 0; class < by->classes; first = by->end[class ++]) {
        const size_t count = by->end[class] - first;
        const size_t part = test_count(options->test_part, count);
        epoch_order(options->seed, FIRST_CLASS + class, count, by->order);
        for (size_t i = 0; i < part; i++)
            by->tests[by->member[first + by->order[i]]] = true;
    }
}

static Status move_tests(const bool *tests, ImportSet *set) {
    ImportSamples *train = &set->split[SPLIT_TRAIN];
    size_t kept = 0;
    for (size_t i = 0; i < train->count; i++) {
        if (tests[i])
            STATUS_TRY(import_set_add(set, SPLIT_TEST, &train->sample[i]));
        else
            train->sample[kept++] = train->sample[i];
    }
    train->count = kept;
    return STATUS_OK;
}

/* What is listed for testing only, as images.npy beside labels.npy, is divided as well. */
static void exchange_if_empty(ImportSamples *train, ImportSamples *test) {
    const ImportSamples empty = *train;
    if (train->count)
        return;
    *train = *test;
    *test = empty;
}

Status import_order_divide(const char *path, const ImportOptions *options, ImportSet *set) {
    exchange_if_empty(&set->split[SPLIT_TRAIN], &set->split[SPLIT_TEST]);
    const bool has_test = set->split[SPLIT_TEST].count > 0;
    if (has_test && options->has_test_part)
        return status_fail(STATUS_USAGE,
                           "%s: has pictures for testing; --test-part is for what has none", path);
    if (has_test)
        return STATUS_OK;
    if (!options->has_test_part)
        return status_fail(STATUS_DATA,
                           "%s: has no pictures for testing; --test-part 0.2 takes a fifth of each "
                           "class",
                           path);
    ByClass by = {0};
    Status status = by_class_init(&by, &set->split[SPLIT_TRAIN], import_set_classes(set));
    if (status == STATUS_OK) {
        mark_tests(options, &by);
        status = move_tests(by.tests, set);
    }
    by_class_free(&by);
    return status;
}

/* ---- the order of all ---- */

static void permute(const ImportSample *from, const uint32_t *order, size_t count,
                    ImportSample *to) {
    for (size_t i = 0; i < count; i++)
        to[i] = from[order[i]];
}

static Status shuffle(uint64_t seed, DataSplit split, ImportSamples *samples) {
    uint32_t *order;
    ImportSample *shuffled;
    STATUS_TRY(memory_allocate(&order, samples->count, sizeof *order, "samples"));
    const Status status = memory_allocate(&shuffled, samples->count, sizeof *shuffled, "samples");
    if (status == STATUS_OK) {
        epoch_order(seed, (uint64_t)split, samples->count, order);
        permute(samples->sample, order, samples->count, shuffled);
        memory_free(samples->sample);
        samples->sample = shuffled;
        samples->room = samples->count;
    }
    memory_free(order);
    return status;
}

Status import_order_shuffle(const ImportOptions *options, ImportSet *set) {
    if (options->keeps_order || (set->keeps_order && !options->has_seed))
        return STATUS_OK;
    for (DataSplit split = 0; split < SPLIT_COUNT; split++)
        STATUS_TRY(shuffle(options->seed, split, &set->split[split]));
    return STATUS_OK;
}
