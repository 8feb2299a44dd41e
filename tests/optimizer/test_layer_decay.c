/* Which layer each tensor belongs to, read off its learning rate: with a decay of 1/2 its logarithm
 * counts the layers above. */

#include "check.h"
#include "vit/layer_decay.h"
#include "vit/rule.h"

enum { DEPTH = 12, LAST = DEPTH + 1 };

typedef struct Belongs {
    const char *name;
    int layer;
} Belongs;

static void check_layers(const char *text, size_t count, const Belongs *wanted) {
    Job job;
    ParameterTable table;
    assert_ok(job_parse(&job, "x.ini", text, 0, NULL));
    const ModelShape shape = model_shape(&job, 3, 10);
    assert_ok(parameter_table_init(&table, &shape));
    float *scale = test_array(table.count, sizeof *scale);
    layer_decay_scales(&job, &table, scale);
    size_t found = 0;
    for (size_t i = 0; i < table.count; i++)
        for (size_t k = 0; k < count; k++)
            if (strcmp(table.entry[i].name, wanted[k].name) == 0) {
                if (scale[i] != ldexpf(1.0f, wanted[k].layer - LAST))
                    fail_msg("%s: %g", wanted[k].name, (double)scale[i]);
                found++;
            }
    assert_int_equal(found, count);
    memory_free(scale);
    parameter_table_free(&table);
}

static void layers_are_counted_from_the_pictures(void **state) {
    (void)state;
    static const Belongs transformer[] = {{"patch_embed/projection/kernel", 0},
                                          {"patch_embed/projection/bias", 0},
                                          {"patch_embed/position", 0},
                                          {"class_token", 0},
                                          {"block0/norm1/gamma", 1},
                                          {"block1/attention/query/kernel", 2},
                                          {"block11/mlp1/bias", 12},
                                          {"norm/gamma", 12},
                                          {"norm/beta", 12},
                                          {"head0/kernel", 13},
                                          {"head0/bias", 13},
                                          {"logits/kernel", 13},
                                          {"logits/bias", 13}};
    static const Belongs compact[] = {{"tokenizer/convolution0/kernel", 0},
                                      {"tokenizer/convolution1/kernel", 0},
                                      {"block10/mlp_convolution/kernel", 11},
                                      {"pool/kernel", 13},
                                      {"pool/bias", 13}};
    check_layers("[model]\ndepth = 12\npool = class\nhead = 8\n[train]\nlayer_decay = 0.5\n",
                 sizeof transformer / sizeof *transformer, transformer);
    check_layers("[model]\ndepth = 12\ntokenizer = convolution\npool = sequence\n"
                 "mlp_convolution = 3\n[train]\nlayer_decay = 0.5\n",
                 sizeof compact / sizeof *compact, compact);
}

static void without_it_all_learn_alike(void **state) {
    (void)state;
    Job job;
    ParameterTable table;
    assert_ok(job_parse(&job, "x.ini", "", 0, NULL));
    const ModelShape shape = model_shape(&job, 3, 10);
    assert_ok(parameter_table_init(&table, &shape));
    float *scale = test_array(table.count, sizeof *scale);
    layer_decay_scales(&job, &table, scale);
    for (size_t i = 0; i < table.count; i++)
        assert_true(scale[i] == 1.0f);
    memory_free(scale);
    parameter_table_free(&table);
}

/* AdamW's first step with betas 0 is the gradient's sign times the learning rate; the torch rule's
 * decay is times that, too. */
static void adamw_steps_by_the_layer_s_rate(void **state) {
    (void)state;
    for (DecayRule decay = DECAY_TFA; decay <= DECAY_TORCH; decay++) {
        Job job;
        float g = 3.0f, w = 16.0f, m = 0.0f, v = 0.0f;
        assert_ok(job_parse(&job, "x.ini",
                            "[train]\nlearning_rate = 0.5\nweight_decay = 0.25\nbeta1 = 0\n"
                            "beta2 = 0\nepsilon = 1e-20\n",
                            0, NULL));
        job.decay_rule = decay;
        const Rule *rule = rule_of_job(&job);
        const RuleStep step = {
            .job = &job, .count = 1, .learning_rate = 0.5, .gradient_scale = 1.0};
        const RuleTerms terms = rule->terms(&step);
        const RulePiece piece = {.decays = true,
                                 .rate_scale = 0.5f,
                                 .floats = 1,
                                 .gradient = &g,
                                 .weights = &w,
                                 .state = {&m, &v}};
        rule->update(&terms, &piece);
        const double decayed = decay == DECAY_TFA ? 12.0 : 15.0;
        assert_true(fabs((double)w - (decayed - 0.25)) <= 1e-5);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(layers_are_counted_from_the_pictures),
        cmocka_unit_test(without_it_all_learn_alike),
        cmocka_unit_test(adamw_steps_by_the_layer_s_rate),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
