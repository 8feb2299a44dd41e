#include "wrong.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void wrong_add(Wrong *wrong, const char *format, ...) {
    const size_t room = sizeof wrong->text;
    size_t used = strlen(wrong->text);
    if (used)
        used += (size_t)snprintf(wrong->text + used, room - used, "; ");
    if (used >= room)
        return;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(wrong->text + used, room - used, format, arguments);
    va_end(arguments);
}

Status wrong_status(const Wrong *wrong, const char *path) {
    if (!*wrong->text)
        return STATUS_OK;
    return status_fail(STATUS_DATA, "%s: is of another model than this job's: %s", path,
                       wrong->text);
}

const char *wrong_shape(size_t axes, const size_t *shape, char text[static WRONG_SHAPE]) {
    size_t used = (size_t)snprintf(text, WRONG_SHAPE, "[");
    for (size_t i = 0; i < axes && used < WRONG_SHAPE; i++)
        used += (size_t)snprintf(text + used, WRONG_SHAPE - used, "%s%zu", i ? ", " : "", shape[i]);
    if (used < WRONG_SHAPE)
        snprintf(text + used, WRONG_SHAPE - used, "]");
    return text;
}

Status wrong_unless_finite(const char *path, const char *name, size_t count, const float *values) {
    size_t i = 0;
    while (i < count && isfinite(values[i]))
        i++;
    if (i == count)
        return STATUS_OK;
    return status_fail(STATUS_DATA, "%s: tensor '%s': value %zu is not finite", path, name, i);
}
