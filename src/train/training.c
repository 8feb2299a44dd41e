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
    if (status == STATUS_OK && saves && plan->ranks->rank == 0)
        status = saver_set_data(&training->saver, &training->trainer.input);
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
    const double start = MPI_Wtime();
    optimizer_settle(training->trainer.optimizer);
    training_add_waits(training, before);
    training->progress.sums.seconds += MPI_Wtime() - start;
}

bool training_steps_used_up(const Training *training) {
    const size_t max_steps = training->plan->job.max_steps;
    return max_steps && training->progress.step >= max_steps;
}

bool training_work_is_left(const Training *training) {
    return training->progress.epoch < training->plan->job.epochs &&
           !training_steps_used_up(training);
}

/* whose: of an epoch, and at the beginning of a line. */
static void log_digest(const Training *training, uint64_t epoch, const char *whose,
                       const char *whose_first, const float *weights) {
    char text[DIGEST_TEXT];
    if (parameter_digest(&training->plan->table, weights, text) != STATUS_OK)
        log_warning("%s", status_message());
    else if (epoch)
        log_info("Epoch %llu %s SHA-256: %s", (unsigned long long)epoch, whose, text);
    else
        log_info("%s SHA-256: %s", whose_first, text);
}

void training_log_digest(Training *training, uint64_t epoch) {
    const Plan *plan = training->plan;
    const Saver *saver = &training->saver;
    if (!plan->command->digest)
        return;
    saver_collect_weights(&training->saver, &training->trainer);
    optimizer_collect_average(training->trainer.optimizer, saver_average(saver));
    if (plan->ranks->rank != 0)
        return;
    log_digest(training, epoch, "weights", "Weights", saver->weights);
    if (plan->states.averages)
        log_digest(training, epoch, "averaged weights", "Averaged weights", saver_average(saver));
}
