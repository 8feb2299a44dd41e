#include "trainer.h"

#include "vit/memory.h"

static Status allocate(Trainer *trainer) {
    const Plan *plan = trainer->plan;
    const VitOptions options = plan_vit_options(plan);
    STATUS_TRY(memory_allocate(&trainer->weights, plan->table.floats, sizeof *trainer->weights,
                               "weights"));
    STATUS_TRY(report_init(&trainer->report, plan->ranks, &plan->partition));
    STATUS_TRY(slices_init(&trainer->evaluated, (size_t)plan->ranks->size, 1));
    return vit_init(&trainer->vit, &plan->shape, &plan->table, &options);
}

Status trainer_init(Trainer *trainer, const Plan *plan, bool training) {
    *trainer = (Trainer){.plan = plan};
    STATUS_TRY(input_init(&trainer->input, plan, training));
    STATUS_TRY(ranks_agree(plan->ranks, allocate(trainer)));
    const FatLayersOptions layers = plan_fat_layers_options(plan, training);
    STATUS_TRY(fat_layers_init(&trainer->layers, &layers));
    if (!training)
        return STATUS_OK;
    const OptimizerOptions options = plan_optimizer_options(plan, trainer->layers);
    return optimizer_init(&trainer->optimizer, &options);
}

void trainer_free(Trainer *trainer) {
    optimizer_free(trainer->optimizer);
    fat_layers_free(trainer->layers);
    input_free(&trainer->input);
    vit_free(trainer->vit);
    report_free(trainer->report);
    slices_free(&trainer->evaluated);
    memory_free(trainer->weights);
    *trainer = (Trainer){0};
}

Waits trainer_waits(const Trainer *trainer) {
    const OptimizerWaits waits = optimizer_waits(trainer->optimizer);
    return (Waits){.samples = trainer->input.waited,
                   .gradients = waits.gradients + fat_layers_waited(trainer->layers),
                   .ranks = report_waited(trainer->report),
                   .weights = waits.weights};
}
