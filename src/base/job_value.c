#include "job_option.h"
#include "job_written.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

_Static_assert(
    sizeof(LabelKind) == sizeof(unsigned) && sizeof(ValidationKind) == sizeof(unsigned) &&
        sizeof(TokenizerKind) == sizeof(unsigned) && sizeof(PositionKind) == sizeof(unsigned) &&
        sizeof(PoolKind) == sizeof(unsigned) && sizeof(MlpEnd) == sizeof(unsigned) &&
        sizeof(InitialKind) == sizeof(unsigned) && sizeof(ScheduleKind) == sizeof(unsigned) &&
        sizeof(DecayRule) == sizeof(unsigned) && sizeof(DecayScope) == sizeof(unsigned) &&
        sizeof(ProgressKind) == sizeof(unsigned),
    "OPTION_WORD fields are written as unsigned");

static void *field_of(Job *job, const JobOption *option) {
    return (char *)job + option->offset;
}

static const void *field_in(const Job *job, const JobOption *option) {
    return (const char *)job + option->offset;
}

static bool set_text(const JobOption *option, const char *text, char *field) {
    if (!*text || strlen(text) >= option->bytes)
        return false;
    snprintf(field, option->bytes, "%s", text);
    return true;
}

/* `length` decimal digits and nothing else. */
static bool read_whole(const char *text, size_t length, uint64_t min, uint64_t max,
                       uint64_t *value) {
    uint64_t sum = 0;
    for (size_t i = 0; i < length; i++) {
        if (text[i] < '0' || text[i] > '9')
            return false;
        if (__builtin_mul_overflow(sum, 10u, &sum) ||
            __builtin_add_overflow(sum, (uint64_t)(text[i] - '0'), &sum))
            return false;
    }
    if (length == 0 || sum < min || sum > max)
        return false;
    *value = sum;
    return true;
}

static bool set_size(const JobOption *option, const char *text, size_t *field) {
    uint64_t value;
    if (!read_whole(text, strlen(text), option->min, option->max, &value))
        return false;
    *field = (size_t)value;
    return true;
}

static bool set_real(const JobOption *option, const char *text, double *field) {
    /* strtod alone also takes blanks, hexadecimal, inf and nan. */
    if (!*text || text[strspn(text, "0123456789.eE+-")])
        return false;
    char *end;
    double value = strtod(text, &end);
    if (*end || !isfinite(value) || value < option->low || value > option->high ||
        (option->low_excluded && value == option->low) ||
        (option->high_excluded && value == option->high))
        return false;
    *field = value + 0.0; /* no negative zero */
    return true;
}

static bool set_time_limit(const JobOption *option, const char *text, double *field) {
    if (!strcmp(text, "auto"))
        *field = JOB_TIME_LIMIT_AUTO;
    else if (!strcmp(text, "none"))
        *field = JOB_TIME_LIMIT_NONE;
    else
        return set_real(option, text, field);
    return true;
}

