#include "vit/job.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Which keys may change when a run goes on, and the option lists for people. */

static Job job_with(const char *override) {
    Job job;
    if (job_parse(&job, "jobs/x.ini", "", override != NULL, &override) != STATUS_OK)
        fail_msg("%s", status_message());
    return job;
}

/* One changed key for every option. */
static const char *const may_change[] = {
    "job.name=other",
    "job.output=/elsewhere",
    "data.file=/elsewhere/a.h5",
    "train.epochs=7",
    "train.max_steps=7",
    "checkpoint.every_minutes=7",
    "checkpoint.every_steps=7",
    "checkpoint.at_epoch_end=no",
    "checkpoint.keep=7",
    "run.time_limit=7",
    "run.threads=7",
    "run.progress=none",
    "run.check_every=7",
    "run.stall_timeout=7",
    "run.tensorboard=yes",
};
static const char *const must_stay[] = {
    "job.seed=7",
    "data.labels=coarse",
    "data.validation_split=0.7",
    "data.validation=stratified",
    "data.batch_size=7",
    "augment.image_size=7",
    "augment.flip=no",
    "augment.rotation=0.7",
    "augment.zoom=0.7",
    "augment.crop=7",
    "augment.randaugment=7",
    "augment.magnitude=7",
    "augment.erasing=0.7",
    "augment.mixup=0.7",
    "augment.cutmix=0.7",
    "augment.mix_probability=0.7",
    "augment.mix_switch=0.7",
    "model.tokenizer=convolution",
    "model.patch_size=7",
    "model.convolution_widths=7",
    "model.position=none",
    "model.dim=7",
    "model.depth=7",
    "model.heads=7",
    "model.key_dim=7",
    "model.mlp=7,64",
    "model.mlp_end=linear",
    "model.mlp_convolution=7",
    "model.pool=mean",
    "model.head=7",
    "model.dropout=0.7",
    "model.attention_dropout=0.7",
    "model.head_dropout=0.7",
    "model.stochastic_depth=0.7",
    "model.initial=normal",
    "train.start=other.h5",
    "train.optimizer=sgd",
    "train.learning_rate=7",
    "train.layer_decay=0.7",
    "train.weight_decay=7",
    "train.decay_rule=torch",
    "train.decay=kernels",
    "train.schedule=cosine",
    "train.schedule_epochs=7",
    "train.warmup_epochs=7",
    "train.warmup_learning_rate=7",
    "train.final_learning_rate=7",
    "train.label_smoothing=0.7",
    "train.ema=0.7",
    "train.beta1=0.7",
    "train.beta2=0.7",
    "train.epsilon=7",
    "train.momentum=0.7",
    "train.clip_norm=7",
    "train.max_bad_steps=7",
    "train.unit_images=7",
};
enum {
    MAY_CHANGE = sizeof may_change / sizeof *may_change,
    MUST_STAY = sizeof must_stay / sizeof *must_stay
};

static void a_run_goes_on_with_other_lengths_paths_and_habits(void **state) {
    (void)state;
    Job stored = job_with(NULL);
    assert_int_equal(job_check_resume(&stored, &stored, "runs/x/last.h5"), STATUS_OK);
    for (size_t i = 0; i < MAY_CHANGE; i++) {
        Job wanted = job_with(may_change[i]);
        assert_int_equal(job_check_resume(&stored, &wanted, "runs/x/last.h5"), STATUS_OK);
    }
}

static void any_other_difference_is_refused_and_named(void **state) {
    (void)state;
    Job stored = job_with(NULL);
    for (size_t i = 0; i < MUST_STAY; i++) {
        Job wanted = stored;
        if (!strcmp(must_stay[i], "model.dim=7"))
            wanted.dim = 7; /* alone it contradicts mlp */
        else
            wanted = job_with(must_stay[i]);
        assert_int_equal(job_check_resume(&stored, &wanted, "runs/x/last.h5"), STATUS_CONFIG);
        char named[64];
        const char *dot = strchr(must_stay[i], '.'), *equals = strchr(must_stay[i], '=');
        snprintf(named, sizeof named, "[%.*s] %.*s = ", (int)(dot - must_stay[i]), must_stay[i],
                 (int)(equals - dot - 1), dot + 1);
        if (!strstr(status_message(), named) || !strstr(status_message(), equals + 1))
            fail_msg("%s: %s", must_stay[i], status_message());
    }
    Job wanted = job_with("train.learning_rate=0.002");
    assert_int_equal(job_check_resume(&stored, &wanted, "runs/x/last.h5"), STATUS_CONFIG);
    assert_string_equal(
        status_message(),
        "runs/x/last.h5: was begun with [train] learning_rate = 0.001, and this job "
        "has 0.002; go on with the old value, or start over with --fresh");
    wanted = stored;
    wanted.beta1 += 0x1p-53;
    assert_int_equal(job_check_resume(&stored, &wanted, "runs/x/last.h5"), STATUS_CONFIG);
}

/* The file that a run began with may be elsewhere; that it began with one stays. */
static void a_start_may_move_but_not_go(void **state) {
    (void)state;
    const Job none = job_with(NULL), one = job_with("train.start=a.h5");
    const Job other = job_with("train.start=b.h5");
    assert_int_equal(job_check_resume(&one, &other, "runs/x/last.h5"), STATUS_OK);
    assert_int_equal(job_check_resume(&one, &none, "runs/x/last.h5"), STATUS_CONFIG);
    assert_non_null(
        strstr(status_message(), "begun with [train] start = a.h5, and this job has none"));
}

