#include "job_option.h"
#include "job_together.h"
#include "job_written.h"

#include "vit/memory.h"
#include <ctype.h>
#include <errno.h>
#include <ini.h>
#include <string.h>

enum {
    TEXT_MAX = 1 << 20, /* bytes of a job file */
    PLACE_MAX = 2048
};

/* A job being read. */
typedef struct Reading {
    Job *job;
    const char *source; /* also of places */
    bool stored;        /* by job_to_text, in a checkpoint */
    const char *rest;   /* text that inih has not been handed yet */
    size_t line;        /* number of the last line handed to it */
    bool commented;     /* a comment ends that line */
    const char *value;  /* in that line, [value_bytes]: inih would end it within quotes */
    size_t value_bytes;
    Status status;
    JobPlaces places;
} Reading;

static void apply_presets(Job *job) {
    *job = (Job){0};
    for (size_t i = 0; i < job_option_count; i++)
        if (*job_options[i].preset)
            job_value_set(job, &job_options[i], job_options[i].preset);
}

/* ---- one key, wherever it was given: `place` begins every message ---- */

static Status require_section(const char *place, const char *section) {
    char hint[512];
    if (job_option_is_section(section))
        return STATUS_OK;
    job_hint_section(section, hint, sizeof hint);
    return status_fail(STATUS_CONFIG, "%s: unknown section; %s", place, hint);
}

static Status find_option(const char *place, const char *section, const char *key,
                          const JobOption **option) {
    char hint[512];
    *option = job_option_find(section, key);
    if (*option)
        return STATUS_OK;
    job_hint_key(section, key, hint, sizeof hint);
    return status_fail(STATUS_CONFIG, "%s: unknown key; %s", place, hint);
}

static Status set_option(const char *place, Job *job, const JobOption *option, const char *value) {
    char allowed[512];
    if (job_value_set(job, option, value))
        return STATUS_OK;
    job_value_allowed(option, allowed, sizeof allowed);
    return status_fail(STATUS_CONFIG, "%s: must be %s", place, allowed);
}

/* One that job_to_text can write, too. */
static Status set_writable(const char *place, Job *job, const JobOption *option,
                           const char *value) {
    char allowed[512];
    STATUS_TRY(set_option(place, job, option, value));
    if (job_written_can(option, value))
        return STATUS_OK;
    job_value_allowed(option, allowed, sizeof allowed);
    return status_fail(STATUS_CONFIG,
                       "%s: must be %s; it holds control characters, or both kinds of quotes, or "
                       "is too long with its quotes",
                       place, allowed);
}

/* To what a person means by a text, which the place ends with. */
static Status set_written(const char *place, Job *job, const JobOption *option, const char *text) {
    char meant[JOB_VALUE_MAX], means[PLACE_MAX + JOB_VALUE_MAX + 16];
    STATUS_TRY(job_written_meaning(place, option, text, meant));
    if (strcmp(meant, text) == 0)
        return set_writable(place, job, option, meant);
    snprintf(means, sizeof means, "%s: means '%s'", place, meant);
    return set_writable(means, job, option, meant);
}

static Status set_stored(const char *place, Job *job, const JobOption *option, const char *text) {
    char meant[JOB_VALUE_MAX];
    job_written_stored(option, text, meant);
    return set_option(place, job, option, meant);
}

/* ---- job file ---- */

/* inih passes over what follows a heading, and over a heading without keys: neither may hide a
 * mistake. */
static Status check_heading(const Reading *reading, const char *line, size_t length) {
    const char *end = memchr(line, ']', length);
    if (!end)
        return STATUS_OK; /* inih reports it */
    char section[64], place[PLACE_MAX];
    snprintf(section, sizeof section, "%.*s", (int)(end - line - 1), line + 1);
    snprintf(place, sizeof place, "%s:%zu: [%s]", reading->source, reading->line, section);
    STATUS_TRY(require_section(place, section));
    const char *after = end + 1;
    while (after < line + length && isspace((unsigned char)*after))
        after++;
    if (after < line + length && *after != ';' && *after != '#')
        return status_fail(STATUS_CONFIG, "%s: keys begin on the next line", place);
    return STATUS_OK;
}

