/* One training step's communication, played on SimGrid's model of a cluster: every rank posts the
 * messages that the trainer posts, where it posts them, and computes for given times in
 * between. Assumptions and use: tools/sim/run, which names all parameters.
 *
 *   step images=256 cores=1 ... (key=value, all of `keys`)
 *
 * Prints the seconds of the last step, and how long rank 0 waited in it and for what. */

#include "vit/model_shape.h"
#include "vit/size.h"
#include "vit/tree.h"
#include <mpi.h>
#include <smpi/smpi.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LAYERS = 3 };

typedef struct Parameters {
    double images;      /* of a batch, over all ranks */
    double unit_images; /* leaves of the tree */
    double cores;       /* of a rank */
    double whole_units; /* 1: a unit is one core's; 0: the encoder divides ideally */
    double steps;
    double partners; /* the most others to which a rank's messages go one by one */
    double width[LAYERS + 1];
    double unit_floats, encoder_values;
    double encoder_forward, encoder_backward; /* core-seconds an image */
    double head_forward, head_inputs, head_kernels;
    double adamw;      /* core-seconds a value */
    double memory;     /* bytes/s a core */
    double fat_leaves; /* into which a fat layer's rows are cut */
    /* Of the trainer: floats of a piece; that a part of a sum is a multiple of; doubles of a report
     * beside its sums; images of a chunk, at least, and of a thread in it. */
    double piece_floats, sum_floats, report_values, chunk_images, thread_images;
} Parameters;

static const struct {
    const char *key;
    size_t offset;
} keys[] = {
    {"images", offsetof(Parameters, images)},
    {"unit_images", offsetof(Parameters, unit_images)},
    {"cores", offsetof(Parameters, cores)},
    {"whole_units", offsetof(Parameters, whole_units)},
    {"steps", offsetof(Parameters, steps)},
    {"partners", offsetof(Parameters, partners)},
    {"width0", offsetof(Parameters, width[0])},
    {"width1", offsetof(Parameters, width[1])},
    {"width2", offsetof(Parameters, width[2])},
    {"width3", offsetof(Parameters, width[3])},
    {"unit_floats", offsetof(Parameters, unit_floats)},
    {"encoder_values", offsetof(Parameters, encoder_values)},
    {"encoder_forward", offsetof(Parameters, encoder_forward)},
    {"encoder_backward", offsetof(Parameters, encoder_backward)},
    {"head_forward", offsetof(Parameters, head_forward)},
    {"head_inputs", offsetof(Parameters, head_inputs)},
    {"head_kernels", offsetof(Parameters, head_kernels)},
    {"adamw", offsetof(Parameters, adamw)},
    {"memory", offsetof(Parameters, memory)},
    {"piece_floats", offsetof(Parameters, piece_floats)},
    {"sum_floats", offsetof(Parameters, sum_floats)},
    {"report_values", offsetof(Parameters, report_values)},
    {"chunk_images", offsetof(Parameters, chunk_images)},
    {"thread_images", offsetof(Parameters, thread_images)},
    {"fat_leaves", offsetof(Parameters, fat_leaves)},
};
enum { KEYS = sizeof keys / sizeof *keys };

typedef enum Kind {
    WEIGHTS, /* of thin layers, to all */
    /* Of a fat layer, whose rows stay where they are; in every round. */
    INPUTS,  /* of one's images, to the rows' owners */
    OUTPUTS, /* sums over the owners' leaves, to the images' ranks */
    DELTAS,  /* the outputs' gradients, to all */
    RETURNS, /* the inputs' gradients, to the images' ranks */
    KERNELS, /* sums of thin layers' gradients */
    UNITS,   /* of the encoder's */
    UNITS_GATHER,
    KINDS
} Kind;

typedef struct Layer {
    size_t in, out, piece; /* floats of a piece */
    bool fat;
    size_t leaf_rows;
} Layer;

