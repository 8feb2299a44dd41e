#include "html.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void html_free(Html *html) {
    free(html->text);
    *html = (Html){0};
}

/* ---- growing ---- */

/* Room for so many more bytes and the final zero. */
static Status reserve(Html *html, size_t more) {
    if (html->status != STATUS_OK || html->length + more < html->room)
        return html->status;
    const size_t room = 2 * (html->length + more) + 4096;
    char *text = realloc(html->text, room);
    if (!text) {
        html->status = status_fail(STATUS_INTERNAL, "out of memory for a page of %zu bytes", room);
        return html->status;
    }
    html->text = text;
    html->room = room;
    return STATUS_OK;
}

static void append(Html *html, const char *text, size_t length) {
    if (reserve(html, length) != STATUS_OK)
        return;
    memcpy(html->text + html->length, text, length);
    html->length += length;
    html->text[html->length] = '\0';
}

static void append_list(Html *html, const char *format, va_list values) {
    va_list again;
    va_copy(again, values);
    const int length = vsnprintf(NULL, 0, format, values);
    if (length > 0 && reserve(html, (size_t)length) == STATUS_OK) {
        vsnprintf(html->text + html->length, (size_t)length + 1, format, again);
        html->length += (size_t)length;
    }
    va_end(again);
}

void html_raw(Html *html, const char *format, ...) {
    va_list values;
    va_start(values, format);
    append_list(html, format, values);
    va_end(values);
}

/* ---- escaping ---- */

static const char *escape_of(char character) {
    switch (character) {
    case '&':
        return "&amp;";
    case '<':
        return "&lt;";
    case '>':
        return "&gt;";
    case '"':
        return "&quot;";
    case '\'':
        return "&#39;";
    default:
        return NULL;
    }
}

/* How many bytes the UTF-8 character at text takes, of at most `most`; 0: it is none that a page
 * may have. The second byte's bounds keep out long forms, surrogates and what is above U+10FFFF;
 * U+0080 to U+009F are control characters. */
static size_t character_bytes(const unsigned char *text, size_t most) {
    const unsigned char first = text[0];
    unsigned char low = 0x80, high = 0xbf;
    size_t bytes = 0;
    if (first >= 0xc2 && first <= 0xdf)
        bytes = 2;
    else if (first >= 0xe0 && first <= 0xef)
        bytes = 3;
    else if (first >= 0xf0 && first <= 0xf4)
        bytes = 4;
    if (bytes == 0 || bytes > most)
        return 0;
    if (first == 0xc2 || first == 0xe0)
        low = 0xa0;
    else if (first == 0xf0)
        low = 0x90;
    if (first == 0xed)
        high = 0x9f;
    else if (first == 0xf4)
        high = 0x8f;
    if (text[1] < low || text[1] > high)
        return 0;
    for (size_t i = 2; i < bytes; i++)
        if (text[i] < 0x80 || text[i] > 0xbf)
            return 0;
    return bytes;
}

void html_text_part(Html *html, const char *text, size_t length) {
    for (size_t i = 0; i < length;) {
        const unsigned char character = (unsigned char)text[i];
        const char *escaped = escape_of(text[i]);
        size_t bytes = 1;
        if (escaped) {
            append(html, escaped, strlen(escaped));
        } else if (character < 0x20 || character == 0x7f) {
            append(html, " ", 1);
        } else if (character < 0x80) {
            append(html, text + i, 1);
        } else {
            bytes = character_bytes((const unsigned char *)text + i, length - i);
            append(html, bytes ? text + i : "?", bytes ? bytes : 1);
            bytes = bytes ? bytes : 1;
        }
        i += bytes;
    }
}

void html_text(Html *html, const char *text) {
    html_text_part(html, text, strlen(text));
}

void html_element(Html *html, const char *tag, const char *text) {
    html_raw(html, "<%s>", tag);
    html_text(html, text);
    html_raw(html, "</%s>", tag);
}

void html_heading(Html *html, const char *title) {
    html_raw(html, "<h%d>%s</h%d>\n", html->level, title, html->level);
}

void html_number(Html *html, const char *format, ...) {
    va_list values;
    va_start(values, format);
    html_raw(html, "<td class=n>");
    append_list(html, format, values);
    html_raw(html, "</td>");
    va_end(values);
}

/* ---- base64 ---- */

void html_base64(Html *html, const uint8_t *bytes, size_t count) {
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (size_t i = 0; i < count; i += 3) {
        const size_t left = count - i;
        const uint32_t group = (uint32_t)bytes[i] << 16 |
                               (left > 1 ? (uint32_t)bytes[i + 1] << 8 : 0) |
                               (left > 2 ? (uint32_t)bytes[i + 2] : 0);
        char text[4] = {digits[group >> 18], digits[group >> 12 & 63], '=', '='};
        if (left > 1)
            text[2] = digits[group >> 6 & 63];
        if (left > 2)
            text[3] = digits[group & 63];
        append(html, text, sizeof text);
    }
}
