/* Gradient descent with momentum as rows of the table, in closed form: all numbers here are exact
 * in fp32. */

#include "check.h"
#include "vit/rule.h"

enum { COUNT = 101, STEPS = 6 };

static Job job_of(const char *text, DecayRule decay) {
    Job job;
    assert_ok(job_parse(&job, "x.ini", text, 0, NULL));
    job.optimizer = OPTIMIZER_SGD;
    job.decay_rule = decay;
    return job;
}

/* A tensor that decays, or does not, and learns so much more slowly. */
typedef struct Tensor {
    bool decays;
    float rate_scale;
} Tensor;

static void update(const Job *job, Tensor tensor, double scale, const float *g, float *w,
                   float *v) {
    const Rule *rule = rule_of_job(job);
    const RuleStep step = {
        .job = job, .count = 1, .learning_rate = job->learning_rate, .gradient_scale = scale};
    const RuleTerms terms = rule->terms(&step);
    const RulePiece piece = {.decays = tensor.decays,
                             .rate_scale = tensor.rate_scale,
                             .floats = COUNT,
                             .gradient = g,
                             .weights = w,
                             .state = {v}};
    rule->update(&terms, &piece);
}

/* v_t = g (1 + 1/2 + ... + 2^(1 - t)) = g (2 - 2^(1 - t)), and w falls by the sum of these,
 * g (2 t - 2 + 2^(1 - t)), times the learning rate. */
static void a_steady_gradient_gathers_speed(void **state) {
    (void)state;
    const Job job =
        job_of("[train]\nlearning_rate = 0.5\nweight_decay = 0\nmomentum = 0.5\n", DECAY_TFA);
    float g[COUNT], w[COUNT], v[COUNT] = {0};
    for (size_t i = 0; i < COUNT; i++) {
        g[i] = 4.0f * ((float)i - 50.0f);
        w[i] = (float)i;
    }
    for (int t = 1; t <= STEPS; t++) {
        update(&job, (Tensor){true, 1.0f}, 0.25, g, w, v);
        const float rest = ldexpf(1.0f, 1 - t);
        for (size_t i = 0; i < COUNT; i++) {
            const float clipped = 0.25f * g[i];
            assert_true(v[i] == clipped * (2.0f - rest));
            assert_true(w[i] == (float)i - 0.5f * clipped * (2.0f * (float)t - 2.0f + rest));
        }
    }
}

/* As AdamW's: times the learning rate with the torch rule, and then also times a layer's part of
 * it; neither with the tfa rule; and not at all where a tensor does not decay. */
static void decay_alone(void **state) {
    (void)state;
    static const struct {
        DecayRule rule;
        Tensor tensor;
        float wanted;
    } cases[] = {{DECAY_TFA, {true, 1.0f}, 12.0f},  {DECAY_TORCH, {true, 1.0f}, 14.0f},
                 {DECAY_TFA, {true, 0.5f}, 12.0f},  {DECAY_TORCH, {true, 0.5f}, 15.0f},
                 {DECAY_TFA, {false, 1.0f}, 16.0f}, {DECAY_TORCH, {false, 1.0f}, 16.0f}};
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        const Job job =
            job_of("[train]\nlearning_rate = 0.5\nweight_decay = 0.25\n", cases[c].rule);
        const float g[COUNT] = {0};
        float w[COUNT], v[COUNT] = {0};
        for (size_t i = 0; i < COUNT; i++)
            w[i] = 16.0f;
        update(&job, cases[c].tensor, 1.0, g, w, v);
        for (size_t i = 0; i < COUNT; i++)
            assert_true(w[i] == cases[c].wanted);
    }
}

/* A slower layer's steps are shorter; what its velocity remembers is the same. */
static void a_slower_layer_takes_shorter_steps(void **state) {
    (void)state;
    const Job job = job_of("[train]\nlearning_rate = 0.5\nweight_decay = 0\n", DECAY_TORCH);
    float g[COUNT], w[COUNT] = {0}, v[COUNT] = {0};
    for (size_t i = 0; i < COUNT; i++)
        g[i] = (float)i;
    update(&job, (Tensor){true, 0.25f}, 1.0, g, w, v);
    for (size_t i = 0; i < COUNT; i++)
        assert_true(v[i] == g[i] && w[i] == -0.125f * g[i]);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_steady_gradient_gathers_speed),
        cmocka_unit_test(decay_alone),
        cmocka_unit_test(a_slower_layer_takes_shorter_steps),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