typedef struct Play {
    Parameters p;
    size_t ranks, rank, images, unit;
    Layer layer[LAYERS];
    size_t nodes;     /* of all ranks, of units */
    size_t fat_nodes; /* of leaves */
    size_t chunk;     /* the most images that a rank passes at once */
    /* The round under way, its images over all ranks, and the layer. */
    size_t round, round_images;
    const Layer *now;
    char *bytes; /* of every message: SimGrid copies nothing in shared memory */
    MPI_Request *request[KINDS];
    int posted[KINDS];
    double waited[KINDS], reporting;
} Play;

/* ---- who has what ---- */

/* Border of rank `rank` among `total` things (ranks_share). */
static size_t border(const Play *play, size_t total, size_t rank) {
    return total * rank / play->ranks;
}

/* Floats of rank `rank`'s part of a vector that consists of pieces. */
static size_t part(const Play *play, size_t floats, size_t piece, size_t rank) {
    const size_t pieces = (floats + piece - 1) / piece;
    return size_smaller(border(play, pieces, rank + 1) * piece, floats) -
           size_smaller(border(play, pieces, rank) * piece, floats);
}

static size_t leaves(const Play *play) {
    return (size_t)play->p.fat_leaves;
}

/* Of a fat layer. */
static size_t rows(const Play *play, const Layer *layer, size_t rank) {
    return size_smaller(border(play, leaves(play), rank + 1) * layer->leaf_rows, layer->in) -
           size_smaller(border(play, leaves(play), rank) * layer->leaf_rows, layer->in);
}

static size_t fat_nodes(const Play *play, size_t rank) {
    return tree_cover(leaves(play), border(play, leaves(play), rank),
                      border(play, leaves(play), rank + 1), NULL);
}

static size_t kernel_part(const Play *play, const Layer *layer, size_t rank) {
    return layer->fat ? rows(play, layer, rank) * layer->out
                      : part(play, layer->in * layer->out, layer->piece, rank);
}

static size_t units(const Play *play) {
    return (play->images + play->unit - 1) / play->unit;
}

static size_t slice(const Play *play, size_t rank) {
    return size_smaller(border(play, units(play), rank + 1) * play->unit, play->images) -
           size_smaller(border(play, units(play), rank) * play->unit, play->images);
}

static size_t nodes(const Play *play, size_t rank) {
    const size_t all = units(play);
    return tree_cover(all, border(play, all, rank), border(play, all, rank + 1), NULL);
}

/* A rank's images in the round. */
static size_t passed(const Play *play, size_t rank) {
    const size_t images = slice(play, rank), before = play->round * play->chunk;
    return images > before ? size_smaller(play->chunk, images - before) : 0;
}

/* Floats of a thin layer, or of all, from one rank to another. */
static size_t thin_floats(const Play *play, Kind kind, size_t from, size_t to) {
    const size_t unit_floats = (size_t)play->p.unit_floats, grain = (size_t)play->p.sum_floats;
    size_t floats = 0;
    if (kind == UNITS)
        return nodes(play, from) * part(play, unit_floats, grain, to);
    if (kind == UNITS_GATHER)
        return part(play, unit_floats, grain, from);
    for (const Layer *layer = play->layer; layer < play->layer + LAYERS; layer++)
        if (!layer->fat)
            floats += kind == WEIGHTS ? kernel_part(play, layer, from)
                                      : nodes(play, from) * kernel_part(play, layer, to);
    return floats;
}

/* Floats from one rank to another. */
static size_t message_floats(const Play *play, Kind kind, size_t from, size_t to) {
    const Layer *layer = play->now;
    switch (kind) {
    case INPUTS:
        return passed(play, from) * rows(play, layer, to);
    case OUTPUTS:
        return passed(play, to) * layer->out * fat_nodes(play, from);
    case DELTAS:
        return passed(play, from) * layer->out;
    case RETURNS:
        return passed(play, to) * rows(play, layer, from);
    default:
        return thin_floats(play, kind, from, to);
    }
}

/* ---- messages ---- */

/* The others in turn, the successor first. What goes to `group` neighbours is one message to the
 * first of them where there are more than `partners`. */
static size_t group_size(const Play *play) {
    const size_t partners = (size_t)play->p.partners;
    return size_larger(1, (play->ranks - 1 + partners - 1) / partners);
}

