/* The pictures of a run: which ones a batch has, and how the model gets to see them. */

#include "input.h"
#include "train/tiny.h"
#include "vit/epoch_order.h"
#include "vit/mix.h"
#include "vit/size.h"

static Plan plan;
static Command command;
static Input input;

static void begin(void) {
    CHECK(tiny_plan(&plan, &command, 0, NULL) == STATUS_OK);
    CHECK(input_init(&input, &plan, true) == STATUS_OK);
}

static void end(void) {
    input_free(&input);
    plan_free(&plan);
}

/* The next batch is images [position, position + images) of the epoch's permutation; this rank has
 * its slice of them. */
static Batch check_next(uint64_t epoch, size_t position, size_t images) {
    uint32_t order[TINY_TRAIN];
    uint8_t pixels[TINY_PIXELS];
    epoch_order(plan.job.seed, epoch, TINY_TRAIN, order);
    const Batch batch = input_next(&input);
    const size_t first = slices_first(batch.slices, world.rank);
    size_t wrong = 0;
    CHECK(input.epoch == epoch);
    CHECK(batch.images == images && batch.count == slices_count(batch.slices, world.rank));
    for (size_t i = 0; i < batch.count; i++) {
        const uint32_t sample = order[position + first + i];
        tiny_pixels(SPLIT_TRAIN, sample, pixels);
        wrong += batch.samples[i] != sample || batch.labels[i] != tiny_label(SPLIT_TRAIN, sample);
        wrong += memcmp(batch.pixels + i * TINY_PIXELS, pixels, sizeof pixels) != 0;
    }
    CHECK(wrong == 0);
    return batch;
}

static void an_epoch_uses_each_sample_once(void) {
    begin();
    for (uint64_t epoch = 0; epoch < 3; epoch++) {
        const size_t images[] = {8, 8, 3};
        uint64_t mine = 0, all = 0;
        input_begin(&input, epoch, 0);
        for (size_t b = 0; b < 3; b++) {
            input_progress(&input);
            const Batch batch = check_next(epoch, 8 * b, images[b]);
            mine += epoch_coverage(batch.samples, batch.count);
        }
        /* There is no fourth one. */
        CHECK(input.position == TINY_TRAIN);
        MPI_Allreduce(&mine, &all, 1, MPI_UINT64_T, MPI_SUM, world.comm);
        CHECK(all == epoch_coverage_of_all(&plan.holdout.train));
    }
    CHECK(input.waited >= 0.0);
    end();
}

static void a_run_goes_on_in_mid_epoch(void) {
    begin();
    input_begin(&input, 4, 8);
    check_next(4, 8, 8);
    check_next(4, 16, 3);
    end();
}

static void a_batch_that_nobody_takes_does_no_harm(void) {
    begin();
    input_begin(&input, 0, 0);
    check_next(0, 0, 8);
    end();
}

static void endless_input_has_whole_batches_only(void) {
    begin();
    input.endless = true;
    input_begin(&input, 0, 0);
    for (uint64_t epoch = 0; epoch < 3; epoch++) {
        check_next(epoch, 0, 8);
        check_next(epoch, 8, 8);
    }
    end();
}

/* ---- what the model sees ---- */

/* Values of a picture as the model gets it. */
static size_t planes_values(void) {
    return plan.shape.channels * plan.job.image_size * plan.job.image_size;
}

static float *floats(size_t count) {
    float *values = NULL;
    CHECK(memory_allocate(&values, count, sizeof *values, "a picture") == STATUS_OK);
    return values;
}

/* Whether image number `image` of a view is those pixels, changed by that draw or (NULL) as they
 * are. */
static bool sees(const InputView *view, size_t image, const uint8_t *pixels,
                 const AugmentDraw *draw) {
    float *scratch = floats(augment_scratch(input.augment.picture, input.augment.size));
    float *seen = floats(planes_values()), *wanted = floats(planes_values());
    augment_image(&input.augment, pixels, draw, scratch, wanted);
    view->vit.load(view->vit.context, image, seen);
    const bool same = memcmp(seen, wanted, planes_values() * sizeof *seen) == 0;
    memory_free(scratch);
    memory_free(seen);
    memory_free(wanted);
    return same;
}

