#ifndef TOOLS_PREDICT_COMMAND_H
#define TOOLS_PREDICT_COMMAND_H

#include "predict.h"
#include "vit/command_line.h"

/* The command line of vit_predict. */

extern const CommandLine predict_command_line;

/* STATUS_USAGE with a message for a malformed line. Strings belong to argv; predict_command_free
 * whatever the outcome. Local; the same on all ranks. */
Status predict_command_parse(int argc, char **argv, Predict *predict);
void predict_command_free(Predict *predict);

#endif
