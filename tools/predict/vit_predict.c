#include "matrix_file.h"
#include "predict.h"
#include "predict_command.h"
#include "vit/alike.h"
#include "vit/h5.h"
#include "vit/log.h"
#include "vit/version.h"
#include "vit/watchdog.h"
#include "vit/world.h"
#include <errno.h>
#include <mpi.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* vit_predict: what a trained model sees in pictures. */

/* What is asked of a data file, and there is none: perhaps its name is misspelled. */
static Status miss_data_file(const Predict *predict) {
    const char *path = predict->words[0];
    if (predict->word_count == 1 && access(path, R_OK) != 0)
        return status_fail(STATUS_IO, "%s: cannot be opened: %s", path, strerror(errno));
    return status_fail(STATUS_USAGE, "--matrix is for a data file: pictures have no labels");
}

/* Rank 0: whether the words are a data file, and what may be asked of them. */
static Status look_at_words(const Predict *predict, bool *data) {
    *data = false;
    for (size_t i = 0; i < predict->word_count && !*data; i++)
        *data = h5_may_be(predict->words[i]);
    if (*data && predict->word_count > 1)
        return status_fail(STATUS_USAGE, "a data file is looked at alone: nothing beside it, or "
                                         "another run of vit_predict for the rest");
    if (predict->matrix && !*data)
        return miss_data_file(predict);
    if (predict->top_given && *data)
        return status_fail(STATUS_USAGE, "--top is for pictures; --csv tells all probabilities");
    return predict->matrix ? matrix_file_check(predict->matrix) : STATUS_OK;
}

static Status run(const Predict *predict) {
    const Ranks *ranks = predict->ranks;
    bool data = false;
    const Status status = ranks->rank == 0 ? look_at_words(predict, &data) : STATUS_OK;
    STATUS_TRY(ranks_agree(ranks, status));
    ranks_broadcast(ranks, &data, sizeof data);
    if (predict->csv)
        log_keep_output();
    /* Alone it waits for nobody but whom it should: a slow disk, a reader of what it prints. */
    if (ranks->size == 1)
        watchdog_stop();
    return data ? predict_data(predict) : predict_pictures(predict);
}

static Status run_command(int argc, char **argv, Predict *predict) {
    const Ranks *ranks = predict->ranks;
    STATUS_TRY(ranks_agree(ranks, predict_command_parse(argc, argv, predict)));
    if (!predict->help && !predict->version)
        return run(predict);
    if (ranks->rank == 0 && predict->help)
        command_line_print_help(stdout, &predict_command_line);
    else if (ranks->rank == 0)
        printf("vit_predict %s\n", version_text);
    return ranks_agree(ranks, log_check_output());
}

/* Between the start and the end of MPI. */
static Status predict(int argc, char **argv, const Arithmetic *own) {
    Ranks ranks;
    ArithmeticChoice choice;
    Predict predict = {.ranks = &ranks, .arithmetic = &choice};
    ranks_init(&ranks, MPI_COMM_WORLD);
    log_start(ranks.rank == 0, false);
    Status status = watchdog_meet(&ranks);
    if (status == STATUS_OK)
        status = alike_choose(&ranks, own, &choice);
    if (status == STATUS_OK)
        status = run_command(argc, argv, &predict);
    predict_command_free(&predict);
    return status;
}

int main(int argc, char **argv) {
    Arithmetic own;
    Status status = world_enter(&argc, &argv, &own);
    if (status == STATUS_OK)
        status = predict(argc, argv, &own);
    if (status != STATUS_OK)
        log_error("%s", status_message());
    log_close();
    return world_leave(status);
}
