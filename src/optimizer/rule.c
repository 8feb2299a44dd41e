#include "vit/rule.h"

#include "vit/adamw.h"
#include <string.h>

static const Rule rules[] = {
    [DECAY_TFA] = {.name = "AdamW (tfa)",
                   .states = 2,
                   .state = {"m", "v"},
                   .pieces = RULE_ANY_PIECES,
                   .terms = adamw_tfa_terms,
                   .update = adamw_update},
    [DECAY_TORCH] = {.name = "AdamW (torch)",
                     .states = 2,
                     .state = {"m", "v"},
                     .pieces = RULE_ANY_PIECES,
                     .terms = adamw_torch_terms,
                     .update = adamw_update},
};

const Rule *rule_of_job(const Job *job) {
    return &rules[job->decay_rule];
}

bool rule_decays(const Job *job, const Parameter *entry) {
    static const char ending[] = "/kernel";
    const size_t length = strlen(entry->name), end = sizeof ending - 1;
    return job->decay == DECAY_ALL ||
           (length > end && strcmp(entry->name + length - end, ending) == 0);
}
