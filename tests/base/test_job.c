#include "vit/job.h"

#include "vit/memory.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

/* Reading job files and overrides: what is understood, and the message for each mistake. */

static const char source[] = "jobs/x.ini";

static Job read_job(const char *text) {
    Job job;
    if (job_parse(&job, source, text, 0, NULL) != STATUS_OK)
        fail_msg("%s", status_message());
    return job;
}

static void expect_refusal(const char *text, const char *message) {
    Job job;
    assert_int_equal(job_parse(&job, source, text, 0, NULL), STATUS_CONFIG);
    assert_string_equal(status_message(), message);
}

static void expect_override_refusal(Status code, const char *override, const char *message) {
    Job job;
    assert_int_equal(job_parse(&job, source, "", 1, &override), code);
    assert_string_equal(status_message(), message);
}

static void an_empty_file_is_the_default_job(void **state) {
    (void)state;
    static const char *const texts[] = {"", "\n\n", "# nothing\n  ; here\n", "[train]\n",
                                        "\xef\xbb\xbf"};
    Job first = read_job(texts[0]);
    assert_string_equal(first.name, "x");
    assert_string_equal(first.output, "runs/x");
    char *expected, *text;
    assert_int_equal(job_to_text(&first, &expected), STATUS_OK);
    for (size_t i = 1; i < sizeof texts / sizeof *texts; i++) {
        Job job = read_job(texts[i]);
        assert_int_equal(job_to_text(&job, &text), STATUS_OK);
        assert_string_equal(text, expected);
        memory_free(text);
    }
    memory_free(expected);
}

static void the_common_ways_of_writing_are_understood(void **state) {
    (void)state;
    Job job = read_job("\xef\xbb\xbf[train]  ; a heading\r\n"
                       "   epochs=7\r\n"
                       "\t# a comment\n"
                       "   learning_rate : 5e-4   ; half\n"
                       "max_steps\t=\t12\n"
                       "\n"
                       "[model] # another\n"
                       "mlp = 32 ,\t64\n"
                       "head =   \n"
                       "[train]\n"
                       "beta1 = .5\n"
                       "[data]\n"
                       "file = /my data/a;b#c=d.h5 ; a path may contain blanks\n"
                       "labels = coarse");
    assert_int_equal(job.epochs, 7);
    assert_true(job.learning_rate == 5e-4);
    assert_int_equal(job.max_steps, 12);
    assert_int_equal(job.mlp.count, 2);
    assert_int_equal(job.mlp.value[0], 32);
    assert_int_equal(job.mlp.value[1], 64);
    assert_int_equal(job.head.count, 0);
    assert_true(job.beta1 == 0.5);
    assert_string_equal(job.data_file, "/my data/a;b#c=d.h5");
    assert_int_equal(job.labels, LABELS_COARSE);
}

static void name_and_output_follow_from_the_file_and_from_each_other(void **state) {
    (void)state;
    Job job = read_job("[job]\nname = mine");
    assert_string_equal(job.output, "runs/mine");
    job = read_job("[job]\noutput = /scratch/here");
    assert_string_equal(job.name, "x");
    assert_string_equal(job.output, "/scratch/here");
    assert_int_equal(job_parse(&job, "jobs/\rx.ini", "", 0, NULL), STATUS_CONFIG);
    assert_non_null(
        strstr(status_message(), "jobs/\\rx.ini: [job] name, by default '\\rx': must be"));
    assert_int_equal(job_parse(&job, "jobs/ $x.ini", "", 0, NULL), STATUS_OK);
    assert_string_equal(job.output, "runs/ $x");
}

