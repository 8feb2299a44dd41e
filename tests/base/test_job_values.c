#include "vit/job.h"

#include "vit/memory.h"
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Defaults and bounds of every option, and the resolved text, which gives them back. */

/* One override, and a second one where the first alone would contradict a default. */
typedef struct Case {
    const char *set, *also;
} Case;

static Status try_case(Job *job, Case c) {
    const char *overrides[] = {c.set, c.also};
    return job_parse(job, "jobs/x.ini", "", c.also ? 2 : 1, overrides);
}

static Job accept(Case c) {
    Job job;
    if (try_case(&job, c) != STATUS_OK)
        fail_msg("%s", status_message());
    return job;
}

static char *text_of(const Job *job) {
    char *text;
    assert_int_equal(job_to_text(job, &text), STATUS_OK);
    return text;
}

/* The text gives a job whose text is the same. */
static Job read_back(const Job *job) {
    char *text = text_of(job);
    Job read;
    if (job_parse(&read, "elsewhere/y.ini", text, 0, NULL) != STATUS_OK)
        fail_msg("%s", status_message());
    char *again = text_of(&read);
    assert_string_equal(again, text);
    memory_free(text);
    memory_free(again);
    return read;
}

/* The defaults as the documentation promises them. */
static const char default_text[] = "[job]\n"
                                   "name = x\n"
                                   "output = runs/x\n"
                                   "seed = 1\n"
                                   "\n"
                                   "[data]\n"
                                   "file = data/cifar100.h5\n"
                                   "labels = fine\n"
                                   "validation_split = 0.1\n"
                                   "validation = file_end\n"
                                   "batch_size = 256\n"
                                   "\n"
                                   "[augment]\n"
                                   "image_size = 72\n"
                                   "flip = yes\n"
                                   "rotation = 0.02\n"
                                   "zoom = 0.2\n"
                                   "crop = 0\n"
                                   "randaugment = 0\n"
                                   "magnitude = 9\n"
                                   "erasing = 0\n"
                                   "mixup = 0\n"
                                   "cutmix = 0\n"
                                   "mix_probability = 1\n"
                                   "mix_switch = 0.5\n"
                                   "\n"
                                   "[model]\n"
                                   "tokenizer = patch\n"
                                   "patch_size = 6\n"
                                   "convolution_widths = 64\n"
                                   "position = learned\n"
                                   "dim = 64\n"
                                   "depth = 8\n"
                                   "heads = 4\n"
                                   "key_dim = 64\n"
                                   "mlp = 128,64\n"
                                   "mlp_end = gelu\n"
                                   "mlp_convolution = 0\n"
                                   "pool = flatten\n"
                                   "head = 2048,1024\n"
                                   "dropout = 0.1\n"
                                   "attention_dropout = 0.1\n"
                                   "head_dropout = 0.5\n"
                                   "stochastic_depth = 0\n"
                                   "initial = keras\n"
                                   "\n"
                                   "[train]\n"
                                   "epochs = 100\n"
                                   "max_steps = 0\n"
                                   "start = none\n"
                                   "optimizer = adamw\n"
                                   "learning_rate = 0.001\n"
                                   "layer_decay = 1\n"
                                   "weight_decay = 0.0001\n"
                                   "decay_rule = tfa\n"
                                   "decay = all\n"
                                   "schedule = constant\n"
                                   "schedule_epochs = 0\n"
                                   "warmup_epochs = 0\n"
                                   "warmup_learning_rate = 1e-6\n"
                                   "final_learning_rate = 0\n"
                                   "label_smoothing = 0\n"
                                   "ema = 0\n"
                                   "beta1 = 0.9\n"
                                   "beta2 = 0.999\n"
                                   "epsilon = 1e-7\n"
                                   "momentum = 0.9\n"
                                   "clip_norm = 0\n"
                                   "max_bad_steps = 10\n"
                                   "unit_images = 4\n"
                                   "\n"
                                   "[checkpoint]\n"
                                   "every_minutes = 10\n"
                                   "every_steps = 0\n"
                                   "at_epoch_end = yes\n"
                                   "keep = 2\n"
                                   "\n"
                                   "[run]\n"
                                   "time_limit = auto\n"
                                   "threads = auto\n"
                                   "progress = auto\n"
                                   "check_every = 0\n"
                                   "stall_timeout = 10\n"
                                   "tensorboard = no\n";