static bool set_flag(const char *text, bool *field) {
    static const char *const words[] = {"no", "yes", "false", "true", "off", "on", "0", "1"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (!strcasecmp(text, words[i])) {
            *field = i % 2;
            return true;
        }
    return false;
}

static bool set_word(const JobOption *option, const char *text, unsigned *field) {
    for (unsigned i = 0; option->words[i]; i++)
        if (!strcmp(text, option->words[i])) {
            *field = i;
            return true;
        }
    return false;
}

static bool set_list(const JobOption *option, const char *text, SizeList *field) {
    SizeList list = {0};
    bool empty = !*text || !strcmp(text, "none");
    for (const char *entry = text; !empty; list.count++) {
        entry += strspn(entry, " \t");
        size_t length = strcspn(entry, ", \t");
        const char *after = entry + length + strspn(entry + length, " \t");
        uint64_t value;
        if (list.count == JOB_LIST_MAX || (*after && *after != ',') ||
            !read_whole(entry, length, option->min, option->max, &value))
            return false;
        list.value[list.count] = (size_t)value;
        empty = !*after;
        entry = after + 1;
    }
    if (list.count < option->least)
        return false;
    *field = list;
    return true;
}

bool job_value_set(Job *job, const JobOption *option, const char *text) {
    void *field = field_of(job, option);
    switch (option->kind) {
    case OPTION_TEXT:
    case OPTION_PATH:
        return set_text(option, text, field);
    case OPTION_SEED:
        return read_whole(text, strlen(text), option->min, option->max, field);
    case OPTION_SIZE:
        return set_size(option, text, field);
    case OPTION_AUTO_SIZE:
        if (strcmp(text, "auto") != 0)
            return set_size(option, text, field);
        *(size_t *)field = 0;
        return true;
    case OPTION_REAL:
        return set_real(option, text, field);
    case OPTION_TIME_LIMIT:
        return set_time_limit(option, text, field);
    case OPTION_FLAG:
        return set_flag(text, field);
    case OPTION_WORD:
        return set_word(option, text, field);
    case OPTION_LIST:
        return set_list(option, text, field);
    }
    return false;
}

/* The fewest digits that read back as the same number; 100 rather than 1e+02, 1e-7 rather than
 * 1e-07. */
static void real_text(double value, char *text, size_t bytes) {
    for (int digits = 1; digits <= 17; digits++) {
        snprintf(text, bytes, "%.*g", digits, value);
        if (strtod(text, NULL) == value && (!strstr(text, "e+") || fabs(value) >= 1e17))
            break;
    }
    char *exponent = strstr(text, "e-0");
    if (exponent)
        memmove(exponent + 2, exponent + 3, strlen(exponent + 3) + 1);
}

static void list_text(const SizeList *list, char *text, size_t bytes) {
    if (list->count == 0)
        snprintf(text, bytes, "none");
    for (size_t i = 0, used = 0; i < list->count && used < bytes; i++)
        used += (size_t)snprintf(text + used, bytes - used, "%s%zu", i ? "," : "", list->value[i]);
}

void job_value_text(const Job *job, const JobOption *option, char text[static JOB_VALUE_MAX]) {
    const void *field = field_in(job, option);
    size_t bytes = JOB_VALUE_MAX;
    switch (option->kind) {
    case OPTION_TEXT:
    case OPTION_PATH:
        snprintf(text, bytes, "%s", (const char *)field);
        break;
    case OPTION_SEED:
        snprintf(text, bytes, "%llu", (unsigned long long)*(const uint64_t *)field);
        break;
    case OPTION_AUTO_SIZE:
    case OPTION_SIZE:
        if (option->kind == OPTION_AUTO_SIZE && *(const size_t *)field == 0)
            snprintf(text, bytes, "auto");
        else
            snprintf(text, bytes, "%zu", *(const size_t *)field);
        break;
    case OPTION_TIME_LIMIT:
    case OPTION_REAL: {
        double value = *(const double *)field;
        bool limit = option->kind == OPTION_TIME_LIMIT;
        if (limit && value == JOB_TIME_LIMIT_AUTO)
            snprintf(text, bytes, "auto");
        else if (limit && value == JOB_TIME_LIMIT_NONE)
            snprintf(text, bytes, "none");
        else
            real_text(value, text, bytes);
        break;
    }
    case OPTION_FLAG:
        snprintf(text, bytes, "%s", *(const bool *)field ? "yes" : "no");
        break;
    case OPTION_WORD:
        snprintf(text, bytes, "%s", option->words[*(const unsigned *)field]);
        break;
    case OPTION_LIST:
        list_text(field, text, bytes);
        break;
    }
}

static void allowed_real(const JobOption *option, const char *noun, char *text, size_t bytes) {
    char low[32], high[32];
    real_text(option->low, low, sizeof low);
    real_text(option->high, high, sizeof high);
    snprintf(text, bytes, "%s in %c%s, %s%c", noun, option->low_excluded ? '(' : '[', low, high,
             option->high_excluded ? ')' : ']');
}

static void allowed_words(const JobOption *option, char *text, size_t bytes) {
    for (size_t i = 0, used = 0; option->words[i] && used < bytes; i++) {
        const char *joint = i == 0 ? "" : option->words[i + 1] ? ", " : " or ";
        used += (size_t)snprintf(text + used, bytes - used, "%s%s", joint, option->words[i]);
    }
}

void job_value_allowed(const JobOption *option, char *text, size_t bytes) {
    unsigned long long min = option->min, max = option->max;
    switch (option->kind) {
    case OPTION_TEXT:
    case OPTION_PATH:
        snprintf(text, bytes,
                 "%s of 1 to %zu bytes, with the quotes that it needs; no control characters",
                 option->kind == OPTION_PATH ? "a path" : "text", job_written_most(option));
        break;
    case OPTION_SEED:
    case OPTION_SIZE:
        snprintf(text, bytes, "a whole number from %llu to %llu", min, max);
        break;
    case OPTION_AUTO_SIZE:
        snprintf(text, bytes, "auto, or a whole number from %llu to %llu", min, max);
        break;
    case OPTION_REAL:
        allowed_real(option, "a number", text, bytes);
        break;
    case OPTION_TIME_LIMIT:
        allowed_real(option, "auto, none, or a number", text, bytes);
        break;
    case OPTION_FLAG:
        snprintf(text, bytes, "yes or no");
        break;
    case OPTION_WORD:
        allowed_words(option, text, bytes);
        break;
    case OPTION_LIST:
        snprintf(text, bytes, "%s %d whole numbers from %llu to %llu, separated by commas",
                 option->least ? "1 to" : "none, or up to", JOB_LIST_MAX, min, max);
        break;
    }
}
