/* What the model promises besides its numbers: units change nothing but rounding; chunks, threads
 * and slices not even that; hooks. */

#include "check.h"
#include "vit/clock.h"
#include "vit/fat_rows.h"
#include "vit/gemm.h"
#include "vit/measuring.h"
#include "vit/vit.h"
#include <omp.h>

/* More images than a chunk has, and few enough that the head's first layer is fat. */
enum { MOST = 101, WIDE_KEY_DIM = 16, NARROW_KEY_DIM = 8 };

typedef struct Case {
    ModelShape shape;
    ParameterTable table;
    float *weights, *pictures;
    uint32_t samples[MOST];
    uint16_t labels[MOST];
    size_t first; /* of the pictures */
} Case;

static size_t plane_values(const ModelShape *shape) {
    return shape->channels * shape->image_size * shape->image_size;
}

static void load(const void *context, size_t image, float *planes) {
    const Case *c = context;
    const size_t count = plane_values(&c->shape);
    memcpy(planes, c->pictures + (c->first + image) * count, count * sizeof *planes);
}

static void case_open(Case *c, double dropout, size_t key_dim) {
    Job job;
    *c = (Case){0};
    assert_ok(job_parse(&job, "tiny.ini",
                        "[augment]\nimage_size = 32\n[model]\npatch_size = 4\ndim = 16\ndepth = 2\n"
                        "heads = 2\nkey_dim = 4\nmlp = 24,16\nhead = 1024\n",
                        0, NULL));
    job.dropout = job.attention_dropout = dropout;
    job.head_dropout = dropout;
    job.key_dim = key_dim;
    c->shape = model_shape(&job, 3, 7);
    assert_int_equal(model_folds_attention(&c->shape), key_dim == WIDE_KEY_DIM);
    assert_ok(parameter_table_init(&c->table, &c->shape));
    c->weights = test_array(c->table.floats, sizeof(float));
    parameter_initialize(&c->table, 1, c->weights);
    c->pictures = test_values(MOST * plane_values(&c->shape), 1.0f, 3);
    for (size_t i = 0; i < MOST; i++) {
        c->samples[i] = (uint32_t)(1000 - i);
        c->labels[i] = (uint16_t)(i % 7);
    }
}

static void case_close(Case *c) {
    parameter_table_free(&c->table);
    memory_free(c->weights);
    memory_free(c->pictures);
}

/* One process's part of a batch's images [0, batch): a contiguous slice. */
typedef struct Slice {
    size_t first, images;
} Slice;

static Vit *vit_of(const Case *c, size_t batch, size_t unit_images, size_t threads, size_t images) {
    Vit *vit = NULL;
    const VitOptions options = {.seed = 5,
                                .batch_size = batch,
                                .unit_images = unit_images,
                                .mixes = true,
                                .threads = threads,
                                .images = images,
                                .nodes = 16};
    omp_set_num_threads((int)threads);
    assert_ok(vit_init(&vit, &c->shape, &c->table, &options));
    return vit;
}

static VitInput input_of(Case *c, Slice slice, size_t batch) {
    c->first = slice.first;
    return (VitInput){.images = slice.images,
                      .first = slice.first,
                      .batch = batch,
                      .sample = c->samples + slice.first,
                      .label = c->labels + slice.first,
                      .load = load,
                      .context = c};
}

/* Trains on the first `count` images as one batch; gradient of the sum of losses. */
static VitSums train(Case *c, size_t count, size_t unit_images, size_t threads, size_t room,
                     float *gradient, float *logits) {
    VitSums sums;
    Vit *vit = vit_of(c, count, unit_images, threads, room);
    const VitInput input = input_of(c, (Slice){0, count}, count);
    vit_forward_backward(vit, c->weights, 11, &input, 1.0f, logits, NULL, &sums);
    vit_whole_gradient(vit, c->weights, count, gradient);
    vit_free(vit);
    return sums;
}

static void add_to(size_t count, const float *from, float *into) {
    for (size_t i = 0; i < count; i++)
        into[i] += from[i];
}

/* What other processes would send: copies of the nodes' sums. And the fat layer, as two owners of
 * its rows would make its products, with the whole batch's inputs and deltas. */
