/* What follows from job, data and ranks before anything is done, and what is refused. */

#include "train/tiny.h"
#include "vit/size.h"
#include <math.h>
#include <time.h>

static Plan plan;
static Command command;

static Status plan_with(const char *override) {
    static const char *overrides[1];
    overrides[0] = override;
    return tiny_plan(&plan, &command, override ? 1 : 0, overrides);
}

static void the_split_and_its_steps(void) {
    CHECK(plan_with(NULL) == STATUS_OK);
    CHECK(plan.train_images == TINY_TRAIN && plan.validation_images == TINY_VALIDATION);
    CHECK(plan.shape.classes == TINY_CLASSES);
    CHECK(plan_epoch_steps(&plan) == 3);
    CHECK(plan_batch_at(&plan, 0) == 8 && plan_batch_at(&plan, 8) == 8);
    CHECK(plan_batch_at(&plan, 16) == 3 && plan_batch_at(&plan, 19) == 0);
    plan_free(&plan);

    CHECK(plan_with("data.validation_split=0") == STATUS_OK);
    CHECK(plan.train_images == TINY_IMAGES && plan.validation_images == 0);
    CHECK(plan_epoch_steps(&plan) == 3 && plan_batch_at(&plan, 16) == 8);
    plan_free(&plan);

    CHECK(plan_with("data.batch_size=100") == STATUS_OK);
    CHECK(plan_epoch_steps(&plan) == 1 && plan_batch_at(&plan, 0) == TINY_TRAIN);
    plan_free(&plan);
}

/* The most that this rank has of a batch: of the 4 units of a whole one; and of the 2 of the last,
 * 2 images and 1. */
static void memory_is_for_the_largest_slice(void) {
    CHECK(plan_with(NULL) == STATUS_OK);
    const size_t size = (size_t)world.size, rank = (size_t)world.rank;
    const size_t units = 4 * (rank + 1) / size - 4 * rank / size;
    CHECK(plan.slice.images == 2 * units);
    CHECK(plan_vit_options(&plan).images == plan.slice.images);
    plan_free(&plan);
}

/* Only rank 0 reads files: the others need not even have them. */
static void the_job_reaches_ranks_that_have_no_file(void) {
    if (world.rank != 0)
        CHECK(chdir("/") == 0);
    CHECK(plan_with("train.learning_rate=0.5") == STATUS_OK);
    CHECK(plan.job.learning_rate == 0.5 && plan.job.batch_size == TINY_BATCH);
    CHECK(plan.data.images[SPLIT_TEST] == TINY_TEST);
    CHECK(plan.job_text && strstr(plan.job_text, "learning_rate = 0.5"));
    plan_free(&plan);
    CHECK(chdir(folder) == 0);
}

static void the_deadline_is_the_time_limit_s(void) {
    CHECK(plan_with("run.time_limit=2") == STATUS_OK);
    const double left = plan.deadline - (double)time(NULL);
    CHECK(left > 100.0 && left <= 120.0);
    plan_free(&plan);
    CHECK(plan_with("run.time_limit=none") == STATUS_OK);
    CHECK(isinf(plan.deadline));
    plan_free(&plan);
    const char *automatic[] = {"run.time_limit=auto"};
    command = (Command){.job = "tiny.ini", .override_count = 1, .overrides = automatic};
    CHECK(plan_read(&plan, &world, &command, 12345.0) == STATUS_OK);
    CHECK(plan.deadline == 12345.0);
    plan_free(&plan);
}

/* ---- refusals, the same on all ranks ---- */

static void refused(const char *override, Status wanted, const char *text) {
    CHECK(plan_with(override) == wanted);
    if (!strstr(status_message(), text)) {
        failures++;
        fprintf(stderr, "%s: '%s' does not say '%s'\n", override, status_message(), text);
    }
    plan_free(&plan);
}

static void jobs_that_do_not_fit_are_refused(void) {
    refused("data.labels=coarse", STATUS_CONFIG, "data.h5 has no coarse labels: use fine");
    refused("data.validation_split=0.99", STATUS_CONFIG,
            "none of the 24 training images of data.h5");
    const char *few[] = {"data.validation=stratified", "data.validation_split=0.9"};
    CHECK(tiny_plan(&plan, &command, 2, few) == STATUS_CONFIG);
    CHECK(strstr(status_message(), "none of the 24 training images") != NULL);
    plan_free(&plan);
    refused("data.file=missing.h5", STATUS_IO, "missing.h5");
    refused("data.batch_sise=4", STATUS_CONFIG, "batch_size");
    command = (Command){.job = "missing.ini"};
    CHECK(plan_read(&plan, &world, &command, INFINITY) == STATUS_CONFIG);
    CHECK(strstr(status_message(), "missing.ini") != NULL);
    plan_free(&plan);
}

