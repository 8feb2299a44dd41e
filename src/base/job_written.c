#include "job_written.h"

#include "text.h"
#include <ctype.h>
#include <ini.h>
#include <stdlib.h>
#include <string.h>

static bool is_blank(char c) {
    return isspace((unsigned char)c);
}

static bool is_quote(char c) {
    return c == '"' || c == '\'';
}

/* ---- lines ---- */

/* Of key and value; the length where there is none. */
static size_t find_separator(const char *line, size_t length) {
    size_t at = 0;
    while (at < length && line[at] != '=' && line[at] != ':')
        at++;
    return at;
}

const char *job_written_value(const char *line, size_t length, size_t *bytes) {
    size_t first = find_separator(line, length), end = length;
    if (first == length)
        return NULL;
    first++;
    while (first < end && is_blank(line[first]))
        first++;
    while (end > first && is_blank(line[end - 1]))
        end--;
    *bytes = end - first;
    return line + first;
}

/* The first byte behind the quotes around a line's value; 0 where it has none. */
static size_t end_of_quotes(const char *line, size_t length) {
    size_t bytes;
    const char *value = job_written_value(line, length, &bytes);
    if (!value || bytes == 0 || !is_quote(*value))
        return 0;
    const char *end = memchr(value + 1, *value, bytes - 1);
    return end ? (size_t)(end + 1 - line) : 0;
}

size_t job_written_bytes(const char *line, size_t length) {
    const size_t quotes_end = end_of_quotes(line, length);
    const size_t separator = find_separator(line, length);
    bool blank = true;
    size_t end = 0;
    for (; end < length; end++) {
        if (blank && (line[end] == '#' || line[end] == ';'))
            break;
        blank = is_blank(line[end]);
        if (end == separator && quotes_end)
            end = quotes_end - 1;
    }
    while (end && is_blank(line[end - 1]))
        end--;
    return end;
}

/* ---- quotes ---- */

/* Of a value: what is within, and which quotes, 0 for none. False: one has no partner. */
static bool take_off_quotes(const char *text, size_t bytes, char inner[static JOB_VALUE_MAX],
                            char *quote) {
    const bool begins = bytes && is_quote(text[0]), ends = bytes && is_quote(text[bytes - 1]);
    const bool paired = begins && memchr(text + 1, text[0], bytes - 1) == text + bytes - 1;
    *quote = '\0';
    if (paired)
        *quote = text[0];
    snprintf(inner, JOB_VALUE_MAX, "%.*s", (int)(paired ? bytes - 2 : bytes), text + paired);
    return paired || (!begins && !ends);
}

/* ---- ~ and variables ---- */

/* A path being expanded. */
typedef struct Expansion {
    const char *place;
    char *path; /* [JOB_VALUE_MAX] */
} Expansion;

static void append_bytes(const Expansion *e, const char *text, size_t bytes) {
    char part[JOB_VALUE_MAX];
    snprintf(part, sizeof part, "%.*s", (int)bytes, text);
    text_append(e->path, JOB_VALUE_MAX, part);
}

static Status append_variable(const Expansion *e, const char *name, size_t bytes) {
    char variable[JOB_VALUE_MAX];
    snprintf(variable, sizeof variable, "%.*s", (int)bytes, name);
    const char *value = getenv(variable);
    if (!value || !*value)
        return status_fail(STATUS_USAGE,
                           "%s: the environment has no %s%s; in a path $$ stands for a dollar",
                           e->place, variable, value ? ", it is empty" : "");
    if (strlen(e->path) + strlen(value) >= JOB_VALUE_MAX)
        return status_fail(STATUS_CONFIG, "%s: is too long with %s = %s", e->place, variable,
                           value);
    text_append(e->path, JOB_VALUE_MAX, value);
    return STATUS_OK;
}

static size_t name_bytes(const char *text) {
    size_t bytes = 0;
    while (isalpha((unsigned char)text[bytes]) || text[bytes] == '_' ||
           (bytes && isdigit((unsigned char)text[bytes])))
        bytes++;
    return bytes;
}

/* What a '$' begins; *used is what it takes. */
static Status append_dollar(const Expansion *e, const char *text, size_t *used) {
    const bool braces = text[1] == '{';
    const char *name = text + 1 + braces;
    const size_t bytes = name_bytes(name);
    *used = 2;
    if (text[1] == '$') {
        text_append(e->path, JOB_VALUE_MAX, "$");
        return STATUS_OK;
    }
    if (bytes == 0 || (braces && name[bytes] != '}'))
        return status_fail(STATUS_USAGE,
                           "%s: a '$' must be $NAME or ${NAME}; in a path $$ stands for a dollar",
                           e->place);
    *used = (size_t)(name - text) + bytes + braces;
    return append_variable(e, name, bytes);
}

static Status append_home(const Expansion *e, const char *text) {
    if (text[1] != '/' && text[1] != '\0')
        return status_fail(
            STATUS_USAGE,
            "%s: only ~ alone and ~/ are known, not another user's home; a name that "
            "begins with ~ is written ./~",
            e->place);
    return append_variable(e, "HOME", strlen("HOME"));
}