enum { OWNERS = 2 };
typedef struct Gathered {
    TreeStack nodes;
    size_t copies;
    float *unit[64], *kernel[64];
    const Case *c;
    FatRows owner[OWNERS];
    size_t first; /* image of the batch with which the slice begins */
    float *input, *delta, *room;
} Gathered;

static const float *owned_kernel(const Gathered *all, size_t owner) {
    const FatRows *rows = &all->owner[owner];
    return all->c->weights + all->c->table.head_kernel[0] + rows->first * rows->out;
}

static void owners_forward(void *context, const VitRound *round, size_t layer, const float *input,
                           float *output) {
    Gathered *all = context;
    const size_t in = all->owner[0].in, out = all->owner[0].out, images = round->images;
    TreeNode node[OWNERS][TREE_NODES_MOST];
    float *sum[2 * TREE_NODES_MOST];
    TreeStack stack;
    size_t used = 0, into, from;
    assert_int_equal(layer, 0);
    memcpy(all->input + (all->first + round->first) * in, input, images * in * sizeof *input);
    tree_start(&stack, fat_rows_leaves(in));
    for (size_t o = 0; o < OWNERS; o++) {
        const FatRows *rows = &all->owner[o];
        const size_t nodes =
            tree_cover(fat_rows_leaves(in), rows->first_leaf, rows->end_leaf, node[o]);
        assert_int_equal(nodes, fat_rows_nodes(rows));
        for (size_t n = 0; n < nodes; n++)
            sum[used + n] = test_array(images * out, sizeof(float));
        fat_rows_forward(rows, owned_kernel(all, o), images, input + rows->first, in, sum + used,
                         all->room);
        for (size_t n = 0; n < nodes; n++) {
            tree_push(&stack, node[o][n], used++);
            while (tree_merge(&stack, &into, &from))
                add_to(images * out, sum[from], sum[into]);
        }
    }
    assert_int_equal(stack.count, 1);
    memcpy(output, sum[0], images * out * sizeof *output);
    for (size_t n = 0; n < used; n++)
        memory_free(sum[n]);
}

static void owners_backward(void *context, const VitRound *round, size_t layer, const float *delta,
                            float *dinput) {
    Gathered *all = context;
    const size_t in = all->owner[0].in, out = all->owner[0].out;
    assert_int_equal(layer, 0);
    memcpy(all->delta + (all->first + round->first) * out, delta,
           round->images * out * sizeof *delta);
    for (size_t o = 0; o < OWNERS; o++) {
        const FatRows *rows = &all->owner[o];
        float *columns = test_array(round->images * rows->count, sizeof *columns);
        fat_rows_backward(rows, owned_kernel(all, o), round->images, delta, columns, all->room);
        for (size_t i = 0; i < round->images; i++)
            memcpy(dinput + i * in + rows->first, columns + i * rows->count,
                   rows->count * sizeof *dinput);
        memory_free(columns);
    }
}

static void owners_gradient(const Gathered *all, size_t batch, float *gradient) {
    for (size_t o = 0; o < OWNERS; o++) {
        const FatRows *rows = &all->owner[o];
        fat_rows_gradient(rows, rows->count, batch, all->input + rows->first, rows->in, all->delta,
                          gradient + rows->first * rows->out, all->room);
    }
}

/* One owner has a third of the leaves, the other one the rest: several nodes. */
static void gathered_open(Gathered *all, const Case *c, size_t batch) {
    const size_t in = c->shape.features, out = c->shape.head.value[0];
    const size_t leaves = fat_rows_leaves(in), cut = leaves / 3, threads = 2;
    *all = (Gathered){.c = c,
                      .owner = {fat_rows_of(in, out, 0, cut, threads),
                                fat_rows_of(in, out, cut, leaves, threads)}};
    all->input = test_array(batch * in, sizeof(float));
    all->delta = test_array(batch * out, sizeof(float));
    const FatRows whole = fat_rows_of(in, out, 0, leaves, threads);
    all->room = test_array(fat_rows_room(&whole, batch, batch), sizeof(float));
}

static float *copy_of(size_t count, const float *values) {
    float *copy = test_array(count, sizeof *copy);
    memcpy(copy, values, count * sizeof *copy);
    return copy;
}