/* By a draw that depends on epoch and sample alone, not on who looks. */
static void batches_are_augmented(void) {
    InputView view;
    begin();
    input_begin(&input, 2, 8);
    const Batch batch = check_next(2, 8, 8);
    input_view_batch(&view, &input, &batch);
    CHECK(view.vit.images == batch.count && view.vit.batch == 8);
    CHECK(view.vit.first == slices_first(batch.slices, world.rank));
    CHECK(view.vit.sample == batch.samples && view.vit.label == batch.labels);
    for (size_t i = 0; i < batch.count; i++) {
        const uint8_t *pixels = batch.pixels + i * TINY_PIXELS;
        const AugmentDraw draw = augment_draw(&input.augment, 2, batch.samples[i]);
        CHECK(sees(&view, i, pixels, &draw));
        CHECK(!sees(&view, i, pixels, NULL));
    }
    end();
}

/* Validation and test are not told of it. */
static void check_plain(const Shard *shard) {
    InputView view;
    input_view_shard(&view, &input, shard);
    CHECK(!view.vit.mix && !view.vit.other && !view.vit.share && view.vit.smoothing == 0.0);
}

/* The pictures of a unit, augmented, are mixed by the draw that its targets have. */
static void check_unit(const InputView *view, const Batch *batch, size_t first) {
    const size_t values = planes_values(), count = size_smaller(TINY_UNIT, batch->count - first);
    const MixDraw draw = mix_draw(&plan.job, 3, batch->samples[first]);
    float *seen = floats(count * values), *wanted = floats(count * values);
    for (size_t i = 0; i < count; i++) {
        const size_t partner = count - 1 - i;
        CHECK(view->vit.other[first + i] == batch->labels[first + partner]);
        CHECK(view->vit.share[first + i] == (partner == i ? 1.0 : draw.share));
        view->vit.load(view->vit.context, first + i, seen + i * values);
    }
    memcpy(wanted, seen, count * values * sizeof *seen);
    view->vit.mix(view->vit.context, first, count, seen);
    mix_planes(&draw, count, plan.shape.channels, plan.job.image_size, wanted);
    CHECK(memcmp(seen, wanted, count * values * sizeof *seen) == 0);
    memory_free(seen);
    memory_free(wanted);
}

static void units_are_mixed_with_their_targets(void) {
    static const char *mixing[] = {"augment.mixup=0.8", "augment.cutmix=1",
                                   "train.label_smoothing=0.25"};
    InputView view;
    CHECK(tiny_plan(&plan, &command, 3, mixing) == STATUS_OK);
    CHECK(input_init(&input, &plan, true) == STATUS_OK);
    CHECK(plan_vit_options(&plan).mixes);
    input_begin(&input, 3, 8);
    for (size_t position = 8; position < TINY_TRAIN; position += 8) {
        const Batch batch = check_next(3, position, position == 8 ? 8 : 3);
        input_view_batch(&view, &input, &batch);
        CHECK(view.vit.smoothing == 0.25);
        for (size_t first = 0; first < batch.count; first += TINY_UNIT)
            check_unit(&view, &batch, first);
    }
    check_plain(&input.test);
    check_plain(&input.validation);
    end();
}

static void nothing_is_mixed_by_default(void) {
    InputView view;
    begin();
    input_begin(&input, 0, 0);
    const Batch batch = check_next(0, 0, 8);
    input_view_batch(&view, &input, &batch);
    CHECK(!view.vit.mix && !view.vit.other && !view.vit.share && view.vit.smoothing == 0.0);
    CHECK(!plan_vit_options(&plan).mixes);
    end();
}

static void check_shard(const Shard *shard, DataSplit split, size_t begins, size_t total) {
    InputView view;
    uint8_t pixels[TINY_PIXELS];
    size_t first, count;
    ranks_share(total, (size_t)world.size, (size_t)world.rank, &first, &count);
    input_view_shard(&view, &input, shard);
    CHECK(view.vit.images == count && view.vit.first == first && view.vit.batch == total);
    for (size_t i = 0; i < count; i++) {
        const size_t image = begins + first + i;
        tiny_pixels(split, image, pixels);
        CHECK(view.vit.label[i] == tiny_label(split, image));
        CHECK(sees(&view, i, pixels, NULL));
    }
}