/* What a run may start with the weights of: tensors of the head, positions and another grid adapt.
 */
static void a_start_adapts_to_another_task_but_to_no_other_model(void **state) {
    (void)state;
    static const char *const adapts[] = {
        "data.labels=coarse", "augment.image_size=96", "model.position=sine",  "model.pool=mean",
        "model.head=none",    "model.dropout=0.7",     "train.learning_rate=7"};
    const Job stored = job_with(NULL);
    for (size_t i = 0; i < sizeof adapts / sizeof *adapts; i++) {
        const Job wanted = job_with(adapts[i]);
        assert_int_equal(job_check_start(&stored, &wanted, "best.h5"), STATUS_OK);
    }
    Job wanted = job_with("model.mlp=256,64");
    wanted.mlp_end = MLP_END_LINEAR;
    assert_int_equal(job_check_start(&stored, &wanted, "best.h5"), STATUS_DATA);
    assert_string_equal(
        status_message(),
        "best.h5: is of another model than this job's: [model] mlp is 128,64 there, "
        "256,64 here; [model] mlp_end is gelu there, linear here");
}

/* A cosine's end that is left open is the run's; without a cosine there is none to be fixed. */
static void an_open_end_of_the_cosine_is_the_run_s(void **state) {
    (void)state;
    static const char *const cosine[] = {"train.schedule=cosine", "train.epochs=7",
                                         "train.schedule_epochs=9"};
    Job begun, longer, other;
    assert_int_equal(job_parse(&begun, "x.ini", "", 2, cosine), STATUS_OK);
    assert_int_equal(job_parse(&longer, "x.ini", "", 1, cosine), STATUS_OK);
    assert_int_equal(job_parse(&other, "x.ini", "", 3, cosine), STATUS_OK);
    assert_int_equal(job_check_resume(&begun, &longer, "last.h5"), STATUS_OK);
    assert_int_equal(job_check_resume(&begun, &other, "last.h5"), STATUS_CONFIG);

    job_fix_schedule(&longer, &begun);
    assert_int_equal(longer.epochs, 100);
    assert_int_equal(longer.schedule_epochs, 7);
    job_fix_schedule(&longer, &other); /* once and for all */
    assert_int_equal(longer.schedule_epochs, 7);
    assert_int_equal(job_schedule_epochs(&longer), 7);
    job_fix_schedule(&begun, &begun);
    assert_int_equal(begun.schedule_epochs, 7);

    Job constant = job_with(NULL);
    job_fix_schedule(&constant, &constant);
    assert_int_equal(constant.schedule_epochs, 0);
}

enum { PRINTED_MAX = 32768 };

static void print_options(bool markdown, char text[static PRINTED_MAX]) {
    FILE *stream = tmpfile();
    assert_non_null(stream);
    job_print_options(stream, markdown);
    rewind(stream);
    size_t bytes = fread(text, 1, PRINTED_MAX - 1, stream);
    text[bytes] = '\0';
    assert_true(bytes < PRINTED_MAX - 1);
    fclose(stream);
}

static size_t count_of(const char *text, const char *part) {
    size_t count = 0;
    for (const char *at = strstr(text, part); at; at = strstr(at + 1, part))
        count++;
    return count;
}

static void expect_listed(const char *plain, const char *markdown, const char *override) {
    char section[32], key[32], row[96], line[96];
    assert_int_equal(sscanf(override, "%31[^.].%31[^=]", section, key), 2);
    snprintf(row, sizeof row, "\n| `[%s]` | `%s` | `", section, key);
    snprintf(line, sizeof line, "\n  %s = ", key);
    assert_int_equal(count_of(markdown, row), 1);
    assert_int_equal(count_of(plain, line), 1);
}

static void the_lists_for_people_hold_every_option_once(void **state) {
    (void)state;
    char plain[PRINTED_MAX], markdown[PRINTED_MAX];
    print_options(false, plain);
    print_options(true, markdown);
    for (size_t i = 0; i < MAY_CHANGE; i++)
        expect_listed(plain, markdown, may_change[i]);
    for (size_t i = 0; i < MUST_STAY; i++)
        expect_listed(plain, markdown, must_stay[i]);
    assert_int_equal(count_of(markdown, "\n"), MAY_CHANGE + MUST_STAY + 2);
    assert_int_equal(count_of(markdown, "|"), 6 * (MAY_CHANGE + MUST_STAY + 2));
    assert_int_equal(count_of(plain, " = "), MAY_CHANGE + MUST_STAY);
    assert_int_equal(count_of(plain, "["), 7 + count_of(plain, "a number in ["));
    assert_non_null(strstr(markdown,
                           "| `[train]` | `epsilon` | `1e-7` | a number in [1e-30, 1e+30] | "
                           "added to AdamW's denominator; sgd has none |"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_run_goes_on_with_other_lengths_paths_and_habits),
        cmocka_unit_test(any_other_difference_is_refused_and_named),
        cmocka_unit_test(a_start_may_move_but_not_go),
        cmocka_unit_test(a_start_adapts_to_another_task_but_to_no_other_model),
        cmocka_unit_test(an_open_end_of_the_cosine_is_the_run_s),
        cmocka_unit_test(the_lists_for_people_hold_every_option_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
