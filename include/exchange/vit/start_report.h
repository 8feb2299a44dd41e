#ifndef VIT_START_REPORT_H
#define VIT_START_REPORT_H

#include "vit/checkpoint_data.h"
#include "vit/parameter.h"
#include "vit/tensor_map.h"
#include <stdbool.h>

/* What became of each tensor where a run begins with weights of a file. */

typedef enum StartFate {
    START_TAKEN,
    START_RESIZED, /* positions of another grid */
    START_NEW,     /* initial values, as the seed has them */
    START_NEW_ZERO /* the last layer's */
} StartFate;

enum { START_CLASS = 48 }; /* bytes of a class's name for a message */

typedef struct StartReport {
    TensorNames names;            /* of the file */
    bool checkpoint;              /* it is one of ours */
    bool averaged;                /* whose weights are the averages of the trained ones */
    StartFate *fate;              /* [table->count] of this run's tensors */
    size_t grid_there, grid_here; /* tokens a side, where positions are resized */
    size_t classes_there;         /* 0: not known */
    bool other_classes;           /* as many, but the first of another name is */
    size_t other_class;           /* this one, "there" in the file's data, "here" in this run's */
    char class_there[START_CLASS], class_here[START_CLASS];
    CheckpointData data; /* that the weights were trained on, as far as the file tells: names of its
                            classes (classes 0: not known), means of its channels (channels 0) */
    size_t left;         /* the file's tensors that are not used */
    char (*left_name)[MAP_NAME]; /* [left] */
} StartReport;

/* Accepts {0}. */
void start_report_free(StartReport *report);

/* Says it, a few lines: tensors of the same fate together, and blocks that are alike. table: this
 * run's. Local. */
void start_report_log(const StartReport *report, const ParameterTable *table);

#endif
