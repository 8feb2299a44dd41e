#ifndef VIT_ADAMW_H
#define VIT_ADAMW_H

#include "vit/rule.h"

/* AdamW (Loshchilov and Hutter 2019) with decoupled decay of the tensors that shall (rule_decays),
 * in two rules, which differ in their terms; t is the number of the update, from 1:
 *
 *   tfa (TensorFlow Addons' AdamW on Keras's Adam):  w -= weight_decay w;
 *        w -= lr sqrt(1 - beta2^t) / (1 - beta1^t) m / (sqrt(v) + epsilon)
 *   torch (torch.optim.AdamW):  w -= lr weight_decay w;
 *        w -= lr / (1 - beta1^t) m / (sqrt(v) / sqrt(1 - beta2^t) + epsilon)
 *
 * The learning rate lr of a piece is times its rate_scale: with the torch rule so is the decay,
 * with the tfa rule it is not.
 *
 * Rows of the table in rule.c. Local. */
RuleTerms adamw_tfa_terms(const RuleStep *step);
RuleTerms adamw_torch_terms(const RuleStep *step);

/* States: m, v. */
void adamw_tfa_update(const RuleTerms *terms, const RulePiece *piece);
void adamw_torch_update(const RuleTerms *terms, const RulePiece *piece);

#endif
