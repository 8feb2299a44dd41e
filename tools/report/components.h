#ifndef TOOLS_COMPONENTS_H
#define TOOLS_COMPONENTS_H

#include "vit/status.h"
#include <stddef.h>

/* The first principal components of the columns of matrix [rows, columns]: of the directions in
 * which they differ most from their mean, `count` of them, at most rows, each of length 1,
 * strongest first. component [count, rows]; share [count]: what part of the columns' variance each
 * has. A matrix without any has components of zeros. STATUS_INTERNAL: out of memory. Local. */
Status components_find(size_t rows, size_t columns, const float *matrix, size_t count,
                       double *component, double *share);

#endif