static void the_defaults_are_the_documented_ones(void **state) {
    (void)state;
    Job job;
    assert_int_equal(job_parse(&job, "jobs/x.ini", "", 0, NULL), STATUS_OK);
    char *text = text_of(&job);
    assert_string_equal(text, default_text);
    memory_free(text);
    /* Each field once by name, so that no two options share one or swap theirs. */
    assert_true(job.seed == 1 && job.labels == LABELS_FINE && job.validation_split == 0.1);
    assert_true(job.batch_size == 256 && job.image_size == 72 && job.flip);
    assert_true(job.rotation == 0.02 && job.zoom == 0.2 && job.patch_size == 6 && job.dim == 64);
    assert_true(job.depth == 8 && job.heads == 4 && job.key_dim == 64 && job.mlp.count == 2);
    assert_true(job.mlp.value[0] == 128 && job.mlp.value[1] == 64 && job.pool == POOL_FLATTEN);
    assert_true(job.head.count == 2 && job.head.value[0] == 2048 && job.head.value[1] == 1024);
    assert_true(job.dropout == 0.1 && job.head_dropout == 0.5 && job.epochs == 100);
    assert_true(job.max_steps == 0 && job.learning_rate == 0.001 && job.weight_decay == 0.0001);
    assert_true(job.decay_rule == DECAY_TFA && job.beta1 == 0.9 && job.beta2 == 0.999);
    assert_true(job.epsilon == 1e-7 && job.clip_norm == 0 && job.max_bad_steps == 10);
    assert_true(job.unit_images == 4 && job.every_minutes == 10 && job.every_steps == 0);
    assert_true(job.at_epoch_end && job.keep == 2 && job.time_limit == JOB_TIME_LIMIT_AUTO);
    assert_true(job.threads == 0 && job.progress == PROGRESS_AUTO && job.check_every == 0);
    assert_true(job.stall_timeout == 10 && !job.tensorboard);
    assert_true(job.validation == VALIDATION_FILE_END && job.crop == 0 && job.randaugment == 0);
    assert_true(job.magnitude == 9 && job.erasing == 0 && job.mixup == 0 && job.cutmix == 0);
    assert_true(job.mix_probability == 1 && job.mix_switch == 0.5);
    assert_true(job.tokenizer == TOKENIZER_PATCH && job.position == POSITION_LEARNED);
    assert_true(job.convolution_widths.count == 1 && job.convolution_widths.value[0] == 64);
    assert_true(job.mlp_end == MLP_END_GELU && job.mlp_convolution == 0);
    assert_true(job.attention_dropout == 0.1 && job.stochastic_depth == 0);
    assert_true(job.initial == INITIAL_KERAS && job.decay == DECAY_ALL);
    assert_true(job.schedule == SCHEDULE_CONSTANT && job.schedule_epochs == 0);
    assert_true(job.warmup_epochs == 0 && job.warmup_learning_rate == 1e-6);
    assert_true(job.final_learning_rate == 0 && job.label_smoothing == 0 && job.ema == 0);
    assert_string_equal(job.start, "none");
    assert_true(job.optimizer == OPTIMIZER_ADAMW && job.momentum == 0.9 && job.layer_decay == 1);
    assert_string_equal(job.data_file, "data/cifar100.h5");
}