static void an_unknown_key_names_its_line_and_the_nearest_key(void **state) {
    (void)state;
    expect_refusal("# one\n\n[train]\nlearning_rat = 1",
                   "jobs/x.ini:4: [train] learning_rat: unknown key; did you mean learning_rate?");
    expect_refusal("[model]\ndepht = 1",
                   "jobs/x.ini:2: [model] depht: unknown key; did you mean depth?");
    expect_refusal("[data]\nBatchSize = 1",
                   "jobs/x.ini:2: [data] BatchSize: unknown key; did you mean batch_size?");
    expect_refusal("[data]\nLABELS = fine",
                   "jobs/x.ini:2: [data] LABELS: unknown key; did you mean labels?");
    expect_refusal("[train]\ndropout = 0.1",
                   "jobs/x.ini:2: [train] dropout: unknown key; it belongs in [model]");
    expect_refusal(
        "[checkpoint]\nfrequency = 1",
        "jobs/x.ini:2: [checkpoint] frequency: unknown key; the keys of [checkpoint] are "
        "every_minutes, every_steps, at_epoch_end, keep");
    expect_refusal("[data]\n= 5",
                   "jobs/x.ini:2: [data] : unknown key; the keys of [data] are file, "
                   "labels, validation_split, validation, batch_size");
}

static void an_unknown_section_is_named_even_without_keys(void **state) {
    (void)state;
    expect_refusal("\n[trian]", "jobs/x.ini:2: [trian]: unknown section; did you mean [train]?");
    expect_refusal("\xef\xbb\xbf[trian]",
                   "jobs/x.ini:1: [trian]: unknown section; did you mean [train]?");
    expect_refusal("[optimizer]\nbeta1 = 0",
                   "jobs/x.ini:1: [optimizer]: unknown section; the sections are [job], [data], "
                   "[augment], [model], [train], [checkpoint], [run]");
    expect_refusal("epochs = 5\n[train]",
                   "jobs/x.ini:1: epochs: stands before the first [section]");
}

static void a_key_given_twice_names_both_lines(void **state) {
    (void)state;
    expect_refusal("[train]\nepochs = 5\n[data]\n[train]\nepochs = 5",
                   "jobs/x.ini:5: [train] epochs: given twice, first in line 2");
    expect_refusal("[job]\nname = a\nname = a",
                   "jobs/x.ini:3: [job] name: given twice, first in line 2");
}

static void the_first_mistake_is_reported(void **state) {
    (void)state;
    const char *syntax = "jobs/x.ini:3: neither a [section], nor key = value, nor a comment";
    expect_refusal("[train]\n\nepochs 5", syntax);
    expect_refusal("[train]\n\nepochs 5\nepochs = x", syntax);
    expect_refusal("[train]\n\nepochs ; = 5\n[trian]", syntax);
    expect_refusal("[train]\n\n[model\ndim = 64", syntax);
    expect_refusal("[train]\nepochs = x\nepochs 5",
                   "jobs/x.ini:2: [train] epochs = x: must be a whole number from 1 to 1000000");
    expect_refusal("[train] epochs = 5", "jobs/x.ini:1: [train]: keys begin on the next line");
}

static void a_bad_value_says_what_is_allowed(void **state) {
    (void)state;
    expect_refusal("[model]\ndropout = 1.5",
                   "jobs/x.ini:2: [model] dropout = 1.5: must be a number in [0, 1)");
    expect_refusal("[model]\npool = max",
                   "jobs/x.ini:2: [model] pool = max: must be flatten, mean, class or sequence");
    expect_refusal("[run]\nprogress =",
                   "jobs/x.ini:2: [run] progress = : must be auto, bar, lines or none");
    expect_refusal("[augment]\nflip = maybe",
                   "jobs/x.ini:2: [augment] flip = maybe: must be yes or no");
    expect_refusal("[run]\ntime_limit = 0",
                   "jobs/x.ini:2: [run] time_limit = 0: must be auto, none, or "
                   "a number in (0, 1000000]");
    expect_refusal("[run]\nthreads = all",
                   "jobs/x.ini:2: [run] threads = all: must be auto, or a whole "
                   "number from 1 to 4096");
    expect_refusal("[train]\nepsilon = 0",
                   "jobs/x.ini:2: [train] epsilon = 0: must be a number in [1e-30, 1e+30]");
    expect_refusal("[train]\nclip_norm = -1",
                   "jobs/x.ini:2: [train] clip_norm = -1: must be a number in [0, 1e+30]");
    expect_refusal("[model]\nmlp = 64,,64",
                   "jobs/x.ini:2: [model] mlp = 64,,64: must be 1 to 16 whole "
                   "numbers from 1 to 1048576, separated by commas");
    expect_refusal("[model]\nhead = 0",
                   "jobs/x.ini:2: [model] head = 0: must be none, or up to 16 whole "
                   "numbers from 1 to 1048576, separated by commas");
    expect_refusal("[job]\nname =",
                   "jobs/x.ini:2: [job] name = : must be text of 1 to 192 bytes, with the "
                   "quotes that it needs; no control characters");
}

