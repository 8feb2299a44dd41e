/* Who updates what, for any number of ranks: what is normed and updated in one go follows from the
 * job alone, and each value has one owner. */

#include "check.h"
#include "vit/fat_rows.h"
#include "vit/partition.h"

enum { RANKS_MOST = 64, CHANNELS = 3, CLASSES = 5 };

/* A model, and how its first region and its head's layers are treated. */
typedef struct Case {
    const char *job;
    size_t batch_size;
    Treatment units, kernel[3];
} Case;

/* 16 tokens of width 16 make 256 features; K = 8 is too narrow to fold attention, K = 24 is not. */
#define ENCODER                                                                                    \
    "[augment]\nimage_size = 24\n[model]\npatch_size = 6\ndim = 16\ndepth = 2\nheads = 2\n"        \
    "mlp = 600,16\n"
#define FOLDED ENCODER "key_dim = 24\n"
#define UNFOLDED ENCODER "key_dim = 8\n"

/* in * out >= batch_size * (in + out) makes a layer fat: 256 x 64 up to a batch of 51, 256 x 1030
 * up to 205, 256 x 5000 up to 243, whose rows are longer than a piece. 256 inputs are 16 leaves. */
static const Case cases[] = {
    {UNFOLDED "head = 64,32\n", 52, TREAT_SUMMED, {TREAT_SUMMED, TREAT_SUMMED, TREAT_SUMMED}},
    {UNFOLDED "head = 1030,7\n", 205, TREAT_SUMMED, {TREAT_FAT, TREAT_SUMMED, TREAT_SUMMED}},
    {UNFOLDED "head = 1030,7\n", 206, TREAT_SUMMED, {TREAT_SUMMED, TREAT_SUMMED, TREAT_SUMMED}},
    {FOLDED "head = 1030,7\n", 205, TREAT_REPLICATED, {TREAT_FAT, TREAT_SUMMED, TREAT_SUMMED}},
    {FOLDED "head = 5000,2000\n", 243, TREAT_REPLICATED, {TREAT_FAT, TREAT_FAT, TREAT_SUMMED}},
};
enum { CASES = sizeof cases / sizeof *cases };

typedef struct Model {
    ModelShape shape;
    ParameterTable table;
} Model;

static void model_open(Model *model, const char *text) {
    Job job;
    assert_ok(job_parse(&job, "x.ini", text, 0, NULL));
    model->shape = model_shape(&job, CHANNELS, CLASSES);
    assert_ok(parameter_table_init(&model->table, &model->shape));
}

static void partition_open(Partition *partition, const Model *model, const Case *c,
                           RulePieces pieces, int rank, int size) {
    const Ranks ranks = {.rank = rank, .size = size};
    assert_ok(
        partition_init(partition, &model->shape, &model->table, c->batch_size, pieces, &ranks));
}

/* Calls look for each model with pieces of each kind. */
static void for_all_models(void (*look)(const Model *model, const Case *c, RulePieces pieces)) {
    for (size_t i = 0; i < CASES; i++) {
        Model model;
        model_open(&model, cases[i].job);
        look(&model, &cases[i], RULE_ANY_PIECES);
        look(&model, &cases[i], RULE_WHOLE_TENSORS);
        parameter_table_free(&model.table);
    }
}

/* The same for a rank of every number of ranks up to RANKS_MOST. */
static void for_all_ranks(const Model *model, const Case *c, RulePieces pieces,
                          void (*look)(const Partition *partition, const Model *model, int rank,
                                       int size)) {
    for (int size = 1; size <= RANKS_MOST; size++)
        for (int rank = 0; rank < size; rank += 1 + size / 5) {
            Partition partition;
            partition_open(&partition, model, c, pieces, rank, size);
            look(&partition, model, rank, size);
            partition_free(&partition);
        }
}

/* ---- pieces ---- */

