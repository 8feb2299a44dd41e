#include "vit/status.h"

#include "visible.h"
#include "vit/path_name.h"
#include <stdarg.h>
#include <stdio.h>

static _Thread_local char latest[4096];

Status status_fail(Status code, const char *format, ...) {
    /* Through a second buffer, since an argument may be the previous message. */
    char text[sizeof latest];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    path_name_apply(text, sizeof text);
    visible_text(text, latest, sizeof latest);
    return code;
}

const char *status_message(void) {
    return latest;
}
