#include "totals.h"

#include "vit/memory.h"
#include <string.h>

/* A rank's message: these, the loss over its nodes of images, the squares of its pieces. */
enum { FLAG_STOP, FLAG_SAVE, SAVED_STEP, HITS, TOP5_HITS, COVERAGE, FIXED };

struct Totals {
    const Ranks *ranks;
    const Partition *partition;
    int *count, *place;      /* [ranks] of the messages */
    double *mine, *received; /* messages */
};

Status totals_init(Totals **totals, const Ranks *ranks, const Partition *partition) {
    const size_t size = (size_t)ranks->size, most = FIXED + TREE_NODES_MOST;
    const char *what = "the ranks' reports";
    STATUS_TRY(memory_allocate(totals, 1, sizeof **totals, what));
    Totals *t = *totals;
    *t = (Totals){.ranks = ranks, .partition = partition};
    Status status = memory_allocate(&t->count, size, sizeof *t->count, what);
    if (status == STATUS_OK)
        status = memory_allocate(&t->place, size, sizeof *t->place, what);
    if (status == STATUS_OK)
        status = memory_allocate(&t->mine, most + partition->pieces, sizeof(double), what);
    if (status == STATUS_OK)
        status =
            memory_allocate(&t->received, size * most + partition->pieces, sizeof(double), what);
    if (status != STATUS_OK) {
        totals_free(t);
        *totals = NULL;
    }
    return status;
}

void totals_free(Totals *totals) {
    if (!totals)
        return;
    memory_free(totals->count);
    memory_free(totals->place);
    memory_free(totals->mine);
    memory_free(totals->received);
    memory_free(totals);
}

/* Copies the squares of a rank's pieces in divided regions to or from a message; returns how many.
 */
static size_t copy_squares(const Partition *partition, int rank, double *squares, double *message,
                           bool out) {
    size_t used = 0;
    for (size_t g = 0; g < partition->regions; g++) {
        const Region *region = &partition->region[g];
        if (!region_is_divided(region))
            continue;
        const size_t first = region_first_piece(region, rank);
        const size_t count = region_end_piece(region, rank) - first;
        if (message && out)
            memcpy(message + used, squares + first, count * sizeof *squares);
        else if (message)
            memcpy(squares + first, message + used, count * sizeof *squares);
        used += count;
    }
    return used;
}

/* Lengths and places of all ranks' messages. */
static void lay_out(Totals *totals, const Slices *slices, bool squares) {
    const size_t *image = slices->image, images = slices->images;
    size_t place = 0;
    for (int r = 0; r < totals->ranks->size; r++) {
        size_t count = FIXED + tree_cover(images, image[r], image[r + 1], NULL);
        if (squares)
            count += copy_squares(totals->partition, r, NULL, NULL, false);
        totals->count[r] = ranks_int(count);
        totals->place[r] = ranks_int(place);
        place += count;
    }
}

double totals_gather(Totals *totals, const Slices *slices, const VitSums *sums,
                     const TotalsReport *wishes, double *squares, TotalsReport *report) {
    const Ranks *ranks = totals->ranks;
    const size_t *image = slices->image, images = slices->images, nodes = sums->loss.stack.count;
    const uint64_t none = 0;
    double *mine = totals->mine;
    _Static_assert(sizeof(double) == sizeof(uint64_t), "bits travel as a double");
    mine[FLAG_STOP] = wishes && wishes->stop;
    mine[FLAG_SAVE] = wishes && wishes->save;
    mine[SAVED_STEP] = wishes ? (double)wishes->saved_step : 0.0;
    memcpy(&mine[COVERAGE], wishes ? &wishes->coverage : &none, sizeof none);
    mine[HITS] = (double)sums->hits;
    mine[TOP5_HITS] = (double)sums->top5_hits;
    memcpy(mine + FIXED, sums->loss.value, nodes * sizeof *mine);
    if (squares)
        copy_squares(totals->partition, ranks->rank, squares, mine + FIXED + nodes, true);
    lay_out(totals, slices, squares != NULL);
    const double start = MPI_Wtime();
    MPI_Allgatherv(mine, totals->count[ranks->rank], MPI_DOUBLE, totals->received, totals->count,
                   totals->place, MPI_DOUBLE, ranks->comm);
    const double seconds = MPI_Wtime() - start;
    TreeSum loss;
    tree_sum_start(&loss, images);
    *report = (TotalsReport){0};
    for (int r = 0; r < ranks->size; r++) {
        TreeNode node[TREE_NODES_MOST];
        double *theirs = totals->received + totals->place[r];
        const size_t count = tree_cover(images, image[r], image[r + 1], node);
        report->stop |= theirs[FLAG_STOP] != 0.0;
        report->save |= theirs[FLAG_SAVE] != 0.0;
        report->hits += (uint64_t)theirs[HITS];
        report->top5_hits += (uint64_t)theirs[TOP5_HITS];
        uint64_t coverage;
        memcpy(&coverage, &theirs[COVERAGE], sizeof coverage);
        report->coverage += coverage;
        for (size_t n = 0; n < count; n++)
            tree_sum_add(&loss, node[n], theirs[FIXED + n]);
        if (squares)
            copy_squares(totals->partition, r, squares, theirs + FIXED + count, false);
    }
    report->saved_step = (uint64_t)totals->received[SAVED_STEP];
    report->loss = images ? loss.value[0] : 0.0;
    return seconds;
}
