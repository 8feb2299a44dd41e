#include "evaluation.h"

#include "vit/float_mode.h"
#include "vit/watchdog.h"

static void on_progress(void *unused) {
    (void)unused;
    watchdog_tick();
}

static void on_fat_forward(void *context, const VitRound *round, size_t layer, const float *input,
                           float *output) {
    Trainer *trainer = context;
    fat_layers_forward(trainer->layers, round, layer, input, output);
}

Evaluation evaluation_answers(Trainer *trainer, const float *weights, const Shard *shard,
                              float *logits) {
    const VitHooks hooks = {
        .progress = on_progress, .fat_forward = on_fat_forward, .context = trainer};
    const double start = MPI_Wtime(), images = (double)shard->total;
    InputView view;
    VitSums sums;
    ReportSums total;
    watchdog_work("evaluation", WATCHDOG_TOGETHER);
    slices_set(&trainer->evaluated, shard->total);
    input_view_shard(&view, &trainer->input, shard);
    view.vit.rounds = fat_layers_start(trainer->layers, weights, &trainer->evaluated, false,
                                       on_progress, trainer);
    const FloatMode mode = float_mode_flush();
    vit_evaluate(trainer->vit, weights, &view.vit, logits, &hooks, &sums);
    float_mode_restore(mode);
    report_gather(trainer->report, &trainer->evaluated, &sums, NULL, NULL, &total);
    if (images > 0.0)
        trainer->evaluation_rate = images / (MPI_Wtime() - start);
    return (Evaluation){.loss = total.loss / images,
                        .accuracy = (double)total.hits / images,
                        .top5_accuracy = (double)total.top5_hits / images};
}

Evaluation evaluation_run(Trainer *trainer, const float *weights, const Shard *shard) {
    return evaluation_answers(trainer, weights, shard, NULL);
}

Evaluation evaluation_judge(Trainer *trainer, const Shard *shard) {
    optimizer_swap_average(trainer->optimizer, trainer->weights);
    const Evaluation found = evaluation_run(trainer, trainer->weights, shard);
    optimizer_swap_average(trainer->optimizer, trainer->weights);
    return found;
}
