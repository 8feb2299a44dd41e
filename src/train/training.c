#include "training.h"

#include "vit/log.h"
#include "vit/memory.h"

Status training_init(Training *training, const Plan *plan, bool saves) {
    *training = (Training){.plan = plan, .display = {.plan = plan}};
    saver_init(&training->saver, plan, &training->progress, &training->history, &training->times,
               &training->display);
    STATUS_TRY(trainer_init(&training->trainer, plan, true));
    Status status = memory_allocate(&training->paces, (size_t)plan->ranks->size,
                                    sizeof *training->paces, "the ranks' reports");
    if (status == STATUS_OK && saves)
        status = saver_allocate(&training->saver);
    return ranks_agree(plan->ranks, status);
}

void training_free(Training *training) {
    saver_free(&training->saver);
    trainer_free(&training->trainer);
    history_free(&training->history);
    memory_free(training->paces);
}

void training_add_waits(Training *training, Waits before) {
    const Waits now = trainer_waits(&training->trainer);
    Waits *sum = &training->progress.sums.wait;
    sum->samples += now.samples - before.samples;
    sum->gradients += now.gradients - before.gradients;
    sum->ranks += now.ranks - before.ranks;
    sum->weights += now.weights - before.weights;
}

void training_settle(Training *training) {
    const Waits before = trainer_waits(&training->trainer);
    optimizer_settle(training->trainer.optimizer);
    training_add_waits(training, before);
}

bool training_steps_used_up(const Training *training) {
    const size_t max_steps = training->plan->job.max_steps;
    return max_steps && training->progress.step >= max_steps;
}

bool training_work_is_left(const Training *training) {
    return training->progress.epoch < training->plan->job.epochs &&
           !training_steps_used_up(training);
}

void training_log_digest(Training *training, const char *label) {
    const Plan *plan = training->plan;
    char text[DIGEST_TEXT];
    if (!plan->command->digest)
        return;
    saver_collect_weights(&training->saver, &training->trainer);
    if (plan->ranks->rank != 0)
        return;
    if (parameter_digest(&plan->table, training->saver.weights, text) == STATUS_OK)
        log_info("%s: %s", label, text);
    else
        log_warning("%s", status_message());
}
