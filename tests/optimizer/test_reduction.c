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
    FatLayers *layers;
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
    const FatLayersOptions layers = small_layers_options(small, &run->partition, SMALL_CHUNK);
    CHECK(fat_layers_init(&run->layers, &layers) == STATUS_OK);
    run->vit = small_vit(small, small->most.images, small->most.nodes, SMALL_CHUNK);
    run->weights = small_held_weights(small, &run->partition);
}

static void run_close(Run *run) {
    gradient_free(&run->gradient);
    reduction_free(run->reduction);
    fat_layers_free(run->layers);
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
    fat_layers_progress(run->layers);
}

static void on_fat_forward(void *context, const VitRound *round, size_t layer, const float *input,
                           float *output) {
    Run *run = context;
    fat_layers_forward(run->layers, round, layer, input, output);
}

static void on_fat_backward(void *context, const VitRound *round, size_t layer, const float *delta,
                            float *dinput) {
    Run *run = context;
    fat_layers_backward(run->layers, round, layer, delta, dinput);
}

static void reduce(Run *run, uint64_t step) {
    Small *small = &run->small;
    const VitHooks hooks = {.ready = on_ready,
                            .progress = on_progress,
                            .fat_forward = on_fat_forward,
                            .fat_backward = on_fat_backward,
                            .context = run};
    double seconds = 0.0;
    slices_set(&small->slices, small_images(step));
    reduction_start(run->reduction, &small->slices);
    const size_t rounds =
        fat_layers_start(run->layers, run->weights, &small->slices, true, on_progress, run);
    small_forward_backward(small, run->vit, run->weights, step,
                           slices_first(&small->slices, world.rank),
                           slices_count(&small->slices, world.rank), rounds, &hooks);
    waits = 0;
    gradient_finish(&run->gradient, run->reduction, run->layers, run->vit, run->weights, &seconds);
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
    CHECK(run.partition.region[1].treatment == TREAT_FAT);
    CHECK(run.partition.region[2].treatment == TREAT_SUMMED);
    float *whole = small_vector(&run.small), *weights = small_weights(&run.small);
    for (uint64_t step = 0; step < 3; step++) {
        small_whole_gradient(&run.small, weights, step, whole);
        reduce(&run, step);
        CHECK(wrong_pieces(&run, whole) == 0);
    }
    memory_free(whole), memory_free(weights);
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
    reduction_free(NULL);
    return test_end();
}
