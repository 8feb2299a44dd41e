/* What is foretold of memory and messages is what is allocated and sent. Linked with MPI_Isend,
 * MPI_Iallgatherv and memory_allocate replaced by functions that count, and with calls of the fat
 * layers, whose messages are told apart. */

#include "training.h"

int __real_MPI_Isend(const void *buffer, int count, MPI_Datatype type, int to, int tag,
                     MPI_Comm comm, MPI_Request *request);
int __wrap_MPI_Isend(const void *buffer, int count, MPI_Datatype type, int to, int tag,
                     MPI_Comm comm, MPI_Request *request);
int __real_MPI_Iallgatherv(const void *send, int send_count, MPI_Datatype send_type, void *receive,
                           const int *counts, const int *places, MPI_Datatype type, MPI_Comm comm,
                           MPI_Request *request);
int __wrap_MPI_Iallgatherv(const void *send, int send_count, MPI_Datatype send_type, void *receive,
                           const int *counts, const int *places, MPI_Datatype type, MPI_Comm comm,
                           MPI_Request *request);
Status __real_memory_allocate(void *array, size_t count, size_t size, const char *what);
Status __wrap_memory_allocate(void *array, size_t count, size_t size, const char *what);

void __real_fat_layers_forward(FatLayers *layers, const VitRound *round, size_t layer,
                               const float *input, float *output);
void __wrap_fat_layers_forward(FatLayers *layers, const VitRound *round, size_t layer,
                               const float *input, float *output);
void __real_fat_layers_backward(FatLayers *layers, const VitRound *round, size_t layer,
                                const float *delta, float *dinput);
void __wrap_fat_layers_backward(FatLayers *layers, const VitRound *round, size_t layer,
                                const float *delta, float *dinput);

static OptimizerCost counted;
static FatLayersCost counted_layers;
static double *sent = &counted.sums; /* what is being sent */

void __wrap_fat_layers_forward(FatLayers *layers, const VitRound *round, size_t layer,
                               const float *input, float *output) {
    sent = &counted_layers.sent;
    __real_fat_layers_forward(layers, round, layer, input, output);
    sent = &counted.sums;
}

void __wrap_fat_layers_backward(FatLayers *layers, const VitRound *round, size_t layer,
                                const float *delta, float *dinput) {
    sent = &counted_layers.sent;
    __real_fat_layers_backward(layers, round, layer, delta, dinput);
    sent = &counted.sums;
}

int __wrap_MPI_Isend(const void *buffer, int count, MPI_Datatype type, int to, int tag,
                     MPI_Comm comm, MPI_Request *request) {
    *sent += (double)count * sizeof(float);
    return __real_MPI_Isend(buffer, count, type, to, tag, comm, request);
}

/* This rank's part goes to all others. */
int __wrap_MPI_Iallgatherv(const void *send, int send_count, MPI_Datatype send_type, void *receive,
                           const int *counts, const int *places, MPI_Datatype type, MPI_Comm comm,
                           MPI_Request *request) {
    *sent += (double)counts[world.rank] * sizeof(float) * (double)(world.size - 1);
    return __real_MPI_Iallgatherv(send, send_count, send_type, receive, counts, places, type, comm,
                                  request);
}

/* Of vectors of floats; ranges' borders, of as many bytes each, are no memory to speak of. */
Status __wrap_memory_allocate(void *array, size_t count, size_t size, const char *what) {
    if (size == sizeof(float) && strcmp(what, "gathering") != 0)
        counted.memory += (double)(count * size);
    return __real_memory_allocate(array, count, size, what);
}

/* On average over the ranks. */
static bool is_foretold(double bytes, double foretold) {
    double all = 0.0;
    MPI_Allreduce(&bytes, &all, 1, MPI_DOUBLE, MPI_SUM, world.comm);
    return fabs(all / (double)world.size - foretold) <= 1e-12 * foretold;
}

/* 12 units are equally many units and nodes for each of 1 to 4 ranks. */
static void a_whole_batch_sends_what_is_foretold(bool folded) {
    Small small;
    Training training;
    OptimizerCost cost;
    small_open(&small, folded, 1);
    training_open(&training, &small, rule_of_job(&small.job), false);
    const OptimizerOptions options = training_options(&training, false);
    CHECK(optimizer_cost(&options, &cost) == STATUS_OK);
    const FatLayersOptions layers_options =
        small_layers_options(&small, &training.partition, SMALL_CHUNK);
    FatLayersCost layers;
    CHECK(fat_layers_cost(&layers_options, small.job.unit_images, &layers) == STATUS_OK);
    counted = (OptimizerCost){0};
    counted_layers = (FatLayersCost){0};
    sent = &counted.sums;
    training_reduce(&training, 0);
    sent = &counted.weights;
    const RuleStep step = training_rule_step(&small, 0, training.norm);
    optimizer_update(training.optimizer, &step, training.weights);
    optimizer_settle(training.optimizer);
    CHECK((cost.sums > 0.0) == (world.size > 1));
    CHECK(is_foretold(counted.sums, cost.sums));
    CHECK((layers.sent > 0.0) == (world.size > 1));
    CHECK(is_foretold(counted_layers.sent, layers.sent));
    CHECK(is_foretold(counted.weights, cost.weights));
    training_close(&training);
    small_close(&small);
}

/* On each rank. */
static void an_optimizer_allocates_what_is_foretold(bool folded, double ema) {
    Small small;
    Training training;
    OptimizerCost cost;
    Optimizer *another = NULL;
    small_open(&small, folded, 1);
    small.job.ema = ema;
    training_open(&training, &small, rule_of_job(&small.job), false);
    const OptimizerOptions options = training_options(&training, false);
    CHECK(optimizer_cost(&options, &cost) == STATUS_OK);
    counted = (OptimizerCost){0};
    CHECK(optimizer_init(&another, &options) == STATUS_OK);
    CHECK(counted.memory == cost.memory && cost.memory > 0.0);
    optimizer_free(another);
    training_close(&training);
    small_close(&small);
}

/* With rounds and without, for which less is kept. */
static void fat_layers_allocate_what_is_foretold(size_t chunk) {
    Small small;
    Partition partition;
    FatLayersCost cost;
    FatLayers *layers = NULL;
    small_open(&small, false, 1);
    CHECK(partition_init(&partition, &small.shape, &small.table, SMALL_BATCH, RULE_ANY_PIECES,
                         &world) == STATUS_OK);
    const FatLayersOptions options = small_layers_options(&small, &partition, chunk);
    CHECK(fat_layers_cost(&options, small.job.unit_images, &cost) == STATUS_OK);
    counted = (OptimizerCost){0};
    CHECK(fat_layers_init(&layers, &options) == STATUS_OK);
    CHECK(counted.memory == cost.memory && cost.memory > 0.0);
    fat_layers_free(layers);
    partition_free(&partition);
    small_close(&small);
}

int main(int argc, char **argv) {
    test_start(&argc, &argv);
    gemm_init();
    for (int folded = 0; folded < 2; folded++) {
        a_whole_batch_sends_what_is_foretold(folded);
        an_optimizer_allocates_what_is_foretold(folded, 0.0);
        an_optimizer_allocates_what_is_foretold(folded, 0.9);
    }
    fat_layers_allocate_what_is_foretold(SMALL_CHUNK);
    fat_layers_allocate_what_is_foretold(SMALL_BATCH);
    fat_layers_allocate_what_is_foretold(SMALL_BATCH / (size_t)world.size); /* just one round */
    return test_end();
}
