#ifndef VIT_ARITHMETIC_H
#define VIT_ARITHMETIC_H

#include "vit/cpu.h"
#include "vit/gemm.h"
#include "vit/status.h"

/* Everything on which the bits of a result depend beside the job: vector kernels and matrix
 * products, as one value. Processes that compute together compare theirs and choose one. Ranks are
 * told from each other by their numbers; there is no MPI here. All local. */
typedef struct Arithmetic {
    int able;   /* CpuLevel of the best kernels that run here */
    int wanted; /* of those that the environment's VIT_KERNELS asks for; see kernels_wanted */
    GemmChoice gemm;
    char problem[256]; /* of what the environment asks for; "": none, and only then is the rest
                          known */
} Arithmetic;

/* What this process can do and is asked for. Before MPI_Init (see gemm_survey). */
void arithmetic_survey(Arithmetic *own);

/* The choice for all: what is asked for, by whichever rank, otherwise the least that any can do. */
typedef struct ArithmeticChoice {
    CpuLevel level;
    GemmChoice gemm;
    int lesser; /* the first rank for whose sake another computes otherwise than it would alone; -1:
                   there is none */
} ArithmeticChoice;

/* rank [ranks]. STATUS_USAGE: a problem of one's environment, ranks that are asked for different
 * kernels, or what not all can do; STATUS_CONFIG: different versions of the libraries. The message
 * names ranks. The same outcome wherever the same is joined. */
Status arithmetic_join(const Arithmetic *rank, size_t ranks, ArithmeticChoice *choice);

/* What own is to compute with, from now on. Once, before anything is planned. */
void arithmetic_use(const Arithmetic *own, const ArithmeticChoice *choice);

#endif
