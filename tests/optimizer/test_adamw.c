/* AdamW's two rules as rows of the table: over ten steps against double precision
 * (tests/reference/adamw.py; the torch rule is torch.optim.AdamW's own), and in closed form. */

#include "check.h"
#include "vit/h5.h"
#include "vit/rule.h"

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

/* Update number t of COUNT values of a tensor that decays, or does not, by the job's rule. */
static void update(const Job *job, bool decays, uint64_t t, double scale, const float *g, float *w,
                   float *m, float *v) {
    const Rule *rule = rule_of_job(job);
    const RuleStep step = {
        .job = job, .count = t, .learning_rate = job->learning_rate, .gradient_scale = scale};
    const RuleTerms terms = rule->terms(&step);
    const RulePiece piece = {.decays = decays,
                             .rate_scale = 1.0f,
                             .floats = COUNT,
                             .gradient = g,
                             .weights = w,
                             .state = {m, v}};
    assert_int_equal(rule->states, 2);
    rule->update(&terms, &piece);
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
        update(&job, true, t, 0.25, g, w, m, v);
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

/* With lr 1, betas 0 and a tiny epsilon, m is the gradient and v its square: a step is the
 * gradient's sign, the weights having shrunk by the decay before. */
static void without_memory_a_step_is_the_sign(void **state) {
    (void)state;
    for (DecayRule rule = DECAY_TFA; rule <= DECAY_TORCH; rule++) {
        Job job;
        float g[COUNT], w[COUNT], before[COUNT], m[COUNT] = {0}, v[COUNT] = {0};
        assert_ok(job_parse(&job, "x.ini",
                            "[train]\nlearning_rate = 1\nweight_decay = 0.25\nbeta1 = 0\n"
                            "beta2 = 0\nepsilon = 1e-20\n",
                            0, NULL));
        job.decay_rule = rule;
        for (size_t i = 0; i < COUNT; i++) {
            g[i] = (i % 2 ? -0.001f : 3.0f) * (float)(i + 1);
            w[i] = before[i] = (float)i - 50.0f;
        }
        for (uint64_t t = 1; t <= 3; t++) {
            update(&job, true, t, 1.0, g, w, m, v);
            for (size_t i = 0; i < COUNT; i++) {
                const double wanted = 0.75 * (double)before[i] - (i % 2 ? -1.0 : 1.0);
                assert_true(fabs((double)w[i] - wanted) <= 1e-5 * (1.0 + fabs(wanted)));
                assert_true(m[i] == g[i]);
                before[i] = w[i];
            }
        }
    }
}

/* The torch rule's decay is times the learning rate, the tfa rule's is not; a tensor that is not to
 * decay stays as it is. */
static void decay_alone(void **state) {
    (void)state;
    for (DecayRule rule = DECAY_TFA; rule <= DECAY_TORCH; rule++) {
        Job job;
        const float g[COUNT] = {0};
        float w[COUNT], m[COUNT] = {0}, v[COUNT] = {0};
        assert_ok(job_parse(&job, "x.ini", "[train]\nlearning_rate = 0.5\nweight_decay = 0.25\n", 0,
                            NULL));
        job.decay_rule = rule;
        for (size_t i = 0; i < COUNT; i++)
            w[i] = 16.0f;
        update(&job, true, 1, 1.0, g, w, m, v);
        for (size_t i = 0; i < COUNT; i++)
            assert_true(w[i] == (rule == DECAY_TFA ? 12.0f : 14.0f));
        update(&job, false, 2, 1.0, g, w, m, v);
        for (size_t i = 0; i < COUNT; i++)
            assert_true(w[i] == (rule == DECAY_TFA ? 12.0f : 14.0f));
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_memory_a_step_is_the_sign),
        cmocka_unit_test(decay_alone),
        cmocka_unit_test(decay_rule_tfa),
        cmocka_unit_test(decay_rule_torch),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