static void evaluation_sees_pictures_as_they_are(void) {
    begin();
    check_shard(&input.test, SPLIT_TEST, 0, TINY_TEST);
    check_shard(&input.validation, SPLIT_TRAIN, TINY_TRAIN, TINY_VALIDATION);
    end();
}

/* ---- lists of samples ---- */

/* Of four images a class the last two are kept: 2, 3, 6, 7, 10, ... */
static void begin_sorted(void) {
    static const char *stratified[] = {"data.file=sorted.h5", "data.validation=stratified",
                                       "data.validation_split=0.3"};
    CHECK(tiny_plan(&plan, &command, 3, stratified) == STATUS_OK);
    CHECK(plan.train_images == TINY_IMAGES / 2 && plan.validation_images == TINY_IMAGES / 2);
    CHECK(input_init(&input, &plan, true) == STATUS_OK);
}

static void check_sorted(const uint8_t *pixels, uint16_t label, size_t image) {
    uint8_t wanted[TINY_PIXELS];
    tiny_pixels(SPLIT_TRAIN, image, wanted);
    CHECK(memcmp(pixels, wanted, sizeof wanted) == 0);
    CHECK(label == tiny_sorted_label(SPLIT_TRAIN, image));
}

static void the_last_of_each_class_are_validated_with(void) {
    begin_sorted();
    const Shard *shard = &input.validation;
    CHECK(shard->total == TINY_IMAGES / 2);
    for (size_t i = 0; i < shard->count; i++) {
        const size_t place = shard->first + i;
        check_sorted(shard->images + i * TINY_PIXELS, shard->labels[i],
                     place / 2 * 4 + 2 + place % 2);
    }
    end();
}

/* By their numbers in the file, in the order of a permutation of the twelve. */
static void the_others_are_trained_on(void) {
    uint32_t order[TINY_IMAGES / 2];
    uint64_t mine = 0, all = 0;
    begin_sorted();
    epoch_order(plan.job.seed, 3, TINY_IMAGES / 2, order);
    input_begin(&input, 3, 0);
    for (size_t position = 0; position < TINY_IMAGES / 2; position += TINY_BATCH) {
        const Batch batch = input_next(&input);
        const size_t first = position + slices_first(batch.slices, world.rank);
        for (size_t i = 0; i < batch.count; i++) {
            const uint32_t place = order[first + i];
            CHECK(batch.samples[i] == place / 2 * 4 + place % 2);
            check_sorted(batch.pixels + i * TINY_PIXELS, batch.labels[i], batch.samples[i]);
        }
        mine += epoch_coverage(batch.samples, batch.count);
    }
    MPI_Allreduce(&mine, &all, 1, MPI_UINT64_T, MPI_SUM, world.comm);
    CHECK(all == epoch_coverage_of_all(&plan.holdout.train));
    CHECK(all != epoch_coverage_of_all(&(Samples){.count = TINY_IMAGES / 2}));
    end();
}

static void without_training_only_the_test_split_is_read(void) {
    CHECK(tiny_plan(&plan, &command, 0, NULL) == STATUS_OK);
    CHECK(input_init(&input, &plan, false) == STATUS_OK);
    CHECK(input.train.count == 0 && input.validation.count == 0 && !input.batches);
    check_shard(&input.test, SPLIT_TEST, 0, TINY_TEST);
    end();
}

static void what_was_never_begun_can_be_freed(void) {
    Input nothing = {0};
    input_free(&nothing);
}

int main(int argc, char **argv) {
    test_start(&argc, &argv);
    tiny_enter();
    an_epoch_uses_each_sample_once();
    a_run_goes_on_in_mid_epoch();
    a_batch_that_nobody_takes_does_no_harm();
    endless_input_has_whole_batches_only();
    batches_are_augmented();
    units_are_mixed_with_their_targets();
    nothing_is_mixed_by_default();
    evaluation_sees_pictures_as_they_are();
    the_last_of_each_class_are_validated_with();
    the_others_are_trained_on();
    without_training_only_the_test_split_is_read();
    what_was_never_begun_can_be_freed();
    tiny_leave();
    return test_end();
}