static void a_line_longer_than_inih_reads_is_an_error(void **state) {
    (void)state;
    char text[512] = "[data]\nfile = ";
    size_t start = strlen("[data]\n"), end = start + 199;
    memset(text + strlen(text), 'x', end - strlen(text));
    Job job = read_job(text);
    assert_int_equal(strlen(job.data_file), 199 - strlen("file = "));
    text[end] = 'x';
    expect_refusal(text, "jobs/x.ini:2: the line has 200 bytes; at most 199 can be read");
    text[start] = '#'; /* a comment may be of any length */
    read_job(text);
}

static void overrides_come_last_and_in_order(void **state) {
    (void)state;
    static const char *const overrides[] = {"train.epochs=8", "job.output=a b=c.d",
                                            "train.epochs=9"};
    Job job;
    assert_int_equal(job_parse(&job, source, "[train]\nepochs = 7", 3, overrides), STATUS_OK);
    assert_int_equal(job.epochs, 9);
    assert_string_equal(job.output, "a b=c.d");
}

static void a_bad_override_is_named(void **state) {
    (void)state;
    expect_override_refusal(STATUS_CONFIG, "train.epochs=x",
                            "--set train.epochs=x: must be a whole number from 1 to 1000000");
    expect_override_refusal(STATUS_CONFIG, "train.epochs= 5",
                            "--set train.epochs= 5: must be a whole number from 1 to 1000000");
    expect_override_refusal(STATUS_CONFIG, "train.epoch=3",
                            "--set train.epoch=3: unknown key; did you mean epochs?");
    expect_override_refusal(STATUS_CONFIG, "tarin.epochs=3",
                            "--set tarin.epochs=3: unknown section; did you mean [train]?");
    expect_override_refusal(STATUS_CONFIG, "train.dim=3",
                            "--set train.dim=3: unknown key; it belongs in [model]");
    static const char *const malformed[] = {
        "", "=", "epochs", "epochs=3", ".epochs=3", "train.=3", "train.epochs", "epochs=train.3"};
    for (size_t i = 0; i < sizeof malformed / sizeof *malformed; i++) {
        char message[128];
        snprintf(message, sizeof message, "--set %s: must be SECTION.KEY=VALUE", malformed[i]);
        expect_override_refusal(STATUS_USAGE, malformed[i], message);
    }
}