static void gather_slice(const Case *c, const Vit *vit, Slice slice, size_t batch,
                         size_t unit_images, Gathered *all) {
    const VitPartial *part = vit_partial(vit);
    const VitLayer *fat = &part->layer[0], *thin = &part->layer[1];
    const size_t first = slice.first / unit_images;
    const size_t end = first + (slice.images + unit_images - 1) / unit_images;
    TreeNode node[TREE_NODES_MOST];
    assert_true(fat->fat && !thin->fat);
    assert_int_equal(tree_cover((batch + unit_images - 1) / unit_images, first, end, node),
                     part->nodes);
    for (size_t n = 0; n < part->nodes; n++) {
        size_t into, from;
        const size_t floats = vit_unit_floats(&c->shape, &c->table);
        all->unit[all->copies] = copy_of(floats, part->unit[n]);
        all->kernel[all->copies] = copy_of(thin->in * thin->out, thin->node[n]);
        tree_push(&all->nodes, node[n], all->copies++);
        while (tree_merge(&all->nodes, &into, &from)) {
            add_to(floats, all->unit[from], all->unit[into]);
            add_to(thin->in * thin->out, all->kernel[from], all->kernel[into]);
        }
    }
}

/* The same by several processes with other numbers of threads, one after another. */
static double train_in_slices(Case *c, size_t batch, size_t unit_images, size_t slices,
                              const Slice *slice, const size_t *threads, float *gradient) {
    const size_t out = c->shape.head.value[0];
    Gathered all;
    TreeSum loss;
    gathered_open(&all, c, batch);
    const VitHooks hooks = {
        .fat_forward = owners_forward, .fat_backward = owners_backward, .context = &all};
    tree_start(&all.nodes, (batch + unit_images - 1) / unit_images);
    tree_sum_start(&loss, batch);
    memset(gradient, 0, c->table.floats * sizeof *gradient);
    for (size_t s = 0; s < slices; s++) {
        VitSums sums;
        Vit *vit = vit_of(c, batch, unit_images, threads[s], slice[s].images);
        VitInput input = input_of(c, slice[s], batch);
        /* As many rounds as another process may need. */
        input.rounds = 3;
        all.first = slice[s].first;
        vit_forward_backward(vit, c->weights, 11, &input, 1.0f, NULL, &hooks, &sums);
        gather_slice(c, vit, slice[s], batch, unit_images, &all);
        for (size_t n = 0; n < sums.loss.stack.count; n++)
            tree_sum_add(&loss, sums.loss.stack.node[n], sums.loss.value[n]);
        if (s + 1 == slices) {
            vit_finish_units(vit, c->weights, all.unit[all.nodes.item[0]], gradient);
            owners_gradient(&all, batch, gradient + c->table.head_kernel[0]);
        }
        vit_free(vit);
    }
    assert_int_equal(all.nodes.count, 1);
    assert_int_equal(loss.stack.count, 1);
    memcpy(gradient + c->table.head_kernel[1], all.kernel[all.nodes.item[0]],
           out * c->shape.classes * sizeof *gradient);
    for (size_t i = 0; i < all.copies; i++)
        memory_free(all.unit[i]), memory_free(all.kernel[i]);
    memory_free(all.input), memory_free(all.delta), memory_free(all.room);
    return loss.value[0];
}

static void check_same(size_t count, const float *a, const float *b, double tolerance) {
    double difference = 0.0, norm = 0.0;
    for (size_t i = 0; i < count; i++) {
        difference += pow((double)a[i] - (double)b[i], 2.0);
        norm += pow((double)b[i], 2.0);
    }
    assert_true(norm > 0.0);
    assert_true(sqrt(difference / norm) <= tolerance);
}

static void units_change_rounding_only(void **state) {
    (void)state;
    Case c;
    case_open(&c, 0.2, WIDE_KEY_DIM);
    float *one = test_array(c.table.floats, 4), *other = test_array(c.table.floats, 4);
    const VitSums sums = train(&c, MOST, 1, 1, MOST, one, NULL);
    static const size_t units[] = {3, 4, 16, 101};
    for (size_t u = 0; u < sizeof units / sizeof *units; u++) {
        const VitSums again = train(&c, MOST, units[u], 2, MOST, other, NULL);
        assert_true(again.loss.value[0] == sums.loss.value[0]);
        assert_true(again.hits == sums.hits && again.top5_hits == sums.top5_hits);
        check_same(c.table.floats, other, one, 1e-6);
        assert_memory_not_equal(other, one, c.table.floats * sizeof *one);
    }
    memory_free(one), memory_free(other);
    case_close(&c);
}

