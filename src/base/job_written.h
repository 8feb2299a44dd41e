#ifndef VIT_JOB_WRITTEN_H
#define VIT_JOB_WRITTEN_H

#include "job_option.h"

/* Values as they are written, in a job file or after --set, and what is meant. Private to src/base.
 * All local.
 *
 * A comment begins with '#' or ';' at the beginning of a line or after a blank. A pair of quotes
 * around a value is taken off; there is no comment inside. A path may begin with ~ for HOME, and
 * have $NAME and ${NAME} from the environment; $$ stands for a dollar, and in single quotes all is
 * as it stands. */

/* Bytes of a line (of a job file, without its end) before a comment and the blanks before that. */
size_t job_written_bytes(const char *line, size_t length);

/* A line's value, what stands behind the first '=' or ':', without blanks around it; NULL where
 * there is none. */
const char *job_written_value(const char *line, size_t length, size_t *bytes);

/* What is meant by what a person wrote. place begins messages. STATUS_CONFIG: quotes without their
 * partner, blanks around a text that has no quotes, or a value that is too long; STATUS_USAGE: what
 * the environment lacks, or ~ and $ otherwise than above. */
Status job_written_meaning(const char *place, const JobOption *option, const char *text,
                           char meant[static JOB_VALUE_MAX]);

/* What is meant by what job_to_text wrote, maybe that of an earlier release, which quoted nothing:
 * where quotes are not those that job_written_text gives, all means itself. */
void job_written_stored(const JobOption *option, const char *text,
                        char meant[static JOB_VALUE_MAX]);

/* How that is written so that job_written_meaning gives it back, whatever the environment. False
 * where a line of a job file cannot say it: control characters, none or too many bytes, or a need
 * of both kinds of quotes. */
bool job_written_text(const JobOption *option, const char *meant, char text[static JOB_VALUE_MAX]);

/* Whether it can be written, which whatever is no text can. */
bool job_written_can(const JobOption *option, const char *meant);

/* Bytes that a text of the option may have at most, where it needs no quotes. */
size_t job_written_most(const JobOption *option);

#endif
