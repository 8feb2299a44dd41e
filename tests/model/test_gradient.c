/* Every layer's backward pass, and a tiny whole model's, against central differences of its forward
 * pass.
 *
 * Along a direction d (all values of one tensor, each +-h), D(h) = (f(x + d) - f(x - d)) / 2 should
 * be the inner product of d and the gradient. Its error grows as h^3 through the third derivatives,
 * so that D(h) and D(h/2) together, (8 D(h/2) - D(h)) / 3, leave h^5 only. The forward pass rounds
 * in fp32: with |f| of the order of sqrt(n) for n outputs of order 1, a difference carries about
 * eps |f| c with eps = 6e-8 and c some tens for a chain of layers, 3e-6, times 3 for the
 * combination. The inner product is about h |gradient|, 1e-2 and more, so that 2e-3 of it (for h^5)
 * plus 3e-5 covers both. */

#include "attention.h"
#include "check.h"
#include "encoder.h"
#include "mlp.h"
#include "vit/gemm.h"
#include "vit/vit.h"

static const double relative = 2e-3, absolute = 3e-5;

/* A function of several tensors, one after another in `values`. */
typedef struct Function {
    float *values, *gradient;
    double (*forward)(void *context);
    void *context;
    float step;
    bool over_edge; /* set by forward: it has no derivative between here and where it began */
} Function;

/* (f(x + scale d) - f(x - scale d)) / 2. */
static double central_difference(Function *f, size_t offset, size_t count, const float *direction,
                                 float scale) {
    double value[2];
    float *kept = test_array(count, sizeof *kept);
    memcpy(kept, f->values + offset, count * sizeof *kept);
    for (int side = 0; side < 2; side++) {
        for (size_t i = 0; i < count; i++)
            f->values[offset + i] = kept[i] + (side == 0 ? scale : -scale) * direction[i];
        value[side] = f->forward(f->context);
    }
    memcpy(f->values + offset, kept, count * sizeof *kept);
    memory_free(kept);
    return (value[0] - value[1]) / 2.0;
}

/* False, and nothing is checked, where there is an edge along the direction. */
static bool check_direction(Function *f, const char *name, size_t offset, size_t count,
                            uint64_t seed) {
    float *direction = test_values(count, 1.0f, seed);
    double slope = 0.0, size = 0.0;
    for (size_t i = 0; i < count; i++) {
        direction[i] = direction[i] < 0.0f ? -f->step : f->step;
        slope += (double)direction[i] * (double)f->gradient[offset + i];
        size += pow((double)direction[i] * (double)f->gradient[offset + i], 2.0);
    }
    f->over_edge = false;
    const double whole = central_difference(f, offset, count, direction, 1.0f);
    const double half = central_difference(f, offset, count, direction, 0.5f);
    const double difference = (8.0 * half - whole) / 3.0;
    memory_free(direction);
    if (f->over_edge)
        return false;
    /* The typical size of the inner product, for directions in which it happens to vanish. */
    if (!(fabs(difference - slope) <= relative * sqrt(size) + absolute)) {
        print_error("%s: difference %.7g, gradient %.7g, typical %.3g\n", name, difference, slope,
                    sqrt(size));
        fail();
    }
    return true;
}

static void check_tensor(Function *f, const char *name, size_t offset, size_t count) {
    size_t checked = 0;
    for (uint64_t seed = 100; checked < 3 && seed < 2000; seed++)
        checked += check_direction(f, name, offset, count, seed);
    assert_int_equal(checked, 3);
}

/* A layer between x [T, D] and y [T, D], with f = sum of y * weight. */
typedef struct LayerCase {
    ModelShape shape;
    ParameterTable table;
    Encoder encoder;
    EncoderWeights prepared;
    EncoderWork work;
    ImageStash stash;
    BlockStash block_stash[2];
    BlockWeights block_weights[2];
    EncoderDropout dropout;
    uint8_t *chosen;              /* by the tokenizer, before anything was changed */
    float *memory, *x, *y, *pull; /* pull: the gradient of f with respect to y */
    Function function;            /* values: weights, then x */
    EncoderGradient gradient;     /* of which tensors are in function.gradient */
} LayerCase;

