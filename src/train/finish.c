#include "finish.h"

#include "evaluation.h"
#include "resume.h"
#include "vit/collection.h"
#include "vit/log.h"
#include "vit/memory.h"
#include "vit/watchdog.h"
#include <math.h>
#include <stdio.h>

/* Rank 0: reads the best weights, a flat vector; where they are lost says why, and that the current
 * ones take their place. */
static Status read_best(Training *training, float *best, bool *found) {
    Progress *progress = &training->progress;
    saver_wait(&training->saver);
    watchdog_first_works("reading the best weights");
    const Status status = resume_best(training->plan, &training->saver, progress, best);
    watchdog_work("the end of training", WATCHDOG_TOGETHER);
    *found = status == STATUS_OK;
    if (!resume_best_is_lost(status))
        return status;
    log_warning("%s; the current weights take its place", status_message());
    /* They are not what was the best: a later validation makes a new one. */
    progress->best_val_accuracy = NAN;
    progress->best_epoch = 0;
    return STATUS_OK;
}

/* The best weights on all ranks, into a flat vector; where best.h5 is lost or does not belong here,
 * the current weights become it, and *found is false. */
static Status take_best(Training *training, float *best, bool *found) {
    const Plan *plan = training->plan;
    *found = false;
    STATUS_TRY(ranks_agree(plan->ranks,
                           plan->ranks->rank == 0 ? read_best(training, best, found) : STATUS_OK));
    ranks_broadcast(plan->ranks, found, sizeof *found);
    if (*found)
        collection_deal_weights(plan->ranks, &plan->partition, best, best);
    else
        saver_write(&training->saver, &training->trainer,
                    (SaveWish){.best = true,
                               .best_val_accuracy = training->progress.best_val_accuracy,
                               .best_epoch = training->progress.best_epoch});
    return STATUS_OK;
}

/* The best weights on the test split. */
static Status test_best(Training *training, Evaluation *test) {
    const Plan *plan = training->plan;
    Trainer *trainer = &training->trainer;
    float *best;
    const Status status =
        memory_allocate(&best, plan->table.floats, sizeof *best, "the best weights");
    STATUS_TRY(ranks_agree(plan->ranks, status));
    bool found;
    const Status taken = take_best(training, best, &found);
    if (taken == STATUS_OK)
        *test = found ? evaluation_run(trainer, best, &trainer->input.test)
                      : evaluation_judge(trainer, &trainer->input.test);
    memory_free(best);
    return taken;
}

/* The best weights cannot be read now: what is left to do is left to the same command. */
static Status put_off(Training *training, Status status) {
    const Ranks *ranks = training->plan->ranks;
    const uint64_t step = training->progress.step;
    Saver *saver = &training->saver;
    char why[1024], saved[SAVER_TEXT];
    snprintf(why, sizeof why, "%s", status_message());
    if (ranks->rank == 0)
        saver_wait(saver);
    /* What is saved already would only push out an older one. */
    bool wanted = saver->saved_step != step;
    ranks_broadcast(ranks, &wanted, sizeof wanted);
    if (wanted)
        saver_write(saver, &training->trainer, (SaveWish){.last = true});
    if (ranks->rank == 0)
        saver_wait(saver);
    if (saver->saved_step == step)
        return status_fail(status, "%s; all steps are done, and the same command tests them", why);
    saver_describe(saver, saved);
    return status_fail(status, "%s; all steps are done, but not saved; %s", why, saved);
}

/* The job ends with steps that went wrong. */
static Status wrecked(Training *training) {
    char saved[SAVER_TEXT];
    saver_wait(&training->saver);
    saver_describe(&training->saver, saved);
    return status_fail(STATUS_INTERNAL,
                       "the last %zu steps, up to step %llu, were not finite and were skipped; %s",
                       training->bad_steps, (unsigned long long)training->progress.step, saved);
}

Status finish_run(Training *training) {
    Progress *progress = &training->progress;
    Saver *saver = &training->saver;
    Evaluation test;
    if (training->bad_steps)
        return wrecked(training);
    training_log_digest(training, 0);
    const Status tested = test_best(training, &test);
    if (tested != STATUS_OK)
        return put_off(training, tested);
    progress->finished = true;
    progress->test_loss = test.loss;
    progress->test_accuracy = test.accuracy;
    progress->test_top5_accuracy = test.top5_accuracy;
    saver_write(saver, &training->trainer, (SaveWish){.last = true, .metrics = true});
    if (training->plan->ranks->rank == 0) {
        saver_wait(saver);
        saver_show(saver);
        display_test(test.loss, test.accuracy, test.top5_accuracy);
    }
    return saver_check(saver, 0, SAVE_FILES);
}

/* Only last.h5 is needed to go on. While steps go wrong the one from before is better than a new
 * one. */
Status finish_stopped(Training *training) {
    const Plan *plan = training->plan;
    Saver *saver = &training->saver;
    const unsigned long long step = training->progress.step;
    char saved[SAVER_TEXT];
    if (training->bad_steps == 0)
        saver_write(saver, &training->trainer, (SaveWish){.last = true});
    saver_wait(saver);
    saver_show(saver);
    STATUS_TRY(saver_check(saver, SAVE_LAST, 1));
    if (training->bad_steps == 0)
        return status_fail(STATUS_STOPPED,
                           "Stopped after step %llu, saved in %s; the same command goes on", step,
                           saver_folder(saver));
    saver_describe(saver, saved);
    /* Without anything to go on from the same would happen again and again. */
    const Status nothing = saver->saved_step ? STATUS_OK : wrecked(training);
    STATUS_TRY(ranks_agree(plan->ranks, plan->ranks->rank == 0 ? nothing : STATUS_OK));
    return status_fail(STATUS_STOPPED,
                       "Stopped after step %llu, while steps went wrong; %s; the same command goes "
                       "on from there",
                       step, saved);
}

Status finish_again(Training *training) {
    const Progress *progress = &training->progress;
    const bool first = training->plan->ranks->rank == 0;
    if (first)
        log_info("This job is finished (%llu epochs, %llu steps); --fresh runs it again",
                 (unsigned long long)progress->epoch, (unsigned long long)progress->step);
    training_log_digest(training, 0);
    if (first)
        display_test(progress->test_loss, progress->test_accuracy, progress->test_top5_accuracy);
    return STATUS_OK;
}
