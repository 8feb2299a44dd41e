#ifndef VIT_ALIKE_H
#define VIT_ALIKE_H

#include "vit/arithmetic.h"
#include "vit/ranks.h"

/* All ranks compute alike: chooses for them what each has found by arithmetic_survey, and uses it.
 * Once, before anything is planned. Collective, all ranks return the same: errors as
 * arithmetic_join, and STATUS_INTERNAL: out of memory. */
Status alike_choose(const Ranks *ranks, const Arithmetic *own, ArithmeticChoice *choice);

/* A line for people where some would compute otherwise alone, on rank 0. Local. */
void alike_say(const ArithmeticChoice *choice);

#endif