static const char *const tiny_job = "[augment]\nimage_size = 15\n"
                                    "[model]\npatch_size = 5\ndim = 12\ndepth = 2\nheads = 3\n"
                                    "key_dim = 7\nmlp = 20,12\nhead = 11,9\ndropout = 0.3\n";

/* Heads so wide that attention is folded, and so narrow that it is not. */
enum { FOLDED_KEY_DIM = 19, NARROW_KEY_DIM = 7 };

/* The tiny job with up to SETS_MOST overrides. */
enum { SETS_MOST = 8 };
typedef const char *const Sets[SETS_MOST];

static Job tiny(size_t key_dim, Sets sets) {
    Job job;
    size_t count = 0;
    while (sets && count < SETS_MOST && sets[count])
        count++;
    assert_ok(job_parse(&job, "tiny.ini", tiny_job, count, sets));
    job.key_dim = key_dim;
    const ModelShape shape = model_shape(&job, 3, 5);
    if (!sets)
        assert_int_equal(model_folds_attention(&shape), key_dim == FOLDED_KEY_DIM);
    return job;
}

static void layer_open(LayerCase *c, size_t key_dim, Sets sets, double (*forward)(void *)) {
    const Job job = tiny(key_dim, sets);
    *c = (LayerCase){0};
    c->shape = model_shape(&job, 3, 5);
    assert_ok(parameter_table_init(&c->table, &c->shape));
    encoder_plan(&c->encoder, &c->shape, &c->table, kernels_best());
    c->prepared.block = c->block_weights;
    c->stash.block = c->block_stash;
    for (int pass = 0; pass < 2; pass++) {
        Arena arena = {.base = c->memory};
        encoder_weights_place(&c->prepared, &c->shape, &arena);
        encoder_stash_place(&c->stash, &c->shape, &arena);
        encoder_work_place(&c->work, &c->shape, 1, 1, &arena);
        if (pass == 0)
            c->memory = test_array(arena.used, sizeof(float));
    }
    encoder_fill_constants(&c->encoder, &c->prepared);
    const size_t values = c->shape.T * c->shape.D;
    c->function.values = test_values(c->table.floats + values, 0.6f, 1);
    c->function.gradient = test_array(c->table.floats + values, sizeof(float));
    c->gradient.tensors = c->function.gradient + c->table.folded_floats;
    c->gradient.folded =
        test_array(c->shape.depth * attention_folded_floats(&c->shape), sizeof(float));
    c->function.forward = forward;
    c->function.context = c;
    c->function.step = 1e-2f;
    c->x = c->function.values + c->table.floats;
    c->y = test_array(values, sizeof(float));
    c->pull = test_values(values > c->shape.features ? values : c->shape.features, 1.0f, 2);
    const DropoutSource source = {.kernels = kernels_best(),
                                  .seed = 3,
                                  .step = 4,
                                  .sample = 5,
                                  .threshold = dropout_threshold(c->shape.dropout),
                                  .words = c->work.words};
    c->dropout = (EncoderDropout){source, source, c->shape.stochastic_depth};
    c->dropout.attention.threshold = dropout_threshold(c->shape.attention_dropout);
}

static void layer_close(LayerCase *c) {
    parameter_table_free(&c->table);
    memory_free(c->memory);
    memory_free(c->function.values);
    memory_free(c->function.gradient);
    memory_free(c->gradient.folded);
    memory_free(c->y);
    memory_free(c->pull);
}

static void prepare(LayerCase *c) {
    encoder_prepare(&c->encoder, c->function.values, &c->prepared);
    for (size_t f = 0; f < encoder_forms(&c->encoder); f++)
        encoder_prepare_form(&c->encoder, c->function.values, f, &c->work, &c->prepared);
}

static double pulled(const LayerCase *c, size_t count) {
    double sum = 0.0;
    for (size_t i = 0; i < count; i++)
        sum += (double)c->y[i] * (double)c->pull[i];
    return sum;
}

