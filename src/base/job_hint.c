#include "job_option.h"

#include <ctype.h>
#include <string.h>

enum { NAME_MAX_COMPARED = 48 };

static size_t least_of(size_t a, size_t b) {
    return a < b ? a : b;
}

/* How many characters must be inserted, removed, replaced or swapped with their neighbour to turn
 * one name into the other, letter case aside (Damerau-Levenshtein, optimal string alignment). */
static size_t distance_between(const char *a, const char *b) {
    size_t columns = least_of(strlen(b), NAME_MAX_COMPARED);
    size_t rows = least_of(strlen(a), NAME_MAX_COMPARED);
    size_t room[3][NAME_MAX_COMPARED + 1];
    size_t *before = room[0], *above = room[1], *row = room[2];
    for (size_t j = 0; j <= columns; j++)
        row[j] = j;
    for (size_t i = 1; i <= rows; i++) {
        size_t *oldest = before;
        before = above;
        above = row;
        row = oldest;
        row[0] = i;
        for (size_t j = 1; j <= columns; j++) {
            int here = tolower((unsigned char)a[i - 1]), there = tolower((unsigned char)b[j - 1]);
            row[j] =
                least_of(above[j - 1] + (here != there), least_of(above[j] + 1, row[j - 1] + 1));
            if (i > 1 && j > 1 && here == tolower((unsigned char)b[j - 2]) &&
                there == tolower((unsigned char)a[i - 2]))
                row[j] = least_of(row[j], before[j - 2] + 1);
        }
    }
    return row[columns];
}

/* A third of the letters may be wrong: more, and the suggestion misleads. */
static size_t farthest_near(const char *name) {
    size_t third = strlen(name) / 3;
    return third ? third : 1;
}

/* Appends what fits. */
static void append(char *text, size_t bytes, const char *more) {
    size_t used = strlen(text);
    snprintf(text + used, bytes - used, "%s", more);
}

void job_hint_key(const char *section, const char *key, char *hint, size_t bytes) {
    const JobOption *nearest = NULL;
    size_t best = farthest_near(key) + 1;
    char keys[512] = "";
    for (size_t i = 0; i < job_option_count; i++) {
        const JobOption *option = &job_options[i];
        if (strcmp(option->section, section) != 0) {
            if (!strcmp(option->key, key)) {
                snprintf(hint, bytes, "it belongs in [%s]", option->section);
                return;
            }
            continue;
        }
        append(keys, sizeof keys, *keys ? ", " : "");
        append(keys, sizeof keys, option->key);
        size_t distance = distance_between(key, option->key);
        if (distance < best) {
            best = distance;
            nearest = option;
        }
    }
    if (nearest)
        snprintf(hint, bytes, "did you mean %s?", nearest->key);
    else
        snprintf(hint, bytes, "the keys of [%s] are %s", section, keys);
}

void job_hint_section(const char *section, char *hint, size_t bytes) {
    const char *nearest = NULL, *previous = "";
    size_t best = farthest_near(section) + 1;
    char sections[512] = "";
    for (size_t i = 0; i < job_option_count; i++) {
        const char *known = job_options[i].section;
        if (!strcmp(known, previous))
            continue;
        previous = known;
        append(sections, sizeof sections, *sections ? ", [" : "[");
        append(sections, sizeof sections, known);
        append(sections, sizeof sections, "]");
        size_t distance = distance_between(section, known);
        if (distance < best) {
            best = distance;
            nearest = known;
        }
    }
    if (nearest)
        snprintf(hint, bytes, "did you mean [%s]?", nearest);
    else
        snprintf(hint, bytes, "the sections are %s", sections);
}
