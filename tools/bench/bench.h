#ifndef VIT_BENCH_H
#define VIT_BENCH_H

#include "vit/command.h"
#include "vit/command_line.h"
#include "vit/measure.h"
#include "vit/model_shape.h"
#include "vit/ranks.h"
#include "vit/status.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The parts of vit_bench. */

typedef struct Bench {
    const Ranks *ranks;
    Command command;  /* job (or NULL) and overrides */
    uint64_t threads; /* of `peak`; 0: all */
    uint64_t rounds, steps;
    const char *checkpoint; /* of `step`; or NULL */
    const char *warm_up;    /* as it is given; or NULL */
    size_t warm_up_steps;   /* what it says: so many, */
    bool warm_up_auto;      /* or this */
    bool synthetic, denormals, keep_denormals, any_order, no_overlap, csv;
} Bench;

enum { BENCH_THREADS_MAX = 4096 };
typedef enum BenchForm { BENCH_PEAK, BENCH_GEMM, BENCH_KERNELS, BENCH_STEP, BENCH_FORMS } BenchForm;

/* The command line of vit_bench. STATUS_USAGE with a message for a malformed line; BENCH_FORMS for
 * --help and --version. *bench names its ranks and is zero otherwise; strings belong to argv, and
 * command.overrides has room for one more. Local; the same on all ranks of a node. */
extern const CommandLine bench_command_line;
Status bench_command_parse(int argc, char **argv, Bench *bench, size_t *form);
void bench_command_free(Bench *bench);

/* Prints a row of a table, on rank 0: the first cell to the left, numbers to the right, or CSV. */
void bench_row(const Bench *bench, size_t cells, const char *const cell[]);
/* A heading between tables; not in CSV. */
void bench_heading(const Bench *bench, const char *text);
/* A number as a cell's text; `room` holds 24 characters. */
const char *bench_number(char room[static 24], const char *format, double value);

/* What is measured, each with its table. Collective for bench_step, rank 0 alone for the others. */
Status bench_peak(const Bench *bench);
Status bench_gemm(const Bench *bench, const ModelShape *shape);
Status bench_kernels(const Bench *bench, const ModelShape *shape);
Status bench_step(const Bench *bench);

/* Seconds of one call of run(context), the best of several counts. Denormals are flushed, as in
 * training. */
double bench_seconds(void (*run)(void *context), void *context);

#endif
