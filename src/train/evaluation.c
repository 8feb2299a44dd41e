#include "evaluation.h"

#include "vit/float_mode.h"
#include "vit/watchdog.h"

static void on_progress(void *unused) {
    (void)unused;
    watchdog_tick();
}

Evaluation evaluation_run(Trainer *trainer, const float *weights, const Shard *shard) {
    const VitHooks hooks = {.progress = on_progress};
    const double start = MPI_Wtime(), images = (double)shard->total;
    InputView view;
    VitSums sums;
    ReportSums total;
    watchdog_work("evaluation", WATCHDOG_TOGETHER);
    slices_set(&trainer->evaluated, shard->total);
    input_view_shard(&view, &trainer->input, shard);
    const FloatMode mode = float_mode_flush();
    vit_evaluate(trainer->vit, weights, &view.vit, NULL, &hooks, &sums);
    float_mode_restore(mode);
    report_gather(trainer->report, &trainer->evaluated, &sums, NULL, NULL, &total);
    if (images > 0.0)
        trainer->evaluation_rate = images / (MPI_Wtime() - start);
    return (Evaluation){.loss = total.loss / images,
                        .accuracy = (double)total.hits / images,
                        .top5_accuracy = (double)total.top5_hits / images};
}
