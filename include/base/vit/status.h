#ifndef VIT_STATUS_H
#define VIT_STATUS_H

/* The outcome of a call. Values are the program's exit codes (sysexits.h), so that an outcome can
 * travel from the place that noticed it to main's return without translation. */
typedef enum Status {
    STATUS_OK = 0,
    STATUS_USAGE = 64,    /* malformed command line or --set */
    STATUS_DATA = 65,     /* data or checkpoint damaged, out of range, or of another model */
    STATUS_INTERNAL = 70, /* a bug, lack of memory, or a lost peer */
    STATUS_IO = 74,       /* a file that cannot be opened, read or written */
    STATUS_STOPPED = 75,  /* stopped early and saved: submit again to go on */
    STATUS_CONFIG = 78    /* job file: unreadable, unknown key, bad value, does not fit */
} Status;

/* Stores the message of this thread's latest failure (printf format, no trailing newline) and
 * returns code, so that a failing function ends with `return status_fail(...)`. Control characters
 * of what it quotes are spelled (\r, \x1b, U+00A0). Local. */
Status status_fail(Status code, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The latest message of this thread; "" when there was none. Valid until the next status_fail. */
const char *status_message(void);

/* Returns from the calling function when call fails. Only where nothing needs to be released. */
#define STATUS_TRY(call)                                                                           \
    do {                                                                                           \
        Status status_try_ = (call);                                                               \
        if (status_try_ != STATUS_OK)                                                              \
            return status_try_;                                                                    \
    } while (0)

#endif
