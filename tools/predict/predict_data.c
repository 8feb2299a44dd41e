#include "class_name.h"
#include "class_results.h"
#include "class_top.h"
#include "matrix_file.h"
#include "predict.h"
#include "vit/answers.h"
#include "vit/checkpoint.h"
#include "vit/data_file.h"
#include "vit/log.h"
#include "vit/memory.h"
#include "vit/watchdog.h"
#include <inttypes.h>
#include <math.h>

enum { PAIRS_SHOWN = 10 };

/* ---- what the classes are called ---- */

/* As the checkpoint says; one of a release before 0.4.0 does not, and then as the data file does.
 */
static Status read_names(const Predict *predict, CheckpointData *known) {
    Job job;
    ModelShape shape;
    DataNames names;
    STATUS_TRY(checkpoint_read_data(predict->checkpoint, known));
    if (known->channels)
        return STATUS_OK;
    STATUS_TRY(checkpoint_read_model(predict->checkpoint, &job, &shape));
    STATUS_TRY(data_file_read_names(predict->words[0], job.labels == LABELS_COARSE, &names));
    known->classes = names.count;
    known->name_bytes = names.width;
    known->name = names.text;
    return STATUS_OK;
}

/* ---- tables for people ---- */

static const char *share_text(double share, char text[static 16]) {
    snprintf(text, 16, isnan(share) ? "-" : "%.1f%%", 100.0 * share);
    return text;
}

static void print_classes(const ClassResults *results, const ClassNames *names) {
    char precision[16], recall[16], f1[16], number[CLASS_NUMBER_TEXT];
    log_info("images  answers    hits  precision  recall      F1  class");
    for (size_t c = 0; c < results->classes; c++) {
        const ClassResult *class = &results->class[c];
        log_info("%6" PRIu64 "  %7" PRIu64 "  %6" PRIu64 "  %9s  %6s  %6s  %s", class->images,
                 class->answers, class->hits, share_text(class->precision, precision),
                 share_text(class->recall, recall), share_text(class->f1, f1),
                 class_name(names, c, number));
    }
}

static void print_pairs(const ClassResults *results, const ClassNames *names) {
    char label[CLASS_NUMBER_TEXT], answer[CLASS_NUMBER_TEXT];
    log_info("%s", "");
    log_info("images  most confused");
    for (size_t i = 0; i < results->pairs && i < PAIRS_SHOWN; i++) {
        const ClassPair *pair = &results->pair[i];
        log_info("%6" PRIu32 "  %s, taken for %s", pair->images,
                 class_name(names, pair->label, label), class_name(names, pair->answer, answer));
    }
    if (results->pairs == 0)
        log_info("     0  nothing was taken for anything else");
    log_info("%s", "");
}

/* As vit_mpi --eval says it. */
static void print_figures(const Answers *answers) {
    log_info("Test loss: %.4f", answers->loss);
    log_info("Test accuracy: %.2f%%", 100.0 * answers->accuracy);
    log_info("Test top 5 accuracy: %.2f%%", 100.0 * answers->top5_accuracy);
}

/* ---- and for programs ---- */

static Status print_images(const Answers *answers) {
    const size_t classes = answers->classes;
    double *probability;
    STATUS_TRY(memory_allocate(&probability, classes, sizeof *probability, "probabilities"));
    printf("image,label,answer");
    for (size_t c = 0; c < classes; c++)
        printf(",p%zu", c);
    for (size_t i = 0; i < answers->images; i++) {
        const float *logits = answers->logits + i * classes;
        class_top_probabilities(classes, logits, probability);
        printf("\n%zu,%u,%zu", i, (unsigned)answers->label[i], class_top_answer(classes, logits));
        for (size_t c = 0; c < classes; c++)
            printf(",%.9g", probability[c]);
    }
    printf("\n");
    memory_free(probability);
    return STATUS_OK;
}

/* ---- rank 0 ---- */

static Status tell(const Predict *predict, const Answers *answers, const ClassResults *results,
                   const ClassNames *names) {
    if (predict->csv) {
        STATUS_TRY(print_images(answers));
    } else {
        print_classes(results, names);
        print_pairs(results, names);
    }
    print_figures(answers);
    const Status told = log_check_output();
    /* Last, and in any case: when one of both cannot be written the other is there. */
    if (predict->matrix)
        STATUS_TRY(matrix_file_write(predict->matrix, results, names));
    return told;
}

static Status judge(const Predict *predict, const Answers *answers) {
    CheckpointData known = {0};
    ClassResults results = {0};
    Status status = read_names(predict, &known);
    if (status == STATUS_OK)
        status = class_results_init(&results, answers->images, answers->classes, answers->logits,
                                    answers->label);
    const ClassNames names = {known.classes, known.name_bytes, known.name};
    if (status == STATUS_OK)
        status = tell(predict, answers, &results, &names);
    class_results_free(&results);
    checkpoint_data_free(&known);
    return status;
}

/* What would be a pity to find out once all is computed. */
static Status try_matrix(const Predict *predict) {
    CheckpointData known;
    if (!predict->matrix)
        return STATUS_OK;
    STATUS_TRY(checkpoint_read_data(predict->checkpoint, &known));
    const size_t classes = (size_t)known.classes;
    checkpoint_data_free(&known);
    return matrix_file_try(predict->matrix, classes);
}

/* ---- all ranks ---- */

Status predict_data(const Predict *predict) {
    const Ranks *ranks = predict->ranks;
    watchdog_first_works("trying the matrix's file");
    const Status tried = ranks->rank == 0 ? try_matrix(predict) : STATUS_OK;
    watchdog_work("start", WATCHDOG_TOGETHER);
    STATUS_TRY(ranks_agree(ranks, tried));
    const AnswersFrom from = {ranks, predict->arithmetic, predict->checkpoint,
                              (size_t)predict->threads};
    Answers answers;
    STATUS_TRY(answers_of_data(&from, predict->words[0], &answers));
    watchdog_work("telling the answers", WATCHDOG_OUTSIDE);
    const Status status = ranks->rank == 0 ? judge(predict, &answers) : STATUS_OK;
    answers_free(&answers);
    return ranks_agree(ranks, status);
}
