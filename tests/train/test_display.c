/* What a person reads while a run goes on: when a line or a bar is shown, and what it says. */

#include "display.h"
#include "mpi_check.h"
#include "said.h"
#include "vit/log.h"
#include <math.h>
#include <string.h>

/* 20 images in batches of 8: three steps an epoch, the last of 4 images. */
static Plan plan;
static Display display;

/* On one rank or as the first of several; nothing was shown lately. */
static void start(ProgressKind kind, int ranks) {
    static Ranks some;
    some = world;
    some.size = ranks;
    plan = (Plan){.ranks = &some,
                  .train_images = 20,
                  .job = {.epochs = 12, .batch_size = 8, .progress = kind}};
    const double long_ago = MPI_Wtime() - 1e6;
    display = (Display){.plan = &plan, .step_shown_at = long_ago, .save_shown_at = long_ago};
    display_start(&plan);
}

/* A bar is over: the next line would erase it. */
static void end_bar(void) {
    said_begin();
    log_info("a line");
    said_end();
    log_start(true, false);
}

static void check_said(const char *wanted, int line) {
    if (strcmp(said_end(), wanted) == 0)
        return;
    failures++;
    fprintf(stderr, "%s:%d: '%s' was said instead of '%s'\n", __FILE__, line, said, wanted);
}

#define CHECK_SAID(wanted) check_said((wanted), __LINE__)

/* The second epoch after so many images, at so many a second. */
static Progress progress_at(uint64_t position) {
    return (Progress){.epoch = 1, .position = position, .sums = {.samples = position}};
}

static EpochRow row_at(double images_per_second) {
    return (EpochRow){.epoch = 2,
                      .loss = 2.34567,
                      .accuracy = 0.25,
                      .top5_accuracy = 0.625,
                      .val_loss = NAN,
                      .val_accuracy = NAN,
                      .val_top5_accuracy = NAN,
                      .learning_rate = 0.00097553,
                      .seconds = 61.25,
                      .images_per_second = images_per_second};
}

static void show_step(uint64_t position, double images_per_second) {
    const Progress progress = progress_at(position);
    const EpochRow row = row_at(images_per_second);
    display_step(&display, &progress, &row);
}

/* ---- steps ---- */

/* Two of three steps are two thirds of a bar of 30. 4 images are left: 2 s. */
#define SECOND_STEP                                                                                \
    "Epoch 2/12  2/3 [====================>.........] - ETA 0:02 - 2.0 images/s - loss: 2.3457 - " \
    "accuracy: 0.2500 - learning_rate: 0.0009755"

static void lines_tell_where_the_epoch_is(void) {
    start(PROGRESS_LINES, 1);
    said_begin();
    show_step(16, 2.0);
    CHECK_SAID(SECOND_STEP "\n");
}

static void a_bar_is_drawn_over_itself(void) {
    start(PROGRESS_BAR, 1);
    said_begin();
    show_step(16, 2.0);
    CHECK_SAID("\r\033[K" SECOND_STEP);
    end_bar();
}

/* The last step is full, however few images it has; the first bar has its arrow in the first
 * place. */
static void bars_are_empty_and_full(void) {
    start(PROGRESS_LINES, 1);
    said_begin();
    show_step(20, 2.0);
    CHECK(strstr(said_end(), " 3/3 [==============================] - ETA 0:00 ") != NULL);
    start(PROGRESS_LINES, 1);
    said_begin();
    show_step(0, 2.0);
    CHECK(strstr(said_end(), " 0/3 [>.............................] - ETA 0:10 ") != NULL);
}

static void the_rest_of_the_epoch_is_told_in_hours_and_minutes(void) {
    static const struct {
        double images_per_second;
        const char *eta;
    } wanted[] = {{1.0 / 15.0, " ETA 1:00 "},
                  {1.0 / 28.0, " ETA 1:52 "},
                  {4.0 / 3599.0, " ETA 59:59 "},
                  {4.0 / 3600.0, " ETA 1:00:00 "},
                  {4.0 / 7391.0, " ETA 2:03:11 "},
                  {NAN, " ETA ? "},
                  {0.0, " ETA ? "}};
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++) {
        start(PROGRESS_LINES, 1);
        said_begin();
        show_step(16, wanted[i].images_per_second);
        CHECK(strstr(said_end(), wanted[i].eta) != NULL);
    }
}