static void check_threads_and_chunks(size_t key_dim) {
    Case c;
    case_open(&c, 0.2, key_dim);
    float *one = test_array(c.table.floats, 4), *other = test_array(c.table.floats, 4);
    for (size_t images = MOST - 5; images <= MOST; images += 5) {
        const VitSums sums = train(&c, images, 2, 1, MOST, one, NULL);
        /* Chunks of 64, 66 and 80 images, and of all. */
        static const size_t threads[] = {2, 3, 5, 9, 51};
        for (size_t t = 0; t < sizeof threads / sizeof *threads; t++) {
            const VitSums again = train(&c, images, 2, threads[t], MOST, other, NULL);
            assert_true(again.loss.value[0] == sums.loss.value[0]);
            assert_memory_equal(one, other, c.table.floats * sizeof *one);
        }
    }
    memory_free(one), memory_free(other);
    case_close(&c);
}

static void threads_and_chunks_change_no_bit(void **state) {
    (void)state;
    check_threads_and_chunks(WIDE_KEY_DIM);
    check_threads_and_chunks(NARROW_KEY_DIM);
}

static void any_order_changes_rounding_only(void **state) {
    (void)state;
    Case c;
    case_open(&c, 0.2, WIDE_KEY_DIM);
    float *one = test_array(c.table.floats, 4), *other = test_array(c.table.floats, 4);
    train(&c, MOST, 2, 2, MOST, one, NULL);
    measuring_set(MEASURE_ANY_ORDER, true);
    train(&c, MOST, 2, 3, MOST, other, NULL);
    measuring_set(MEASURE_ANY_ORDER, false);
    check_same(c.table.floats, other, one, 1e-6);
    assert_memory_not_equal(other, one, c.table.floats * sizeof *one);
    memory_free(one), memory_free(other);
    case_close(&c);
}

static void check_slices(size_t key_dim) {
    Case c;
    static const Slice slice[][5] = {{{0, MOST}, {MOST, 0}},
                                     {{0, 52}, {52, MOST - 52}},
                                     {{0, 2}, {2, 88}, {90, MOST - 90}},
                                     {{0, 8}, {8, 10}, {18, 16}, {34, MOST - 34}},
                                     {{0, 0}, {0, 4}, {4, 4}, {8, 20}, {28, MOST - 28}}};
    static const size_t threads[] = {1, 3, 2, 1, 4};
    case_open(&c, 0.2, key_dim);
    float *one = test_array(c.table.floats, 4), *other = test_array(c.table.floats, 4);
    const double loss = train(&c, MOST, 2, 2, MOST, one, NULL).loss.value[0];
    for (size_t s = 0; s < sizeof slice / sizeof *slice; s++) {
        const size_t slices = s < 2 ? 2 : s + 1;
        assert_true(train_in_slices(&c, MOST, 2, slices, slice[s], threads, other) == loss);
        assert_memory_equal(one, other, c.table.floats * sizeof *one);
    }
    memory_free(one), memory_free(other);
    case_close(&c);
}

static void slices_change_no_bit(void **state) {
    (void)state;
    check_slices(WIDE_KEY_DIM);
    check_slices(NARROW_KEY_DIM);
}

static void evaluation_is_training_without_dropout(void **state) {
    (void)state;
    Case c;
    case_open(&c, 0.0, NARROW_KEY_DIM);
    float *gradient = test_array(c.table.floats, 4), *trained = test_array(MOST * 7, 4),
          *evaluated = test_array(MOST * 7, 4);
    const VitSums sums = train(&c, MOST, 4, 2, MOST, gradient, trained);
    VitSums again;
    c.shape.dropout = c.shape.attention_dropout = c.shape.head_dropout = 0.5;
    c.shape.stochastic_depth = 0.9;
    Vit *vit = vit_of(&c, MOST, 4, 2, 8);
    c.first = 0;
    const VitInput input = {
        .images = MOST, .batch = MOST, .label = c.labels, .load = load, .context = &c};
    vit_evaluate(vit, c.weights, &input, evaluated, NULL, &again);
    check_same(MOST * 7, evaluated, trained, 1e-6);
    assert_true(again.hits == sums.hits && again.top5_hits == sums.top5_hits);
    assert_true(fabs(again.loss.value[0] / sums.loss.value[0] - 1.0) <= 1e-6);
    vit_free(vit);
    memory_free(gradient), memory_free(trained), memory_free(evaluated);
    case_close(&c);
}

