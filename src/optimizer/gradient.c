#include "vit/gradient.h"

#include "vit/memory.h"
#include "vit/phase.h"

/* Whether the model makes it: what is summed and divided is final as it comes. */
static bool is_finished_by_model(const Region *region) {
    return region->treatment == TREAT_REPLICATED;
}

Status gradient_init(Gradient *gradient, const Partition *partition, int rank) {
    *gradient = (Gradient){.partition = partition};
    for (size_t g = 0; g < partition->regions; g++)
        if (is_finished_by_model(&partition->region[g]))
            STATUS_TRY(memory_allocate(&gradient->finished[g],
                                       region_count(&partition->region[g], rank), sizeof(float),
                                       "the gradient"));
    return STATUS_OK;
}

void gradient_free(Gradient *gradient) {
    for (size_t g = 0; g < REGIONS_MOST; g++)
        memory_free(gradient->finished[g]);
    *gradient = (Gradient){0};
}

double gradient_bytes(const Partition *partition, int rank) {
    double bytes = 0.0;
    for (size_t g = 0; g < partition->regions; g++)
        if (is_finished_by_model(&partition->region[g]))
            bytes += (double)(region_count(&partition->region[g], rank) * sizeof(float));
    return bytes;
}

static void finish_sum(Gradient *gradient, Reduction *reduction, Vit *vit, size_t g,
                       const float *weights, double *seconds) {
    float *sum = reduction_sum(reduction, g, seconds);
    gradient->region[g] = sum;
    if (!gradient->finished[g])
        return;
    phase_begin(PHASE_SUM);
    vit_finish_units(vit, weights, sum, gradient->finished[g]);
    gradient->region[g] = gradient->finished[g];
}

void gradient_finish(Gradient *gradient, Reduction *reduction, const FatLayers *layers, Vit *vit,
                     const float *weights, double *seconds) {
    const Partition *partition = gradient->partition;
    phase_begin(PHASE_EXCHANGE);
    for (size_t g = partition->regions; g-- > 0;)
        if (partition->region[g].treatment == TREAT_FAT)
            gradient->region[g] = fat_layers_gradient(layers, partition->region[g].layer);
        else
            finish_sum(gradient, reduction, vit, g, weights, seconds);
}
