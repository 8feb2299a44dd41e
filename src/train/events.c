#include "events.h"

#include "vit/log.h"
#include <time.h>

static double seconds_now(void) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

void events_init(Events *events, bool wanted, uint64_t epoch_steps, const Progress *progress) {
    *events = (Events){.wanted = wanted,
                       .epoch_steps = epoch_steps,
                       .file = EVENT_FILE_NONE,
                       .epochs = progress->epoch,
                       .steps = progress->step,
                       .time = seconds_now()};
}

void events_free(Events *events) {
    if (events->wanted)
        event_file_close(&events->file);
    *events = (Events){0};
}

/* ---- rows ---- */

/* Steps were taken at some time since the latest write: they are spread over it evenly. */
static void add_steps(Events *events, const History *history, double now) {
    size_t first = history->steps;
    while (first > 0 && history->step[first - 1].step > events->steps)
        first--;
    const double apart = (now - events->time) / (double)(history->steps - first + 1);
    for (size_t i = first; i < history->steps; i++) {
        const StepRow *row = &history->step[i];
        const EventScalar scalar[] = {{"step/loss", row->loss},
                                      {"step/gradient_norm", row->gradient_norm},
                                      {"step/learning_rate", row->learning_rate}};
        event_file_add(&events->file, events->time + apart * (double)(i - first + 1), row->step,
                       scalar, sizeof scalar / sizeof *scalar);
    }
}

static void add_epoch(Events *events, const EpochRow *row, uint64_t step, double now) {
    const EventScalar scalar[] = {{"epoch/epoch", (double)row->epoch},
                                  {"epoch/loss", row->loss},
                                  {"epoch/accuracy", row->accuracy},
                                  {"epoch/top5_accuracy", row->top5_accuracy},
                                  {"epoch/val_loss", row->val_loss},
                                  {"epoch/val_accuracy", row->val_accuracy},
                                  {"epoch/val_top5_accuracy", row->val_top5_accuracy},
                                  {"epoch/learning_rate", row->learning_rate},
                                  {"epoch/images_per_second", row->images_per_second}};
    event_file_add(&events->file, now, step, scalar, sizeof scalar / sizeof *scalar);
}

/* At the epoch's last step, also when max_steps ended it before: the row that takes its place when
 * the run goes on stands there, too, and readers then forget this one. */
static void add_epochs(Events *events, const History *history, double now) {
    for (size_t i = 0; i < history->epochs; i++) {
        const EpochRow *row = &history->epoch[i];
        if (row->epoch > events->epochs)
            add_epoch(events, row, row->epoch * events->epoch_steps, now);
    }
}

static void add_test(Events *events, const Progress *progress, double now) {
    const EventScalar scalar[] = {{"test/loss", progress->test_loss},
                                  {"test/accuracy", progress->test_accuracy},
                                  {"test/top5_accuracy", progress->test_top5_accuracy}};
    event_file_add(&events->file, now, progress->step, scalar, sizeof scalar / sizeof *scalar);
}

/* ---- writing ---- */

static Status write_new(Events *events, const char *folder, const History *history,
                        const Progress *progress, double now) {
    /* Readers forget what they have from the first step on that is to come. */
    if (events->file.descriptor < 0)
        STATUS_TRY(event_file_create(&events->file, folder, events->steps + 1, events->time));
    add_steps(events, history, now);
    add_epochs(events, history, now);
    if (progress->finished && !events->is_tested)
        add_test(events, progress, now);
    return event_file_flush(&events->file);
}

void events_write(Events *events, const char *folder, const History *history,
                  const Progress *progress) {
    const double now = seconds_now();
    if (!events->wanted)
        return;
    if (write_new(events, folder, history, progress, now) == STATUS_OK) {
        events->steps = progress->step;
        events->epochs = history->epochs ? history->epoch[history->epochs - 1].epoch : 0;
        events->is_tested = progress->finished;
        events->time = now;
    } else if (!events->was_warned) {
        log_warning("TensorBoard is not told how the run goes: %s; training goes on",
                    status_message());
        events->was_warned = true;
    }
}
