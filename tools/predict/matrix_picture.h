#ifndef TOOLS_MATRIX_PICTURE_H
#define TOOLS_MATRIX_PICTURE_H

#include "class_name.h"
#include "class_results.h"

/* STATUS_DATA: more than MATRIX_PICTURE_CLASSES. */
enum { MATRIX_PICTURE_CLASSES = 4096 };
Status matrix_picture_check(const char *path, size_t classes);

/* The confusion matrix as a PNG: a row a label, a column an answer, each cell as dark as the share
 * of the label's images that got the answer; names of the classes where they fit, else some of
 * their numbers. Local, atomic. STATUS_DATA as matrix_picture_check; STATUS_IO; STATUS_INTERNAL. */
Status matrix_picture_write(const char *path, const ClassResults *results, const ClassNames *names);

#endif
