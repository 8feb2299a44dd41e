#include "utf8_text.h"

#include <jansson.h>
#include <stdbool.h>
#include <string.h>

static bool is_utf8(const char *text, size_t bytes) {
    json_t *value = json_stringn(text, bytes);
    json_decref(value);
    return value != NULL;
}

static void put_latin1(const char *text, size_t bytes, char *to) {
    for (size_t i = 0; i < bytes; i++) {
        const unsigned char byte = (unsigned char)text[i];
        if (byte >= 0x80)
            *to++ = (char)(0xc0 | byte >> 6);
        *to++ = (char)(byte < 0x80 ? byte : 0x80 | (byte & 0x3f));
    }
    *to = '\0';
}

void utf8_text_put(const char *text, size_t bytes, char *to) {
    if (is_utf8(text, bytes)) {
        memcpy(to, text, bytes);
        to[bytes] = '\0';
    } else {
        put_latin1(text, bytes, to);
    }
}