static void hits_are_counted_by_place(void **state) {
    (void)state;
    Case c;
    case_open(&c, 0.0, NARROW_KEY_DIM);
    float *gradient = test_array(c.table.floats, 4), *logits = test_array(MOST * 7, 4);
    const VitSums sums = train(&c, MOST, 4, 1, MOST, gradient, logits);
    uint64_t hits = 0, top5 = 0;
    double loss = 0.0;
    for (size_t i = 0; i < MOST; i++) {
        size_t above = 0;
        double sum = 0.0;
        for (size_t k = 0; k < 7; k++) {
            above += logits[i * 7 + k] > logits[i * 7 + c.labels[i]];
            sum += exp((double)logits[i * 7 + k]);
        }
        hits += above == 0;
        top5 += above < 5;
        loss += log(sum) - (double)logits[i * 7 + c.labels[i]];
    }
    assert_true(sums.hits == hits && sums.top5_hits == top5 && hits < top5);
    assert_true(fabs(sums.loss.value[0] - loss) <= 1e-9 * loss);
    memory_free(gradient), memory_free(logits);
    case_close(&c);
}

/* ---- targets and mixing ---- */

/* Every image's other label and share, some of them 0, 1/2 and 1. */
typedef struct Soft {
    uint16_t other[MOST];
    double share[MOST], smoothing;
} Soft;

static Soft soft_targets(double smoothing) {
    Soft soft = {.smoothing = smoothing};
    for (size_t i = 0; i < MOST; i++) {
        soft.other[i] = (uint16_t)((3 * i + 2) % 7);
        soft.share[i] = (double)(i % 17) / 16.0;
    }
    return soft;
}

static VitSums train_soft(Case *c, const Soft *soft, float *gradient, float *logits) {
    VitSums sums;
    Vit *vit = vit_of(c, MOST, 4, 2, MOST);
    VitInput input = input_of(c, (Slice){0, MOST}, MOST);
    input.other = soft->other;
    input.share = soft->share;
    input.smoothing = soft->smoothing;
    vit_forward_backward(vit, c->weights, 11, &input, 1.0f, logits, NULL, &sums);
    vit_whole_gradient(vit, c->weights, MOST, gradient);
    vit_free(vit);
    return sums;
}

static double probability(const Case *c, const Soft *soft, size_t image, size_t k) {
    const double share = soft->share[image];
    const double mixed =
        share * (c->labels[image] == k) + (1.0 - share) * (soft->other[image] == k);
    return soft->smoothing / 7.0 + (1.0 - soft->smoothing) * mixed;
}

/* -sum_k target_k log softmax(z)_k; the last bias's gradient is sum (softmax - target). */
static void check_soft(Case *c, const Soft *soft) {
    float *gradient = test_array(c->table.floats, 4), *logits = test_array(MOST * 7, 4);
    const VitSums sums = train_soft(c, soft, gradient, logits);
    uint64_t hits = 0;
    double loss = 0.0, bias[7] = {0};
    for (size_t i = 0; i < MOST; i++) {
        const float *z = logits + i * 7;
        const size_t told = soft->share[i] >= 0.5 ? c->labels[i] : soft->other[i];
        double sum = 0.0, all = 0.0;
        size_t above = 0;
        for (size_t k = 0; k < 7; k++) {
            sum += exp((double)z[k]);
            above += z[k] > z[told];
        }
        for (size_t k = 0; k < 7; k++) {
            const double target = probability(c, soft, i, k);
            all += target;
            loss -= target * ((double)z[k] - log(sum));
            bias[k] += exp((double)z[k]) / sum - target;
        }
        hits += above == 0;
        assert_true(fabs(all - 1.0) < 1e-15 * 8);
    }
    assert_true(sums.hits == hits);
    assert_true(fabs(sums.loss.value[0] - loss) <= 1e-9 * loss);
    for (size_t k = 0; k < 7; k++)
        assert_true(fabs((double)gradient[c->table.head_bias[1] + k] - bias[k]) < 1e-4);
    memory_free(gradient), memory_free(logits);
}

