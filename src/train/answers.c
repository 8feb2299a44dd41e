#include "vit/answers.h"

#include "evaluation.h"
#include "known_data.h"
#include "resume.h"
#include "vit/memory.h"
#include "vit/watchdog.h"
#include <math.h>

struct AnswersModel {
    Command command;
    Plan plan;
    Trainer trainer;
};

void answers_free(Answers *answers) {
    memory_free(answers->logits);
    memory_free(answers->label);
    *answers = (Answers){0};
}

/* ---- the model ---- */

static Status settle(AnswersModel *model, const AnswersFrom *from, const PlanAsked *asked) {
    Plan *plan = &model->plan;
    model->command = (Command){.job = from->checkpoint, .evaluate = from->checkpoint};
    STATUS_TRY(plan_read_asked(plan, from->ranks, &model->command, asked));
    plan->arithmetic = *from->arithmetic;
    if (!asked->pictures)
        STATUS_TRY(known_data_adopt(plan, from->checkpoint));
    STATUS_TRY(trainer_init(&model->trainer, plan, false));
    return resume_weights(plan, from->checkpoint, model->trainer.weights);
}

static Status model_init(AnswersModel **model, const AnswersFrom *from, const PlanAsked *asked) {
    STATUS_TRY(ranks_allocate(from->ranks, model, sizeof **model, "a trained model"));
    const Status status = settle(*model, from, asked);
    if (status == STATUS_OK)
        return STATUS_OK;
    answers_model_free(*model);
    *model = NULL;
    return status;
}

Status answers_model_init(AnswersModel **model, const AnswersFrom *from) {
    return model_init(model, from, &(PlanAsked){.pictures = true, .threads = from->threads});
}

void answers_model_free(AnswersModel *model) {
    if (!model)
        return;
    trainer_free(&model->trainer);
    plan_free(&model->plan);
    memory_free(model);
}

Picture answers_picture(const AnswersModel *model) {
    return model->plan.data.picture;
}

size_t answers_classes(const AnswersModel *model) {
    return model->plan.shape.classes;
}

/* ---- its answers ---- */

/* Logits and labels of a shard's images, all of them on rank 0, where the model has logits. */
static Status allocate(const AnswersModel *model, const Shard *shard, Answers *answers,
                       float **logits) {
    const size_t classes = answers_classes(model);
    *answers = (Answers){.images = shard->total, .classes = classes};
    if (model->plan.ranks->rank == 0) {
        STATUS_TRY(memory_allocate(&answers->logits, shard->total * classes, sizeof **logits,
                                   "the answers"));
        STATUS_TRY(
            memory_allocate(&answers->label, shard->total, sizeof *answers->label, "their labels"));
    }
    return memory_allocate(logits, shard->count * classes, sizeof **logits, "the answers");
}

static void ask(AnswersModel *model, const Shard *shard, Answers *answers, float *logits) {
    Trainer *trainer = &model->trainer;
    const Ranks *ranks = model->plan.ranks;
    const Evaluation found = evaluation_answers(trainer, trainer->weights, shard, logits);
    answers->loss = found.loss;
    answers->accuracy = found.accuracy;
    answers->top5_accuracy = found.top5_accuracy;
    watchdog_work("bringing the answers together", WATCHDOG_TOGETHER);
    slices_collect(&trainer->evaluated, ranks, logits, answers->classes * sizeof *logits,
                   answers->logits);
    slices_collect(&trainer->evaluated, ranks, shard->labels, sizeof *shard->labels,
                   answers->label);
}

/* Leaves nothing in *answers when it fails. */
static Status answer(AnswersModel *model, const Shard *shard, Answers *answers) {
    float *logits = NULL;
    const Status status = ranks_agree(model->plan.ranks, allocate(model, shard, answers, &logits));
    if (status == STATUS_OK)
        ask(model, shard, answers, logits);
    else
        answers_free(answers);
    memory_free(logits);
    return status;
}

Status answers_of_data(const AnswersFrom *from, const char *data_file, Answers *answers) {
    AnswersModel *model;
    const PlanAsked asked = {.data_file = data_file, .threads = from->threads};
    *answers = (Answers){0};
    STATUS_TRY(model_init(&model, from, &asked));
    const Status status = answer(model, &model->trainer.input.test, answers);
    answers_model_free(model);
    return status;
}

const Slices *answers_borders(AnswersModel *model, size_t images) {
    slices_set(&model->trainer.evaluated, images);
    return &model->trainer.evaluated;
}

/* Without labels there is nothing to be right about. */
static void forget_labels(Answers *answers) {
    memory_free(answers->label);
    answers->label = NULL;
    answers->loss = answers->accuracy = answers->top5_accuracy = NAN;
}

Status answers_of_pictures(AnswersModel *model, size_t images, const uint8_t *pixels,
                           Answers *answers) {
    const Ranks *ranks = model->plan.ranks;
    const Slices *borders = answers_borders(model, images);
    Shard shard = {.first = slices_first(borders, ranks->rank),
                   .count = slices_count(borders, ranks->rank),
                   .total = images,
                   .image_bytes = picture_bytes(answers_picture(model))};
    *answers = (Answers){0};
    Status status = memory_allocate(&shard.labels, shard.count, sizeof *shard.labels, "labels");
    status = ranks_agree(ranks, status);
    shard.images = (uint8_t *)pixels;
    if (status == STATUS_OK)
        status = answer(model, &shard, answers);
    forget_labels(answers);
    memory_free(shard.labels);
    return status;
}