static void look_at_values(const Model *model, const Case *c, RulePieces pieces) {
    const ParameterTable *table = &model->table;
    Partition partition;
    partition_open(&partition, model, c, pieces, 0, 1);
    unsigned char *covered = test_array(table->floats, 1);
    size_t values = 0;
    for (size_t p = 0; p < partition.pieces; p++) {
        const Piece *piece = &partition.piece[p];
        const Parameter *entry = &table->entry[piece->entry];
        assert_true(piece->floats > 0 && piece->offset >= entry->offset);
        assert_true(piece->offset + piece->floats <= entry->offset + entry->count);
        for (size_t i = 0; i < piece->floats; i++)
            assert_int_equal(covered[piece->offset + i]++, 0);
        values += piece->floats;
    }
    assert_int_equal(values, table->trainable);
    memory_free(covered);
    partition_free(&partition);
}

static void every_value_is_in_one_piece_of_its_tensor(void **state) {
    (void)state;
    for_all_models(look_at_values);
}

static void look_at_sizes(const Model *model, const Case *c, RulePieces pieces) {
    Partition partition;
    partition_open(&partition, model, c, pieces, 0, 1);
    for (size_t g = 0; g < partition.regions; g++) {
        const Region *region = &partition.region[g];
        for (size_t p = region->first_piece; p < region->first_piece + region->pieces; p++) {
            const Piece *piece = &partition.piece[p];
            const Parameter *entry = &model->table.entry[piece->entry];
            const bool fat = region->treatment == TREAT_FAT;
            const size_t row = fat ? entry->shape[1] : 1, first = piece->offset - entry->offset;
            const size_t rows = row > 4096 ? 1 : 4096 / row, end = first + piece->floats;
            size_t part = 0, part_end = entry->count; /* the leaf, or all of the tensor */
            for (size_t l = 0; fat && l < fat_rows_leaves(entry->shape[0]); l++)
                if (fat_rows_leaf(entry->shape[0], l) * row <= first) {
                    part = fat_rows_leaf(entry->shape[0], l) * row;
                    part_end = fat_rows_leaf(entry->shape[0], l + 1) * row;
                }
            assert_int_equal((first - part) % (rows * row), 0);
            assert_int_equal(piece->floats % row, 0);
            assert_true(piece->floats == rows * row || end == part_end);
            assert_true(piece->floats <= rows * row && end <= part_end);
        }
    }
    partition_free(&partition);
}

/* So that norms and the ends of vector loops stay where they are. */
static void pieces_are_4096_floats_or_whole_rows_of_a_fat_layers_leaf(void **state) {
    (void)state;
    for (size_t i = 0; i < CASES; i++) {
        Model model;
        model_open(&model, cases[i].job);
        look_at_sizes(&model, &cases[i], RULE_ANY_PIECES);
        parameter_table_free(&model.table);
    }
}

static void look_at_whole_tensors(const Model *model, const Case *c, RulePieces pieces) {
    Partition partition;
    if (pieces != RULE_WHOLE_TENSORS)
        return;
    partition_open(&partition, model, c, pieces, 0, 1);
    assert_int_equal(partition.pieces, model->table.count);
    for (size_t p = 0; p < partition.pieces; p++)
        assert_int_equal(partition.piece[p].floats,
                         model->table.entry[partition.piece[p].entry].count);
    partition_free(&partition);
}

static void a_rule_may_have_whole_tensors(void **state) {
    (void)state;
    for_all_models(look_at_whole_tensors);
}

/* ---- regions ---- */

