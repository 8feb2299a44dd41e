#include "class_names.h"

#include "lines.h"
#include "vit/memory.h"
#include "vit/size.h"
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

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

/* ---- what is in them ---- */

/* Bytes of the character at text (RFC 3629), 0 when there is none of UTF-8, or a control
 * character. */
static size_t character_bytes(const unsigned char *text) {
    static const struct {
        unsigned char mask, lead;
        uint32_t least;
    } form[] = {{0x80, 0x00, 0x20}, {0xe0, 0xc0, 0x80}, {0xf0, 0xe0, 0x800}, {0xf8, 0xf0, 0x10000}};
    for (size_t more = 0; more < sizeof form / sizeof *form; more++) {
        if ((text[0] & form[more].mask) != form[more].lead)
            continue;
        uint32_t code = text[0] & (unsigned char)~form[more].mask;
        for (size_t i = 1; i <= more; i++) {
            if ((text[i] & 0xc0) != 0x80)
                return 0;
            code = code << 6 | (text[i] & 0x3f);
        }
        const bool is_control = code < 0x20 || (code >= 0x7f && code < 0xa0);
        const bool is_none = code > 0x10ffff || (code >= 0xd800 && code < 0xe000);
        return code < form[more].least || is_control || is_none ? 0 : more + 1;
    }
    return 0;
}

Status class_names_check(const char *source, const DataNames *names) {
    for (size_t i = 0; i < names->count; i++) {
        const unsigned char *at = (const unsigned char *)class_names_at(names, i);
        while (*at) {
            const size_t bytes = character_bytes(at);
            if (bytes == 0)
                return status_fail(STATUS_DATA,
                                   "%s: the name of class %zu has the byte 0x%02x, which is no "
                                   "printable character in UTF-8: rename it",
                                   source, i, *at);
            at += bytes;
        }
    }
    return STATUS_OK;
}

const char *class_names_some(const DataNames *names, char text[static CLASS_NAMES_TEXT]) {
    size_t used = 0;
    text[0] = '\0';
    for (size_t i = 0; i < names->count; i++) {
        const char *name = class_names_at(names, i);
        if (used + strlen(name) + sizeof ", , ..." > CLASS_NAMES_TEXT) {
            snprintf(text + used, CLASS_NAMES_TEXT - used, "%s...", i ? ", " : "");
            break;
        }
        used += (size_t)snprintf(text + used, CLASS_NAMES_TEXT - used, "%s%s", i ? ", " : "", name);
    }
    return text;
}
