#ifndef VIT_ADAMW_H
#define VIT_ADAMW_H

#include "vit/job.h"
#include "vit/kernels.h"
#include <stddef.h>
#include <stdint.h>

/* AdamW (Loshchilov and Hutter 2019) with decoupled decay on every tensor, in two rules:
 *   tfa (TensorFlow Addons' AdamW on Keras's Adam):  w -= weight_decay w;
 *        w -= lr sqrt(1 - beta2^t) / (1 - beta1^t) m / (sqrt(v) + epsilon)
 *   torch (torch.optim.AdamW):  w -= lr weight_decay w;
 *        w -= lr / (1 - beta1^t) m / (sqrt(v) / sqrt(1 - beta2^t) + epsilon)  */

/* The terms of update number t (from 1), with the gradient scaled (clipping). Local. */
AdamwTerms adamw_terms(const Job *job, uint64_t t, double gradient_scale);

#endif
