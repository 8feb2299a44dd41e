#include "vit/gradient.h"

#include "vit/memory.h"
#include "vit/phase.h"

/* Whether the model makes it: what is summed and divided is final as it comes. */
static bool is_finished_by_model(const Region *region) {
    return region->treatment != TREAT_SUMMED;
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

/* This rank's rows of a fat layer's kernel. */
static void finish_kernel(Gradient *gradient, Reduction *reduction, Vit *vit, size_t g,
                          const VitHooks *hooks, double *seconds) {
    const Factors factors = reduction_factors(reduction, g, seconds);
    vit_finish_kernel(vit, gradient->partition->region[g].layer, reduction_images(reduction),
                      reduction_rows(reduction, g), factors.input, factors.ld, factors.delta, hooks,
                      gradient->finished[g]);
    gradient->region[g] = gradient->finished[g];
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

void gradient_finish(Gradient *gradient, Reduction *reduction, Vit *vit, const float *weights,
                     const VitHooks *hooks, double *seconds) {
    const Partition *partition = gradient->partition;
    /* The sums are on their way meanwhile. */
    phase_begin(PHASE_HEAD_BACKWARD);
    for (size_t g = partition->regions; g-- > 0;)
        if (partition->region[g].treatment == TREAT_FACTORS)
            finish_kernel(gradient, reduction, vit, g, hooks, seconds);
    phase_begin(PHASE_EXCHANGE);
    for (size_t g = partition->regions; g-- > 0;)
        if (partition->region[g].treatment != TREAT_FACTORS)
            finish_sum(gradient, reduction, vit, g, weights, seconds);
}