static int message_bytes(const Play *play, Kind kind, size_t i, size_t from, size_t to) {
    const size_t group = size_smaller(group_size(play), play->ranks - i);
    return (int)(sizeof(float) * group * message_floats(play, kind, from, to));
}

static void post(Play *play, Kind kind) {
    const size_t ranks = play->ranks, me = play->rank, group = group_size(play);
    int *posted = &play->posted[kind];
    for (size_t i = 1; i < ranks; i += group) {
        const size_t from = (me + ranks - i) % ranks;
        const int bytes = message_bytes(play, kind, i, from, me);
        if (bytes)
            MPI_Irecv(play->bytes, bytes, MPI_BYTE, (int)from, (int)kind, MPI_COMM_WORLD,
                      &play->request[kind][(*posted)++]);
    }
    for (size_t i = 1; i < ranks; i += group) {
        const size_t to = (me + i) % ranks;
        const int bytes = message_bytes(play, kind, i, me, to);
        if (bytes)
            MPI_Isend(play->bytes, bytes, MPI_BYTE, (int)to, (int)kind, MPI_COMM_WORLD,
                      &play->request[kind][(*posted)++]);
    }
}

static void wait(Play *play, Kind kind) {
    const double start = MPI_Wtime();
    MPI_Waitall(play->posted[kind], play->request[kind], MPI_STATUSES_IGNORE);
    play->posted[kind] = 0;
    play->waited[kind] += MPI_Wtime() - start;
}

/* All ranks' reports to all by dissemination (Bruck): the 2^k that are known go on at once. */
static void report(Play *play) {
    const size_t ranks = play->ranks, me = play->rank;
    size_t pieces = 0;
    for (size_t j = 0; j < LAYERS; j++)
        pieces += (play->layer[j].in * play->layer[j].out + play->layer[j].piece - 1) /
                  play->layer[j].piece;
    const double bytes = 8.0 * (play->p.report_values + (double)play->nodes / (double)ranks +
                                (double)pieces / (double)ranks);
    const double start = MPI_Wtime();
    for (size_t known = 1; known < ranks; known *= 2) {
        const int count = (int)(bytes * (double)size_smaller(known, ranks - known));
        MPI_Sendrecv(play->bytes, count, MPI_BYTE, (int)((me + ranks - known) % ranks), KINDS,
                     play->bytes, count, MPI_BYTE, (int)((me + known) % ranks), KINDS,
                     MPI_COMM_WORLD, MPI_STATUS_IGNORE);
    }
    play->reporting += MPI_Wtime() - start;
}

/* ---- computing ---- */

static void compute(const Play *play, double core_seconds) {
    smpi_execute(core_seconds / play->p.cores);
}

static void compute_encoder(const Play *play, size_t images, double seconds) {
    const size_t cores = (size_t)play->p.cores, taken = (images + play->unit - 1) / play->unit;
    const double ideal = (double)images * seconds;
    const double whole =
        (double)(size_round_up(taken, cores) * play->unit) * seconds; /* the busiest core's */
    compute(play, play->p.whole_units > 0.0 ? whole : ideal);
}

static double larger(double a, double b) {
    return a > b ? a : b;
}

static double kernel_floats(const Play *play) {
    double floats = 0.0;
    for (size_t j = 0; j < LAYERS; j++)
        floats += (double)(play->layer[j].in * play->layer[j].out);
    return floats;
}

/* A product of images and `floats` of the head's kernels, which come from memory, where `seconds`
 * is what all kernels take an image. */
static void compute_dense(const Play *play, double floats, size_t images, double seconds) {
    compute(play, larger((double)images * seconds * floats / kernel_floats(play),
                         sizeof(float) * floats / play->p.memory));
}

static double layer_floats(const Layer *layer) {
    return (double)(layer->in * layer->out);
}

/* Sums of `floats`, others' nodes to be added. */
static void compute_sums(const Play *play, double floats, size_t others) {
    compute(play, sizeof(float) * floats * (double)others / play->p.memory);
}

static void add_nodes(const Play *play, double part_floats) {
    compute_sums(play, part_floats, play->nodes - nodes(play, play->rank));
}

