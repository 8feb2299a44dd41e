#include "vit/rule.h"

#include "vit/adamw.h"
#include "vit/sgd.h"
#include <string.h>

static const Rule rules[][2] = {
    [OPTIMIZER_ADAMW] = {[DECAY_TFA] = {.name = "AdamW (tfa)",
                                        .states = 2,
                                        .state = {"m", "v"},
                                        .pieces = RULE_ANY_PIECES,
                                        .terms = adamw_tfa_terms,
                                        .update = adamw_tfa_update},
                         [DECAY_TORCH] = {.name = "AdamW (torch)",
                                          .states = 2,
                                          .state = {"m", "v"},
                                          .pieces = RULE_ANY_PIECES,
                                          .terms = adamw_torch_terms,
                                          .update = adamw_torch_update}},
    [OPTIMIZER_SGD] = {[DECAY_TFA] = {.name = "SGD (tfa)",
                                      .states = 1,
                                      .state = {"velocity"},
                                      .pieces = RULE_ANY_PIECES,
                                      .terms = sgd_tfa_terms,
                                      .update = sgd_tfa_update},
                       [DECAY_TORCH] = {.name = "SGD (torch)",
                                        .states = 1,
                                        .state = {"velocity"},
                                        .pieces = RULE_ANY_PIECES,
                                        .terms = sgd_torch_terms,
                                        .update = sgd_torch_update}},
};

const Rule *rule_of_job(const Job *job) {
    return &rules[job->optimizer][job->decay_rule];
}

bool rule_decays(const Job *job, const Parameter *entry) {
    static const char ending[] = "/kernel";
    const size_t length = strlen(entry->name), end = sizeof ending - 1;
    return job->decay == DECAY_ALL ||
           (length > end && strcmp(entry->name + length - end, ending) == 0);
}
