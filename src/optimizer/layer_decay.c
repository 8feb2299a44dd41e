#include "vit/layer_decay.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static bool begins_with(const char *name, const char *beginning) {
    return strncmp(name, beginning, strlen(beginning)) == 0;
}

static size_t layer_of(const char *name, size_t depth) {
    size_t block;
    if (sscanf(name, "block%zu/", &block) == 1)
        return block + 1;
    if (begins_with(name, "norm/"))
        return depth;
    const bool after =
        begins_with(name, "pool/") || begins_with(name, "head") || begins_with(name, "logits/");
    return after ? depth + 1 : 0;
}

void layer_decay_scales(const Job *job, const ParameterTable *table, float *scale) {
    for (size_t i = 0; i < table->count; i++) {
        const size_t layer = layer_of(table->entry[i].name, job->depth);
        scale[i] = (float)pow(job->layer_decay, (double)(job->depth + 1 - layer));
    }
}