static void look_at_regions(const Model *model, const Case *c, RulePieces pieces) {
    Partition partition;
    size_t offset = 0, piece = 0;
    partition_open(&partition, model, c, pieces, 0, 1);
    assert_int_equal(partition.regions, 1 + model_head_layers(&model->shape));
    for (size_t g = 0; g < partition.regions; g++) {
        const Region *region = &partition.region[g];
        assert_int_equal(region->offset, offset);
        assert_int_equal(region->first_piece, piece);
        offset += region->floats;
        piece += region->pieces;
        for (size_t p = region->first_piece; p < piece; p++) {
            const Piece *one = &partition.piece[p];
            assert_true(one->offset >= region->offset && one->offset + one->floats <= offset);
        }
    }
    assert_int_equal(offset, model->table.floats);
    assert_int_equal(piece, partition.pieces);
    assert_int_equal(partition.region[partition_units()].floats, model->table.unit_floats);
    for (size_t j = 0; j < model_head_layers(&model->shape); j++) {
        const Region *kernel = &partition.region[partition_kernel(j)];
        assert_int_equal(kernel->layer, j);
        assert_int_equal(kernel->offset, model->table.head_kernel[j]);
    }
    partition_free(&partition);
}

static void regions_are_the_flat_vector_in_order(void **state) {
    (void)state;
    for_all_models(look_at_regions);
}

static void look_at_treatment(const Model *model, const Case *c, RulePieces pieces) {
    Partition one;
    partition_open(&one, model, c, pieces, 0, 1);
    for (int size = 1; size <= RANKS_MOST; size++) {
        Partition several;
        partition_open(&several, model, c, pieces, size - 1, size);
        assert_int_equal(several.region[partition_units()].treatment, c->units);
        for (size_t j = 0; j < model_head_layers(&model->shape); j++)
            assert_int_equal(several.region[partition_kernel(j)].treatment, c->kernel[j]);
        assert_int_equal(several.pieces, one.pieces);
        assert_memory_equal(several.piece, one.piece, one.pieces * sizeof *one.piece);
        partition_free(&several);
    }
    partition_free(&one);
}

static void treatment_and_pieces_follow_from_the_job_alone(void **state) {
    (void)state;
    for_all_models(look_at_treatment);
}

/* ---- ranks ---- */

/* Each piece has one owner, who owns about as many as the others; of a fat layer, as many leaves.
 */
static void look_at_borders(const Partition *partition, const Model *model, int rank, int size) {
    (void)rank;
    for (size_t g = 0; g < partition->regions; g++) {
        const Region *region = &partition->region[g];
        if (!region_is_divided(region))
            continue;
        const bool by_leaf =
            region->treatment == TREAT_FAT && partition->rule_pieces == RULE_ANY_PIECES;
        const size_t in = model_head_width(&model->shape, region->layer);
        const size_t least = (by_leaf ? fat_rows_leaves(in) : region->pieces) / (size_t)size;
        assert_true(region->border[0] == 0 && region->border[size] == region->floats);
        assert_int_equal(region_first_piece(region, 0), region->first_piece);
        assert_int_equal(region_end_piece(region, size - 1), region->first_piece + region->pieces);
        for (int r = 0; r < size; r++) {
            const size_t first = region_first_piece(region, r), end = region_end_piece(region, r);
            const size_t begin = region->offset + region_first(region, r);
            const size_t some = by_leaf ? region->leaf[r + 1] - region->leaf[r] : end - first;
            assert_true(some == least || some == least + 1);
            assert_true(r == 0 || first == region_end_piece(region, r - 1));
            assert_int_equal(region_first(region, r) + region_count(region, r),
                             region->border[r + 1]);
            for (size_t p = first; p < end; p++) {
                const Piece *piece = &partition->piece[p];
                assert_true(p > first || piece->offset == begin);
                assert_true(piece->offset + piece->floats <= begin + region_count(region, r));
            }
        }
    }
}

/* A fat layer's rows have one owner each, who has whole leaves. */
static void look_at_rows(const Partition *partition, const Model *model, int rank, int size) {
    (void)rank;
    for (size_t g = 0; g < partition->regions; g++) {
        const Region *region = &partition->region[g];
        const size_t in = model_head_width(&model->shape, region->layer);
        const size_t out = model_head_width(&model->shape, region->layer + 1);
        for (int r = 0; region->treatment == TREAT_FAT && r <= size; r++) {
            const size_t row = fat_rows_leaf(in, region->leaf[r]);
            assert_true(region->border[r] == (row == in ? region->floats : row * out));
        }
    }
}

