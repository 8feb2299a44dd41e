/* What the ranks tell each other at the end of a step: the same bits on all of them, whoever had
 * which images. */

#include "mpi_check.h"
#include "report.h"
#include "vit/memory.h"
#include <math.h>
#include <string.h>
#include <unistd.h>

/* ---- a small model, whose squares travel with it ---- */

typedef struct Model {
    ModelShape shape;
    ParameterTable table;
    Partition partition;
    double *squares;
    Report *report;
} Model;

/* batch_size decides whether the head's first layer is fat, key_dim whether attention is folded. */
static void model_init(Model *model, size_t batch_size, size_t key_dim) {
    Job job;
    CHECK(
        job_parse(&job, "x.ini",
                  "[augment]\nimage_size = 8\n"
                  "[model]\npatch_size = 4\ndim = 16\ndepth = 2\nheads = 2\nmlp = 16\nhead = 96\n",
                  0, NULL) == STATUS_OK);
    job.key_dim = key_dim;
    model->shape = model_shape(&job, 3, 10);
    CHECK(parameter_table_init(&model->table, &model->shape) == STATUS_OK);
    CHECK(partition_init(&model->partition, &model->shape, &model->table, batch_size,
                         RULE_ANY_PIECES, &world) == STATUS_OK);
    CHECK(memory_allocate(&model->squares, model->partition.pieces, sizeof(double), "squares") ==
          STATUS_OK);
    CHECK(report_init(&model->report, &world, &model->partition) == STATUS_OK);
}

static void model_free(Model *model) {
    report_free(model->report);
    memory_free(model->squares);
    partition_free(&model->partition);
    parameter_table_free(&model->table);
}

/* ---- losses, one an image, whose sum depends on its order ---- */

static double loss_of(size_t image) {
    return exp(3.0 * sin((double)(7 * image + 1)));
}

static void add_losses(VitSums *sums, size_t images, size_t first, size_t end) {
    *sums = (VitSums){0};
    tree_sum_start(&sums->loss, images);
    for (size_t i = first; i < end; i++)
        tree_sum_add(&sums->loss, (TreeNode){i, i + 1}, loss_of(i));
}

static VitSums sums_of(const Slices *slices) {
    VitSums sums;
    const size_t first = slices_first(slices, world.rank);
    add_losses(&sums, slices->images, first, first + slices_count(slices, world.rank));
    return sums;
}

/* As one process does it. */
static double loss_of_all(size_t images) {
    VitSums sums;
    add_losses(&sums, images, 0, images);
    return images ? sums.loss.value[0] : 0.0;
}

static ReportSums gather(Model *model, const Slices *slices, ReportWishes wishes, double *squares) {
    const VitSums sums = sums_of(slices);
    ReportSums all;
    report_gather(model->report, slices, &sums, &wishes, squares, &all);
    return all;
}

static bool same_bits(double a, double b) {
    return memcmp(&a, &b, sizeof a) == 0;
}

static void the_loss_is_one_process_s(Model *model, size_t images, size_t unit_images) {
    Slices slices;
    CHECK(slices_init(&slices, (size_t)world.size, unit_images) == STATUS_OK);
    slices_set(&slices, images);
    const ReportSums all = gather(model, &slices, (ReportWishes){0}, NULL);
    CHECK(same_bits(all.loss, loss_of_all(images)));
    slices_free(&slices);
}

/* Borders anywhere, as no division by units makes them: ranks without images, one with all. */
static void any_division_gives_the_same_loss(Model *model) {
    enum { IMAGES = 53 };
    Slices slices;
    CHECK(slices_init(&slices, (size_t)world.size, 1) == STATUS_OK);
    for (size_t draw = 0; draw < 40; draw++) {
        slices_set(&slices, IMAGES);
        for (size_t r = 1; r < slices.ranks; r++) {
            const size_t left = IMAGES - slices.image[r - 1];
            slices.image[r] = slices.image[r - 1] + (draw * 29 + r * 13) % (left + 1);
        }
        const ReportSums all = gather(model, &slices, (ReportWishes){0}, NULL);
        CHECK(same_bits(all.loss, loss_of_all(IMAGES)));
    }
    slices_free(&slices);
}

/* ---- what travels beside it ---- */

static Slices some_slices(void) {
    Slices slices;
    CHECK(slices_init(&slices, (size_t)world.size, 2) == STATUS_OK);
    slices_set(&slices, 21);
    return slices;
}

static void hits_and_coverage_are_summed(Model *model) {
    Slices slices = some_slices();
    const uint64_t size = (uint64_t)world.size, rank = (uint64_t)world.rank;
    VitSums sums = sums_of(&slices);
    sums.hits = rank + 1;
    sums.top5_hits = 10 * (rank + 1);
    /* A digest has all 64 bits, and sums of digests wrap around. */
    const ReportWishes wishes = {.coverage = UINT64_MAX - rank};
    ReportSums all;
    report_gather(model->report, &slices, &sums, &wishes, NULL, &all);
    const uint64_t ranks_summed = size * (size - 1) / 2;
    CHECK(all.hits == ranks_summed + size);
    CHECK(all.top5_hits == 10 * (ranks_summed + size));
    CHECK(all.coverage == UINT64_MAX * size - ranks_summed);
    slices_free(&slices);
}

