#include "csv.h"

#include <stdbool.h>
#include <string.h>

static bool needs_quotes(const char *text) {
    const size_t length = strlen(text);
    return strpbrk(text, ",\"\r\n") || (length && (text[0] == ' ' || text[length - 1] == ' '));
}

void csv_text(FILE *stream, const char *text) {
    if (!needs_quotes(text)) {
        fputs(text, stream);
        return;
    }
    fputc('"', stream);
    for (; *text; text++) {
        if (*text == '"')
            fputc('"', stream);
        fputc(*text, stream);
    }
    fputc('"', stream);
}