/* The bytes of a line that come before a comment. */
static size_t without_comment(Reading *reading, const char *line, size_t length) {
    const size_t kept = job_written_bytes(line, length);
    reading->commented = false;
    for (size_t i = kept; i < length; i++)
        reading->commented = reading->commented || !isspace((unsigned char)line[i]);
    return kept;
}

/* inih's reader: hands it one line without its end and without comment. Leading blanks are taken
 * off, since inih would take an indented line for more of the value above. */
static char *next_line(char *buffer, int room, void *context) {
    Reading *reading = context;
    if (!*reading->rest || reading->status != STATUS_OK)
        return NULL;
    reading->line++;
    const char *line = reading->rest;
    size_t length = strcspn(line, "\n");
    reading->rest += length + (line[length] == '\n');
    while (length && isspace((unsigned char)*line)) {
        line++;
        length--;
    }
    bool comment = length && (*line == ';' || *line == '#');
    if (comment)
        length = 0; /* of any length */
    else if (*line != '[' && !reading->stored)
        length = without_comment(reading, line, length);
    reading->value = job_written_value(line, length, &reading->value_bytes);
    if (length >= (size_t)room)
        reading->status =
            status_fail(STATUS_CONFIG, "%s:%zu: the line has %zu bytes; at most %d can be read",
                        reading->source, reading->line, length, room - 1);
    else if (*line == '[' && !comment)
        reading->status = check_heading(reading, line, length);
    if (reading->status != STATUS_OK)
        return NULL;
    memcpy(buffer, line, length);
    buffer[length] = '\0';
    return buffer;
}

static Status take_value(Reading *reading, const char *section, const char *key) {
    char place[PLACE_MAX], value[INI_MAX_LINE];
    const JobOption *option;
    if (!*section)
        return status_fail(STATUS_CONFIG, "%s:%zu: %s: stands before the first [section]",
                           reading->source, reading->line, key);
    snprintf(place, sizeof place, "%s:%zu: [%s] %s", reading->source, reading->line, section, key);
    STATUS_TRY(find_option(place, section, key, &option));
    size_t *line = &reading->places.line_of[option - job_options];
    if (*line)
        return status_fail(STATUS_CONFIG, "%s: given twice, first in line %zu", place, *line);
    *line = reading->line;
    snprintf(value, sizeof value, "%.*s", (int)reading->value_bytes, reading->value);
    snprintf(place, sizeof place, "%s:%zu: [%s] %s = %s", reading->source, reading->line, section,
             key, value);
    if (!*value && reading->commented)
        return status_fail(STATUS_CONFIG,
                           "%s: what follows is a comment; in quotes it would be none", place);
    return (reading->stored ? set_stored : set_written)(place, reading->job, option, value);
}

/* inih's handler: 1 goes on, 0 is an error. */
static int handle_value(void *context, const char *section, const char *key, const char *value) {
    Reading *reading = context;
    (void)value;
    if (reading->status == STATUS_OK)
        reading->status = take_value(reading, section, key);
    return reading->status == STATUS_OK;
}

static Status read_file(Reading *reading, const char *text) {
    static const char byte_order_mark[] = "\xef\xbb\xbf";
    size_t mark = strlen(byte_order_mark);
    reading->rest = strncmp(text, byte_order_mark, mark) ? text : text + mark;
    int bad_line = ini_parse_stream(next_line, reading, handle_value, reading);
    if (bad_line < 0)
        return status_fail(STATUS_INTERNAL, "out of memory: inih needs a line buffer");
    /* inih goes on after a syntax error: the first mistake is the one to report. */
    if (bad_line > 0 && (reading->status == STATUS_OK || (size_t)bad_line < reading->line))
        return status_fail(STATUS_CONFIG,
                           "%s:%d: neither a [section], nor key = value, nor a comment",
                           reading->source, bad_line);
    return reading->status;
}

/* ---- overrides ---- */