static void losses_and_hits_are_those_of_soft_targets(void **state) {
    (void)state;
    Case c;
    case_open(&c, 0.2, NARROW_KEY_DIM);
    const Soft mixed = soft_targets(0.0), both = soft_targets(0.1);
    Soft smooth = soft_targets(0.1);
    for (size_t i = 0; i < MOST; i++)
        smooth.share[i] = 1.0;
    check_soft(&c, &mixed);
    check_soft(&c, &both);
    check_soft(&c, &smooth);
    case_close(&c);
}

/* Share 1 is the label alone, to the bit, whatever the other one; share 0 the other one, but for
 * rounding. */
static void a_whole_share_is_a_plain_label(void **state) {
    (void)state;
    Case c;
    Soft soft = soft_targets(0.0);
    case_open(&c, 0.2, NARROW_KEY_DIM);
    float *plain = test_array(c.table.floats, 4), *gradient = test_array(c.table.floats, 4);
    const VitSums sums = train(&c, MOST, 4, 2, MOST, plain, NULL);
    for (size_t i = 0; i < MOST; i++) {
        soft.share[i] = i % 2 ? 1.0 : 0.0;
        if (i % 2)
            continue;
        soft.other[i] = c.labels[i];
        c.labels[i] = (uint16_t)((c.labels[i] + 1) % 7);
    }
    const VitSums again = train_soft(&c, &soft, gradient, NULL);
    check_same(c.table.floats, gradient, plain, 1e-6);
    assert_true(fabs(again.loss.value[0] / sums.loss.value[0] - 1.0) < 1e-12);
    assert_true(again.hits == sums.hits && again.top5_hits == sums.top5_hits);
    for (size_t i = 0; i < MOST; i += 2) {
        c.labels[i] = soft.other[i];
        soft.share[i] = 1.0;
        soft.other[i] = (uint16_t)((c.labels[i] + 1) % 7);
    }
    const VitSums exact = train_soft(&c, &soft, gradient, NULL);
    assert_memory_equal(gradient, plain, c.table.floats * sizeof *plain);
    assert_true(exact.loss.value[0] == sums.loss.value[0]);
    memory_free(plain), memory_free(gradient);
    case_close(&c);
}

/* Adds the unit's first picture to each of its pictures. */
static void mix(const void *context, size_t first, size_t count, float *planes) {
    const Case *c = context;
    const size_t values = plane_values(&c->shape);
    assert_true(first % 4 == 0 && count == (first == MOST - 1 ? 1 : 4));
    assert_memory_equal(planes, c->pictures + first * values, count * values * sizeof *planes);
    for (size_t i = count * values; i-- > 0;)
        planes[i] += planes[i % values];
}

static void a_unit_is_mixed_once_it_is_loaded(void **state) {
    (void)state;
    Case c;
    VitSums sums;
    case_open(&c, 0.2, NARROW_KEY_DIM);
    const size_t values = plane_values(&c.shape);
    float *mixed = test_array(MOST * values, sizeof *mixed), *kept = c.pictures;
    float *wanted = test_array(c.table.floats, 4), *gradient = test_array(c.table.floats, 4);
    for (size_t i = 0; i < MOST * values; i++)
        mixed[i] = kept[i] + kept[i / (4 * values) * 4 * values + i % values];
    c.pictures = mixed;
    train(&c, MOST, 4, 1, MOST, wanted, NULL);
    c.pictures = kept;
    for (size_t threads = 1; threads <= 3; threads++) {
        Vit *vit = vit_of(&c, MOST, 4, threads, MOST);
        VitInput input = input_of(&c, (Slice){0, MOST}, MOST);
        input.mix = mix;
        vit_forward_backward(vit, c.weights, 11, &input, 1.0f, NULL, NULL, &sums);
        vit_whole_gradient(vit, c.weights, MOST, gradient);
        assert_memory_equal(gradient, wanted, c.table.floats * sizeof *wanted);
        vit_free(vit);
    }
    memory_free(mixed), memory_free(wanted), memory_free(gradient);
    case_close(&c);
}

