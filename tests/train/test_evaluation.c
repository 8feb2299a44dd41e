/* Evaluation over any number of ranks finds what one process finds, and that is what the logits
 * say. */

#include "evaluation.h"
#include "train/tiny.h"
#include "vit/gemm.h"
#include <float.h>
#include <math.h>

static Plan plan;
static Command command;
static Trainer trainer;

/* Larger than initial ones, so that the classes differ. */
static void set_weights(void) {
    parameter_initialize(&plan.table, 3, trainer.weights);
    for (size_t i = 0; i < plan.table.floats; i++)
        trainer.weights[i] *= 2.0f;
}

static bool same_bits(double a, double b) {
    return memcmp(&a, &b, sizeof a) == 0;
}

/* ---- the same by one process ---- */

typedef struct Whole {
    DataSplit split;
    size_t begins; /* in the split */
    float *scratch;
} Whole;

static void load(const void *context, size_t image, float *values) {
    const Whole *whole = context;
    uint8_t pixels[TINY_PIXELS];
    tiny_pixels(whole->split, whole->begins + image, pixels);
    augment_image(&trainer.input.augment, pixels, NULL, whole->scratch, values);
}

/* Logits [total, TINY_CLASSES] and sums of a split, on one thread. */
static VitSums evaluate_alone(DataSplit split, size_t begins, size_t total, float *logits) {
    Vit *vit = NULL;
    VitSums sums = {0};
    Whole whole = {.split = split, .begins = begins};
    uint16_t label[TINY_IMAGES];
    const VitOptions options = {
        .batch_size = TINY_BATCH, .unit_images = TINY_UNIT, .threads = 1, .images = 3, .nodes = 2};
    CHECK(
        memory_allocate(&whole.scratch,
                        augment_scratch(trainer.input.augment.picture, trainer.input.augment.size),
                        sizeof(float), "augmentation") == STATUS_OK);
    CHECK(vit_init(&vit, &plan.shape, &plan.table, &options) == STATUS_OK);
    for (size_t i = 0; i < total; i++)
        label[i] = tiny_label(split, begins + i);
    const VitInput input = {
        .images = total, .batch = total, .label = label, .load = load, .context = &whole};
    vit_evaluate(vit, trainer.weights, &input, logits, NULL, &sums);
    vit_free(vit);
    memory_free(whole.scratch);
    return sums;
}

/* ---- and from its logits ---- */

/* -log softmax(logits)[label], in double precision. */
static double cross_entropy(const float *logits, size_t label) {
    double sum = 0.0;
    for (size_t c = 0; c < TINY_CLASSES; c++)
        sum += exp((double)logits[c] - (double)logits[label]);
    return log(sum);
}

/* Classes that the model finds more likely. */
static size_t place_of(const float *logits, size_t label) {
    size_t place = 0;
    for (size_t c = 0; c < TINY_CLASSES; c++)
        place += logits[c] > logits[label];
    return place;
}

static Evaluation judge_logits(DataSplit split, size_t begins, size_t total, const float *logits) {
    Evaluation found = {0};
    for (size_t i = 0; i < total; i++) {
        const float *mine = logits + i * TINY_CLASSES;
        const size_t label = tiny_label(split, begins + i);
        found.loss += cross_entropy(mine, label) / (double)total;
        found.accuracy += (place_of(mine, label) == 0) / (double)total;
        found.top5_accuracy += (place_of(mine, label) < 5) / (double)total;
    }
    return found;
}

/* ---- */

static void a_split_is_judged_alike_by_any_number_of_ranks(const Shard *shard, DataSplit split,
                                                           size_t begins, size_t total) {
    float logits[TINY_IMAGES * TINY_CLASSES];
    const Evaluation found = evaluation_run(&trainer, trainer.weights, shard);
    const VitSums alone = evaluate_alone(split, begins, total, logits);
    CHECK(same_bits(found.loss, alone.loss.value[0] / (double)total));
    CHECK(same_bits(found.accuracy, (double)alone.hits / (double)total));
    CHECK(same_bits(found.top5_accuracy, (double)alone.top5_hits / (double)total));
    Evaluation first = found;
    ranks_broadcast(&world, &first, sizeof first);
    CHECK(memcmp(&first, &found, sizeof found) == 0);
    /* The model's loss is a sum of TINY_CLASSES exponentials in fp32, each of a few roundings, and
     * a logarithm of it of at most this size. */
    const Evaluation wanted = judge_logits(split, begins, total, logits);
    CHECK(fabs(found.loss - wanted.loss) <= 16.0 * FLT_EPSILON * (1.0 + wanted.loss));
    CHECK(fabs(found.accuracy - wanted.accuracy) < 1e-12);
    CHECK(fabs(found.top5_accuracy - wanted.top5_accuracy) < 1e-12);
    CHECK(found.top5_accuracy > found.accuracy);
    CHECK(trainer.evaluation_rate > 0.0);
}

static void an_empty_split_has_no_values(void) {
    const Shard empty = {0};
    trainer.evaluation_rate = 123.0;
    const Evaluation found = evaluation_run(&trainer, trainer.weights, &empty);
    CHECK(isnan(found.loss) && isnan(found.accuracy) && isnan(found.top5_accuracy));
    /* It tells nothing about speed. */
    CHECK(trainer.evaluation_rate == 123.0);
}

static void no_weights_but_those_given_count(void) {
    float *other = NULL;
    CHECK(memory_allocate(&other, plan.table.floats, sizeof *other, "weights") == STATUS_OK);
    const Evaluation ours = evaluation_run(&trainer, trainer.weights, &trainer.input.test);
    /* All logits are zero: every class is as likely. */
    const Evaluation zero = evaluation_run(&trainer, other, &trainer.input.test);
    CHECK(fabs(zero.loss - log(TINY_CLASSES)) <= 4.0 * FLT_EPSILON * log(TINY_CLASSES));
    CHECK(fabs(ours.loss - zero.loss) > 1e-3);
    memory_free(other);
}

static void all_splits(bool training) {
    CHECK(tiny_plan(&plan, &command, 0, NULL) == STATUS_OK);
    CHECK(trainer_init(&trainer, &plan, training) == STATUS_OK);
    set_weights();
    a_split_is_judged_alike_by_any_number_of_ranks(&trainer.input.test, SPLIT_TEST, 0, TINY_TEST);
    if (training)
        a_split_is_judged_alike_by_any_number_of_ranks(&trainer.input.validation, SPLIT_TRAIN,
                                                       TINY_TRAIN, TINY_VALIDATION);
    an_empty_split_has_no_values();
    no_weights_but_those_given_count();
    trainer_free(&trainer);
    plan_free(&plan);
}

int main(int argc, char **argv) {
    gemm_init();
    test_start(&argc, &argv);
    tiny_enter();
    all_splits(true);
    all_splits(false);
    tiny_leave();
    return test_end();
}
