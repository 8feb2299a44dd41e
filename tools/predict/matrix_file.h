#ifndef TOOLS_MATRIX_FILE_H
#define TOOLS_MATRIX_FILE_H

#include "class_name.h"
#include "class_results.h"

/* The confusion matrix as a file. Local. */

/* STATUS_USAGE when the path ends neither with .csv nor with .png. */
Status matrix_file_check(const char *path);

/* Whether a matrix of so many classes can be written there, before it costs hours to make one; 0
 * classes: nobody knows how many yet. Leaves nothing. Errors as matrix_file_write. */
Status matrix_file_try(const char *path, size_t classes);

/* By the path's end: a table with a row a label and a column an answer, in the order of the
 * classes, whose names begin rows and columns; or a picture of it. Atomic: on error an older file
 * at path is untouched. STATUS_IO; STATUS_DATA: too many classes for a picture; STATUS_INTERNAL. */
Status matrix_file_write(const char *path, const ClassResults *results, const ClassNames *names);

#endif
