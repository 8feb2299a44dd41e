#ifndef TOOLS_HTML_H
#define TOOLS_HTML_H

#include "vit/status.h"
#include <stddef.h>
#include <stdint.h>

/* A page of HTML that grows in memory. Calls add to its end; what failed first is remembered, and
 * later calls add nothing. Local. */

typedef struct Html {
    char *text; /* zero-terminated, or NULL while it is empty */
    size_t length, room;
    Status status; /* STATUS_INTERNAL: out of memory */
    size_t ids;    /* that were given out: for names inside the page */
    int level;     /* of the headings that html_heading makes, 1 to 6 */
} Html;

/* Accepts {0}. */
void html_free(Html *html);

/* Markup, as it is; what is not the program's own goes through html_text. */
void html_raw(Html *html, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Anybody's text, in which & < > " ' are escaped, control characters are spaces, and what is not
 * UTF-8 is '?': for the inside of elements and of quoted attributes. */
void html_text(Html *html, const char *text);
void html_text_part(Html *html, const char *text, size_t length);

/* <tag>text</tag>. */
void html_element(Html *html, const char *tag, const char *text);

/* A heading of the page's level: markup of the program's own. */
void html_heading(Html *html, const char *title);

/* A cell of a table: its text is a number, printf format. */
void html_number(Html *html, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Base64 (RFC 4648, section 4). */
void html_base64(Html *html, const uint8_t *bytes, size_t count);

#endif
