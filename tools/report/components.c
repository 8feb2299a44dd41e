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

/* What is found in: the spread of the columns, or of the rows where those are fewer, which has the
 * same variances. */
typedef struct Spread {
    size_t size;       /* the fewer of both */
    double *centered;  /* [rows, columns]: without the columns' mean */
    double *product;   /* [size, size]: centered by its transpose, or its transpose by it */
    double *direction; /* [count, size] */
    double *scratch;   /* [size] */
    double trace;
} Spread;

static Status spread_init(Spread *spread, size_t rows, size_t columns, size_t count) {
    const char *what = "principal components";
    const size_t size = columns < rows && count <= columns ? columns : rows;
    *spread = (Spread){.size = size};
    STATUS_TRY(memory_allocate(&spread->centered, rows * columns, sizeof(double), what));
    STATUS_TRY(memory_allocate(&spread->product, size * size, sizeof(double), what));
    STATUS_TRY(memory_allocate(&spread->direction, count * size, sizeof(double), what));
    return memory_allocate(&spread->scratch, size, sizeof(double), what);
}

static void spread_free(Spread *spread) {
    memory_free(spread->centered);
    memory_free(spread->product);
    memory_free(spread->direction);
    memory_free(spread->scratch);
}

static void center(size_t rows, size_t columns, const float *matrix, double *centered) {
    for (size_t r = 0; r < rows; r++) {
        double mean = 0.0;
        for (size_t c = 0; c < columns; c++)
            mean += (double)matrix[r * columns + c];
        mean /= (double)columns; /* exactly the value, where all are equal */
        for (size_t c = 0; c < columns; c++)
            centered[r * columns + c] = (double)matrix[r * columns + c] - mean;
    }
}

static void multiply(Spread *spread, size_t rows, size_t columns) {
    const double *x = spread->centered;
    const size_t size = spread->size;
    memset(spread->product, 0, size * size * sizeof *spread->product);
    for (size_t i = 0; i < size; i++)
        for (size_t j = 0; size == rows && j < rows; j++)
            spread->product[i * size + j] = dot(columns, x + i * columns, x + j * columns);
    for (size_t r = 0; size != rows && r < rows; r++)
        for (size_t i = 0; i < columns; i++)
            for (size_t j = 0; j < columns; j++)
                spread->product[i * size + j] += x[r * columns + i] * x[r * columns + j];
    for (size_t i = 0; i < size; i++)
        spread->trace += spread->product[i * size + i];
}

/* Takes out of a direction what those before it have, and makes its length 1, or 0 where nothing
 * is left. */
static void take_out(size_t rows, size_t number, double *component) {
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

/* Twice, since of a direction that was almost all theirs the first time leaves what rounding made.
 */
static void make_orthonormal(size_t rows, size_t number, double *component) {
    take_out(rows, number, component);
    take_out(rows, number, component);
}

/* scratch = the product by a direction, by rows, which are its columns, too. */
static void pass_through(const Spread *spread, const double *direction) {
    memset(spread->scratch, 0, spread->size * sizeof *spread->scratch);
    for (size_t i = 0; i < spread->size; i++)
        for (size_t j = 0; j < spread->size; j++)
            spread->scratch[j] += direction[i] * spread->product[i * spread->size + j];
}

/* Subspace iteration: all directions through the product, then orthonormal again. */
static void iterate(const Spread *spread, size_t count) {
    const size_t size = spread->size;
    for (size_t k = 0; k < count; k++) {
        pass_through(spread, spread->direction + k * size);
        memcpy(spread->direction + k * size, spread->scratch, size * sizeof(double));
    }
    for (size_t k = 0; k < count; k++)
        make_orthonormal(size, k, spread->direction);
}

/* Directions to begin with, which nothing is likely to be orthogonal to. */
static void start(size_t rows, size_t count, double *component) {
    for (size_t i = 0; i < count * rows; i++)
        component[i] = sin(1.0 + (double)i * (double)i * 0.7);
    for (size_t k = 0; k < count; k++)
        make_orthonormal(rows, k, component);
}

/* Directions among the columns become the rows' that they stand for. */
static void take_directions(const Spread *spread, size_t rows, size_t columns, size_t count,
                            double *component) {
    if (spread->size == rows) {
        memcpy(component, spread->direction, count * rows * sizeof *component);
        return;
    }
    for (size_t k = 0; k < count; k++) {
        for (size_t r = 0; r < rows; r++)
            component[k * rows + r] =
                dot(columns, spread->centered + r * columns, spread->direction + k * columns);
        make_orthonormal(rows, k, component);
    }
}

static void find(Spread *spread, size_t rows, size_t columns, size_t count, double *component,
                 double *share) {
    multiply(spread, rows, columns);
    start(spread->size, count, spread->direction);
    for (size_t round = 0; round < ROUNDS; round++)
        iterate(spread, count);
    for (size_t k = 0; k < count; k++) {
        const double *direction = spread->direction + k * spread->size;
        pass_through(spread, direction);
        share[k] = spread->trace > 0.0
                       ? dot(spread->size, spread->scratch, direction) / spread->trace
                       : 0.0;
    }
    take_directions(spread, rows, columns, count, component);
}

Status components_find(size_t rows, size_t columns, const float *matrix, size_t count,
                       double *component, double *share) {
    Spread spread;
    const Status status = spread_init(&spread, rows, columns, count);
    if (status == STATUS_OK) {
        center(rows, columns, matrix, spread.centered);
        find(&spread, rows, columns, count, component, share);
    }
    spread_free(&spread);
    return status;
}
