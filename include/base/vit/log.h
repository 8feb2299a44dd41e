#ifndef VIT_LOG_H
#define VIT_LOG_H

#include "vit/status.h"
#include <stdbool.h>

/* What the person sees. One rank speaks; every line also goes to the log file once it is open.
 * Control characters of what is quoted are spelled (\r, \x1b, U+00A0): file and class names may
 * have them. All calls are local. Any thread may write lines; the rest is the master thread's. */

/* Decides whether this process speaks at all (rank 0) and whether its standard output is a terminal
 * on which a transient line may be redrawn. Silent and not a terminal until called. */
void log_start(bool speaks, bool terminal);

/* From now on log_info writes to standard error, too: standard output is for something that other
 * programs read. */
void log_keep_output(void);

/* Whether log_transient shows anything. */
bool log_on_terminal(void);

/* Appends all further lines to the file at path, each with the local time in front.
 * On error (STATUS_IO) logging goes on without a file. */
Status log_open(const char *path);
void log_close(void);

/* A line to standard output and to the file. No trailing newline in format. */
void log_info(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* A line that begins with "Warning: " or "Error: ", to standard error and to the file. */
void log_warning(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_error(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* A line to the file only. */
void log_note(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Draws a transient line (a progress bar) on the terminal in place of the previous one; the next
 * log_info/warning/error erases it first. Does nothing when standard output is not a terminal. */
void log_transient(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Whether all that was printed has arrived where standard output leads: STATUS_IO when not. For
 * commands whose result it is. Local. */
Status log_check_output(void);

#endif
