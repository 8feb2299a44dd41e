#ifndef VIT_LAYER_DECAY_H
#define VIT_LAYER_DECAY_H

#include "vit/job.h"
#include "vit/parameter.h"

/* Layer-wise decay of the learning rate (Clark et al. 2020, as BEiT and timm have it): layers that
 * are nearer to the pictures, and more general, learn more slowly. What makes tokens, their
 * positions and the class token are layer 0, block i is layer i + 1, the last norm belongs to the
 * last block, and pooling and head are layer L + 1, where L blocks are.
 *
 * scale [table->count]: layer_decay^(L + 1 - layer) of each tensor, by which its learning rate is
 * multiplied. Local. */
void layer_decay_scales(const Job *job, const ParameterTable *table, float *scale);

#endif
