#include "class_names.h"

#include "utf8_text.h"
#include "vit/memory.h"
#include <stdio.h>
#include <string.h>

enum { NUMBER_ROOM = 64 }; /* bytes of the numbers behind a name */

/* Puts the number behind a name that is taken, and another one where that is taken, too. */
static void make_different(const json_t *taken, size_t number, char *text) {
    const size_t bytes = strlen(text);
    for (size_t again = 0; json_object_get(taken, text); again++)
        if (again == 0)
            snprintf(text + bytes, NUMBER_ROOM, " (%zu)", number);
        else
            snprintf(text + bytes, NUMBER_ROOM, " (%zu, %zu)", number, again);
}

json_t *class_names_json(const CheckpointData *data) {
    char *text;
    if (memory_allocate(&text, 2 * data->name_bytes + NUMBER_ROOM, 1, "a name") != STATUS_OK)
        return NULL;
    json_t *names = json_array(), *taken = json_object();
    int failed = !names || !taken;
    for (size_t i = 0; i < data->classes && !failed; i++) {
        const char *name = data->name + i * data->name_bytes;
        utf8_text_put(name, strnlen(name, data->name_bytes), text);
        make_different(taken, i, text);
        failed |= json_object_set_new(taken, text, json_true());
        failed |= json_array_append_new(names, json_string(text));
    }
    json_decref(taken);
    memory_free(text);
    if (!failed)
        return names;
    json_decref(names);
    return NULL;
}

json_t *class_numbers_json(size_t classes) {
    json_t *names = json_array();
    for (size_t i = 0; i < classes && names; i++)
        if (json_array_append_new(names, json_sprintf("%zu", i)) != 0) {
            json_decref(names);
            names = NULL;
        }
    return names;
}
