#include "run.h"

#include "vit/watchdog.h"
#include <omp.h>

void run_load(const void *context, size_t image, float *patches) {
    const LoadContext *load = context;
    const Run *run = load->run;
    float *scratch = run->scratch + (size_t)omp_get_thread_num() * augment_scratch(&run->augment);
    const uint8_t *pixels = load->pixels + image * DATA_IMAGE_BYTES;
    if (load->epoch < 0) {
        augment_image(&run->augment, pixels, NULL, scratch, patches);
        return;
    }
    const AugmentDraw draw =
        augment_draw(&run->augment, (uint64_t)load->epoch, load->samples[image]);
    augment_image(&run->augment, pixels, &draw, scratch, patches);
}

static void on_progress(void *unused) {
    (void)unused;
    watchdog_tick();
}

Evaluation run_evaluate(Run *run, const float *weights, const Shard *shard) {
    const LoadContext context = {.run = run, .pixels = shard->images, .epoch = -1};
    const VitInput input = {.images = shard->count,
                            .first = shard->first,
                            .batch = shard->total,
                            .label = shard->labels,
                            .load = run_load,
                            .context = &context};
    const VitHooks hooks = {.progress = on_progress};
    const double start = MPI_Wtime(), images = (double)shard->total;
    VitSums sums;
    TotalsReport total;
    watchdog_phase("evaluation", WATCHDOG_TOGETHER);
    slices_set(&run->evaluated, shard->total);
    vit_evaluate(run->vit, weights, &input, NULL, &hooks, &sums);
    totals_gather(run->totals, &run->evaluated, &sums, NULL, NULL, &total);
    if (images > 0.0)
        run->evaluation_rate = images / (MPI_Wtime() - start);
    return (Evaluation){.loss = total.loss / images,
                        .accuracy = (double)total.hits / images,
                        .top5_accuracy = (double)total.top5_hits / images};
}
