#include "job_option.h"
#include "nearest.h"
#include "text.h"

#include <string.h>

void job_hint_key(const char *section, const char *key, char *hint, size_t bytes) {
    Nearest nearest = nearest_to(key);
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
        text_append(keys, sizeof keys, *keys ? ", " : "");
        text_append(keys, sizeof keys, option->key);
        nearest_offer(&nearest, option->key);
    }
    if (nearest.name)
        snprintf(hint, bytes, "did you mean %s?", nearest.name);
    else
        snprintf(hint, bytes, "the keys of [%s] are %s", section, keys);
}

void job_hint_section(const char *section, char *hint, size_t bytes) {
    Nearest nearest = nearest_to(section);
    const char *previous = "";
    char sections[512] = "";
    for (size_t i = 0; i < job_option_count; i++) {
        const char *known = job_options[i].section;
        if (!strcmp(known, previous))
            continue;
        previous = known;
        text_append(sections, sizeof sections, *sections ? ", [" : "[");
        text_append(sections, sizeof sections, known);
        text_append(sections, sizeof sections, "]");
        nearest_offer(&nearest, known);
    }
    if (nearest.name)
        snprintf(hint, bytes, "did you mean [%s]?", nearest.name);
    else
        snprintf(hint, bytes, "the sections are %s", sections);
}
