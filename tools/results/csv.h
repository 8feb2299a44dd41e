#ifndef RESULTS_CSV_H
#define RESULTS_CSV_H

#include <stdio.h>

/* A field of a table in CSV (RFC 4180): in quotes where it has commas, quotes, line breaks or
 * blanks around it, and otherwise byte by byte as it is. Local; the stream keeps errors. */
void csv_text(FILE *stream, const char *text);

#endif
