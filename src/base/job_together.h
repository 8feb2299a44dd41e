#ifndef VIT_JOB_TOGETHER_H
#define VIT_JOB_TOGETHER_H

#include "job_option.h"

/* What several keys of a job say together. Private to src/base. All local. */

/* Where each key got its value. */
typedef struct JobPlaces {
    const char *source;
    size_t line_of[JOB_OPTION_ROOM];          /* where each option was given; 0: it was not */
    const char *override_of[JOB_OPTION_ROOM]; /* the override that has the last word, or NULL */
} JobPlaces;

/* Whether the key was given at all. */
bool job_places_given(const JobPlaces *places, const char *section, const char *key);

/* STATUS_CONFIG names the place of one of the keys that do not go together, the keys, and both
 * values. */
Status job_together_check(const Job *job, const JobPlaces *places);

#endif
