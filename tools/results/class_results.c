#include "class_results.h"

#include "class_top.h"
#include "vit/memory.h"
#include <math.h>
#include <stdlib.h>

void class_results_free(ClassResults *results) {
    memory_free(results->class);
    memory_free(results->matrix);
    memory_free(results->pair);
    *results = (ClassResults){0};
}

static void count_answers(ClassResults *results, size_t images, const float *logits,
                          const uint16_t *label) {
    const size_t classes = results->classes;
    for (size_t i = 0; i < images; i++) {
        const size_t answer = class_top_answer(classes, logits + i * classes);
        results->matrix[label[i] * classes + answer]++;
        results->class[label[i]].images++;
        results->class[answer].answers++;
        results->class[answer].hits += answer == label[i];
    }
}

static double share(uint64_t part, uint64_t whole) {
    return whole ? (double)part / (double)whole : NAN;
}

static void judge_class(ClassResult *class) {
    class->precision = share(class->hits, class->answers);
    class->recall = share(class->hits, class->images);
    class->f1 = share(2 * class->hits, class->images + class->answers);
}

/* ---- pairs ---- */

static int order_sizes(size_t a, size_t b) {
    return (a > b) - (a < b);
}

static int order_pairs(const void *a, const void *b) {
    const ClassPair *one = a, *other = b;
    const int by_images = order_sizes(other->images, one->images);
    const int by_label = order_sizes(one->label, other->label);
    return by_images ? by_images : by_label ? by_label : order_sizes(one->answer, other->answer);
}

/* Lists the confused pairs, or where `pair` is NULL only counts them. */
static size_t list_pairs(const ClassResults *results, ClassPair *pair) {
    size_t pairs = 0;
    for (size_t label = 0; label < results->classes; label++)
        for (size_t answer = 0; answer < results->classes; answer++) {
            const uint32_t images = class_results_count(results, label, answer);
            if (label == answer || images == 0)
                continue;
            if (pair)
                pair[pairs] = (ClassPair){label, answer, images};
            pairs++;
        }
    return pairs;
}

static Status find_pairs(ClassResults *results) {
    results->pairs = list_pairs(results, NULL);
    STATUS_TRY(
        memory_allocate(&results->pair, results->pairs, sizeof *results->pair, "confused classes"));
    list_pairs(results, results->pair);
    if (results->pairs)
        qsort(results->pair, results->pairs, sizeof *results->pair, order_pairs);
    return STATUS_OK;
}

/* ---- */

Status class_results_init(ClassResults *results, size_t images, size_t classes, const float *logits,
                          const uint16_t *label) {
    *results = (ClassResults){.classes = classes};
    STATUS_TRY(memory_allocate(&results->class, classes, sizeof *results->class, "classes"));
    STATUS_TRY(memory_allocate(&results->matrix, classes * classes, sizeof *results->matrix,
                               "the confusion matrix"));
    count_answers(results, images, logits, label);
    for (size_t c = 0; c < classes; c++)
        judge_class(&results->class[c]);
    return find_pairs(results);
}
