#include "vit/environment.h"

#include "text.h"
#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>

static const char *value_of(const char *name) {
    const char *value = getenv(name);
    return value && *value ? value : NULL;
}

static const char *skip_blanks(const char *text) {
    while (isspace((unsigned char)*text))
        text++;
    return text;
}

/* A number with blanks around it; returns what follows, NULL where it is none. */
static const char *read_count(const char *text, size_t least, size_t most, size_t *count) {
    char *end;
    text = skip_blanks(text);
    errno = 0;
    const unsigned long long value = strtoull(text, &end, 10);
    if (!isdigit((unsigned char)*text) || errno || value < least || value > most)
        return NULL;
    *count = (size_t)value;
    return skip_blanks(end);
}

Status environment_count(const char *name, size_t least, size_t most, size_t *count) {
    const char *value = value_of(name);
    *count = 0;
    const char *rest = value ? read_count(value, least, most, count) : "";
    if (rest && !*rest)
        return STATUS_OK;
    *count = 0;
    return status_fail(STATUS_USAGE,
                       "%s = '%s' in the environment: must be a whole number from %zu to %zu", name,
                       value, least, most);
}

size_t environment_number(const char *name) {
    size_t number;
    return environment_count(name, 0, INT_MAX, &number) == STATUS_OK ? number : 0;
}

Status environment_counts(const char *name, size_t least, size_t most, size_t *first) {
    const char *value = value_of(name), *rest = value;
    size_t one = 0;
    *first = 0;
    if (!value)
        return STATUS_OK;
    if (read_count(value, least, most, &one))
        *first = one;
    while (rest) {
        rest = read_count(rest, least, most, &one);
        if (rest && !*rest)
            return STATUS_OK;
        rest = rest && *rest == ',' ? rest + 1 : NULL;
    }
    *first = 0;
    return status_fail(STATUS_USAGE,
                       "%s = '%s' in the environment: must be whole numbers from %zu to %zu, "
                       "separated by commas",
                       name, value, least, most);
}

Status environment_word(const char *name, const char *const *words, int *word) {
    const char *value = value_of(name);
    char allowed[256] = "";
    *word = -1;
    if (!value)
        return STATUS_OK;
    for (int i = 0; words[i]; i++) {
        if (strcmp(value, words[i]) == 0) {
            *word = i;
            return STATUS_OK;
        }
        text_append(allowed, sizeof allowed, i == 0 ? "" : words[i + 1] ? ", " : " or ");
        text_append(allowed, sizeof allowed, words[i]);
    }
    return status_fail(STATUS_USAGE, "%s = '%s' in the environment: must be %s", name, value,
                       allowed);
}