/* Both ends of every range that belong to it. */
static const Case inside[] = {
    {"job.seed=0", NULL},
    {"job.seed=18446744073709551615", NULL},
    {"data.validation_split=0", NULL},
    {"data.validation_split=0.99999999", NULL},
    {"data.batch_size=1", NULL},
    {"data.batch_size=1048576", NULL},
    {"augment.image_size=1", "model.patch_size=1"},
    {"augment.image_size=4096", "model.patch_size=16"},
    {"augment.rotation=0", NULL},
    {"augment.rotation=0.99999999", NULL},
    {"augment.zoom=0", NULL},
    {"augment.zoom=0.99999999", NULL},
    {"augment.crop=0", NULL},
    {"augment.crop=1024", NULL},
    {"augment.randaugment=0", NULL},
    {"augment.randaugment=16", NULL},
    {"augment.magnitude=0", NULL},
    {"augment.magnitude=10", NULL},
    {"augment.erasing=0", NULL},
    {"augment.erasing=1", NULL},
    {"augment.mixup=0", NULL},
    {"augment.mixup=1000", NULL},
    {"augment.cutmix=0", NULL},
    {"augment.cutmix=1000", NULL},
    {"augment.mix_probability=0", NULL},
    {"augment.mix_probability=1", NULL},
    {"augment.mix_switch=0", NULL},
    {"augment.mix_switch=1", NULL},
    {"model.convolution_widths=none", NULL},
    {"model.convolution_widths=1,1048576", NULL},
    {"model.mlp_convolution=0", NULL},
    {"model.mlp_convolution=15", NULL},
    {"model.attention_dropout=0", NULL},
    {"model.attention_dropout=0.99999999", NULL},
    {"model.stochastic_depth=0", NULL},
    {"model.stochastic_depth=0.99999999", NULL},
    {"train.schedule_epochs=0", NULL},
    {"train.schedule_epochs=1000000", NULL},
    {"train.warmup_epochs=0", NULL},
    {"train.warmup_epochs=1000000", NULL},
    {"train.warmup_learning_rate=0", NULL},
    {"train.warmup_learning_rate=1e30", NULL},
    {"train.final_learning_rate=0", NULL},
    {"train.final_learning_rate=1e30", NULL},
    {"train.label_smoothing=0", NULL},
    {"train.label_smoothing=0.99999999", NULL},
    {"train.ema=0", NULL},
    {"train.ema=0.99999999", NULL},
    {"model.patch_size=1", NULL},
    {"model.patch_size=4096", "augment.image_size=4096"},
    {"model.dim=1", "model.mlp=1"},
    {"model.dim=65536", "model.mlp=65536"},
    {"model.depth=1", NULL},
    {"model.depth=1024", NULL},
    {"model.heads=1", NULL},
    {"model.heads=128", NULL},
    {"model.key_dim=1", NULL},
    {"model.key_dim=65536", NULL},
    {"model.mlp=1,1048576,64", NULL},
    {"model.mlp=1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,64", NULL},
    {"model.head=none", NULL},
    {"model.head=", NULL},
    {"model.head=1,1048576", NULL},
    {"model.head=1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16", NULL},
    {"model.dropout=0", NULL},
    {"model.dropout=0.99999999", NULL},
    {"model.head_dropout=0", NULL},
    {"model.head_dropout=0.99999999", NULL},
    {"train.epochs=1", NULL},
    {"train.epochs=1000000", NULL},
    {"train.max_steps=0", NULL},
    {"train.max_steps=4294967295", NULL},
    {"train.learning_rate=1e-300", NULL},
    {"train.learning_rate=1e30", NULL},
    {"train.layer_decay=1e-9", NULL},
    {"train.layer_decay=1", NULL},
    {"train.momentum=0", NULL},
    {"train.momentum=0.99999999", NULL},
    {"train.weight_decay=0", NULL},
    {"train.weight_decay=1e30", NULL},
    {"train.beta1=0", NULL},
    {"train.beta1=0.99999999", NULL},
    {"train.beta2=0", NULL},
    {"train.beta2=0.99999999", NULL},
    {"train.epsilon=1e-30", NULL},
    {"train.epsilon=1e30", NULL},
    {"train.clip_norm=0", NULL},
    {"train.clip_norm=1e30", NULL},
    {"train.max_bad_steps=1", NULL},
    {"train.max_bad_steps=1000000", NULL},
    {"train.unit_images=1", NULL},
    {"train.unit_images=1024", NULL},
    {"checkpoint.every_minutes=0", NULL},
    {"checkpoint.every_minutes=1000000", NULL},
    {"checkpoint.every_steps=0", NULL},
    {"checkpoint.every_steps=4294967295", NULL},
    {"checkpoint.keep=1", NULL},
    {"checkpoint.keep=1000", NULL},
    {"run.time_limit=1e-9", NULL},
    {"run.time_limit=1000000", NULL},
    {"run.threads=1", NULL},
    {"run.threads=4096", NULL},
    {"run.check_every=0", NULL},
    {"run.check_every=4294967295", NULL},
    {"run.stall_timeout=1e-9", NULL},
    {"run.stall_timeout=1000000", NULL},
};