/* Lines half a minute apart, bars ten times a second. */
static void steps_are_shown_now_and_then(void) {
    static const struct {
        ProgressKind kind;
        double before, after; /* s since the latest one */
    } wanted[] = {{PROGRESS_LINES, 25.0, 31.0}, {PROGRESS_BAR, 0.0, 0.15}};
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++) {
        start(wanted[i].kind, 1);
        display.step_shown_at = MPI_Wtime() - wanted[i].before;
        said_begin();
        show_step(16, 2.0);
        CHECK_SAID("");
        display.step_shown_at = MPI_Wtime() - wanted[i].after;
        said_begin();
        show_step(16, 2.0);
        show_step(16, 2.0);
        said_end();
        const char *first = strstr(said, "Epoch 2/12");
        CHECK(first && !strstr(first + 1, "Epoch 2/12"));
    }
    end_bar();
}

static void auto_means_lines_without_a_terminal_and_a_bar_on_one(void) {
    said_begin();
    start(PROGRESS_AUTO, 1);
    show_step(16, 2.0);
    CHECK_SAID(SECOND_STEP "\n");
    log_start(true, true);
    display.step_shown_at = MPI_Wtime() - 1e6;
    said_begin();
    show_step(16, 2.0);
    CHECK_SAID("\r\033[K" SECOND_STEP);
    end_bar();
}

static void progress_none_shows_neither_steps_nor_saves(void) {
    const StepTimes times = {.count = 1, .seconds = 1.0};
    start(PROGRESS_NONE, 1);
    log_start(true, true);
    said_begin();
    show_step(16, 2.0);
    display_save(&display, 3, 0.5, 0.1, &times);
    CHECK_SAID("");
    end_bar();
}

static void other_ranks_show_nothing(void) {
    static Ranks other;
    const Progress progress = progress_at(20);
    const EpochRow row = row_at(2.0);
    start(PROGRESS_LINES, 2);
    other = *plan.ranks;
    other.rank = 1;
    plan.ranks = &other;
    display_start(&plan);
    said_begin();
    show_step(16, 2.0);
    display_epoch(&display, &progress, &row, "");
    display_ready(&display);
    display_test(1.0, 0.5, 0.75);
    CHECK_SAID("");
}

/* ---- epochs ---- */

#define EPOCH "Epoch 2/12 - 61.2 s - 320.0 images/s"
#define METRICS " - loss: 2.3457 - accuracy: 0.2500 - top5_accuracy: 0.6250"
#define RATE " - learning_rate: 0.0009755"

static void show_epoch(const Progress *progress, const EpochRow *row, const char *paces) {
    said_begin();
    display_epoch(&display, progress, row, paces);
}

static void an_epoch_has_a_line(void) {
    const Progress progress = progress_at(20);
    const EpochRow row = row_at(320.0);
    start(PROGRESS_NONE, 1);
    show_epoch(&progress, &row, "");
    CHECK_SAID(EPOCH METRICS RATE "\n");
}

static void validation_is_told_where_there_is_one(void) {
    const Progress progress = progress_at(20);
    EpochRow row = row_at(320.0);
    row.val_loss = 3.0;
    row.val_accuracy = 0.125;
    row.val_top5_accuracy = 0.5;
    start(PROGRESS_LINES, 1);
    show_epoch(&progress, &row, "");
    CHECK_SAID(EPOCH METRICS
               " - val_loss: 3.0000 - val_accuracy: 0.1250 - val_top5_accuracy: 0.5000" RATE "\n");
}

