#ifndef VIT_STEP_H
#define VIT_STEP_H

#include "trainer.h"
#include "vit/checkpoint.h"

/* One training step. */

/* What this rank wishes to happen after the step, asked late in it: what to tell the others beside
 * the results (coverage is filled in already). */
typedef struct StepAsk {
    void (*ask)(void *context, const Batch *batch, ReportWishes *wishes); /* or NULL */
    void *context;
} StepAsk;

/* What came of it, the same on all ranks. */
typedef struct StepResult {
    size_t images;        /* of the batch */
    ReportSums sums;      /* over them, and what the ranks wish */
    double loss;          /* mean */
    double gradient_norm; /* of the mean gradient, before clipping */
    double learning_rate; /* in force */
    bool finite;          /* else nothing but the input has moved on */
    const char *culprit;  /* what is not finite: a tensor, "the loss", "the gradient's norm" */
} StepResult;

/* Takes the next batch of the trainer's input through step number at->step (from 0), after
 * at->adam_step updates. The new weights are under way when it returns: optimizer_settle.
 * Collective. */
StepResult step_take(Trainer *trainer, const Progress *at, StepAsk ask);

#endif
