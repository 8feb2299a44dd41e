/* When a save is due, what it writes, and what becomes of it. */

#include "said.h"
#include "saver.h"
#include "train/tiny.h"
#include "vit/gemm.h"
#include "vit/log.h"
#include <math.h>
#include <stdatomic.h>
#include <sys/stat.h>

/* A run without steps, whose state the tests set. */
static struct {
    Plan plan;
    Command command;
    Trainer trainer;
    Display display;
    Progress progress;
    History history;
    StepTimes times;
    Saver saver;
    Output output;
} run;

static void begin(void) {
    static const char *output[] = {"job.output=out"};
    CHECK(tiny_plan(&run.plan, &run.command, 1, output) == STATUS_OK);
    CHECK(trainer_init(&run.trainer, &run.plan, true) == STATUS_OK);
    parameter_initialize(&run.plan.table, 1, run.trainer.weights);
    run.display = (Display){.plan = &run.plan};
    run.progress = (Progress){.best_val_accuracy = NAN,
                              .test_loss = NAN,
                              .test_accuracy = NAN,
                              .test_top5_accuracy = NAN};
    run.times = (StepTimes){0};
    saver_init(&run.saver, &run.plan, &run.progress, &run.history, &run.times, &run.display);
    CHECK(saver_allocate(&run.saver) == STATUS_OK);
    CHECK(world.rank != 0 || saver_set_data(&run.saver, &run.trainer.input) == STATUS_OK);
    run.output = OUTPUT_NONE;
    CHECK(world.rank != 0 || saver_open(&run.saver, &run.output, true) == STATUS_OK);
}

static void end(void) {
    log_close();
    saver_free(&run.saver);
    output_close(&run.output);
    history_free(&run.history);
    trainer_free(&run.trainer);
    plan_free(&run.plan);
}

static bool first(void) {
    return world.rank == 0;
}

/* ---- when ---- */

static void nothing_is_due_unless_asked_for(void) {
    begin();
    run.plan.job.every_steps = 0;
    run.plan.job.every_minutes = 0.0;
    run.saver.began = MPI_Wtime() - 1e6;
    for (uint64_t step = 1; step < 10; step++)
        CHECK(!saver_is_due(&run.saver, step));
    end();
}

static void every_so_many_steps(void) {
    begin();
    run.plan.job.every_steps = 5;
    run.plan.job.every_minutes = 0.0;
    for (uint64_t step = 1; step < 20; step++)
        CHECK(saver_is_due(&run.saver, step) == (step % 5 == 0));
    end();
}

static void every_so_many_minutes_since_the_latest(void) {
    begin();
    run.plan.job.every_minutes = 2.0;
    run.saver.began = MPI_Wtime() - 110.0;
    CHECK(!saver_is_due(&run.saver, 7));
    run.saver.began = MPI_Wtime() - 121.0;
    CHECK(saver_is_due(&run.saver, 7));
    /* Not while one is being written; the promised steps are kept, though. */
    run.saver.writer.busy = true;
    CHECK(!saver_is_due(&run.saver, 7));
    run.plan.job.every_steps = 7;
    CHECK(saver_is_due(&run.saver, 7));
    run.saver.writer.busy = false;
    end();
}

static void before_a_time_limit_the_cost_must_be_known(void) {
    begin();
    run.plan.job.every_minutes = 0.0;
    run.plan.deadline = 1e12;
    CHECK(saver_is_due(&run.saver, 1));
    run.saver.seconds = 0.25;
    CHECK(!saver_is_due(&run.saver, 2));
    end();
}

static void the_cost_is_the_latest_or_what_the_present_one_has_taken(void) {
    begin();
    run.saver.seconds = 3.0;
    CHECK(saver_cost(&run.saver) == 3.0);
    run.saver.writer.busy = true;
    run.saver.save.wanted[SAVE_LAST] = true;
    run.saver.began = MPI_Wtime();
    CHECK(saver_cost(&run.saver) == 3.0);
    run.saver.began = MPI_Wtime() - 10.0;
    CHECK(saver_cost(&run.saver) >= 10.0 && saver_cost(&run.saver) < 100.0);
    /* Metrics alone are not what is asked about. */
    run.saver.save.wanted[SAVE_LAST] = false;
    CHECK(saver_cost(&run.saver) == 3.0);
    run.saver.writer.busy = false;
    end();
}