/* In percent of the epoch's seconds; one rank waits for nobody. */
static void several_ranks_tell_what_they_waited_for(void) {
    const Progress progress = progress_at(20);
    EpochRow row = row_at(320.0);
    row.wait = (Waits){.samples = 0.6125, .gradients = 6.125, .ranks = 1.225, .weights = 0.0};
    row.wait_seconds = 7.9625;
    start(PROGRESS_LINES, 2);
    show_epoch(&progress, &row, "");
    CHECK_SAID(EPOCH
               " (waiting 13.0 %: samples 1.0, gradients 10.0, ranks 2.0, weights 0.0)" METRICS RATE
               "\n");
}

static void skipped_steps_and_slow_ranks_are_told(void) {
    Progress progress = progress_at(20);
    const EpochRow row = row_at(320.0);
    start(PROGRESS_LINES, 1);
    progress.sums.samples = 12;
    show_epoch(&progress, &row, "computing slowly");
    CHECK_SAID(EPOCH METRICS RATE
               " - skipped: 8 images of steps that were not finite - computing slowly\n");
}

/* ---- saves, and the end ---- */

/* Four steps took 8 s: 0.1 s are 5 % of one. */
static const StepTimes four_steps = {.count = 4, .seconds = 8.0, .latest = 2.0};

static void a_save_tells_what_it_cost(void) {
    start(PROGRESS_LINES, 1);
    said_begin();
    display_save(&display, 70, 1.25, 0.1, &four_steps);
    CHECK_SAID("Saved last.h5 after step 70 in 1.25 s; training stood still for 100 ms, 5.0 % of a "
               "step\n");
}

static void frequent_saves_are_not_all_told(void) {
    start(PROGRESS_BAR, 1);
    display.save_shown_at = MPI_Wtime() - 25.0;
    said_begin();
    display_save(&display, 70, 1.25, 0.1, &four_steps);
    CHECK_SAID("");
    display.save_shown_at = MPI_Wtime() - 31.0;
    said_begin();
    display_save(&display, 71, 1.25, 0.1, &four_steps);
    display_save(&display, 72, 1.25, 0.1, &four_steps);
    said_end();
    CHECK(strstr(said, "after step 71 ") && !strstr(said, "after step 72 "));
    end_bar();
}

static void all_saves_are_told_on_average(void) {
    const StepTimes none = {0};
    start(PROGRESS_NONE, 1);
    said_begin();
    display_saves(3, 0.5, 0.02, &four_steps);
    CHECK_SAID("Saved last.h5 3 times, in 0.50 s on average; training stood still for 20 ms, 1.0 % "
               "of a step\n");
    said_begin();
    display_saves(1, 0.5, 0.02, &none);
    CHECK_SAID("Saved last.h5 1 time, in 0.50 s on average; training stood still for 20 ms, before "
               "the first step\n");
}

static void the_closing_lines(void) {
    start(PROGRESS_NONE, 1);
    said_begin();
    display_test(1.84871, 0.55139, 0.81861);
    CHECK_SAID("Test loss: 1.8487\nTest accuracy: 55.14%\nTest top 5 accuracy: 81.86%\n");
}

static void the_start_took_as_long_as_the_process_lives(void) {
    double seconds = -1.0;
    start(PROGRESS_NONE, 1);
    said_begin();
    display_ready(&display);
    said_end();
    CHECK(sscanf(said, "The first step begins %lf s after the program did\n", &seconds) == 1);
    CHECK(seconds > 0.0 && seconds < 60.0);
}

int main(int argc, char **argv) {
    test_start(&argc, &argv);
    lines_tell_where_the_epoch_is();
    a_bar_is_drawn_over_itself();
    bars_are_empty_and_full();
    the_rest_of_the_epoch_is_told_in_hours_and_minutes();
    steps_are_shown_now_and_then();
    auto_means_lines_without_a_terminal_and_a_bar_on_one();
    progress_none_shows_neither_steps_nor_saves();
    other_ranks_show_nothing();
    an_epoch_has_a_line();
    validation_is_told_where_there_is_one();
    several_ranks_tell_what_they_waited_for();
    skipped_steps_and_slow_ranks_are_told();
    a_save_tells_what_it_cost();
    frequent_saves_are_not_all_told();
    all_saves_are_told_on_average();
    the_closing_lines();
    the_start_took_as_long_as_the_process_lives();
    return test_end();
}
