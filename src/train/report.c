#include "report.h"

#include "vit/memory.h"
#include <string.h>

/* A rank's message: these, the loss over its nodes of images, the squares of its pieces. */
enum { FLAG_STOP, FLAG_SAVE, SAVED_STEP, HITS, TOP5_HITS, COVERAGE, FIXED };
_Static_assert((int)FIXED == (int)REPORT_FIXED, "REPORT_FIXED counts them");

struct Report {
    const Ranks *ranks;
    const Partition *partition;
    int *count, *place;      /* [ranks] of the messages */
    double *mine, *received; /* messages */
    double waited;           /* s */
};

Status report_init(Report **report, const Ranks *ranks, const Partition *partition) {
    const size_t size = (size_t)ranks->size, most = REPORT_FIXED + TREE_NODES_MOST;
    const char *what = "the ranks' reports";
    STATUS_TRY(memory_allocate(report, 1, sizeof **report, what));
    Report *t = *report;
    *t = (Report){.ranks = ranks, .partition = partition};
    Status status = memory_allocate(&t->count, size, sizeof *t->count, what);
    if (status == STATUS_OK)
        status = memory_allocate(&t->place, size, sizeof *t->place, what);
    if (status == STATUS_OK)
        status = memory_allocate(&t->mine, most + partition->pieces, sizeof(double), what);
    if (status == STATUS_OK)
        status =
            memory_allocate(&t->received, size * most + partition->pieces, sizeof(double), what);
    if (status != STATUS_OK) {
        report_free(t);
        *report = NULL;
    }
    return status;
}

void report_free(Report *report) {
    if (!report)
        return;
    memory_free(report->count);
    memory_free(report->place);
    memory_free(report->mine);
    memory_free(report->received);
    memory_free(report);
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
static void lay_out(Report *report, const Slices *slices, bool squares) {
    const size_t *image = slices->image, images = slices->images;
    size_t place = 0;
    for (int r = 0; r < report->ranks->size; r++) {
        size_t count = REPORT_FIXED + tree_cover(images, image[r], image[r + 1], NULL);
        if (squares)
            count += copy_squares(report->partition, r, NULL, NULL, false);
        report->count[r] = ranks_int(count);
        report->place[r] = ranks_int(place);
        place += count;
    }
}

/* This rank's message; `squares` NULL: none. */
static void write_message(const Report *report, const VitSums *sums, const ReportWishes *wishes,
                          double *squares) {
    const size_t nodes = sums->loss.stack.count;
    double *mine = report->mine;
    _Static_assert(sizeof(double) == sizeof(uint64_t), "bits travel as a double");
    mine[FLAG_STOP] = wishes->stop;
    mine[FLAG_SAVE] = wishes->save;
    mine[SAVED_STEP] = (double)wishes->saved_step;
    memcpy(&mine[COVERAGE], &wishes->coverage, sizeof wishes->coverage);
    mine[HITS] = (double)sums->hits;
    mine[TOP5_HITS] = (double)sums->top5_hits;
    memcpy(mine + REPORT_FIXED, sums->loss.value, nodes * sizeof *mine);
    if (squares)
        copy_squares(report->partition, report->ranks->rank, squares, mine + REPORT_FIXED + nodes,
                     true);
}

static void add_flags(const double *theirs, ReportSums *all) {
    uint64_t coverage;
    memcpy(&coverage, &theirs[COVERAGE], sizeof coverage);
    all->coverage += coverage;
    all->stop |= theirs[FLAG_STOP] != 0.0;
    all->save |= theirs[FLAG_SAVE] != 0.0;
    all->hits += (uint64_t)theirs[HITS];
    all->top5_hits += (uint64_t)theirs[TOP5_HITS];
}

static void read_messages(const Report *report, const Slices *slices, double *squares,
                          ReportSums *all) {
    TreeSum loss = {0};
    tree_sum_start(&loss, slices->images);
    *all = (ReportSums){0};
    for (int r = 0; r < report->ranks->size; r++) {
        TreeNode node[TREE_NODES_MOST];
        double *theirs = report->received + report->place[r];
        const size_t count =
            tree_cover(slices->images, slices->image[r], slices->image[r + 1], node);
        add_flags(theirs, all);
        for (size_t n = 0; n < count; n++)
            tree_sum_add(&loss, node[n], theirs[REPORT_FIXED + n]);
        if (squares)
            copy_squares(report->partition, r, squares, theirs + REPORT_FIXED + count, false);
    }
    all->saved_step = (uint64_t)report->received[SAVED_STEP];
    all->loss = loss.value[0];
}

void report_gather(Report *report, const Slices *slices, const VitSums *sums,
                   const ReportWishes *wishes, double *squares, ReportSums *all) {
    static const ReportWishes none = {0};
    write_message(report, sums, wishes ? wishes : &none, squares);
    lay_out(report, slices, squares != NULL);
    const double start = MPI_Wtime();
    MPI_Allgatherv(report->mine, report->count[report->ranks->rank], MPI_DOUBLE, report->received,
                   report->count, report->place, MPI_DOUBLE, report->ranks->comm);
    report->waited += MPI_Wtime() - start;
    read_messages(report, slices, squares, all);
}

double report_waited(const Report *report) {
    return report->waited;
}