static Status apply_override(Reading *reading, const char *text) {
    char section[64], key[64], place[PLACE_MAX];
    const JobOption *option;
    const char *equals = strchr(text, '=');
    const char *dot = equals ? memchr(text, '.', (size_t)(equals - text)) : NULL;
    snprintf(place, sizeof place, "--set %s", text);
    if (!dot || dot == text || dot + 1 == equals)
        return status_fail(STATUS_USAGE, "%s: must be SECTION.KEY=VALUE", place);
    snprintf(section, sizeof section, "%.*s", (int)(dot - text), text);
    snprintf(key, sizeof key, "%.*s", (int)(equals - dot - 1), dot + 1);
    STATUS_TRY(require_section(place, section));
    STATUS_TRY(find_option(place, section, key, &option));
    reading->places.override_of[option - job_options] = text;
    return set_written(place, reading->job, option, equals + 1);
}

/* What has another key's value, or one made of it, where it was not given. */
static Status derive(const Reading *reading) {
    Job *job = reading->job;
    char value[FILE_PATH_MAX], place[PLACE_MAX];
    if (!*job->name) {
        file_stem(reading->source, value, sizeof value);
        snprintf(place, sizeof place, "%s: [job] name, by default '%s'", reading->source, value);
        STATUS_TRY(set_writable(place, job, job_option_find("job", "name"), value));
    }
    if (!*job->output) {
        snprintf(value, sizeof value, "runs/%s", job->name);
        snprintf(place, sizeof place, "%s: [job] output, by default '%s'", reading->source, value);
        STATUS_TRY(set_writable(place, job, job_option_find("job", "output"), value));
    }
    if (!job_places_given(&reading->places, "model", "attention_dropout"))
        job->attention_dropout = job->dropout;
    return STATUS_OK;
}

/* ---- all of it ---- */

static Status parse(Job *job, const char *source, bool stored, const char *text,
                    size_t override_count, const char *const *overrides) {
    Reading reading = {
        .job = job, .source = source, .stored = stored, .places = {.source = source}};
    apply_presets(job);
    STATUS_TRY(read_file(&reading, text));
    for (size_t i = 0; i < override_count; i++)
        STATUS_TRY(apply_override(&reading, overrides[i]));
    STATUS_TRY(derive(&reading));
    return job_together_check(job, &reading.places);
}

Status job_parse(Job *job, const char *source, const char *text, size_t override_count,
                 const char *const *overrides) {
    return parse(job, source, false, text, override_count, overrides);
}

Status job_parse_resolved(Job *job, const char *source, const char *text, size_t override_count,
                          const char *const *overrides) {
    return parse(job, source, true, text, override_count, overrides);
}

static Status read_all(FILE *file, const char *path, char *text) {
    size_t bytes = fread(text, 1, TEXT_MAX + 1, file);
    if (ferror(file))
        return status_fail(STATUS_CONFIG, "%s: cannot be read: %s", path, strerror(errno));
    if (bytes > TEXT_MAX)
        return status_fail(STATUS_CONFIG, "%s: longer than 1 MB, so it is not a job file", path);
    if (memchr(text, '\0', bytes))
        return status_fail(STATUS_CONFIG, "%s: contains a zero byte, so it is not a job file",
                           path);
    return STATUS_OK;
}

Status job_read_text(const char *path, char **text) {
    *text = NULL;
    FILE *file = fopen(path, "r");
    if (!file)
        return status_fail(STATUS_CONFIG, "%s: cannot be opened: %s", path, strerror(errno));
    Status status = memory_allocate(text, TEXT_MAX + 2, 1, "the job file");
    if (status == STATUS_OK)
        status = read_all(file, path, *text);
    fclose(file);
    if (status != STATUS_OK) {
        memory_free(*text);
        *text = NULL;
    }
    return status;
}

/* As job_written_meaning reads it. */
static void written_value(const Job *job, const JobOption *option,
                          char text[static JOB_VALUE_MAX]) {
    char value[JOB_VALUE_MAX];
    job_value_text(job, option, value);
    if ((option->kind != OPTION_TEXT && option->kind != OPTION_PATH) ||
        !job_written_text(option, value, text))
        memcpy(text, value, sizeof value);
}

