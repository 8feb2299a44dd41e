/* What a model answers is what the trainer's evaluation finds, for any number of ranks, and a
 * picture gets the same answer from a data file and by itself. */

#include "evaluation.h"
#include "train/said.h"
#include "train/tiny.h"
#include "vit/alike.h"
#include "vit/answers.h"
#include "vit/checkpoint.h"

static ArithmeticChoice arithmetic;

/* What the checkpoint says, which data.h5 does not. */
static const double trained_mean[] = {100.0, 140.0}, trained_variance[] = {5000.0, 6000.0};

/* A name a class: its letter. */
static CheckpointData known_data(char names[static 2 * TINY_CLASSES]) {
    CheckpointData data = {.height = tiny_picture.height,
                           .width = tiny_picture.width,
                           .channels = tiny_picture.channels,
                           .classes = TINY_CLASSES,
                           .name_bytes = 2,
                           .name = names};
    for (size_t c = 0; c < TINY_CLASSES; c++)
        names[2 * c] = (char)('a' + c);
    memcpy(data.mean, trained_mean, sizeof trained_mean);
    memcpy(data.variance, trained_variance, sizeof trained_variance);
    return data;
}

static Status write_checkpoint(const Plan *plan, const float *weights) {
    char names[2 * TINY_CLASSES] = "";
    const CheckpointData data = known_data(names);
    History history = {0};
    return checkpoint_write("model.h5", &(Checkpoint){.table = &plan->table,
                                                      .weights = (float *)weights,
                                                      .progress = progress_start(),
                                                      .history = &history,
                                                      .job_text = plan->job_text,
                                                      .data = &data});
}

/* The weights in model.h5, and what the trainer finds with them: on all ranks; logits [TINY_TEST,
 * TINY_CLASSES] on one rank only. */
static Evaluation make_model(const char *override, float *logits) {
    Plan plan;
    Command command;
    Trainer trainer;
    float *weights = NULL;
    CHECK(tiny_plan(&plan, &command, 1, &override) == STATUS_OK);
    memcpy(plan.data.mean, trained_mean, sizeof trained_mean);
    memcpy(plan.data.variance, trained_variance, sizeof trained_variance);
    plan.statistics_known = true;
    CHECK(memory_allocate(&weights, plan.table.floats, sizeof *weights, "weights") == STATUS_OK);
    CHECK(trainer_init(&trainer, &plan, false) == STATUS_OK);
    parameter_initialize(&plan.table, 3, weights);
    for (size_t i = 0; i < plan.table.floats; i++)
        weights[i] *= 2.0f; /* so that the classes differ */
    const Evaluation found =
        evaluation_answers(&trainer, weights, &trainer.input.test, world.size == 1 ? logits : NULL);
    CHECK(world.rank != 0 || write_checkpoint(&plan, weights) == STATUS_OK);
    MPI_Barrier(world.comm);
    trainer_free(&trainer);
    memory_free(weights);
    plan_free(&plan);
    return found;
}

static AnswersFrom from_model(size_t threads) {
    return (AnswersFrom){
        .ranks = &world, .arithmetic = &arithmetic, .checkpoint = "model.h5", .threads = threads};
}

static bool same_bits(double a, double b) {
    return memcmp(&a, &b, sizeof a) == 0;
}

/* kept: the answers, for rank 0. */
static void a_data_file_is_answered_as_the_trainer_evaluates_it(const char *data_file,
                                                                const Evaluation *found,
                                                                const float *logits,
                                                                Answers *kept) {
    const AnswersFrom from = from_model(2);
    said_begin(); /* of statistics that are not the file's */
    CHECK(answers_of_data(&from, data_file, kept) == STATUS_OK);
    said_end();
    CHECK(same_bits(kept->loss, found->loss));
    CHECK(same_bits(kept->accuracy, found->accuracy));
    CHECK(same_bits(kept->top5_accuracy, found->top5_accuracy));
    CHECK(kept->images == TINY_TEST && kept->classes == TINY_CLASSES);
    CHECK((kept->logits != NULL) == (world.rank == 0));
    for (size_t i = 0; kept->label && i < TINY_TEST; i++)
        CHECK(kept->label[i] == tiny_label(SPLIT_TEST, i));
    if (world.size == 1)
        CHECK(memcmp(kept->logits, logits, TINY_TEST * TINY_CLASSES * sizeof *logits) == 0);
}

/* The answers are those of the data file's rows [first, first + images). */
static void pictures_are_answered_alike_by_themselves(AnswersModel *model, size_t first,
                                                      size_t images, const Answers *wanted) {
    uint8_t pixels[TINY_TEST * TINY_PIXELS];
    const Slices *borders = answers_borders(model, images);
    const size_t begin = first + slices_first(borders, world.rank);
    Answers answers;
    for (size_t i = 0; i < slices_count(borders, world.rank); i++)
        tiny_pixels(SPLIT_TEST, begin + i, pixels + i * TINY_PIXELS);
    CHECK(answers_of_pictures(model, images, pixels, &answers) == STATUS_OK);
    CHECK(answers.images == images && !answers.label && isnan(answers.loss));
    if (world.rank == 0)
        CHECK(memcmp(answers.logits, wanted->logits + first * TINY_CLASSES,
                     images * TINY_CLASSES * sizeof *answers.logits) == 0);
    answers_free(&answers);
}

static void all_pictures(const Answers *wanted) {
    AnswersModel *model;
    const AnswersFrom from = from_model(1);
    CHECK(answers_model_init(&model, &from) == STATUS_OK);
    const Picture picture = answers_picture(model);
    CHECK(picture.height == tiny_picture.height && picture.width == tiny_picture.width &&
          picture.channels == tiny_picture.channels);
    CHECK(answers_classes(model) == TINY_CLASSES);
    pictures_are_answered_alike_by_themselves(model, 0, TINY_TEST, wanted);
    pictures_are_answered_alike_by_themselves(model, 4, 1, wanted);
    pictures_are_answered_alike_by_themselves(model, 5, 6, wanted);
    pictures_are_answered_alike_by_themselves(model, 0, 0, wanted);
    answers_model_free(model);
}

static void what_is_no_checkpoint_does_not_answer(void) {
    AnswersModel *model;
    Answers answers;
    AnswersFrom from = from_model(1);
    from.checkpoint = "tiny.ini";
    CHECK(answers_model_init(&model, &from) == STATUS_DATA && !model);
    from.checkpoint = "nowhere.h5";
    CHECK(answers_model_init(&model, &from) == STATUS_IO && !model);
    from = from_model(1);
    CHECK(answers_of_data(&from, "nowhere.h5", &answers) == STATUS_IO && !answers.logits);
}

static void all(const char *override) {
    float logits[TINY_TEST * TINY_CLASSES];
    Answers answers;
    const Evaluation found = make_model(override, logits);
    a_data_file_is_answered_as_the_trainer_evaluates_it("data.h5", &found, logits, &answers);
    all_pictures(&answers);
    answers_free(&answers);
    a_data_file_is_answered_as_the_trainer_evaluates_it(NULL, &found, logits, &answers);
    answers_free(&answers);
}

int main(int argc, char **argv) {
    Arithmetic own;
    arithmetic_survey(&own);
    test_start(&argc, &argv);
    CHECK(alike_choose(&world, &own, &arithmetic) == STATUS_OK);
    tiny_enter();
    all("model.head=12");
    all("model.head=64"); /* a fat layer, whose rows the ranks share */
    what_is_no_checkpoint_does_not_answer();
    tiny_leave();
    return test_end();
}