/* A region that is not divided is everyone's. */
static void look_at_own(const Partition *partition, const Model *model, int rank, int size) {
    (void)model, (void)size;
    size_t own = 0;
    for (size_t g = 0; g < partition->regions; g++) {
        const Region *region = &partition->region[g];
        assert_int_equal(region->own, own);
        own += region_count(region, rank);
        if (region_is_divided(region))
            continue;
        assert_true(region_first(region, rank) == 0);
        assert_int_equal(region_count(region, rank), region->floats);
        assert_int_equal(region_first_piece(region, rank), region->first_piece);
        assert_int_equal(region_end_piece(region, rank), region->first_piece + region->pieces);
    }
    assert_int_equal(partition->own_floats, own);
}

static void look_at_ranks(const Model *model, const Case *c, RulePieces pieces) {
    for_all_ranks(model, c, pieces, look_at_borders);
    for_all_ranks(model, c, pieces, look_at_rows);
    for_all_ranks(model, c, pieces, look_at_own);
}

static void up_to_64_ranks_own_whole_pieces(void **state) {
    (void)state;
    for_all_models(look_at_ranks);
}

/* The logits' kernel of 7 x 5 values is one piece. */
static void with_more_ranks_than_pieces_some_own_none(void **state) {
    (void)state;
    const Case *c = &cases[1];
    Partition partition;
    Model model;
    int owners = 0;
    model_open(&model, c->job);
    partition_open(&partition, &model, c, RULE_ANY_PIECES, 3, RANKS_MOST);
    const Region *logits = &partition.region[partition_kernel(2)];
    assert_int_equal(logits->pieces, 1);
    for (int r = 0; r < RANKS_MOST; r++) {
        const size_t count = region_count(logits, r);
        assert_true(count == 0 || count == logits->floats);
        assert_int_equal(region_end_piece(logits, r) - region_first_piece(logits, r), count > 0);
        owners += count > 0;
    }
    assert_int_equal(owners, 1);
    partition_free(&partition);
    parameter_table_free(&model.table);
}

/* 65,536 features to 32,768 values: 2^31 weights, of a fat layer up to a batch of 21,845, when they
 * stay where they are. One rank sends nothing. */
static void more_values_than_mpi_counts_are_for_one_rank_only(void **state) {
    (void)state;
    const Ranks one = {.size = 1}, two = {.size = 2};
    Partition partition;
    Model model;
    model_open(&model, "[augment]\nimage_size = 32\n[model]\npatch_size = 4\ndim = 1024\n"
                       "mlp = 1024\ndepth = 1\nhead = 32768\n");
    assert_ok(partition_init(&partition, &model.shape, &model.table, 21846, RULE_ANY_PIECES, &one));
    partition_free(&partition);
    assert_ok(partition_init(&partition, &model.shape, &model.table, 21845, RULE_ANY_PIECES, &two));
    partition_free(&partition);
    assert_int_equal(
        partition_init(&partition, &model.shape, &model.table, 21846, RULE_ANY_PIECES, &two),
        STATUS_CONFIG);
    assert_non_null(strstr(status_message(), "head0/kernel"));
    assert_non_null(strstr(status_message(), "2147483648"));
    partition_free(&partition);
    parameter_table_free(&model.table);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_value_is_in_one_piece_of_its_tensor),
        cmocka_unit_test(pieces_are_4096_floats_or_whole_rows_of_a_fat_layers_leaf),
        cmocka_unit_test(a_rule_may_have_whole_tensors),
        cmocka_unit_test(regions_are_the_flat_vector_in_order),
        cmocka_unit_test(treatment_and_pieces_follow_from_the_job_alone),
        cmocka_unit_test(up_to_64_ranks_own_whole_pieces),
        cmocka_unit_test(with_more_ranks_than_pieces_some_own_none),
        cmocka_unit_test(more_values_than_mpi_counts_are_for_one_rank_only),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
