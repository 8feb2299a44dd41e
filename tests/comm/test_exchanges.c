/* Sums, columns and parts that travel between ranks, for any division of leaves, rows and floats.
 */

#include "mpi_check.h"
#include "vit/column_exchange.h"
#include "vit/range_gather.h"
#include "vit/tree_exchange.h"
#include <stdlib.h>
#include <string.h>

enum { FLOATS = 10007, LEAVES = 53, ROWS = 29, COLUMNS = 37, MOST_RANKS = 64 };

/* Values whose sum depends on the order of the additions. */
static float value(size_t leaf, size_t i) {
    return (float)((i * 2654435761u + leaf * 40503u) % 1000003u) * (leaf % 3 ? 1e-3f : 0.25f) -
           (leaf % 2 ? 480.0f : 0.0f);
}

static float sum_of(size_t first, size_t end, size_t i) {
    size_t half = 1;
    if (end - first == 1)
        return value(first, i);
    while (2 * half < end - first)
        half *= 2;
    return sum_of(first, first + half, i) + sum_of(first + half, end, i);
}

/* Even shares, or all but a little for the last rank but one, or the first ranks empty. */
static void divide(size_t total, int way, size_t border[MOST_RANKS + 1]) {
    const size_t size = (size_t)world.size;
    for (size_t r = 0; r <= size; r++) {
        size_t first = total, count;
        if (r < size)
            ranks_share(total, size, r, &first, &count);
        border[r] = way == 0 || r == size ? first
                    : way == 1 && r > 0   ? (r + 1 == size && total > 3 ? total - 3 : first / 5)
                    : way == 2 && r * 2 < size ? 0
                                               : first;
    }
}

static void sums_are_in_tree_order(int leaf_way, int float_way, bool everyone) {
    size_t leaf[MOST_RANKS + 1], border[MOST_RANKS + 1];
    divide(LEAVES, leaf_way, leaf);
    divide(FLOATS, float_way, border);
    TreeExchange *exchange = NULL;
    CHECK(tree_exchange_init(&exchange, &world, border, tree_exchange_nodes(&world, leaf),
                             everyone) == STATUS_OK);
    for (int repeat = 0; repeat < 3; repeat++) {
        TreeNode node[TREE_NODES_MOST];
        float *sum[TREE_NODES_MOST];
        const size_t nodes = tree_cover(LEAVES, leaf[world.rank], leaf[world.rank + 1], node);
        for (size_t n = 0; n < nodes; n++) {
            sum[n] = malloc(FLOATS * sizeof(float));
            for (size_t i = 0; i < FLOATS; i++)
                sum[n][i] = sum_of(node[n].first, node[n].end, i);
        }
        tree_exchange_post(exchange, leaf, sum);
        for (int i = 0; i < 20 * repeat; i++)
            tree_exchange_progress(exchange);
        double seconds = 0.0;
        const float *all = tree_exchange_wait(exchange, &seconds);
        CHECK(seconds >= 0.0);
        const size_t first = everyone ? 0 : border[world.rank];
        const size_t end = everyone ? FLOATS : border[world.rank + 1];
        size_t wrong = 0;
        for (size_t i = first; i < end; i++)
            wrong += all[i - first] != sum_of(0, LEAVES, i);
        CHECK(wrong == 0);
        MPI_Barrier(world.comm);
        for (size_t n = 0; n < nodes; n++)
            free(sum[n]);
    }
    tree_exchange_free(exchange);
}

static void parts_reach_everyone(int way) {
    size_t border[MOST_RANKS + 1];
    float *vector = malloc(FLOATS * sizeof *vector);
    RangeGather *gather = NULL;
    divide(FLOATS, way, border);
    CHECK(range_gather_init(&gather, &world, border) == STATUS_OK);
    CHECK(range_gather_wait(gather) >= 0.0); /* nothing is under way */
    for (size_t repeat = 0; repeat < 3; repeat++) {
        for (size_t i = 0; i < FLOATS; i++) {
            const bool own = i >= border[world.rank] && i < border[world.rank + 1];
            vector[i] = own ? value(repeat, i) : -1.0f;
        }
        range_gather_post(gather, vector);
        range_gather_progress(gather);
        range_gather_wait(gather);
        size_t wrong = 0;
        for (size_t i = 0; i < FLOATS; i++)
            wrong += vector[i] != value(repeat, i);
        CHECK(wrong == 0);
    }
    range_gather_free(gather);
    free(vector);
}

/* Out, each rank has its columns of all rows; back, its rows whole. Every other time all rows are
 * the last rank's. */
static void columns_travel_both_ways(int image_way, int column_way) {
    size_t even[MOST_RANKS + 1], last[MOST_RANKS + 1] = {0}, column[MOST_RANKS + 1];
    ColumnExchange *exchange = NULL;
    divide(ROWS, image_way, even);
    divide(COLUMNS, column_way, column);
    last[world.size] = ROWS;
    CHECK(column_exchange_init(&exchange, &world, column, ROWS) == STATUS_OK);
    const size_t own = column[world.rank + 1] - column[world.rank];
    float *rows = malloc((ROWS * COLUMNS + 1) * sizeof *rows);
    float *columns = malloc((ROWS * own + 1) * sizeof *columns);
    for (size_t repeat = 0; repeat < 4; repeat++) {
        const size_t *image = repeat % 2 ? last : even;
        const size_t first = image[world.rank], images = image[world.rank + 1] - first;
        size_t wrong = 0;
        for (size_t i = 0; i < images * COLUMNS; i++)
            rows[i] = value(repeat, first * COLUMNS + i);
        column_exchange_post_out(exchange, image, rows, columns);
        column_exchange_progress(exchange);
        CHECK(column_exchange_wait(exchange) >= 0.0);
        for (size_t i = 0; i < ROWS; i++)
            for (size_t k = 0; k < own; k++)
                wrong +=
                    columns[i * own + k] != value(repeat, i * COLUMNS + column[world.rank] + k);
        memset(rows, 0xff, images * COLUMNS * sizeof *rows);
        column_exchange_post_back(exchange, image, columns, rows);
        CHECK(column_exchange_wait(exchange) >= 0.0);
        for (size_t i = 0; i < images * COLUMNS; i++)
            wrong += rows[i] != value(repeat, first * COLUMNS + i);
        CHECK(wrong == 0);
    }
    column_exchange_free(exchange);
    free(rows);
    free(columns);
}

int main(int argc, char **argv) {
    test_start(&argc, &argv);
    for (int a = 0; a < 3; a++) {
        for (int b = 0; b < 3; b++) {
            sums_are_in_tree_order(a, b, false);
            sums_are_in_tree_order(a, b, true);
            columns_travel_both_ways(a, b);
        }
        parts_reach_everyone(a);
    }
    tree_exchange_free(NULL);
    range_gather_free(NULL);
    column_exchange_free(NULL);
    return test_end();
}
