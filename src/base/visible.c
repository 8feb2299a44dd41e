#include "visible.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

/* The bytes of the character that begins there, 0 where none does in UTF-8. */
static size_t decode(const unsigned char *text, uint32_t *code) {
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    *code = text[0];
    if (text[0] < 0x80)
        return 1;
    const size_t bytes = text[0] >= 0xf0 ? 4 : text[0] >= 0xe0 ? 3 : 2;
    *code = text[0] & 0x7fu >> bytes;
    for (size_t i = 1; i < bytes; i++) {
        if ((text[i] & 0xc0) != 0x80)
            return 0;
        *code = *code << 6 | (text[i] & 0x3f);
    }
    const bool is_one = text[0] >= 0xc0 && text[0] < 0xf8 && *code >= least[bytes] &&
                        *code <= 0x10ffff && (*code < 0xd800 || *code > 0xdfff);
    return is_one ? bytes : 0;
}

/* Control characters, blanks that are none, and marks that turn or break a line. */
static bool is_hidden(uint32_t code) {
    static const struct {
        uint32_t first, last;
    } hidden[] = {{0x00, 0x1f},     {0x7f, 0xa0},     {0xad, 0xad},      {0x61c, 0x61c},
                  {0x115f, 0x1160}, {0x1680, 0x1680}, {0x180e, 0x180e},  {0x2000, 0x200f},
                  {0x2028, 0x202f}, {0x205f, 0x206f}, {0x3000, 0x3000},  {0x3164, 0x3164},
                  {0xfeff, 0xfeff}, {0xfff9, 0xfffb}, {0xe0000, 0xe007f}};
    for (size_t i = 0; i < sizeof hidden / sizeof *hidden; i++)
        if (code >= hidden[i].first && code <= hidden[i].last)
            return true;
    return false;
}

enum { SPELLED = 16 };

static void spell(uint32_t code, char word[static SPELLED]) {
    if (code == '\n' || code == '\r' || code == '\t')
        snprintf(word, SPELLED, "\\%c", code == '\n' ? 'n' : code == '\r' ? 'r' : 't');
    else
        snprintf(word, SPELLED, code < 0x80 ? "\\x%02x" : "U+%04X", (unsigned)code);
}

void visible_text(const char *text, char *shown, size_t bytes) {
    const unsigned char *at = (const unsigned char *)text;
    size_t used = 0;
    while (*at) {
        char word[SPELLED];
        uint32_t code;
        const size_t length = decode(at, &code);
        if (length == 0)
            snprintf(word, sizeof word, "\\x%02x", (unsigned)*at);
        else if (is_hidden(code))
            spell(code, word);
        else
            snprintf(word, sizeof word, "%.*s", (int)length, (const char *)at);
        const size_t more = strlen(word);
        if (used + more >= bytes)
            break;
        memcpy(shown + used, word, more);
        used += more;
        at += length ? length : 1;
    }
    shown[used] = '\0';
}
