#ifndef VIT_WRONG_H
#define VIT_WRONG_H

#include "vit/status.h"
#include <stddef.h>

/* Things that are wrong with a file's tensors. Private to src/exchange. Local. */

/* To be told all at once. */
typedef struct Wrong {
    char text[1024]; /* "a; b" */
} Wrong;

/* Adds one; what does not fit is cut. */
void wrong_add(Wrong *wrong, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* STATUS_DATA, with all of them, where there are some. */
Status wrong_status(const Wrong *wrong, const char *path);

/* "[64, 3, 4]" */
enum { WRONG_SHAPE = 96 };
const char *wrong_shape(size_t axes, const size_t *shape, char text[static WRONG_SHAPE]);

/* STATUS_DATA, naming the tensor, unless all of its values [count] are finite. */
Status wrong_unless_finite(const char *path, const char *name, size_t count, const float *values);

#endif
