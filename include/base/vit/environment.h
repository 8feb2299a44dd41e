#ifndef VIT_ENVIRONMENT_H
#define VIT_ENVIRONMENT_H

#include "vit/status.h"
#include <stddef.h>

/* What the environment says, checked as keys of a job are: STATUS_USAGE names the variable, its
 * value and what is allowed. A variable that is empty counts as one that is not there. Local. */

/* A whole number from least to most; 0 where there is none, or an error. */
Status environment_count(const char *name, size_t least, size_t most, size_t *count);

/* One from 0 to INT_MAX that a launcher or Slurm tells; 0 where there is none, or it is wrong. */
size_t environment_number(const char *name);

/* The first of several such numbers, separated by commas, blanks around each; 0 likewise. */
Status environment_counts(const char *name, size_t least, size_t most, size_t *first);

/* One of words (NULL after the last): its place; -1 where there is none, or an error. */
Status environment_word(const char *name, const char *const *words, int *word);

#endif
