#include "rollout.h"

#include "vit/memory.h"
#include <math.h>
#include <string.h>

/* mean [T, T] = (the mean of the heads + I) / 2. */
static void mean_of_heads(const ModelShape *shape, const double *probability, double *mean) {
    const size_t T = shape->T;
    for (size_t i = 0; i < T * T; i++) {
        double sum = 0.0;
        for (size_t head = 0; head < shape->H; head++)
            sum += probability[head * T * T + i];
        mean[i] = 0.5 * (sum / (double)shape->H + (i / T == i % T));
    }
}

/* The row of R that is wanted, from the last block down: row <- row mean. */
static void pass_down(size_t T, const double *mean, double *row, double *scratch) {
    memset(scratch, 0, T * sizeof *scratch);
    for (size_t i = 0; i < T; i++)
        for (size_t j = 0; j < T; j++)
            scratch[j] += row[i] * mean[i * T + j];
    memcpy(row, scratch, T * sizeof *row);
}

Status rollout_map(const ModelShape *shape, const double *probability, double *map) {
    const size_t T = shape->T, extra = shape->class_tokens;
    double *mean = NULL;
    STATUS_TRY(memory_allocate(&mean, T * T + 2 * T, sizeof *mean, "attention rollout"));
    double *row = mean + T * T, *scratch = row + T;
    for (size_t t = 0; t < T; t++)
        row[t] = extra ? t == 0 : 1.0 / (double)T;
    for (size_t block = shape->depth; block-- > 0;) {
        mean_of_heads(shape, probability + block * shape->H * T * T, mean);
        pass_down(T, mean, row, scratch);
    }
    memcpy(map, row + extra, shape->grid * shape->grid * sizeof *map);
    memory_free(mean);
    return STATUS_OK;
}

/* Of the token at (own_row, own_column) of the grid, in tokens; row: its, over the grid's tokens.
 */
static double distance_of_token(size_t grid, size_t own_row, size_t own_column, const double *row) {
    double whole = 0.0, distance = 0.0;
    for (size_t y = 0; y < grid; y++)
        for (size_t x = 0; x < grid; x++) {
            const double rows = (double)y - (double)own_row;
            const double columns = (double)x - (double)own_column;
            whole += row[y * grid + x];
            distance += row[y * grid + x] * hypot(rows, columns);
        }
    return whole > 0.0 ? distance / whole : 0.0;
}

double rollout_distance(const ModelShape *shape, const double *probability) {
    const size_t T = shape->T, extra = shape->class_tokens, grid = shape->grid;
    const double apart = shape->tokenizer == TOKENIZER_PATCH
                             ? (double)shape->patch_size
                             : (double)shape->image_size / (double)grid;
    double sum = 0.0;
    for (size_t y = 0; y < grid; y++)
        for (size_t x = 0; x < grid; x++)
            sum += distance_of_token(grid, y, x, probability + (y * grid + x + extra) * T + extra);
    return apart * sum / (double)(grid * grid);
}
