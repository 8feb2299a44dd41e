/* Both decay rules over ten steps against double precision (tests/reference/adamw.py; the torch
 * rule is torch.optim.AdamW's own). */

#include "check.h"
#include "vit/adamw.h"
#include "vit/h5.h"

enum { STEPS = 10, COUNT = 101 };

/* fp32 rounds ten times to 6e-8 of the values' size. */
static const double tolerance = 2e-6;

static void read_all(hid_t file, const char *name, size_t rows, double *values) {
    const size_t shape[2] = {rows, COUNT};
    assert_ok(h5_read(file, name, H5T_NATIVE_DOUBLE, 2, shape, values));
}

static void check_row(const char *what, size_t step, const float *ours, const double *theirs) {
    double difference = 0.0, norm = 0.0;
    for (size_t i = 0; i < COUNT; i++) {
        difference += pow((double)ours[i] - theirs[i], 2.0);
        norm += pow(theirs[i], 2.0);
    }
    if (!(sqrt(difference / norm) <= tolerance))
        print_error("%s after step %zu: relative error %.3g\n", what, step,
                    sqrt(difference / norm));
    assert_true(sqrt(difference / norm) <= tolerance);
}

static void check_rule(DecayRule rule, const char *path) {
    static double gradient[STEPS * COUNT], weights[(STEPS + 1) * COUNT], first[(STEPS + 1) * COUNT],
        second[(STEPS + 1) * COUNT];
    hid_t file;
    Job job;
    assert_ok(job_parse(&job, "x.ini", "", 0, NULL));
    assert_ok(h5_open(path, &file));
    job.decay_rule = rule;
    assert_ok(h5_get_real(file, "/", "learning_rate", &job.learning_rate));
    assert_ok(h5_get_real(file, "/", "weight_decay", &job.weight_decay));
    assert_ok(h5_get_real(file, "/", "beta1", &job.beta1));
    assert_ok(h5_get_real(file, "/", "beta2", &job.beta2));
    assert_ok(h5_get_real(file, "/", "epsilon", &job.epsilon));
    read_all(file, "/gradient", STEPS, gradient);
    read_all(file, "/weights", STEPS + 1, weights);
    read_all(file, "/m", STEPS + 1, first);
    read_all(file, "/v", STEPS + 1, second);
    float g[COUNT], w[COUNT], m[COUNT] = {0}, v[COUNT] = {0};
    for (size_t i = 0; i < COUNT; i++)
        w[i] = (float)weights[i];
    for (size_t t = 1; t <= STEPS; t++) {
        for (size_t i = 0; i < COUNT; i++)
            g[i] = 4.0f * (float)gradient[(t - 1) * COUNT + i];
        /* Clipping's scale undoes the factor. */
        kernels_best()->adamw(COUNT, adamw_terms(&job, t, 0.25), g, w, m, v);
        check_row("weights", t, w, weights + t * COUNT);
        check_row("first moment", t, m, first + t * COUNT);
        check_row("second moment", t, v, second + t * COUNT);
    }
    assert_ok(h5_close(file));
}

static void decay_rule_tfa(void **state) {
    (void)state;
    check_rule(DECAY_TFA, REFERENCE_FOLDER "/adamw_tfa.h5");
}

static void decay_rule_torch(void **state) {
    (void)state;
    check_rule(DECAY_TORCH, REFERENCE_FOLDER "/adamw_torch.h5");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(decay_rule_tfa),
        cmocka_unit_test(decay_rule_torch),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