/* ---- what ---- */

static void check_weights(const char *path, const float *wanted, uint64_t step) {
    float *weights = NULL;
    History history = {0};
    Checkpoint read = {.table = &run.plan.table, .history = &history};
    CHECK(memory_allocate(&weights, run.plan.table.floats, sizeof *weights, "weights") ==
          STATUS_OK);
    read.weights = weights;
    CHECK(checkpoint_read(path, &read) == STATUS_OK);
    CHECK(memcmp(weights, wanted, run.plan.table.floats * sizeof *weights) == 0);
    CHECK(read.progress.step == step && history.steps == step);
    memory_free(weights);
    history_free(&history);
}

static atomic_bool may_write;

/* Before the writer's thread touches anything. */
static void wait_for_leave(void) {
    while (!atomic_load(&may_write))
        usleep(1000);
}

static void what_is_written_is_as_it_was_when_asked_for(void) {
    begin();
    float *before = NULL;
    const size_t floats = run.plan.table.floats;
    CHECK(memory_allocate(&before, floats, sizeof *before, "weights") == STATUS_OK);
    memcpy(before, run.trainer.weights, floats * sizeof *before);
    atomic_store(&may_write, false);
    run.saver.writer.enter = wait_for_leave;
    run.progress.step = 1;
    CHECK(history_add_step(&run.history, (StepRow){.step = 1, .loss = 0.5}) == STATUS_OK);
    saver_write(&run.saver, &run.trainer, (SaveWish){.best = true, .last = true, .metrics = true});
    saver_poll(&run.saver);
    CHECK(run.saver.writer.busy == first());
    /* Training goes on meanwhile. */
    run.progress.step = 2;
    CHECK(history_add_step(&run.history, (StepRow){.step = 2, .loss = 0.4}) == STATUS_OK);
    for (size_t i = 0; i < floats; i++)
        run.trainer.weights[i] += 1.0f;
    atomic_store(&may_write, true);
    saver_wait(&run.saver);
    CHECK(!run.saver.writer.busy);
    if (first()) {
        check_weights("out/last.h5", before, 1);
        check_weights("out/best.h5", before, 1);
        CHECK(file_exists("out/metrics.h5") && file_exists("out/metrics.csv"));
        CHECK(run.saver.saved_step == 1 && saver_cost(&run.saver) > 0.0);
    }
    CHECK(saver_check(&run.saver, 0, SAVE_FILES) == STATUS_OK);
    memory_free(before);
    end();
}

static void only_what_is_wished_is_written(void) {
    begin();
    run.progress.step = 7;
    saver_write(&run.saver, &run.trainer, (SaveWish){.metrics = true});
    saver_wait(&run.saver);
    if (first())
        CHECK(file_exists("out/metrics.csv") && !file_exists("out/last.h5") &&
              !file_exists("out/best.h5"));
    CHECK(run.saver.saved_step == 0 && saver_cost(&run.saver) == 0.0);
    end();
}

static void a_save_that_is_over_is_noticed_between_steps(void) {
    begin();
    run.progress.step = 9;
    saver_write(&run.saver, &run.trainer, (SaveWish){.last = true});
    for (int i = 0; i < 5000 && run.saver.writer.busy; i++) {
        usleep(1000);
        saver_poll(&run.saver);
    }
    CHECK(!run.saver.writer.busy);
    CHECK(run.saver.saved_step == (first() ? 9 : 0));
    end();
}

static void the_latest_save_is_described(void) {
    char text[SAVER_TEXT];
    begin();
    saver_describe(&run.saver, text);
    CHECK(strcmp(text, "nothing was saved before in out") == 0);
    run.saver.saved_step = 12;
    saver_describe(&run.saver, text);
    CHECK(strcmp(text, "the last good checkpoint is out/last.h5, after step 12") == 0);
    end();
}

static void saves_are_told_on_average(void) {
    begin();
    said_begin();
    saver_show(&run.saver);
    CHECK(strcmp(said_end(), "") == 0);
    run.times = (StepTimes){.count = 1, .seconds = 1.0};
    run.saver.written.count = 4;
    run.saver.written.seconds = 2.0;
    run.saver.written.stall = 0.4;
    said_begin();
    log_start(true, false);
    saver_show(&run.saver);
    log_start(false, false);
    CHECK(strcmp(said_end(),
                 "Saved last.h5 4 times, in 0.50 s on average; training stood still for "
                 "100 ms, 10.0 % of a step\n") == 0);
    end();
}

