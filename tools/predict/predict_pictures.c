#include "class_name.h"
#include "class_top.h"
#include "csv.h"
#include "picture.h"
#include "predict.h"
#include "predict_block.h"
#include "vit/answers.h"
#include "vit/checkpoint.h"
#include "vit/log.h"
#include "vit/memory.h"
#include "vit/watchdog.h"

/* A run over pictures. */
typedef struct Looking {
    const Predict *predict;
    AnswersModel *model;
    PredictBlock *block;
    PredictList list;     /* rank 0's, as all that follows */
    CheckpointData known; /* names of the classes */
    size_t told;          /* pictures */
} Looking;

/* ---- what is printed, by rank 0 ---- */

static ClassNames names_of(const CheckpointData *known) {
    return (ClassNames){known->classes, known->name_bytes, known->name};
}

static void print_csv(const Looking *looking, const char *path, size_t count,
                      const ClassAnswer *top) {
    const ClassNames names = names_of(&looking->known);
    char number[CLASS_NUMBER_TEXT];
    for (size_t i = 0; i < count; i++) {
        csv_text(stdout, path);
        printf(",%zu,%zu,", i + 1, top[i].class);
        csv_text(stdout, class_name(&names, top[i].class, number));
        printf(",%.9g\n", top[i].probability);
    }
}

static void print_lines(const Looking *looking, const char *path, size_t count,
                        const ClassAnswer *top) {
    const ClassNames names = names_of(&looking->known);
    char number[CLASS_NUMBER_TEXT];
    log_info("%s", path);
    for (size_t i = 0; i < count; i++)
        log_info("  %6.2f%%  %s", 100.0 * top[i].probability,
                 class_name(&names, top[i].class, number));
}

/* Picture i of the list, whose answer is logits. */
static void print_picture(const Looking *looking, size_t i, const float *logits) {
    ClassAnswer top[PREDICT_TOP_MOST];
    char name[SOURCE_NAME_TEXT];
    const size_t count =
        class_top(answers_classes(looking->model), logits, (size_t)looking->predict->top, top);
    predict_list_name(&looking->list, i, name);
    (looking->predict->csv ? print_csv : print_lines)(looking, name, count, top);
}

static Status print_block(Looking *looking, size_t first, const Answers *answers) {
    for (size_t i = 0; i < answers->images; i++) {
        const PredictOutcome *outcome = predict_block_outcome(looking->block, i);
        if (outcome->status != STATUS_OK) {
            const Status status = status_fail(outcome->status, "%s", outcome->message);
            STATUS_TRY(predict_lost_add(&looking->list.lost, status));
            continue;
        }
        print_picture(looking, first + i, answers->logits + i * answers->classes);
        looking->told++;
    }
    return log_check_output();
}

/* ---- blocks, by all ranks ---- */

/* *images: how many pictures there were, 0 behind the last one. */
static Status look_at_block(Looking *looking, size_t first, size_t *images) {
    const Ranks *ranks = looking->predict->ranks;
    Answers answers;
    if (ferror(stdout)) /* nobody reads any more ("| head"), or print_block would have failed */
        first = looking->list.items;
    predict_block_choose(looking->block, &looking->list, first);
    *images = (size_t)looking->block->images;
    if (*images == 0)
        return STATUS_OK;
    const Slices *borders = answers_borders(looking->model, *images);
    STATUS_TRY(predict_block_load(looking->block, &looking->list, first, borders));
    STATUS_TRY(answers_of_pictures(looking->model, *images, looking->block->pixels, &answers));
    watchdog_work("telling the answers", WATCHDOG_OUTSIDE);
    Status status = ranks->rank == 0 ? print_block(looking, first, &answers) : STATUS_OK;
    status = ranks_agree(ranks, status);
    watchdog_work("pictures", WATCHDOG_TOGETHER);
    answers_free(&answers);
    return status;
}

static Status look_at_all(Looking *looking) {
    size_t first = 0, images;
    do {
        STATUS_TRY(look_at_block(looking, first, &images));
        first += images;
    } while (images);
    return STATUS_OK;
}

/* ---- beginning and end ---- */

static Status check_channels(const Looking *looking) {
    const size_t channels = answers_picture(looking->model).channels;
    if (channels == 1 || channels == 3)
        return STATUS_OK;
    return status_fail(STATUS_DATA,
                       "%s: was trained on pictures of %zu channels, and those of %s files have 1 "
                       "or 3; put what it shall look at into a data file",
                       looking->predict->checkpoint, channels, picture_kinds);
}

/* Rank 0: what is looked at. */
static Status list(Looking *looking) {
    const Predict *predict = looking->predict;
    STATUS_TRY(checkpoint_read_data(predict->checkpoint, &looking->known));
    STATUS_TRY(predict_list_init(&looking->list, predict->word_count, predict->words));
    if (predict->csv)
        printf("path,rank,class,name,probability\n");
    return STATUS_OK;
}

static Status begin(Looking *looking) {
    const Predict *predict = looking->predict;
    const Ranks *ranks = predict->ranks;
    const AnswersFrom from = {ranks, predict->arithmetic, predict->checkpoint,
                              (size_t)predict->threads};
    STATUS_TRY(answers_model_init(&looking->model, &from));
    STATUS_TRY(ranks_agree(ranks, check_channels(looking)));
    watchdog_work("listing pictures", WATCHDOG_OUTSIDE); /* a large archive takes its time */
    const Status listed = ranks_agree(ranks, ranks->rank == 0 ? list(looking) : STATUS_OK);
    watchdog_work("pictures", WATCHDOG_TOGETHER);
    STATUS_TRY(listed);
    STATUS_TRY(ranks_allocate(ranks, &looking->block, sizeof *looking->block, "pictures"));
    return ranks_agree(ranks,
                       predict_block_init(looking->block, ranks, answers_picture(looking->model)));
}

/* Rank 0: what could not be told. */
static Status judge(const Looking *looking) {
    const PredictLost *lost = &looking->list.lost;
    if (lost->count == 0)
        return STATUS_OK;
    return status_fail(lost->status, "%zu %s left out, %zu %s told", lost->count,
                       lost->count == 1 ? "was" : "were", looking->told,
                       looking->told == 1 ? "picture was" : "pictures were");
}

static Status look(Looking *looking) {
    const Ranks *ranks = looking->predict->ranks;
    STATUS_TRY(begin(looking));
    STATUS_TRY(look_at_all(looking));
    return ranks_agree(ranks, ranks->rank == 0 ? judge(looking) : STATUS_OK);
}

Status predict_pictures(const Predict *predict) {
    Looking looking = {.predict = predict};
    const Status status = look(&looking);
    if (looking.block)
        predict_block_free(looking.block);
    memory_free(looking.block);
    predict_list_free(&looking.list);
    checkpoint_data_free(&looking.known);
    answers_model_free(looking.model);
    return status;
}
