#include "class_names.h"

#include "vit/memory.h"
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

enum { NUMBER_ROOM = 64 }; /* bytes of the numbers behind a name */

static bool is_utf8(const char *text, size_t bytes) {
    json_t *value = json_stringn(text, bytes);
    json_decref(value);
    return value != NULL;
}

/* to: room for twice the bytes, and the final zero. */
static void put_latin1(const char *name, size_t bytes, char *to) {
    for (size_t i = 0; i < bytes; i++) {
        const unsigned char byte = (unsigned char)name[i];
        if (byte >= 0x80)
            *to++ = (char)(0xc0 | byte >> 6);
        *to++ = (char)(byte < 0x80 ? byte : 0x80 | (byte & 0x3f));
    }
    *to = '\0';
}

static void put_name(const CheckpointData *data, size_t number, char *to) {
    const char *name = data->name + number * data->name_bytes;
    const size_t bytes = strnlen(name, data->name_bytes);
    if (is_utf8(name, bytes))
        snprintf(to, bytes + 1, "%s", name);
    else
        put_latin1(name, bytes, to);
}

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
        put_name(data, i, text);
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