typedef struct Announced {
    size_t needed, ready, progress;
    struct {
        VitPart part;
        size_t layer;
    } event[8];
} Announced;

static void on_need(void *context) {
    Announced *seen = context;
    assert_int_equal(seen->ready, 0);
    seen->needed++;
}

static void on_ready(void *context, VitPart part, size_t layer) {
    Announced *seen = context;
    assert_true(seen->ready < 8);
    seen->event[seen->ready].part = part;
    seen->event[seen->ready++].layer = layer;
}

static void on_progress(void *context) {
    ((Announced *)context)->progress++;
}

static void every_part_is_announced_in_order(void **state) {
    (void)state;
    Case c;
    static const struct {
        VitPart part;
        size_t layer;
    } expected[] = {{VIT_KERNEL, 1}, {VIT_UNITS, 0}};
    case_open(&c, 0.2, WIDE_KEY_DIM);
    Vit *vit = vit_of(&c, MOST, 4, 2, MOST);
    for (size_t images = 0; images <= MOST; images += 50) {
        Announced seen = {0};
        const VitHooks hooks = {
            .need_kernels = on_need, .ready = on_ready, .progress = on_progress, .context = &seen};
        const VitInput input = input_of(&c, (Slice){0, images}, MOST);
        VitSums sums;
        vit_forward_backward(vit, c.weights, 0, &input, 1.0f, NULL, &hooks, &sums);
        assert_int_equal(seen.needed, 1);
        assert_int_equal(seen.ready, 2);
        for (size_t e = 0; e < 2; e++) {
            assert_int_equal(seen.event[e].part, expected[e].part);
            assert_int_equal(seen.event[e].layer, expected[e].layer);
        }
        assert_true(images == 0 || seen.progress > 0);
        assert_int_equal(vit_partial(vit)->nodes == 0, images == 0);
    }
    vit_free(vit);
    case_close(&c);
}

/* Of a fat layer's products, forward and backward in turn, with how many images. */
typedef struct Asked {
    size_t count;
    struct {
        bool forward;
        size_t round, first, images;
    } ask[16];
} Asked;

static void asked(Asked *asked, bool forward, const VitRound *round) {
    assert_true(asked->count < 16);
    asked->ask[asked->count].forward = forward;
    asked->ask[asked->count].round = round->number;
    asked->ask[asked->count].first = round->first;
    asked->ask[asked->count++].images = round->images;
}

static void on_fat_forward(void *context, const VitRound *round, size_t layer, const float *input,
                           float *output) {
    (void)layer, (void)input;
    asked(context, true, round);
    memset(output, 0, round->images * 1024 * sizeof *output);
}

static void on_fat_backward(void *context, const VitRound *round, size_t layer, const float *delta,
                            float *dinput) {
    (void)layer, (void)delta;
    asked(context, false, round);
    memset(dinput, 0, round->images * 1024 * sizeof *dinput);
}

/* Only a head whose kernels are larger than a cache wants many images to share them. */
static void a_round_has_no_more_images_than_the_head_and_threads_want(void **state) {
    (void)state;
    ModelShape shape = {.features = 1 << 10, .classes = 64}; /* as many as stay in cache */
    assert_int_equal(vit_chunk_images(&shape, 1, 4, 1000), 16);
    assert_int_equal(vit_chunk_images(&shape, 2, 4, 1000), 32);
    assert_int_equal(vit_chunk_images(&shape, 2, 5, 1000), 40);
    assert_int_equal(vit_chunk_images(&shape, 2, 4, 7), 7);
    shape.classes = 65;
    assert_int_equal(vit_chunk_images(&shape, 1, 4, 1000), 64);
    assert_int_equal(vit_chunk_images(&shape, 8, 4, 1000), 128);
}

