#ifndef VIT_JOB_OPTION_H
#define VIT_JOB_OPTION_H

#include "vit/job.h"

/* The option table behind job.h, and what is read off it. Private to src/base. All local. */

typedef enum OptionKind {
    OPTION_TEXT,       /* char[] */
    OPTION_PATH,       /* char[] */
    OPTION_SEED,       /* uint64_t */
    OPTION_SIZE,       /* size_t */
    OPTION_AUTO_SIZE,  /* size_t; `auto` is 0 */
    OPTION_REAL,       /* double */
    OPTION_TIME_LIMIT, /* double; `auto` and `none` are JOB_TIME_LIMIT_... */
    OPTION_FLAG,       /* bool */
    OPTION_WORD,       /* an enum: the position in `words` */
    OPTION_LIST,       /* SizeList */
} OptionKind;

typedef struct JobOption {
    const char *section, *key;
    OptionKind kind;
    size_t offset, bytes; /* of the field in Job */
    const char *preset;   /* the default, written as in a job file; "" for one that is derived */
    const char *derived;  /* what such a default is derived from, for people */
    uint64_t min, max;    /* of a size, or of each size in a list; inclusive */
    size_t least;         /* entries in a list */
    double low, high;     /* of a real */
    bool low_excluded, high_excluded;
    const char *const *words; /* NULL-terminated */
    bool may_change;          /* on resume */
    bool of_model;            /* weights mean something else when it differs */
    bool adapts;              /* but a run may start with them: they are resized, or made new */
    const char *meaning;
} JobOption;

enum { JOB_OPTION_ROOM = 96 }; /* for arrays with an element an option */
extern const JobOption job_options[];
extern const size_t job_option_count;

/* NULL when there is none. */
const JobOption *job_option_find(const char *section, const char *key);
bool job_option_is_section(const char *section);

/* Sets the option's field from text. On a bad value nothing is changed and the result is false. */
bool job_value_set(Job *job, const JobOption *option, const char *text);

/* The field as text that job_value_set reads back bit for bit; reals in as few digits as that
 * takes. */
enum { JOB_VALUE_MAX = FILE_PATH_MAX };
void job_value_text(const Job *job, const JobOption *option, char text[static JOB_VALUE_MAX]);

/* What may be written: "a number in [0, 1)", so that "must be " can stand before it. */
void job_value_allowed(const JobOption *option, char *text, size_t bytes);

/* Completes "unknown key; ...": the section the key belongs in, or the nearest known key, or when
 * none is near the section's keys. The section is a known one. */
void job_hint_key(const char *section, const char *key, char *hint, size_t bytes);
/* Completes "unknown section; ..." alike. */
void job_hint_section(const char *section, char *hint, size_t bytes);

#endif