/* The tensors of block 1 whose names contain `part`, and x. */
static void check_layer(LayerCase *c, const char *part, bool input) {
    for (size_t i = 0; i < c->table.count; i++)
        if (strstr(c->table.entry[i].name, part))
            check_tensor(&c->function, c->table.entry[i].name, c->table.entry[i].offset,
                         c->table.entry[i].count);
    if (input)
        check_tensor(&c->function, "the input", c->table.floats, c->shape.T * c->shape.D);
}

/* What stochastic depth could multiply a branch with. */
static const float branch_factor = 1.25f;

static double attention_value(void *context) {
    LayerCase *c = context;
    const size_t values = c->shape.T * c->shape.D;
    prepare(c);
    memset(c->y, 0, values * sizeof *c->y);
    attention_forward(&c->encoder.attention, &c->prepared.block[1].attention, c->x,
                      &c->dropout.attention, 1, branch_factor, &c->stash.block[1].attention,
                      &c->work.attention, c->y);
    return pulled(c, values);
}

static void check_attention(size_t key_dim) {
    LayerCase c;
    layer_open(&c, key_dim, NULL, attention_value);
    attention_value(&c);
    const BlockLayout *layout = &c.table.block[1];
    AttentionGradient gradient =
        attention_gradient(&c.encoder.attention, layout, c.gradient.tensors, c.table.folded_floats,
                           c.gradient.folded + attention_folded_floats(&c.shape));
    attention_backward(&c.encoder.attention, &c.prepared.block[1].attention, c.x, c.pull,
                       c.encoder.keep, branch_factor, &c.stash.block[1].attention,
                       &c.work.attention, &gradient, c.function.gradient + c.table.floats);
    for (size_t h = 0; h < c.shape.H; h++)
        attention_unfold_head(&c.encoder.attention, layout, c.function.values, h, &c.work.attention,
                              c.gradient.folded + attention_folded_floats(&c.shape),
                              c.function.gradient);
    check_layer(&c, "block1/attention", true);
    layer_close(&c);
}

static void attention_gradients(void **state) {
    (void)state;
    check_attention(NARROW_KEY_DIM);
    check_attention(FOLDED_KEY_DIM);
}

static double mlp_value(void *context) {
    LayerCase *c = context;
    const size_t values = c->shape.T * c->shape.D;
    prepare(c);
    memset(c->y, 0, values * sizeof *c->y);
    mlp_forward(&c->encoder.mlp, &c->prepared.block[1].mlp, c->x, &c->dropout.mlp, 1, branch_factor,
                &c->stash.block[1].mlp, &c->work.mlp, c->y);
    return pulled(c, values);
}

static void check_mlp(Sets sets) {
    LayerCase c;
    layer_open(&c, NARROW_KEY_DIM, sets, mlp_value);
    mlp_value(&c);
    MlpGradient gradient = mlp_gradient(&c.encoder.mlp, &c.table.block[1], c.function.gradient, 0);
    const float *dx =
        mlp_backward(&c.encoder.mlp, &c.prepared.block[1].mlp, c.x, c.pull, &c.dropout.mlp, 1,
                     branch_factor, &c.stash.block[1].mlp, &c.work.mlp, &gradient);
    memcpy(c.function.gradient + c.table.floats, dx, c.shape.T * c.shape.D * sizeof *dx);
    check_layer(&c, "block1/mlp", true);
    layer_close(&c);
}

static void mlp_gradients(void **state) {
    (void)state;
    check_mlp(NULL);
    check_mlp((Sets){"model.mlp_end=linear"});
    check_mlp((Sets){"model.mlp_end=linear", "model.mlp=12"});
}

/* With kernels that reach over the border of the grid, of 3 x 3 tokens, and beyond it. */
static void local_convolution_gradients(void **state) {
    (void)state;
    check_mlp((Sets){"model.mlp_convolution=3"});
    check_mlp((Sets){"model.mlp_convolution=5", "model.pool=class", "model.mlp=19,12"});
    check_mlp((Sets){"model.mlp_convolution=7", "model.mlp_end=linear", "model.mlp=12"});
}

