#ifndef TOOLS_FONT_H
#define TOOLS_FONT_H

#include <stdint.h>

/* A fixed-width bitmap font for printable ASCII, drawn for this project. */

enum { FONT_COLUMNS = 5, FONT_ROWS = 9 /* capitals have 7, descenders the last 2 */ };

/* FONT_ROWS rows from the top; bit FONT_COLUMNS - 1 of a row is its leftmost dot. Other characters
 * look like '?'. */
const uint8_t *font_glyph(char character);

#endif
