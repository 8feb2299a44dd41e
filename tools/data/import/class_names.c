#include "class_names.h"

#include "lines.h"
#include "vit/memory.h"
#include "vit/size.h"
#include <stdio.h>

static Status make_room(DataNames *names, size_t count, size_t width) {
    *names = (DataNames){.count = count, .width = width};
    return memory_allocate(&names->text, count, width, "names of classes");
}

Status class_names_copy(const char *const *name, size_t count, DataNames *names) {
    size_t width = 1;
    for (size_t i = 0; i < count; i++)
        width = size_larger(width, strlen(name[i]) + 1);
    STATUS_TRY(make_room(names, count, width));
    for (size_t i = 0; i < count; i++)
        memcpy(class_names_at(names, i), name[i], strlen(name[i]));
    return STATUS_OK;
}

Status class_names_numbers(size_t count, DataNames *names) {
    enum { WIDTH = 21 };
    STATUS_TRY(make_room(names, count, WIDTH));
    for (size_t i = 0; i < count; i++)
        snprintf(class_names_at(names, i), WIDTH, "%zu", i);
    return STATUS_OK;
}

Status class_names_lines(const char *file, const uint8_t *bytes, size_t count, DataNames *names) {
    const char *text = (const char *)bytes, *line;
    const Lines all = {text, lines_trimmed(text, count)};
    size_t length, lines = 0, width = 1;
    *names = (DataNames){0};
    for (Lines left = all; lines_next(&left, &line, &length);) {
        lines++;
        width = size_larger(width, length + 1);
        if (length == 0 || memchr(line, '\0', length))
            return status_fail(STATUS_DATA, "%s: line %zu is not a name", file, lines);
    }
    if (lines == 0)
        return status_fail(STATUS_DATA, "%s: holds no names", file);
    STATUS_TRY(make_room(names, lines, width));
    Lines left = all;
    for (size_t i = 0; lines_next(&left, &line, &length); i++)
        memcpy(class_names_at(names, i), line, length);
    return STATUS_OK;
}

static Status widen(DataNames *names, size_t width) {
    DataNames wider;
    STATUS_TRY(make_room(&wider, names->count, width));
    for (size_t i = 0; i < names->count; i++)
        memcpy(class_names_at(&wider, i), class_names_at(names, i), names->width);
    memory_free(names->text);
    *names = wider;
    return STATUS_OK;
}

Status class_names_set(DataNames *names, size_t class, const char *name, size_t length) {
    if (length >= names->width)
        STATUS_TRY(widen(names, size_larger(length + 1, 2 * names->width)));
    memset(class_names_at(names, class), 0, names->width);
    memcpy(class_names_at(names, class), name, length);
    return STATUS_OK;
}