/* And the nearest values that do not. */
static const Case outside[] = {
    {"job.seed=-1", NULL},
    {"job.seed=18446744073709551616", NULL},
    {"data.validation_split=-1e-9", NULL},
    {"data.validation_split=1", NULL},
    {"data.batch_size=0", NULL},
    {"data.batch_size=1048577", NULL},
    {"augment.image_size=0", "model.patch_size=1"},
    {"augment.image_size=4097", "model.patch_size=17"},
    {"augment.rotation=-1e-9", NULL},
    {"augment.rotation=1", NULL},
    {"augment.zoom=-1e-9", NULL},
    {"augment.zoom=1", NULL},
    {"model.patch_size=0", NULL},
    {"model.patch_size=4097", "augment.image_size=4096"},
    {"model.dim=0", NULL},
    {"model.dim=65537", "model.mlp=65537"},
    {"model.depth=0", NULL},
    {"model.depth=1025", NULL},
    {"model.heads=0", NULL},
    {"model.heads=129", NULL},
    {"model.key_dim=0", NULL},
    {"model.key_dim=65537", NULL},
    {"model.mlp=", NULL},
    {"model.mlp=none", NULL},
    {"model.mlp=0,64", NULL},
    {"model.mlp=1048577,64", NULL},
    {"model.mlp=1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,64", NULL},
    {"model.head=0", NULL},
    {"model.head=1048577", NULL},
    {"model.head=1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17", NULL},
    {"model.dropout=-1e-9", NULL},
    {"model.dropout=1", NULL},
    {"model.head_dropout=-1e-9", NULL},
    {"model.head_dropout=1", NULL},
    {"train.epochs=0", NULL},
    {"train.epochs=1000001", NULL},
    {"train.max_steps=-1", NULL},
    {"train.max_steps=4294967296", NULL},
    {"train.learning_rate=0", NULL},
    {"train.learning_rate=1.1e30", NULL},
    {"train.layer_decay=0", NULL},
    {"train.layer_decay=1.00001", NULL},
    {"train.momentum=-1e-9", NULL},
    {"train.momentum=1", NULL},
    {"train.weight_decay=-1e-9", NULL},
    {"train.weight_decay=1.1e30", NULL},
    {"train.beta1=-1e-9", NULL},
    {"train.beta1=1", NULL},
    {"train.beta2=-1e-9", NULL},
    {"train.beta2=1", NULL},
    {"train.epsilon=0.9e-30", NULL},
    {"train.epsilon=1.1e30", NULL},
    {"train.clip_norm=-1e-9", NULL},
    {"train.clip_norm=1.1e30", NULL},
    {"train.max_bad_steps=0", NULL},
    {"train.max_bad_steps=1000001", NULL},
    {"train.unit_images=0", NULL},
    {"train.unit_images=1025", NULL},
    {"checkpoint.every_minutes=-1e-9", NULL},
    {"checkpoint.every_minutes=1000001", NULL},
    {"checkpoint.every_steps=-1", NULL},
    {"checkpoint.every_steps=4294967296", NULL},
    {"checkpoint.keep=0", NULL},
    {"checkpoint.keep=1001", NULL},
    {"run.time_limit=0", NULL},
    {"run.time_limit=1000001", NULL},
    {"run.threads=0", NULL},
    {"run.threads=4097", NULL},
    {"run.check_every=-1", NULL},
    {"run.check_every=4294967296", NULL},
    {"run.stall_timeout=0", NULL},
    {"run.stall_timeout=1000001", NULL},
};