Status job_to_text(const Job *job, char **text) {
    size_t room = job_option_count * (JOB_VALUE_MAX + 64), used = 0;
    STATUS_TRY(memory_allocate(text, room, 1, "the job's text"));
    const char *section = "";
    for (size_t i = 0; i < job_option_count; i++) {
        const JobOption *option = &job_options[i];
        char value[JOB_VALUE_MAX];
        if (strcmp(option->section, section) != 0)
            used += (size_t)snprintf(*text + used, room - used, "%s[%s]\n", i ? "\n" : "",
                                     option->section);
        section = option->section;
        written_value(job, option, value);
        used += (size_t)snprintf(*text + used, room - used, "%s = %s\n", option->key, value);
    }
    return STATUS_OK;
}

size_t job_schedule_epochs(const Job *job) {
    return job->schedule_epochs ? job->schedule_epochs : job->epochs;
}

void job_fix_schedule(Job *job, const Job *begun) {
    if (job->schedule == SCHEDULE_COSINE && job->schedule_epochs == 0)
        job->schedule_epochs = job_schedule_epochs(begun);
}

static bool values_differ(const Job *stored, const Job *wanted, const JobOption *option,
                          char before[static JOB_VALUE_MAX], char now[static JOB_VALUE_MAX]) {
    job_value_text(stored, option, before);
    job_value_text(wanted, option, now);
    return strcmp(before, now) != 0;
}

/* [train] start is a path, which may be another one by now; but a run that began with the weights
 * of a file goes on as no other. */
static bool may_differ(const Job *stored, const Job *wanted, const JobOption *option) {
    return option->may_change && (option != job_option_find("train", "start") ||
                                  job_has_start(stored) == job_has_start(wanted));
}

Status job_check_resume(const Job *stored, const Job *wanted, const char *checkpoint) {
    Job begun = *stored, goes_on = *wanted;
    job_fix_schedule(&begun, stored);
    job_fix_schedule(&goes_on, stored);
    for (size_t i = 0; i < job_option_count; i++) {
        const JobOption *option = &job_options[i];
        char before[JOB_VALUE_MAX], now[JOB_VALUE_MAX];
        if (!may_differ(stored, wanted, option) &&
            values_differ(&begun, &goes_on, option, before, now))
            return status_fail(STATUS_CONFIG,
                               "%s: was begun with [%s] %s = %s, and this job has %s; go on with "
                               "the old value, or start over with --fresh",
                               checkpoint, option->section, option->key, before, now);
    }
    return STATUS_OK;
}

bool job_has_start(const Job *job) {
    return strcmp(job->start, JOB_NO_START) != 0;
}

Status job_check_start(const Job *stored, const Job *wanted, const char *file) {
    char differences[2048] = "";
    size_t used = 0;
    for (size_t i = 0; i < job_option_count && used < sizeof differences; i++) {
        const JobOption *option = &job_options[i];
        char before[JOB_VALUE_MAX], now[JOB_VALUE_MAX];
        if (option->of_model && !option->adapts &&
            values_differ(stored, wanted, option, before, now))
            used += (size_t)snprintf(differences + used, sizeof differences - used,
                                     "%s[%s] %s is %s there, %s here", used ? "; " : "",
                                     option->section, option->key, before, now);
    }
    if (used == 0)
        return STATUS_OK;
    return status_fail(STATUS_DATA, "%s: is of another model than this job's: %s", file,
                       differences);
}

Status job_check_model(const Job *stored, const Job *wanted, const char *checkpoint) {
    for (size_t i = 0; i < job_option_count; i++) {
        const JobOption *option = &job_options[i];
        char before[JOB_VALUE_MAX], now[JOB_VALUE_MAX];
        if (option->of_model && values_differ(stored, wanted, option, before, now))
            return status_fail(STATUS_DATA,
                               "%s: is of another model: its [%s] %s is %s, this job's is %s",
                               checkpoint, option->section, option->key, before, now);
    }
    return STATUS_OK;
}