/* So that processes with fewer images, or none, take part in what the others need. */
static void every_round_asks_for_the_fat_products(void **state) {
    (void)state;
    enum { ROUNDS = 3 };
    Case c;
    case_open(&c, 0.2, WIDE_KEY_DIM);
    Vit *vit = vit_of(&c, MOST, 4, 2, MOST);
    const size_t chunk = vit_chunk_images(&c.shape, 2, 4, MOST);
    assert_true(chunk < MOST && MOST < 2 * chunk);
    for (size_t images = 0; images <= MOST; images += MOST) {
        Asked seen = {0};
        const VitHooks hooks = {
            .fat_forward = on_fat_forward, .fat_backward = on_fat_backward, .context = &seen};
        VitInput input = input_of(&c, (Slice){0, images}, MOST);
        VitSums sums;
        input.rounds = ROUNDS;
        vit_forward_backward(vit, c.weights, 0, &input, 1.0f, NULL, &hooks, &sums);
        assert_int_equal(seen.count, 2 * ROUNDS);
        for (size_t i = 0; i < seen.count; i++) {
            const size_t round = i / 2, left = images > round * chunk ? images - round * chunk : 0;
            assert_int_equal(seen.ask[i].forward, i % 2 == 0);
            assert_int_equal(seen.ask[i].round, round);
            assert_int_equal(seen.ask[i].images, left < chunk ? left : chunk);
            assert_true(left == 0 || seen.ask[i].first == round * chunk);
        }
        seen.count = 0;
        vit_evaluate(vit, c.weights, &input, NULL, &hooks, &sums);
        assert_int_equal(seen.count, ROUNDS);
    }
    vit_free(vit);
    case_close(&c);
}

/* Two threads; the second one is held up at its first image until all others are loaded. */
typedef struct HeldUp {
    const Case *c;
    size_t images;
    _Atomic size_t loaded;
    _Atomic bool begun, passed; /* the second thread's first image; in time */
} HeldUp;

/* Waits until so many images are loaded, or the second thread has begun where none are asked for;
 * false when that has not come in 10 s. */
static bool comes(const HeldUp *held, size_t loaded) {
    const double end = clock_now() + 10.0;
    while (!(held->begun && held->loaded >= loaded))
        if (clock_now() > end)
            return false;
    return true;
}

static void load_held_up(const void *context, size_t image, float *planes) {
    HeldUp *held = (HeldUp *)(uintptr_t)context;
    if (omp_get_thread_num() == 0) {
        comes(held, 0);
    } else if (!held->begun) {
        held->begun = true;
        held->passed = comes(held, held->images - 1);
    }
    load(held->c, image, planes);
    held->loaded++;
}

static void what_a_slow_thread_has_left_is_taken_by_others(void **state) {
    (void)state;
    enum { IMAGES = 32 };
    Case c;
    VitSums sums;
    case_open(&c, 0.2, WIDE_KEY_DIM);
    Vit *vit = vit_of(&c, IMAGES, 1, 2, IMAGES);
    HeldUp held = {.c = &c, .images = IMAGES};
    const VitInput input = {.images = IMAGES,
                            .batch = IMAGES,
                            .sample = c.samples,
                            .label = c.labels,
                            .load = load_held_up,
                            .context = &held};
    vit_forward_backward(vit, c.weights, 0, &input, 1.0f, NULL, NULL, &sums);
    assert_true(held.begun);
    assert_true(held.passed);
    vit_free(vit);
    case_close(&c);
}

int main(void) {
    gemm_init();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(units_change_rounding_only),
        cmocka_unit_test(threads_and_chunks_change_no_bit),
        cmocka_unit_test(slices_change_no_bit),
        cmocka_unit_test(any_order_changes_rounding_only),
        cmocka_unit_test(evaluation_is_training_without_dropout),
        cmocka_unit_test(hits_are_counted_by_place),
        cmocka_unit_test(losses_and_hits_are_those_of_soft_targets),
        cmocka_unit_test(a_whole_share_is_a_plain_label),
        cmocka_unit_test(a_unit_is_mixed_once_it_is_loaded),
        cmocka_unit_test(every_part_is_announced_in_order),
        cmocka_unit_test(a_round_has_no_more_images_than_the_head_and_threads_want),
        cmocka_unit_test(every_round_asks_for_the_fat_products),
        cmocka_unit_test(what_a_slow_thread_has_left_is_taken_by_others),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
