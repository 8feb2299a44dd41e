#include "vit/tree_exchange.h"

#include "requests.h"
#include "vit/memory.h"
#include "vit/range_gather.h"
#include "vit/shares.h"
#include "vit/size.h"
#include "vit/team.h"
#include <omp.h>
#include <string.h>

/* Floats that a thread adds at a time, of each of the nodes. */
enum { PIECE = 4096 };

typedef struct Addition {
    float *into, *from;
} Addition;

struct TreeExchange {
    const Ranks *ranks;
    const size_t *border;
    size_t nodes; /* the most */
    Requests requests;
    float *received;    /* [nodes, this rank's part] */
    float **part;       /* [nodes] of the batch under way: this rank's part of each, in order */
    Addition *addition; /* [nodes] */
    const size_t *leaf; /* of the batch under way */
    float *whole;       /* [border[ranks]] for everyone, else NULL */
    RangeGather *gather;
};

static size_t part_floats(const Ranks *ranks, const size_t *border) {
    return border[ranks->rank + 1] - border[ranks->rank];
}

size_t tree_exchange_bytes(const Ranks *ranks, const size_t *border, size_t nodes, bool everyone) {
    if (ranks->size == 1)
        return 0;
    return (nodes * part_floats(ranks, border) + (everyone ? border[ranks->size] : 0)) *
           sizeof(float);
}

size_t tree_exchange_nodes(const Ranks *ranks, const size_t *leaf) {
    size_t nodes = 0;
    for (int r = 0; r < ranks->size; r++)
        nodes += tree_cover(leaf[ranks->size], leaf[r], leaf[r + 1], NULL);
    return nodes;
}

/* Sends: each of this rank's nodes to all others; receives: each of the others' nodes. */
static Status make(TreeExchange *exchange, bool everyone) {
    const size_t nodes = exchange->nodes, size = (size_t)exchange->ranks->size;
    const size_t floats = part_floats(exchange->ranks, exchange->border);
    const size_t messages = size > 1 ? nodes * size : 0;
    Status status = requests_init(&exchange->requests, exchange->ranks, messages);
    if (status == STATUS_OK)
        status = memory_allocate(&exchange->part, nodes, sizeof *exchange->part, "sums");
    if (status == STATUS_OK)
        status = memory_allocate(&exchange->addition, nodes, sizeof *exchange->addition, "sums");
    if (status == STATUS_OK && size > 1)
        status = memory_allocate(&exchange->received, nodes * floats, sizeof(float), "sums");
    if (status == STATUS_OK && size > 1 && everyone)
        status = memory_allocate(&exchange->whole, exchange->border[size], sizeof(float), "sums");
    return status;
}

Status tree_exchange_init(TreeExchange **exchange, const Ranks *ranks, const size_t *border,
                          size_t nodes, bool everyone) {
    STATUS_TRY(ranks_allocate(ranks, exchange, sizeof **exchange, "sums"));
    **exchange = (TreeExchange){.ranks = ranks, .border = border, .nodes = nodes};
    Status status = ranks_agree(ranks, make(*exchange, everyone));
    if (status == STATUS_OK && everyone)
        status = range_gather_init(&(*exchange)->gather, ranks, border);
    if (status != STATUS_OK) {
        tree_exchange_free(*exchange);
        *exchange = NULL;
    }
    return status;
}

void tree_exchange_free(TreeExchange *exchange) {
    if (!exchange)
        return;
    requests_free(&exchange->requests);
    range_gather_free(exchange->gather);
    memory_free(exchange->received);
    memory_free(exchange->part);
    memory_free(exchange->addition);
    memory_free(exchange->whole);
    memory_free(exchange);
}

void tree_exchange_post(TreeExchange *exchange, const size_t *leaf, float *const *node) {
    const Ranks *ranks = exchange->ranks;
    const size_t *border = exchange->border, floats = part_floats(ranks, border);
    size_t count = 0, own = 0;
    exchange->leaf = leaf;
    for (int r = 0; r < ranks->size; r++) {
        const size_t nodes = tree_cover(leaf[ranks->size], leaf[r], leaf[r + 1], NULL);
        for (size_t n = 0; n < nodes; n++, count++) {
            exchange->part[count] =
                r == ranks->rank ? node[n] + border[r] : exchange->received + count * floats;
            if (r != ranks->rank)
                requests_receive(&exchange->requests, exchange->part[count], floats, r);
        }
        if (r == ranks->rank)
            own = nodes;
    }
    /* Each rank begins with its successor, so that they do not all send to the same one. */
    for (int i = 1; i < ranks->size; i++) {
        const int to = (ranks->rank + i) % ranks->size;
        for (size_t n = 0; n < own; n++)
            requests_send(&exchange->requests, node[n] + border[to], border[to + 1] - border[to],
                          to);
    }
}

void tree_exchange_progress(TreeExchange *exchange) {
    requests_test(&exchange->requests);
}

double tree_exchange_drain(TreeExchange *exchange) {
    return requests_wait(&exchange->requests);
}

static void add(Addition addition, size_t first, size_t count) {
    float *restrict sum = addition.into + first;
    const float *restrict other = addition.from + first;
    for (size_t k = 0; k < count; k++)
        sum[k] += other[k];
}

/* Adds all nodes' parts into the first one. */
static void finish(TreeExchange *exchange) {
    const Ranks *ranks = exchange->ranks;
    const size_t *leaf = exchange->leaf, floats = part_floats(ranks, exchange->border);
    size_t count = 0, additions = 0, into, from;
    TreeStack stack;
    tree_start(&stack, leaf[ranks->size]);
    for (int r = 0; r < ranks->size; r++) {
        TreeNode node[TREE_NODES_MOST];
        const size_t nodes = tree_cover(leaf[ranks->size], leaf[r], leaf[r + 1], node);
        for (size_t n = 0; n < nodes; n++) {
            tree_push(&stack, node[n], count++);
            while (tree_merge(&stack, &into, &from))
                exchange->addition[additions++] =
                    (Addition){exchange->part[into], exchange->part[from]};
        }
    }
    if (additions == 0)
        return;
    const Phase phase = phase_current();
#pragma omp parallel
    {
        const TeamThread team = team_enter(phase);
        size_t first, end;
        shares_equal(floats, MEMORY_LINE_FLOATS, (size_t)omp_get_thread_num(),
                     (size_t)omp_get_num_threads(), &first, &end);
        for (size_t i = first; i < end; i += PIECE)
            for (size_t a = 0; a < additions; a++)
                add(exchange->addition[a], i, size_smaller(PIECE, end - i));
        team_leave(team);
    }
    phase_begin(phase);
}

float *tree_exchange_wait(TreeExchange *exchange, double *seconds) {
    const Ranks *ranks = exchange->ranks;
    *seconds += requests_wait(&exchange->requests);
    finish(exchange);
    if (!exchange->whole)
        return exchange->part[0];
    memcpy(exchange->whole + exchange->border[ranks->rank], exchange->part[0],
           part_floats(ranks, exchange->border) * sizeof(float));
    range_gather_post(exchange->gather, exchange->whole);
    *seconds += range_gather_wait(exchange->gather);
    return exchange->whole;
}