static void every_bound_is_kept(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof inside / sizeof *inside; i++) {
        Job job = accept(inside[i]);
        read_back(&job);
    }
    for (size_t i = 0; i < sizeof outside / sizeof *outside; i++) {
        Job job;
        if (try_case(&job, outside[i]) != STATUS_CONFIG)
            fail_msg("accepted: %s", outside[i].set);
        if (!strstr(status_message(), outside[i].set) || !strstr(status_message(), ": must be "))
            fail_msg("%s: %s", outside[i].set, status_message());
    }
}

static void numbers_are_plain(void **state) {
    (void)state;
    static const char *const bad_whole[] = {"",   " 5",  "5 ",  "+5", "-5", "1e3",
                                            "1.", "0x5", "1_0", "5x", "5,", "18446744073709551621"};
    static const char *const bad_real[] = {"",     " .5", ".5 ",   "nan",  "inf", "0x1p-1",
                                           "1e3x", "e",   "0.5.5", "--.5", ".",   "0,5"};
    Job job;
    char set[64];
    for (size_t i = 0; i < sizeof bad_whole / sizeof *bad_whole; i++) {
        snprintf(set, sizeof set, "train.epochs=%s", bad_whole[i]);
        assert_int_equal(try_case(&job, (Case){set, NULL}), STATUS_CONFIG);
    }
    for (size_t i = 0; i < sizeof bad_real / sizeof *bad_real; i++) {
        snprintf(set, sizeof set, "train.clip_norm=%s", bad_real[i]);
        assert_int_equal(try_case(&job, (Case){set, NULL}), STATUS_CONFIG);
    }
    static const char *const bad_list[] = {
        "model.mlp=,64",   "model.mlp=64,",   "model.mlp=64 64", "model.mlp=none,64",
        "model.mlp=64;64", "model.mlp=-1,64", "model.mlp=1e1,64"};
    for (size_t i = 0; i < sizeof bad_list / sizeof *bad_list; i++)
        assert_int_equal(try_case(&job, (Case){bad_list[i], NULL}), STATUS_CONFIG);
    assert_true(accept((Case){"train.clip_norm=+1.5E-3", NULL}).clip_norm == 1.5e-3);
    assert_false(signbit(accept((Case){"train.clip_norm=-0", NULL}).clip_norm));
}

static void flags_and_words_are_understood(void **state) {
    (void)state;
    static const char *const yes[] = {"yes", "true", "on", "1", "Yes", "TRUE"};
    static const char *const no[] = {"no", "false", "off", "0", "No", "FALSE"};
    char set[64];
    for (size_t i = 0; i < sizeof yes / sizeof *yes; i++) {
        snprintf(set, sizeof set, "augment.flip=%s", yes[i]);
        assert_true(accept((Case){set, NULL}).flip);
        snprintf(set, sizeof set, "checkpoint.at_epoch_end=%s", no[i]);
        assert_false(accept((Case){set, NULL}).at_epoch_end);
    }
    assert_int_equal(accept((Case){"data.labels=coarse", NULL}).labels, LABELS_COARSE);
    assert_int_equal(accept((Case){"model.pool=mean", NULL}).pool, POOL_MEAN);
    assert_int_equal(accept((Case){"train.decay_rule=torch", NULL}).decay_rule, DECAY_TORCH);
    assert_int_equal(accept((Case){"run.progress=bar", NULL}).progress, PROGRESS_BAR);
    assert_int_equal(accept((Case){"run.progress=lines", NULL}).progress, PROGRESS_LINES);
    assert_int_equal(accept((Case){"run.progress=none", NULL}).progress, PROGRESS_NONE);
    assert_int_equal(accept((Case){"run.threads=3", NULL}).threads, 3);
    assert_true(accept((Case){"run.time_limit=none", NULL}).time_limit == JOB_TIME_LIMIT_NONE);
    assert_true(accept((Case){"run.time_limit=90.5", NULL}).time_limit == 90.5);
}

