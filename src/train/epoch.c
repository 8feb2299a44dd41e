#include "epoch.h"

#include "evaluation.h"
#include "vit/epoch_order.h"
#include "vit/log.h"
#include "vit/schedule.h"
#include <math.h>

EpochRow epoch_row(const Training *training) {
    const Progress *progress = &training->progress;
    const EpochSums *sums = &progress->sums;
    const Plan *plan = training->plan;
    const double samples = (double)sums->samples;
    const uint64_t latest = progress->step ? progress->step - 1 : 0;
    return (EpochRow){.epoch = progress->epoch + 1,
                      .loss = sums->loss / samples,
                      .accuracy = (double)sums->hits / samples,
                      .top5_accuracy = (double)sums->top5_hits / samples,
                      .val_loss = NAN,
                      .val_accuracy = NAN,
                      .val_top5_accuracy = NAN,
                      .learning_rate = schedule_rate(&plan->job, plan_epoch_steps(plan), latest),
                      .seconds = sums->seconds,
                      .images_per_second = samples / sums->seconds,
                      .wait_seconds = waits_total(&sums->wait),
                      .wait = sums->wait};
}

/* Rank 0: whether best.h5 is due, because these weights are the best so far; not while steps go
 * wrong. Weights from the middle of an epoch stand in only where there are none, and do not count,
 * so that going on later gives what an undisturbed run gives. */
static bool note_best(Training *training, const EpochRow *row, bool partial) {
    Progress *progress = &training->progress;
    const bool validated = training->plan->validation_images > 0;
    if (training->bad_steps)
        return false;
    if (!validated || partial)
        return !validated || isnan(progress->best_val_accuracy);
    if (!isnan(progress->best_val_accuracy) && !(row->val_accuracy > progress->best_val_accuracy))
        return false;
    progress->best_val_accuracy = row->val_accuracy;
    progress->best_epoch = row->epoch;
    return true;
}

/* That the epoch used each sample once, whatever ranks took part in it. STATUS_INTERNAL. */
static Status check_coverage(const Training *training) {
    const Samples *train = &training->plan->holdout.train;
    const size_t samples = train->count;
    const unsigned long long epoch = training->progress.epoch + 1;
    const unsigned long long used = training->progress.sums.coverage;
    const unsigned long long all = epoch_coverage_of_all(train);
    if (used != all)
        return status_fail(STATUS_INTERNAL,
                           "epoch %llu did not use each of the %zu samples once: their digest is "
                           "%016llx instead of %016llx",
                           epoch, samples, used, all);
    log_info("Epoch %llu used each of the %zu samples once (digest %016llx)", epoch, samples, used);
    return STATUS_OK;
}

static void validate(Training *training, EpochRow *row) {
    Trainer *trainer = &training->trainer;
    if (training->plan->validation_images == 0)
        return;
    const Evaluation found = evaluation_judge(trainer, &trainer->input.validation);
    row->val_loss = found.loss;
    row->val_accuracy = found.accuracy;
    row->val_top5_accuracy = found.top5_accuracy;
}

/* The row into the history, and what people see of it. */
static void tell(Training *training, const EpochRow *row) {
    const Ranks *ranks = training->plan->ranks;
    char paces[PACE_TEXT];
    pace_describe(ranks, &training->trainer.pace, training->paces, paces);
    training->trainer.pace = (Pace){0};
    if (ranks->rank == 0) {
        if (history_add_epoch(&training->history, *row) != STATUS_OK)
            log_warning("%s", status_message());
        display_epoch(&training->display, &training->progress, row, paces);
    }
    training_log_digest(training, row->epoch);
}

/* The row's epoch is in progress already. */
static void save(Training *training, const EpochRow *row, bool partial) {
    Saver *saver = &training->saver;
    const bool first = training->plan->ranks->rank == 0;
    /* A best.h5 that failed takes back what progress says of the best. */
    if (first)
        saver_wait(saver);
    SaveWish wish = {.last =
                         !partial && training->plan->job.at_epoch_end && training->bad_steps == 0,
                     .metrics = true,
                     .best_val_accuracy = training->progress.best_val_accuracy,
                     .best_epoch = training->progress.best_epoch};
    if (first)
        wish.best = note_best(training, row, partial);
    ranks_broadcast(training->plan->ranks, &wish.best, sizeof wish.best);
    saver_write(saver, &training->trainer, wish);
}

Status epoch_close(Training *training, bool partial) {
    const Ranks *ranks = training->plan->ranks;
    EpochRow row = epoch_row(training);
    validate(training, &row);
    tell(training, &row);
    if (!partial) {
        /* What is saved must not be replaced by weights that are wrong. */
        STATUS_TRY(ranks_agree(ranks, ranks->rank == 0 ? check_coverage(training) : STATUS_OK));
        training->progress.epoch++;
        training->progress.position = 0;
        training->progress.sums = (EpochSums){0};
    }
    save(training, &row, partial);
    return STATUS_OK;
}