static double block_value(void *context) {
    LayerCase *c = context;
    const size_t values = c->shape.T * c->shape.D;
    prepare(c);
    memcpy(c->y, c->x, values * sizeof *c->y);
    encoder_block(&c->encoder, &c->prepared, 1, &c->dropout, &c->stash.block[1], &c->work, c->y);
    return pulled(c, values);
}

static void check_block(size_t key_dim, Sets sets) {
    LayerCase c;
    layer_open(&c, key_dim, sets, block_value);
    block_value(&c);
    float *dx = c.function.gradient + c.table.floats;
    memcpy(dx, c.pull, c.shape.T * c.shape.D * sizeof *dx);
    encoder_block_backward(&c.encoder, &c.prepared, 1, &c.dropout, &c.stash.block[1], &c.work,
                           c.gradient, dx);
    for (size_t h = 0; h < c.shape.H; h++)
        encoder_unfold_head(&c.encoder, c.function.values, 1, h, &c.work, c.gradient.folded,
                            c.function.gradient);
    check_layer(&c, "block1/", true);
    layer_close(&c);
}

static void block_gradients(void **state) {
    (void)state;
    check_block(NARROW_KEY_DIM, NULL);
    check_block(FOLDED_KEY_DIM, NULL);
    check_block(NARROW_KEY_DIM, (Sets){"model.attention_dropout=0", "model.dropout=0.5"});
}

/* Over some steps, both branches are kept and dropped, each by itself, and a block without branches
 * is what it was given. */
static void gradients_with_stochastic_depth(void **state) {
    (void)state;
    bool seen[2][2] = {{false}};
    for (uint64_t step = 0; step < 12; step++) {
        LayerCase c;
        layer_open(&c, NARROW_KEY_DIM, (Sets){"model.stochastic_depth=0.5"}, block_value);
        c.dropout.attention.step = c.dropout.mlp.step = step;
        block_value(&c);
        const BlockStash *stash = &c.stash.block[1];
        bool *here = &seen[stash->attention_factor != 0.0f][stash->mlp_factor != 0.0f];
        if (stash->attention_factor != 0.0f)
            assert_true(stash->attention_factor == 2.0f);
        if (stash->attention_factor == 0.0f && stash->mlp_factor == 0.0f)
            assert_memory_equal(c.x, c.y, c.shape.T * c.shape.D * sizeof(float));
        if (!*here) {
            float *dx = c.function.gradient + c.table.floats;
            memcpy(dx, c.pull, c.shape.T * c.shape.D * sizeof *dx);
            encoder_block_backward(&c.encoder, &c.prepared, 1, &c.dropout, stash, &c.work,
                                   c.gradient, dx);
            check_layer(&c, "block1/", true);
        }
        *here = true;
        layer_close(&c);
    }
    assert_true(seen[0][0] && seen[0][1] && seen[1][0] && seen[1][1]);
}

static double pool_value(void *context) {
    LayerCase *c = context;
    prepare(c);
    encoder_pool(&c->encoder, &c->prepared, c->x, &c->stash.pool, &c->work, c->y);
    return pulled(c, c->shape.features);
}

static void check_pool(const char *pool) {
    LayerCase c;
    layer_open(&c, NARROW_KEY_DIM, (Sets){pool}, pool_value);
    pool_value(&c);
    encoder_pool_backward(&c.encoder, &c.prepared, c.pull, &c.stash.pool, &c.work, c.gradient,
                          c.function.gradient + c.table.floats);
    check_tensor(&c.function, "norm/gamma", c.table.norm_gamma, c.shape.D);
    check_tensor(&c.function, "norm/beta", c.table.norm_beta, c.shape.D);
    if (c.shape.pool == POOL_SEQUENCE)
        check_tensor(&c.function, "pool/kernel", c.table.pool_kernel, c.shape.D);
    check_tensor(&c.function, "the input", c.table.floats, c.shape.T * c.shape.D);
    layer_close(&c);
}

static void pooling_gradients(void **state) {
    (void)state;
    check_pool("model.pool=flatten");
    check_pool("model.pool=mean");
    check_pool("model.pool=class");
    check_pool("model.pool=sequence");
}