static void keys_that_contradict_each_other_are_named(void **state) {
    (void)state;
    expect_refusal("[augment]\nimage_size = 8\n[model]\npatch_size = 9",
                   "jobs/x.ini:4: [model] patch_size (9) must be at most [augment] image_size (8)");
    expect_refusal("[augment]\nimage_size = 4",
                   "jobs/x.ini:2: [model] patch_size (6) must be at most [augment] image_size (4)");
    expect_refusal("[model]\ndim = 32",
                   "jobs/x.ini:2: the last width of [model] mlp (64) must equal [model] dim (32)");
    expect_refusal("[augment]\nimage_size = 257\n[model]\npatch_size = 1",
                   "jobs/x.ini:2: [augment] image_size (257) and [model] patch_size (1) make 66049 "
                   "patches; at most 65536 are possible");
    expect_override_refusal(
        STATUS_CONFIG, "model.mlp=32",
        "--set model.mlp=32: the last width of [model] mlp (32) must equal [model] "
        "dim (64)");
    expect_refusal("[augment]\nimage_size = 600\n[model]\ntokenizer = convolution\n"
                   "convolution_widths = none\n",
                   "jobs/x.ini:2: [augment] image_size (600) and 1 convolutions make 90000 tokens; "
                   "at most 65536 are possible");
    expect_refusal("[model]\nposition = sine\ndim = 66\nmlp = 66",
                   "jobs/x.ini:3: with [model] position = sine, dim (66) must be a multiple of 4, "
                   "at least 8");
    expect_refusal("[model]\nposition = sine\ndim = 4\nmlp = 4",
                   "jobs/x.ini:3: with [model] position = sine, dim (4) must be a multiple of 4, "
                   "at least 8");
    expect_refusal("[model]\nmlp_convolution = 4",
                   "jobs/x.ini:2: [model] mlp_convolution (4) must be odd, so that a token is its "
                   "middle, or 0");
    expect_refusal("[augment]\nmixup = 0.8\n[train]\nunit_images = 1",
                   "jobs/x.ini:4: [augment] mixup (0.8) mixes the images of a unit, and with "
                   "[train] unit_images (1) an image is alone; 2 at least, an even number at best");
    expect_override_refusal(
        STATUS_CONFIG, "model.pool=class,flatten",
        "--set model.pool=class,flatten: must be flatten, mean, class or sequence");
    expect_refusal("[train]\nschedule = cosine\nepochs = 5\nwarmup_epochs = 5",
                   "jobs/x.ini:4: [train] warmup_epochs (5) must be less than epochs (5), where "
                   "the cosine ends");
    read_job("[train]\nschedule = cosine\nepochs = 5\nwarmup_epochs = 5\nschedule_epochs = 6");
    read_job("[augment]\nimage_size = 600\n[model]\ntokenizer = convolution\n");
    read_job("[augment]\nimage_size = 4\n[model]\ntokenizer = convolution\n");
    read_job("[augment]\nimage_size = 9\n[model]\npatch_size = 9\ndim = 5\nmlp = 5");
    read_job("[augment]\nimage_size = 256\n[model]\npatch_size = 1");
}

static void write_bytes(const char *path, const char *bytes, size_t count) {
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, count, file), count);
    assert_int_equal(fclose(file), 0);
}

static void a_file_is_read_whole_or_refused(void **state) {
    (void)state;
    char folder[] = "/tmp/vit_job_XXXXXX", path[64], *text;
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/a.ini", folder);

    assert_int_equal(job_read_text(path, &text), STATUS_CONFIG);
    assert_null(text);
    assert_non_null(strstr(status_message(), "a.ini: cannot be opened: No such file"));
    assert_int_equal(job_read_text(folder, &text), STATUS_CONFIG);
    assert_non_null(strstr(status_message(), "cannot be read: Is a directory"));

    write_bytes(path, "[train]\n", 8);
    assert_int_equal(job_read_text(path, &text), STATUS_OK);
    assert_string_equal(text, "[train]\n");
    memory_free(text);
    write_bytes(path, "[tr\0in]\n", 8);
    assert_int_equal(job_read_text(path, &text), STATUS_CONFIG);
    assert_non_null(strstr(status_message(), "contains a zero byte"));

    size_t most = (size_t)1 << 20;
    char *big = malloc(most + 1);
    assert_non_null(big);
    memset(big, '\n', most + 1);
    write_bytes(path, big, most);
    assert_int_equal(job_read_text(path, &text), STATUS_OK);
    assert_int_equal(strlen(text), most);
    memory_free(text);
    write_bytes(path, big, most + 1);
    assert_int_equal(job_read_text(path, &text), STATUS_CONFIG);
    assert_non_null(strstr(status_message(), "longer than 1 MB"));
    free(big);
    unlink(path);
    rmdir(folder);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_empty_file_is_the_default_job),
        cmocka_unit_test(the_common_ways_of_writing_are_understood),
        cmocka_unit_test(name_and_output_follow_from_the_file_and_from_each_other),
        cmocka_unit_test(an_unknown_key_names_its_line_and_the_nearest_key),
        cmocka_unit_test(an_unknown_section_is_named_even_without_keys),
        cmocka_unit_test(a_key_given_twice_names_both_lines),
        cmocka_unit_test(the_first_mistake_is_reported),
        cmocka_unit_test(a_bad_value_says_what_is_allowed),
        cmocka_unit_test(a_line_longer_than_inih_reads_is_an_error),
        cmocka_unit_test(overrides_come_last_and_in_order),
        cmocka_unit_test(a_bad_override_is_named),
        cmocka_unit_test(keys_that_contradict_each_other_are_named),
        cmocka_unit_test(a_file_is_read_whole_or_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
