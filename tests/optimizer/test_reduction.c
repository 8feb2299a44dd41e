/* From the ranks' partial gradients to that of what each rank updates: the bits of one process's
 * gradient over the whole batch, however the model treats its tensors. Linked with
 * MPI_Waitall replaced by a function that counts. */

#include "small.h"
#include "vit/gradient.h"

int __real_MPI_Waitall(int count, MPI_Request *request, MPI_Status *status);
int __wrap_MPI_Waitall(int count, MPI_Request *request, MPI_Status *status);

static size_t waits;

int __wrap_MPI_Waitall(int count, MPI_Request *request, MPI_Status *status) {
    waits++;
    return __real_MPI_Waitall(count, request, status);
}

typedef struct Run {
    Small small;
    Partition partition;
    Reduction *reduction;
    Gradient gradient;
    Vit *vit;
    float *weights;
    bool drain; /* each part before the next is made */
} Run;

static void run_open(Run *run, bool folded, RulePieces pieces, size_t threads) {
    Small *small = &run->small;
    *run = (Run){0};
    small_open(small, folded, threads);
    const ReductionOptions options = {.batch_size = SMALL_BATCH,
                                      .unit_images = small->job.unit_images,
                                      .train_images = SMALL_IMAGES};
    CHECK(partition_init(&run->partition, &small->shape, &small->table, SMALL_BATCH, pieces,
                         &world) == STATUS_OK);
    CHECK(reduction_init(&run->reduction, &world, &run->partition, &small->shape, &small->table,
                         &options) == STATUS_OK);
    CHECK(gradient_init(&run->gradient, &run->partition, world.rank) == STATUS_OK);
    run->vit = small_vit(small, small->most.images, small->most.nodes);
    run->weights = small_weights(small);
}

static void run_close(Run *run) {
    gradient_free(&run->gradient);
    reduction_free(run->reduction);
    partition_free(&run->partition);
    vit_free(run->vit);
    memory_free(run->weights);
    small_close(&run->small);
}

static void on_ready(void *context, VitPart part, size_t layer) {
    Run *run = context;
    reduction_ready(run->reduction, vit_partial(run->vit), part, layer);
    if (run->drain)
        CHECK(reduction_drain(run->reduction) >= 0.0);
}

static void on_progress(void *context) {
    Run *run = context;
    reduction_progress(run->reduction);
}

static void reduce(Run *run, uint64_t step) {
    Small *small = &run->small;
    const VitHooks hooks = {.ready = on_ready, .progress = on_progress, .context = run};
    double seconds = 0.0;
    slices_set(&small->slices, small_images(step));
    reduction_start(run->reduction, &small->slices);
    CHECK(reduction_images(run->reduction) == small_images(step));
    small_forward_backward(small, run->vit, run->weights, step,
                           slices_first(&small->slices, world.rank),
                           slices_count(&small->slices, world.rank), &hooks);
    waits = 0;
    gradient_finish(&run->gradient, run->reduction, run->vit, run->weights, &hooks, &seconds);
    CHECK(seconds >= 0.0);
    CHECK(!run->drain || waits == 0); /* all has arrived before */
}

/* Pieces of this rank that do not have the bits of the flat vector `whole`. */
static size_t wrong_pieces(const Run *run, const float *whole) {
    size_t wrong = 0;
    for (size_t g = 0; g < run->partition.regions; g++) {
        const Region *region = &run->partition.region[g];
        const float *own = run->gradient.region[g];
        const size_t begin = region->offset + region_first(region, world.rank);
        const size_t end = region_end_piece(region, world.rank);
        for (size_t p = region_first_piece(region, world.rank); p < end; p++) {
            const Piece *piece = &run->partition.piece[p];
            wrong += memcmp(own + (piece->offset - begin), whole + piece->offset,
                            piece->floats * sizeof *whole) != 0;
        }
    }
    return wrong;
}

/* Whole batches and small ones in turn. */
static void gradients_are_those_of_one_process(bool folded, RulePieces pieces, size_t threads,
                                               bool drain) {
    Run run;
    run_open(&run, folded, pieces, threads);
    run.drain = drain;
    CHECK(run.partition.region[0].treatment == (folded ? TREAT_REPLICATED : TREAT_SUMMED));
    CHECK(run.partition.region[1].treatment == TREAT_FACTORS);
    CHECK(run.partition.region[2].treatment == TREAT_SUMMED);
    float *whole = small_vector(&run.small);
    for (uint64_t step = 0; step < 3; step++) {
        small_whole_gradient(&run.small, run.weights, step, whole);
        reduce(&run, step);
        CHECK(wrong_pieces(&run, whole) == 0);
    }
    memory_free(whole);
    run_close(&run);
}

/* Each row of the fat layer's kernel is made by one rank. */
static void rows_are_shared_out(RulePieces pieces) {
    Run run;
    run_open(&run, false, pieces, 1);
    const uint64_t mine = reduction_rows(run.reduction, partition_kernel(0));
    uint64_t *rows = small_array((size_t)world.size, sizeof *rows), sum = 0, most = 0;
    ranks_gather(&world, &mine, sizeof mine, rows);
    for (int r = 0; r < world.size; r++) {
        sum += rows[r];
        most = rows[r] > most ? rows[r] : most;
    }
    CHECK(sum == run.small.shape.features);
    /* 86 pieces of three rows, but for the last one's; or all rows are one piece. */
    CHECK(pieces == RULE_WHOLE_TENSORS ? most == sum : most <= 3 * (86 / (uint64_t)world.size + 1));
    memory_free(rows);
    run_close(&run);
}

int main(int argc, char **argv) {
    test_start(&argc, &argv);
    gemm_init();
    for (int folded = 0; folded < 2; folded++) {
        gradients_are_those_of_one_process(folded, RULE_ANY_PIECES, 1, false);
        gradients_are_those_of_one_process(folded, RULE_ANY_PIECES, small_threads(), true);
        gradients_are_those_of_one_process(folded, RULE_WHOLE_TENSORS, 1, false);
    }
    rows_are_shared_out(RULE_ANY_PIECES);
    rows_are_shared_out(RULE_WHOLE_TENSORS);
    reduction_free(NULL);
    return test_end();
}