static size_t plane_values(const ModelShape *shape) {
    return shape->channels * shape->image_size * shape->image_size;
}

/* Whether ReLU or max-pooling choose otherwise than in `chosen`, which has room for all of it. */
static bool chooses_otherwise(const LayerCase *c, const uint8_t *chosen) {
    for (size_t i = 0; i < c->shape.convolutions; i++) {
        const ConvolutionShape shape = c->encoder.tokenizer.convolution[i].shape;
        const size_t bytes = shape.pooled * shape.pooled * shape.out;
        if (memcmp(chosen, c->stash.tokenizer.convolution[i].choice, bytes) != 0)
            return true;
        chosen += bytes;
    }
    return false;
}

static double embed_value(void *context) {
    LayerCase *c = context;
    prepare(c);
    encoder_embed(&c->encoder, &c->prepared, c->work.planes, &c->stash, &c->work, c->y);
    if (c->chosen && chooses_otherwise(c, c->chosen))
        c->function.over_edge = true;
    return pulled(c, c->shape.T * c->shape.D);
}

static uint8_t *choices_of(const LayerCase *c) {
    uint8_t *chosen = NULL;
    size_t total = 0;
    for (size_t i = 0; i < c->shape.convolutions; i++) {
        const ConvolutionShape shape = c->encoder.tokenizer.convolution[i].shape;
        const size_t bytes = shape.pooled * shape.pooled * shape.out;
        uint8_t *longer = test_array(total + bytes, 1);
        if (total)
            memcpy(longer, chosen, total);
        memcpy(longer + total, c->stash.tokenizer.convolution[i].choice, bytes);
        memory_free(chosen);
        chosen = longer;
        total += bytes;
    }
    return chosen;
}

static void check_tokenizer(Sets sets, float step) {
    LayerCase c;
    layer_open(&c, NARROW_KEY_DIM, sets, embed_value);
    c.function.step = step;
    float *planes = test_values(plane_values(&c.shape), 1.0f, 6);
    memcpy(c.work.planes, planes, plane_values(&c.shape) * sizeof *planes);
    embed_value(&c);
    c.chosen = choices_of(&c);
    encoder_embed_backward(&c.encoder, &c.prepared, &c.stash, &c.work, c.pull, c.gradient);
    check_layer(&c, "patch_embed/", false);
    check_layer(&c, "tokenizer/", false);
    check_layer(&c, "class_token", false);
    memory_free(planes);
    memory_free(c.chosen);
    layer_close(&c);
}

static void patch_embedding_gradients(void **state) {
    (void)state;
    check_tokenizer(NULL, 1e-2f);
    check_tokenizer((Sets){"model.pool=class"}, 1e-2f);
    check_tokenizer((Sets){"model.position=sine", "model.pool=class"}, 1e-2f);
    check_tokenizer((Sets){"model.position=none"}, 1e-2f);
}

/* ReLU and max-pooling have edges; a small step crosses none in some directions. */
static void convolutional_tokenizer_gradients(void **state) {
    (void)state;
    const float step = 3e-4f;
    check_tokenizer((Sets){"model.tokenizer=convolution", "model.convolution_widths=none"}, step);
    check_tokenizer(
        (Sets){"model.tokenizer=convolution", "model.convolution_widths=5", "model.pool=class"},
        step);
    check_tokenizer((Sets){"model.tokenizer=convolution", "model.convolution_widths=18,7"}, step);
    /* More kernels to rotate than a block has forms. */
    check_tokenizer((Sets){"model.tokenizer=convolution", "model.convolution_widths=5,5,5",
                           "model.heads=1", "model.mlp=12"},
                    step);
}

/* The whole model: f = the images' losses. */
typedef struct ModelCase {
    ModelShape shape;
    ParameterTable table;
    Vit *vit;
    VitInput input;
    Function function;
    float *pictures;
} ModelCase;

/* Of the first head layer, which is summed over units, or fat. */
enum { IMAGES = 3, THIN_WIDTH = 3, FAT_WIDTH = 64 };
static const uint32_t samples[IMAGES] = {8, 2, 77};
static const uint16_t labels[IMAGES] = {4, 0, 2}, others[IMAGES] = {1, 0, 3};
static const double shares[IMAGES] = {0.7, 0.2, 0.0};

