/* The row that a job asks for. */

#include "check.h"
#include "vit/rule.h"

static const Rule *rule_of(const char *text) {
    Job job;
    assert_ok(job_parse(&job, "x.ini", text, 0, NULL));
    return rule_of_job(&job);
}

/* Checkpoints of either name their moments /optimizer/m and /optimizer/v. */
static void adamw_has_two_states(void **state) {
    (void)state;
    static const char *const jobs[] = {"[train]\ndecay_rule = tfa\n",
                                       "[train]\ndecay_rule = torch\n"};
    for (size_t i = 0; i < 2; i++) {
        const Rule *rule = rule_of(jobs[i]);
        assert_int_equal(rule->states, 2);
        assert_string_equal(rule->state[0], "m");
        assert_string_equal(rule->state[1], "v");
        assert_int_equal(rule->pieces, RULE_ANY_PIECES);
    }
}

static void sgd_has_a_velocity(void **state) {
    (void)state;
    for (int torch = 0; torch < 2; torch++) {
        const Rule *rule = rule_of(torch ? "[train]\noptimizer = sgd\ndecay_rule = torch\n"
                                         : "[train]\noptimizer = sgd\ndecay_rule = tfa\n");
        assert_string_equal(rule->name, torch ? "SGD (torch)" : "SGD (tfa)");
        assert_int_equal(rule->states, 1);
        assert_string_equal(rule->state[0], "velocity");
        assert_int_equal(rule->pieces, RULE_ANY_PIECES);
    }
}

static void each_decay_rule_has_its_row(void **state) {
    (void)state;
    assert_string_equal(rule_of("[train]\ndecay_rule = tfa\n")->name, "AdamW (tfa)");
    assert_string_equal(rule_of("[train]\ndecay_rule = torch\n")->name, "AdamW (torch)");
}

static bool decays(const Job *job, const char *name) {
    Parameter entry = {0};
    snprintf(entry.name, sizeof entry.name, "%s", name);
    return rule_decays(job, &entry);
}

static void all_tensors_decay_or_kernels_only(void **state) {
    (void)state;
    static const char *const kernels[] = {"patch_embed/projection/kernel", "logits/kernel",
                                          "block3/attention/query/kernel",
                                          "block0/mlp_convolution/kernel"};
    static const char *const others[] = {"logits/bias",
                                         "norm/gamma",
                                         "block0/norm1/beta",
                                         "patch_embed/position",
                                         "patch_embed/class_token",
                                         "kernel/bias",
                                         "block0/nokernel"};
    Job all, some;
    assert_ok(job_parse(&all, "x.ini", "", 0, NULL));
    assert_ok(job_parse(&some, "x.ini", "[train]\ndecay = kernels\n", 0, NULL));
    for (size_t i = 0; i < sizeof kernels / sizeof *kernels; i++)
        assert_true(decays(&all, kernels[i]) && decays(&some, kernels[i]));
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        assert_true(decays(&all, others[i]) && !decays(&some, others[i]));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(adamw_has_two_states),
        cmocka_unit_test(sgd_has_a_velocity),
        cmocka_unit_test(each_decay_rule_has_its_row),
        cmocka_unit_test(all_tensors_decay_or_kernels_only),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