static void update(const Play *play) {
    double values = play->p.encoder_values;
    for (size_t j = 0; j < LAYERS; j++)
        values += (double)kernel_part(play, &play->layer[j], play->rank);
    compute(play, values * play->p.adamw);
}

/* ---- the step ---- */

static void exchange(Play *play, Kind kind) {
    post(play, kind);
    wait(play, kind);
}

static void layer_forward(Play *play, const Layer *layer) {
    const double seconds = play->p.head_forward;
    const size_t mine = passed(play, play->rank);
    play->now = layer;
    if (!layer->fat) {
        compute_dense(play, layer_floats(layer), mine, seconds);
        return;
    }
    const double own = (double)kernel_part(play, layer, play->rank);
    exchange(play, INPUTS);
    compute_dense(play, own, play->round_images, seconds);
    exchange(play, OUTPUTS);
    compute_sums(play, (double)(mine * layer->out), play->fat_nodes - fat_nodes(play, play->rank));
}

/* A fat layer's gradient is made in the last round, of all images, while the inputs' gradients
 * travel. */
static void layer_backward(Play *play, const Layer *layer, bool last) {
    const double own = (double)kernel_part(play, layer, play->rank);
    play->now = layer;
    if (!layer->fat) {
        compute_dense(play, layer_floats(layer), passed(play, play->rank), play->p.head_inputs);
        return;
    }
    exchange(play, DELTAS);
    compute_dense(play, own, play->round_images, play->p.head_inputs);
    post(play, RETURNS);
    if (last)
        compute_dense(play, own, play->images, play->p.head_kernels);
    wait(play, RETURNS);
}

/* The thin layers' gradients, of this rank's images. */
static void thin_gradients(Play *play) {
    for (const Layer *layer = play->layer; layer < play->layer + LAYERS; layer++)
        if (!layer->fat)
            compute_dense(play, layer_floats(layer), slice(play, play->rank), play->p.head_kernels);
    post(play, KERNELS);
}

/* All ranks take part in every round, whether they have images left or not. */
static void pass(Play *play) {
    size_t most = 0;
    for (size_t r = 0; r < play->ranks; r++)
        most = size_larger(most, slice(play, r));
    const size_t rounds = (most + play->chunk - 1) / play->chunk;
    for (play->round = 0; play->round < rounds; play->round++) {
        const size_t mine = passed(play, play->rank);
        play->round_images = 0;
        for (size_t r = 0; r < play->ranks; r++)
            play->round_images += passed(play, r);
        compute_encoder(play, mine, play->p.encoder_forward);
        if (play->round == 0)
            wait(play, WEIGHTS);
        for (size_t j = 0; j < LAYERS; j++)
            layer_forward(play, &play->layer[j]);
        for (size_t j = LAYERS; j-- > 0;)
            layer_backward(play, &play->layer[j], play->round + 1 == rounds);
        if (play->round + 1 == rounds)
            thin_gradients(play);
        compute_encoder(play, mine, play->p.encoder_backward);
    }
    post(play, UNITS);
}

static void finish(Play *play) {
    const size_t unit_part =
        part(play, (size_t)play->p.unit_floats, (size_t)play->p.sum_floats, play->rank);
    wait(play, KERNELS);
    for (const Layer *layer = play->layer; layer < play->layer + LAYERS; layer++)
        if (!layer->fat)
            add_nodes(play, (double)kernel_part(play, layer, play->rank));
    wait(play, UNITS);
    add_nodes(play, (double)unit_part);
    exchange(play, UNITS_GATHER);
}

static void step(Play *play) {
    memset(play->waited, 0, sizeof play->waited);
    play->reporting = 0.0;
    pass(play);
    finish(play);
    report(play);
    update(play);
    post(play, WEIGHTS);
}

/* ---- the program ---- */

static bool fail(const char *what, const char *which) {
    fprintf(stderr, "step: %s: %s\n", what, which);
    return false;
}