static void reals_are_written_in_as_few_digits_as_give_them_back(void **state) {
    (void)state;
    static const char *const shortest[] = {"0.1",  "0.30000000000000004", "123456.789", "5e-324",
                                           "1e-7", "9.87654321e+29",      "1e-10",      "100000"};
    for (size_t i = 0; i < sizeof shortest / sizeof *shortest; i++) {
        char set[64], line[64];
        snprintf(set, sizeof set, "train.learning_rate=%s", shortest[i]);
        snprintf(line, sizeof line, "\nlearning_rate = %s\n", shortest[i]);
        Job job = accept((Case){set, NULL});
        char *text = text_of(&job);
        if (!strstr(text, line))
            fail_msg("%s: %s", set, text);
        memory_free(text);
        Job read = read_back(&job);
        assert_memory_equal(&read.learning_rate, &job.learning_rate, sizeof read.learning_rate);
    }
    Job odd = accept((Case){"train.learning_rate=0.1e-6", "train.epsilon=1e23"}),
        read = read_back(&odd);
    assert_true(read.learning_rate == 0.1e-6 && read.epsilon == 1e23);
}

static void check_text_is_written(const char *key, const char *text) {
    char set[512];
    snprintf(set, sizeof set, "%s=%s", key, text);
    Job job = accept((Case){set, NULL}), read = read_back(&job);
    assert_string_equal(read.name, job.name);
    assert_string_equal(read.output, job.output);
    assert_string_equal(read.data_file, job.data_file);
}

static void texts_that_a_job_file_cannot_hold_are_refused(void **state) {
    (void)state;
    /* The last one needs quotes, and has those of both kinds. */
    static const char *const bad[] = {"",       "\ta", "a\t;b", "a\nb",      "a\r\nb",
                                      "a\001b", "\n",  "''",    "a\xc2\x9b", "it's \"a\" ;b"};
    static const char *const around[] = {" a", "a ", " "};
    static const char *const good[] = {
        "a b", "a;b",  "a#b",   "#a",   ";a",       "a ;b",   "a #b",   "=a",         ":",
        "[a]", "none", "\"a\"", "' a'", "\xc3\xa9", "it's a", "a;'b'c", "\"it's ;a\""};
    static const char *const keys[] = {"job.name", "job.output", "data.file"};
    char set[512];
    for (size_t k = 0; k < sizeof keys / sizeof *keys; k++) {
        for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
            Job job;
            snprintf(set, sizeof set, "%s=%s", keys[k], bad[i]);
            assert_int_equal(try_case(&job, (Case){set, NULL}), STATUS_CONFIG);
        }
        for (size_t i = 0; i < sizeof around / sizeof *around; i++) {
            Job job;
            snprintf(set, sizeof set, "%s=%s", keys[k], around[i]);
            assert_int_equal(try_case(&job, (Case){set, NULL}), STATUS_CONFIG);
            assert_non_null(strstr(status_message(), ": blanks around it stand in quotes"));
        }
        for (size_t i = 0; i < sizeof good / sizeof *good; i++)
            check_text_is_written(keys[k], good[i]);
    }
}

static void a_text_is_as_long_as_a_line_of_the_job_file_at_most(void **state) {
    (void)state;
    char set[512];
    for (int length = 180; length < 200; length++) {
        Job job;
        snprintf(set, sizeof set, "job.output=%0*d", length, 0);
        bool fits = length + (int)strlen("output = ") <= 199;
        assert_int_equal(try_case(&job, (Case){set, NULL}), fits ? STATUS_OK : STATUS_CONFIG);
        if (fits)
            read_back(&job);
    }
    /* Quotes take room, too. */
    for (int length = 189; length < 193; length++) {
        Job job;
        snprintf(set, sizeof set, "data.file='$%0*d'", length - 1, 0);
        bool fits = length + (int)strlen("file = ''") <= 199;
        assert_int_equal(try_case(&job, (Case){set, NULL}), fits ? STATUS_OK : STATUS_CONFIG);
        if (fits)
            assert_string_equal(read_back(&job).data_file, job.data_file);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_defaults_are_the_documented_ones),
        cmocka_unit_test(every_bound_is_kept),
        cmocka_unit_test(numbers_are_plain),
        cmocka_unit_test(flags_and_words_are_understood),
        cmocka_unit_test(reals_are_written_in_as_few_digits_as_give_them_back),
        cmocka_unit_test(texts_that_a_job_file_cannot_hold_are_refused),
        cmocka_unit_test(a_text_is_as_long_as_a_line_of_the_job_file_at_most),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
