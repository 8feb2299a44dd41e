#include "components.h"

#include "vit/memory.h"
#include <math.h>
#include <string.h>

/* Enough that components whose variances differ by a few per cent are told apart. */
enum { ROUNDS = 200 };

static double dot(size_t count, const double *a, const double *b) {
    double sum = 0.0;
    for (size_t i = 0; i < count; i++)
        sum += a[i] * b[i];
    return sum;
}

/* covariance [rows, rows], but for a factor. Returns its trace. */
static double make_covariance(size_t rows, size_t columns, const float *matrix, double *covariance,
                              double *mean) {
    double trace = 0.0;
    for (size_t r = 0; r < rows; r++) {
        mean[r] = 0.0;
        for (size_t c = 0; c < columns; c++)
            mean[r] += (double)matrix[r * columns + c];
        mean[r] /= (double)columns; /* exactly the value, where all are equal */
    }
    for (size_t r = 0; r < rows; r++)
        for (size_t s = 0; s <= r; s++) {
            double sum = 0.0;
            for (size_t c = 0; c < columns; c++)
                sum += ((double)matrix[r * columns + c] - mean[r]) *
                       ((double)matrix[s * columns + c] - mean[s]);
            covariance[r * rows + s] = covariance[s * rows + r] = sum;
            trace += r == s ? sum : 0.0;
        }
    return trace;
}

/* Takes out of a direction what those before it have, and makes its length 1, or 0 where nothing
 * is left. */
static void make_orthonormal(size_t rows, size_t number, double *component) {
    double *own = component + number * rows;
    for (size_t k = 0; k < number; k++) {
        const double part = dot(rows, component + k * rows, own);
        for (size_t r = 0; r < rows; r++)
            own[r] -= part * component[k * rows + r];
    }
    const double length = sqrt(dot(rows, own, own));
    for (size_t r = 0; r < rows; r++)
        own[r] = length > 1e-150 ? own[r] / length : 0.0;
}

/* Subspace iteration: all directions through the covariance, then orthonormal again. */
static void iterate(size_t rows, const double *covariance, size_t count, double *component,
                    double *scratch) {
    for (size_t k = 0; k < count; k++) {
        for (size_t r = 0; r < rows; r++)
            scratch[r] = dot(rows, covariance + r * rows, component + k * rows);
        memcpy(component + k * rows, scratch, rows * sizeof *scratch);
    }
    for (size_t k = 0; k < count; k++)
        make_orthonormal(rows, k, component);
}

/* Directions to begin with, which nothing is likely to be orthogonal to. */
static void start(size_t rows, size_t count, double *component) {
    for (size_t i = 0; i < count * rows; i++)
        component[i] = sin(1.0 + (double)i * (double)i * 0.7);
    for (size_t k = 0; k < count; k++)
        make_orthonormal(rows, k, component);
}

Status components_find(size_t rows, size_t columns, const float *matrix, size_t count,
                       double *component, double *share) {
    double *covariance = NULL;
    STATUS_TRY(memory_allocate(&covariance, rows * rows + 2 * rows, sizeof *covariance,
                               "principal components"));
    double *mean = covariance + rows * rows, *scratch = mean + rows;
    const double trace = make_covariance(rows, columns, matrix, covariance, mean);
    start(rows, count, component);
    for (size_t round = 0; round < ROUNDS; round++)
        iterate(rows, covariance, count, component, scratch);
    for (size_t k = 0; k < count; k++) {
        for (size_t r = 0; r < rows; r++)
            scratch[r] = dot(rows, covariance + r * rows, component + k * rows);
        share[k] = trace > 0.0 ? dot(rows, scratch, component + k * rows) / trace : 0.0;
    }
    memory_free(covariance);
    return STATUS_OK;
}