static void load(const void *context, size_t image, float *planes) {
    const ModelCase *c = context;
    const size_t count = plane_values(&c->shape);
    memcpy(planes, c->pictures + image * count, count * sizeof *planes);
}

static double model_value(void *context) {
    ModelCase *c = context;
    VitSums sums;
    vit_forward_backward(c->vit, c->function.values, 6, &c->input, 1.0f, NULL, NULL, &sums);
    return sums.loss.value[0];
}

static void check_whole_model(size_t key_dim, size_t head_width, Sets sets) {
    Job job = tiny(key_dim, sets);
    const bool soft = job.label_smoothing > 0.0;
    job.head.value[0] = head_width;
    ModelCase c = {0};
    c.shape = model_shape(&job, 3, 5);
    assert_ok(parameter_table_init(&c.table, &c.shape));
    const VitOptions options = {.seed = 9,
                                .batch_size = IMAGES,
                                .unit_images = 2,
                                .nodes = 1,
                                .threads = 1,
                                .images = IMAGES};
    assert_ok(vit_init(&c.vit, &c.shape, &c.table, &options));
    c.input = (VitInput){.images = IMAGES,
                         .batch = IMAGES,
                         .sample = samples,
                         .label = labels,
                         .other = soft ? others : NULL,
                         .share = soft ? shares : NULL,
                         .smoothing = job.label_smoothing,
                         .load = load,
                         .context = &c};
    c.pictures = test_values(IMAGES * plane_values(&c.shape), 1.0f, 7);
    c.function = (Function){test_array(c.table.floats, sizeof(float)),
                            test_array(c.table.floats, sizeof(float)),
                            model_value,
                            &c,
                            2e-3f,
                            false};
    parameter_initialize(&c.table, 1, c.function.values);
    VitSums sums;
    vit_forward_backward(c.vit, c.function.values, 6, &c.input, 1.0f, NULL, NULL, &sums);
    assert_int_equal(vit_partial(c.vit)->layer[0].fat, head_width == FAT_WIDTH);
    vit_whole_gradient(c.vit, c.function.values, IMAGES, c.function.gradient);
    for (size_t i = 0; i < c.table.count; i++)
        check_tensor(&c.function, c.table.entry[i].name, c.table.entry[i].offset,
                     c.table.entry[i].count);
    vit_free(c.vit);
    parameter_table_free(&c.table);
    memory_free(c.pictures);
    memory_free(c.function.values), memory_free(c.function.gradient);
}

static void whole_model_gradients(void **state) {
    (void)state;
    check_whole_model(NARROW_KEY_DIM, THIN_WIDTH, NULL);
    check_whole_model(FOLDED_KEY_DIM, FAT_WIDTH, NULL);
    check_whole_model(NARROW_KEY_DIM, THIN_WIDTH,
                      (Sets){"model.pool=class", "model.mlp_convolution=3", "model.mlp_end=linear",
                             "model.stochastic_depth=0.5", "model.attention_dropout=0.5",
                             "model.position=sine"});
    check_whole_model(NARROW_KEY_DIM, THIN_WIDTH,
                      (Sets){"model.pool=sequence", "model.initial=normal"});
}

/* Two labels an image, and smoothing. */
static void soft_target_gradients(void **state) {
    (void)state;
    check_whole_model(NARROW_KEY_DIM, THIN_WIDTH, (Sets){"train.label_smoothing=0.1"});
}

int main(void) {
    gemm_init();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(attention_gradients),
        cmocka_unit_test(mlp_gradients),
        cmocka_unit_test(block_gradients),
        cmocka_unit_test(pooling_gradients),
        cmocka_unit_test(patch_embedding_gradients),
        cmocka_unit_test(whole_model_gradients),
        cmocka_unit_test(soft_target_gradients),
        cmocka_unit_test(local_convolution_gradients),
        cmocka_unit_test(gradients_with_stochastic_depth),
        cmocka_unit_test(convolutional_tokenizer_gradients),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