static void one_rank_s_wish_is_everyone_s(Model *model) {
    Slices slices = some_slices();
    const ReportSums none = gather(model, &slices, (ReportWishes){0}, NULL);
    CHECK(!none.stop && !none.save);
    for (int r = 0; r < world.size; r++) {
        const bool mine = world.rank == r;
        const ReportSums stop = gather(model, &slices, (ReportWishes){.stop = mine}, NULL);
        const ReportSums save = gather(model, &slices, (ReportWishes){.save = mine}, NULL);
        CHECK(stop.stop && !stop.save);
        CHECK(save.save && !save.stop);
    }
    slices_free(&slices);
}

static void what_was_saved_is_rank_0_s_to_tell(Model *model) {
    Slices slices = some_slices();
    const ReportWishes wishes = {.saved_step = 1000 - (uint64_t)world.rank};
    CHECK(gather(model, &slices, wishes, NULL).saved_step == 1000);
    slices_free(&slices);
}

static void evaluation_has_neither_wishes_nor_squares(Model *model) {
    Slices slices = some_slices();
    VitSums sums = sums_of(&slices);
    sums.hits = 2;
    ReportSums all;
    report_gather(model->report, &slices, &sums, NULL, NULL, &all);
    CHECK(same_bits(all.loss, loss_of_all(21)) && all.hits == 2 * (uint64_t)world.size);
    CHECK(!all.stop && !all.save && all.coverage == 0 && all.saved_step == 0);
    slices_free(&slices);
}

/* ---- squares ---- */

static double square_of(size_t piece) {
    return (double)piece + 0.5;
}

/* Each rank knows those of its own pieces, and garbage of the others. */
static void set_own_squares(Model *model) {
    const Partition *partition = &model->partition;
    for (size_t p = 0; p < partition->pieces; p++)
        model->squares[p] = -1.0;
    for (size_t g = 0; g < partition->regions; g++) {
        const Region *region = &partition->region[g];
        for (size_t p = region_first_piece(region, world.rank);
             p < region_end_piece(region, world.rank); p++)
            model->squares[p] = square_of(p);
    }
}

static void squares_of_all_pieces_arrive(Model *model) {
    Slices slices = some_slices();
    set_own_squares(model);
    const ReportSums all = gather(model, &slices, (ReportWishes){0}, model->squares);
    size_t wrong = 0;
    for (size_t p = 0; p < model->partition.pieces; p++)
        wrong += model->squares[p] != square_of(p);
    CHECK(wrong == 0);
    CHECK(same_bits(all.loss, loss_of_all(21)));
    slices_free(&slices);
}

/* ---- */

static void who_comes_early_waits(Model *model) {
    Slices slices = some_slices();
    const double before = report_waited(model->report);
    MPI_Barrier(world.comm);
    if (world.rank == 0)
        usleep(200000);
    gather(model, &slices, (ReportWishes){0}, NULL);
    const double waited = report_waited(model->report) - before;
    CHECK(waited >= 0.0);
    CHECK(world.rank == 0 || waited > 0.1);
    slices_free(&slices);
}

static bool has_region(const Model *model, Treatment treatment) {
    for (size_t g = 0; g < model->partition.regions; g++)
        if (model->partition.region[g].treatment == treatment)
            return true;
    return false;
}

int main(int argc, char **argv) {
    test_start(&argc, &argv);
    Model divided, replicated;
    model_init(&divided, 4, 8);
    model_init(&replicated, 64, 24);
    CHECK(has_region(&divided, TREAT_SUMMED) && has_region(&divided, TREAT_FAT));
    CHECK(has_region(&replicated, TREAT_REPLICATED) && has_region(&replicated, TREAT_SUMMED));

    const size_t images[] = {0, 1, 3, 16, 37, 100};
    for (size_t i = 0; i < sizeof images / sizeof *images; i++) {
        the_loss_is_one_process_s(&divided, images[i], 1);
        the_loss_is_one_process_s(&divided, images[i], 4);
    }
    any_division_gives_the_same_loss(&divided);
    hits_and_coverage_are_summed(&divided);
    one_rank_s_wish_is_everyone_s(&divided);
    what_was_saved_is_rank_0_s_to_tell(&divided);
    evaluation_has_neither_wishes_nor_squares(&divided);
    squares_of_all_pieces_arrive(&divided);
    squares_of_all_pieces_arrive(&replicated);
    who_comes_early_waits(&divided);

    model_free(&divided);
    model_free(&replicated);
    return test_end();
}
