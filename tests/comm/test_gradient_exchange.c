/* The sum over the ranks, in rank order, on every rank, whatever the ranges and the order of
 * posting. */

#include "mpi_check.h"
#include "vit/gradient_exchange.h"
#include <stdlib.h>
#include <string.h>

enum { FLOATS = (1 << 20) * 2 + 12345 };

/* Values whose sum depends on the order of the additions. */
static float value(int rank, size_t i) {
    return (float)((i * 2654435761u + (unsigned)rank * 40503u) % 1000003u) * 1e-3f -
           (rank % 2 ? 480.0f : 0.0f);
}

/* Posts [0, FLOATS) in parts with borders at `border`, the last part first. */
static void sums_in_rank_order(GradientExchange *exchange, size_t parts, const size_t *border,
                               bool progress) {
    float *gradient = malloc(FLOATS * sizeof *gradient);
    for (size_t i = 0; i < FLOATS; i++)
        gradient[i] = value(world.rank, i);
    gradient_exchange_start(exchange, gradient);
    for (size_t p = parts; p-- > 0;) {
        gradient_exchange_post(exchange, border[p], border[p + 1] - border[p]);
        for (int i = 0; progress && i < 50; i++)
            gradient_exchange_progress(exchange);
    }
    CHECK(gradient_exchange_wait(exchange) >= 0.0);
    size_t wrong = 0;
    for (size_t i = 0; i < FLOATS; i++) {
        float sum = value(0, i);
        for (int r = 1; r < world.size; r++)
            sum += value(r, i);
        wrong += gradient[i] != sum;
    }
    CHECK(wrong == 0);
    free(gradient);
}

/* More ranges than fit under way at a time, one float each. */
static void any_number_of_ranges(GradientExchange *exchange) {
    enum { COUNT = 500 };
    float gradient[COUNT];
    for (size_t i = 0; i < COUNT; i++)
        gradient[i] = (float)(world.rank + 1) * (float)i;
    gradient_exchange_start(exchange, gradient);
    for (size_t i = 0; i < COUNT; i++)
        gradient_exchange_post(exchange, i, 1);
    gradient_exchange_wait(exchange);
    size_t wrong = 0;
    for (size_t i = 0; i < COUNT; i++)
        wrong += gradient[i] != (float)(world.size * (world.size + 1) / 2) * (float)i;
    CHECK(wrong == 0);
}

int main(int argc, char **argv) {
    static const size_t one[] = {0, FLOATS};
    static const size_t many[] = {0, 1, 2, 17, 1000, 1 << 20, (1 << 20) + 3, FLOATS - 1, FLOATS};
    GradientExchange *exchange = NULL;
    test_start(&argc, &argv);
    CHECK(gradient_exchange_init(&exchange, &world, FLOATS) == STATUS_OK);
    for (int repeat = 0; repeat < 3; repeat++) {
        sums_in_rank_order(exchange, 1, one, repeat == 0);
        sums_in_rank_order(exchange, 8, many, repeat == 1);
    }
    any_number_of_ranges(exchange);
    gradient_exchange_free(exchange);
    gradient_exchange_free(NULL);
    return test_end();
}