static void each_rank_needs_an_image_of_the_batch(void) {
    char fewer[32], enough[32];
    snprintf(fewer, sizeof fewer, "data.batch_size=%d", world.size - 1);
    snprintf(enough, sizeof enough, "data.batch_size=%d", world.size);
    if (world.size > 1)
        refused(fewer, STATUS_CONFIG, "use at most as many ranks as images");
    CHECK(plan_with(enough) == STATUS_OK);
    plan_free(&plan);
}

/* ---- cost ---- */

/* A fat layer of 72 x 64: 72 * 64 >= 8 * (72 + 64). */
static const char fat_head[] = "model.head=64";

static void the_cost_is_that_of_its_parts(void) {
    CHECK(plan_with(fat_head) == STATUS_OK);
    PlanCost cost;
    OptimizerCost updating;
    FatLayersCost layers;
    size_t model;
    const VitOptions vit = plan_vit_options(&plan);
    const OptimizerOptions optimizer = plan_optimizer_options(&plan, NULL);
    const FatLayersOptions fat = plan_fat_layers_options(&plan, true);
    CHECK(plan_cost(&plan, &cost) == STATUS_OK);
    CHECK(optimizer_cost(&optimizer, &updating) == STATUS_OK);
    CHECK(fat_layers_cost(&fat, plan.job.unit_images, &layers) == STATUS_OK);
    CHECK(vit_bytes(&plan.shape, &plan.table, &vit, &model) == STATUS_OK);
    CHECK(cost.sums == updating.sums && cost.layers == layers.sent &&
          cost.weights == updating.weights);
    CHECK(world.size == 1 || (cost.sums > 0.0 && cost.layers > 0.0 && cost.weights > 0.0));
    /* Every image that a rank computes on comes from another one, but for its own share. */
    const double size = world.size, sample = TINY_PIXELS + 2.0;
    CHECK(fabs(cost.images - TINY_BATCH * sample / size * (1.0 - 1.0 / size)) < 1e-6);
    /* Weights, and with the optimizer's two states a snapshot of them. */
    const double vector = (double)(plan.table.floats * sizeof(float));
    CHECK(cost.snapshot == 3.0 * vector);
    /* The rank's share of all images, and a number for each of the epoch. */
    const double images = (double)((TINY_IMAGES + TINY_TEST) / (size_t)world.size) * sample;
    /* A batch's images to be sent; this rank's received and unpacked, with their numbers. Then a
     * thread's picture, resized in width only and as planes. */
    const double slice = (double)plan.slice.images, side = (double)plan.job.image_size;
    const double batches = TINY_BATCH * sample + slice * 2.0 * (sample + 4.0);
    const Picture picture = plan.data.picture;
    const double scratch = 4.0 * side * ((double)picture.height + side * (double)picture.channels);
    /* All weights but the fat layer's rows of others. */
    const Region *region = &plan.partition.region[partition_kernel(0)];
    const double others = (double)(region->floats - region_count(region, world.rank));
    const double held = vector - sizeof(float) * others;
    CHECK(fabs(cost.memory - (updating.memory + layers.memory + held + (double)model + images +
                              4.0 * TINY_TRAIN + batches + (double)plan.threads * scratch)) < 1e-3);
    plan_free(&plan);
}

/* Four bytes for each image of the split. */
static void lists_of_samples_cost_memory(void) {
    PlanCost range, list;
    CHECK(plan_with(NULL) == STATUS_OK && plan_cost(&plan, &range) == STATUS_OK);
    plan_free(&plan);
    CHECK(plan_with("data.validation=stratified") == STATUS_OK);
    CHECK(plan_cost(&plan, &list) == STATUS_OK);
    const double epoch = 4.0 * ((double)plan.train_images - TINY_TRAIN);
    CHECK(fabs(list.memory - range.memory - epoch - 4.0 * TINY_IMAGES) < 1e-3);
    plan_free(&plan);
}

static void one_rank_sends_nothing(void) {
    PlanCost cost;
    CHECK(plan_with(fat_head) == STATUS_OK);
    CHECK(plan_cost(&plan, &cost) == STATUS_OK);
    const double sent = cost.sums + cost.layers + cost.weights + cost.images;
    CHECK(world.size == 1 ? sent == 0.0 : sent > 0.0);
    plan_free(&plan);
}

int main(int argc, char **argv) {
    test_start(&argc, &argv);
    tiny_enter();
    the_split_and_its_steps();
    memory_is_for_the_largest_slice();
    the_job_reaches_ranks_that_have_no_file();
    the_deadline_is_the_time_limit_s();
    jobs_that_do_not_fit_are_refused();
    each_rank_needs_an_image_of_the_batch();
    the_cost_is_that_of_its_parts();
    lists_of_samples_cost_memory();
    one_rank_sends_nothing();
    plan_free(&plan);
    tiny_leave();
    return test_end();
}