/* Whether all are there and no others. */
static bool read_parameters(int count, char **words, Parameters *p) {
    bool given[KEYS] = {false};
    for (int i = 1; i < count; i++) {
        const char *equals = strchr(words[i], '=');
        size_t k = 0;
        while (equals && k < KEYS &&
               (strlen(keys[k].key) != (size_t)(equals - words[i]) ||
                strncmp(keys[k].key, words[i], strlen(keys[k].key)) != 0))
            k++;
        if (!equals || k == KEYS)
            return fail("unknown parameter", words[i]);
        const double value = strtod(equals + 1, NULL);
        memcpy((char *)p + keys[k].offset, &value, sizeof value);
        given[k] = true;
    }
    for (size_t k = 0; k < KEYS; k++)
        if (!given[k])
            return fail("missing parameter", keys[k].key);
    return true;
}

static void plan_layers(Play *play) {
    for (size_t j = 0; j < LAYERS; j++) {
        const size_t in = (size_t)play->p.width[j], out = (size_t)play->p.width[j + 1];
        const bool fat = model_layer_is_fat(in, out, play->images);
        const size_t piece = (size_t)play->p.piece_floats;
        const size_t whole_rows = out < piece ? piece / out * out : out;
        const size_t leaf_rows = (in + leaves(play) - 1) / leaves(play);
        play->layer[j] = (Layer){in, out, fat ? whole_rows : piece, fat, leaf_rows};
    }
}

/* Of the messages of a kind, for the layer that is under way. */
static int longest_message(const Play *play, Kind kind) {
    int longest = 0;
    for (size_t i = 1; i < play->ranks; i += group_size(play)) {
        const size_t to = (play->rank + i) % play->ranks;
        const size_t from = (play->rank + play->ranks - i) % play->ranks;
        const int out = message_bytes(play, kind, i, play->rank, to);
        const int in = message_bytes(play, kind, i, from, play->rank);
        longest = out > longest ? out : longest;
        longest = in > longest ? in : longest;
    }
    return longest;
}

static void plan(Play *play) {
    int size, rank, longest = 1 << 16;
    MPI_Comm_size(MPI_COMM_WORLD, &size);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    play->ranks = (size_t)size;
    play->rank = (size_t)rank;
    play->images = (size_t)play->p.images;
    play->unit = (size_t)play->p.unit_images;
    const size_t cores = (size_t)play->p.cores;
    play->chunk = size_round_up(
        size_larger((size_t)play->p.chunk_images, (size_t)play->p.thread_images * cores),
        cores * play->unit);
    plan_layers(play);
    for (size_t r = 0; r < play->ranks; r++) {
        play->nodes += nodes(play, r);
        play->fat_nodes += fat_nodes(play, r);
    }
    for (int kind = 0; kind < KINDS; kind++) {
        play->request[kind] = malloc(2 * play->ranks * sizeof(MPI_Request));
        for (play->now = play->layer; play->now < play->layer + LAYERS; play->now++) {
            const int bytes = longest_message(play, (Kind)kind);
            longest = bytes > longest ? bytes : longest;
        }
    }
    play->bytes = SMPI_SHARED_MALLOC((size_t)longest);
}

int main(int count, char **words) {
    Play play = {0};
    double seconds = 0.0, slowest = 0.0;
    if (!read_parameters(count, words, &play.p))
        return 64;
    MPI_Init(&count, &words);
    plan(&play);
    MPI_Barrier(MPI_COMM_WORLD);
    post(&play, WEIGHTS);
    for (int s = 0; s < (int)play.p.steps; s++) {
        const double start = MPI_Wtime();
        step(&play);
        seconds = MPI_Wtime() - start;
    }
    const double waited = play.waited[WEIGHTS];
    wait(&play, WEIGHTS);
    MPI_Allreduce(&seconds, &slowest, 1, MPI_DOUBLE, MPI_MAX, MPI_COMM_WORLD);
    if (play.rank == 0)
        printf(
            "%.9g,%.6g,%.6g,%.6g,%.6g\n", slowest, waited,
            play.waited[INPUTS] + play.waited[OUTPUTS] + play.waited[DELTAS] + play.waited[RETURNS],
            play.waited[KERNELS] + play.waited[UNITS] + play.waited[UNITS_GATHER], play.reporting);
    SMPI_SHARED_FREE(play.bytes);
    for (int kind = 0; kind < KINDS; kind++)
        free(play.request[kind]);
    MPI_Finalize();
    return 0;
}