static Status expand(const Expansion *e, const char *text) {
    if (*text == '~') {
        STATUS_TRY(append_home(e, text));
        text++;
    }
    while (*text) {
        size_t used = strcspn(text, "$");
        append_bytes(e, text, used);
        text += used;
        if (!*text)
            break;
        STATUS_TRY(append_dollar(e, text, &used));
        text += used;
    }
    return STATUS_OK;
}

/* ---- from what is meant ---- */

static bool blanks_around(const char *text) {
    return *text && (is_blank(*text) || is_blank(text[strlen(text) - 1]));
}

static bool is_text(const JobOption *option) {
    return option->kind == OPTION_TEXT || option->kind == OPTION_PATH;
}

static bool begins_comment(const char *text) {
    bool blank = true; /* the one behind '=' */
    for (const char *c = text; *c; c++) {
        if (blank && (*c == ';' || *c == '#'))
            return true;
        blank = is_blank(*c);
    }
    return false;
}

/* A control character of ASCII, or of those from U+0080 to U+009F, which are some terminals'. */
static bool has_control(const char *text) {
    for (const unsigned char *c = (const unsigned char *)text; *c; c++)
        if (iscntrl(*c) || (*c == 0xc2 && c[1] >= 0x80 && c[1] <= 0x9f))
            return true;
    return false;
}

static bool needs_quotes(const JobOption *option, const char *text) {
    return blanks_around(text) || begins_comment(text) || is_quote(text[0]) ||
           is_quote(text[strlen(text) - 1]) ||
           (option->kind == OPTION_PATH && (text[0] == '~' || strchr(text, '$')));
}

/* Into double quotes, where '$' is said twice in a path. */
static void put_into_double(const JobOption *option, const char *meant,
                            char text[static JOB_VALUE_MAX]) {
    size_t used = 0;
    text[used++] = '"';
    for (; *meant && used + 4 < JOB_VALUE_MAX; meant++) {
        if (*meant == '$' && option->kind == OPTION_PATH)
            text[used++] = '$';
        text[used++] = *meant;
    }
    text[used++] = '"';
    text[used] = '\0';
}

static size_t line_room(const JobOption *option) {
    return (size_t)INI_MAX_LINE - 1 - strlen(option->key) - strlen(" = ");
}

size_t job_written_most(const JobOption *option) {
    const size_t line = line_room(option), field = option->bytes - 1;
    return line < field ? line : field;
}

bool job_written_text(const JobOption *option, const char *meant, char text[static JOB_VALUE_MAX]) {
    if (!*meant || has_control(meant) || strlen(meant) > job_written_most(option))
        return false;
    if (!needs_quotes(option, meant)) {
        snprintf(text, JOB_VALUE_MAX, "%s", meant);
    } else if (!strchr(meant, '\'')) {
        snprintf(text, JOB_VALUE_MAX, "'%s'", meant);
    } else {
        /* ~ would be HOME there, too */
        if (strchr(meant, '"') || (option->kind == OPTION_PATH && *meant == '~'))
            return false;
        put_into_double(option, meant, text);
    }
    return strlen(text) <= line_room(option);
}

bool job_written_can(const JobOption *option, const char *meant) {
    char text[JOB_VALUE_MAX];
    return !is_text(option) || job_written_text(option, meant, text);
}

/* ---- to what is meant ---- */

Status job_written_meaning(const char *place, const JobOption *option, const char *text,
                           char meant[static JOB_VALUE_MAX]) {
    const size_t bytes = strlen(text);
    char inner[JOB_VALUE_MAX], quote;
    if (bytes >= JOB_VALUE_MAX)
        return status_fail(STATUS_CONFIG, "%s: has %zu bytes; no value is longer than %d", place,
                           bytes, JOB_VALUE_MAX - 1);
    if (!take_off_quotes(text, bytes, inner, &quote))
        return status_fail(STATUS_CONFIG,
                           "%s: a quote has no partner at the value's other end; one that belongs "
                           "to the value stands in quotes of the other kind, and both kinds "
                           "cannot stand together",
                           place);
    if (is_text(option) && !quote && blanks_around(inner))
        return status_fail(STATUS_CONFIG, "%s: blanks around it stand in quotes", place);
    if (option->kind != OPTION_PATH || quote == '\'') {
        memcpy(meant, inner, sizeof inner);
        return STATUS_OK;
    }
    *meant = '\0';
    return expand(&(Expansion){place, meant}, inner);
}

/* $$ to $. */
static void fold_dollars(char *text) {
    char *to = text;
    for (const char *from = text; *from; from++) {
        from += from[0] == '$' && from[1] == '$';
        *to++ = *from;
    }
    *to = '\0';
}

void job_written_stored(const JobOption *option, const char *text,
                        char meant[static JOB_VALUE_MAX]) {
    char again[JOB_VALUE_MAX], quote;
    take_off_quotes(text, strlen(text), meant, &quote);
    if (quote == '"' && option->kind == OPTION_PATH)
        fold_dollars(meant);
    if (!quote || !job_written_text(option, meant, again) || strcmp(again, text) != 0)
        snprintf(meant, JOB_VALUE_MAX, "%s", text);
}