/* ---- when it fails: a folder is in the way of a file's temporary name ---- */

static void block(const char *path) {
    if (first())
        CHECK(mkdir(path, 0777) == 0);
}

static void unblock(const char *path) {
    if (first())
        CHECK(rmdir(path) == 0);
}

static void save_and_wait(SaveWish wish) {
    log_start(first(), false);
    said_begin();
    saver_write(&run.saver, &run.trainer, wish);
    saver_wait(&run.saver);
    said_end();
    log_start(false, false);
}

/* All ranks learn whether the last write of files [from, from + count) failed. */
static void check_failed(SaveFile from, size_t count, const char *name) {
    CHECK(saver_check(&run.saver, from, count) == STATUS_IO);
    CHECK(strstr(status_message(), name) != NULL);
}

static void a_best_that_failed_is_taken_back(void) {
    const SaveWish wish = {.best = true, .best_val_accuracy = 0.25, .best_epoch = 3};
    begin();
    run.progress.best_val_accuracy = 0.5;
    run.progress.best_epoch = 8;
    block("out/best.h5.tmp");
    save_and_wait(wish);
    if (first()) {
        CHECK(run.progress.best_val_accuracy == 0.25 && run.progress.best_epoch == 3);
        CHECK(strstr(said, "Error: best.h5 could not be saved: ") != NULL);
    }
    check_failed(SAVE_BEST, 1, "best.h5");
    unblock("out/best.h5.tmp");
    /* A later one that is written makes up for it. */
    run.progress.best_val_accuracy = 0.75;
    run.progress.best_epoch = 9;
    save_and_wait(wish);
    CHECK(run.progress.best_val_accuracy == 0.75 && run.progress.best_epoch == 9);
    CHECK(saver_check(&run.saver, 0, SAVE_FILES) == STATUS_OK);
    end();
}

static void only_the_files_asked_for_count(void) {
    begin();
    block("out/metrics.csv.tmp");
    save_and_wait((SaveWish){.last = true, .metrics = true});
    CHECK(saver_check(&run.saver, SAVE_BEST, 1) == STATUS_OK);
    CHECK(saver_check(&run.saver, SAVE_LAST, 1) == STATUS_OK);
    CHECK(saver_check(&run.saver, SAVE_BEST, 2) == STATUS_OK);
    check_failed(SAVE_METRICS, 1, "the metrics");
    check_failed(SAVE_LAST, 2, "the metrics");
    check_failed(0, SAVE_FILES, "the metrics");
    unblock("out/metrics.csv.tmp");
    end();
}

static void a_last_that_failed_leaves_the_one_before(void) {
    char text[SAVER_TEXT];
    begin();
    run.progress.step = 4;
    save_and_wait((SaveWish){.last = true});
    block("out/last.h5.tmp");
    run.progress.step = 5;
    /* It fails at once, which must not look cheap. */
    run.saver.seconds = first() ? 100.0 : 0.0;
    save_and_wait((SaveWish){.last = true});
    check_failed(SAVE_LAST, 1, "last.h5");
    if (first()) {
        CHECK(saver_cost(&run.saver) == 100.0);
        CHECK(strstr(said, "Error: last.h5 could not be saved: ") != NULL);
        CHECK(run.saver.written.count == 1);
        saver_describe(&run.saver, text);
        CHECK(strstr(text, "out/last.h5, after step 4") != NULL);
    }
    unblock("out/last.h5.tmp");
    end();
}

int main(int argc, char **argv) {
    gemm_init();
    test_start(&argc, &argv);
    tiny_enter();
    if (world.size == 1) {
        nothing_is_due_unless_asked_for();
        every_so_many_steps();
        every_so_many_minutes_since_the_latest();
        before_a_time_limit_the_cost_must_be_known();
        the_cost_is_the_latest_or_what_the_present_one_has_taken();
        saves_are_told_on_average();
    }
    what_is_written_is_as_it_was_when_asked_for();
    only_what_is_wished_is_written();
    a_save_that_is_over_is_noticed_between_steps();
    the_latest_save_is_described();
    a_best_that_failed_is_taken_back();
    only_the_files_asked_for_count();
    a_last_that_failed_leaves_the_one_before();
    tiny_leave();
    return test_end();
}
