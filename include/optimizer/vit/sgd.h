#ifndef VIT_SGD_H
#define VIT_SGD_H

#include "vit/rule.h"

/* Stochastic gradient descent with momentum (Polyak 1964; torch.optim.SGD without dampening), with
 * decoupled decay of the tensors that shall (rule_decays), as AdamW has it, in two rules:
 *
 *   v = momentum v + g;  then
 *   tfa:    w -= weight_decay w;     w -= lr v
 *   torch:  w -= lr weight_decay w;  w -= lr v
 *
 * The learning rate lr of a piece is times its rate_scale: with the torch rule so is the decay,
 * with the tfa rule it is not. (torch.optim.SGD's own weight_decay is not decoupled: it is added to
 * g.)
 *
 * Rows of the table in rule.c. Local. */
RuleTerms sgd_tfa_terms(const RuleStep *step);
RuleTerms sgd_torch_terms(const RuleStep *step);

/* State: velocity, v. */
void sgd_tfa_update(const RuleTerms *terms, const RulePiece *piece);
void sgd_torch_update(const RuleTerms *terms, const RulePiece *piece);

#endif
