#include "vit/positions.h"

#include "vit/memory.h"
#include <math.h>

/* Keys's cubic with a = -1/2, at a distance. */
static double cubic(double distance) {
    const double x = fabs(distance);
    if (x < 1.0)
        return (1.5 * x - 2.5) * x * x + 1.0;
    if (x < 2.0)
        return ((-0.5 * x + 2.5) * x - 4.0) * x + 2.0;
    return 0.0;
}

/* matrix [to, from]: each new position's shares of the old ones. */
static void fill_matrix(size_t from, size_t to, double *matrix) {
    const double step = (double)from / (double)to, scale = fmax(step, 1.0);
    for (size_t i = 0; i < to; i++) {
        double *share = matrix + i * from, sum = 0.0;
        const double centre = ((double)i + 0.5) * step - 0.5;
        for (size_t j = 0; j < from; j++)
            sum += share[j] = cubic(((double)j - centre) / scale);
        for (size_t j = 0; j < from; j++)
            share[j] /= sum;
    }
}

/* The middle one of the axes of x [outer, from, inner] to `to`: y [outer, to, inner]. */
static void resize_axis(size_t outer, size_t from, size_t to, size_t inner, const double *matrix,
                        const double *x, double *y) {
    for (size_t o = 0; o < outer; o++)
        for (size_t i = 0; i < to; i++)
            for (size_t j = 0; j < from; j++)
                for (size_t k = 0; k < inner; k++)
                    y[(o * to + i) * inner + k] +=
                        matrix[i * from + j] * x[(o * from + j) * inner + k];
}

/* Room for one resizing; all but the matrix are zero. */
typedef struct Room {
    double *matrix;  /* [to, from] */
    double *given;   /* [from, from, D] */
    double *higher;  /* [to, from, D] */
    double *resized; /* [to, to, D] */
} Room;

static Status allocate(Room *room, size_t from, size_t to, size_t D) {
    const char *what = "positions";
    STATUS_TRY(memory_allocate(&room->matrix, to * from, sizeof(double), what));
    STATUS_TRY(memory_allocate(&room->given, from * from * D, sizeof(double), what));
    STATUS_TRY(memory_allocate(&room->higher, to * from * D, sizeof(double), what));
    return memory_allocate(&room->resized, to * to * D, sizeof(double), what);
}

Status positions_resize(size_t from, size_t to, size_t D, const float *old_positions,
                        float *new_positions) {
    Room room = {0};
    const Status status = allocate(&room, from, to, D);
    if (status == STATUS_OK) {
        fill_matrix(from, to, room.matrix);
        for (size_t i = 0; i < from * from * D; i++)
            room.given[i] = (double)old_positions[i];
        resize_axis(1, from, to, from * D, room.matrix, room.given, room.higher);
        resize_axis(to, from, to, D, room.matrix, room.higher, room.resized);
        for (size_t i = 0; i < to * to * D; i++)
            new_positions[i] = (float)room.resized[i];
    }
    memory_free(room.matrix);
    memory_free(room.given);
    memory_free(room.higher);
    memory_free(room.resized);
    return status;
}
