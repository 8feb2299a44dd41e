#include "predict_command.h"

#define FIELD(name) .offset = offsetof(Predict, name)

enum { THREADS_MOST = 4096 };

static const CommandForm forms[] = {
    {.launcher = "[mpirun -np RANKS]",
     .meaning =
         "tell the likeliest classes of pictures (JPEG, PNG), of all that are in folders and "
         "archives, or how well the model does on the test split of a data file",
     .operands = {{"CHECKPOINT", "checkpoint", .offset = offsetof(Predict, checkpoint)},
                  {"PICTURE|FOLDER|DATA.h5", "picture, folder or data file",
                   offsetof(Predict, words), .count_offset = offsetof(Predict, word_count)}}},
};

static const CommandOption options[] = {
    {"top", .kind = COMMAND_COUNT, .value = "N", FIELD(top), .least = 1, .most = PREDICT_TOP_MOST,
     .preset = 5, .given_offset = offsetof(Predict, top_given),
     .meaning = "so many classes of each picture"},
    {"csv", .kind = COMMAND_FLAG, FIELD(csv),
     .meaning = "print CSV: of pictures path, rank, class, name and probability; of a data file an "
                "image a line with label, answer and all probabilities"},
    {"matrix", .kind = COMMAND_TEXT, .value = "FILE", FIELD(matrix),
     .meaning = "of a data file, write the confusion matrix: a table if FILE ends with .csv, a "
                "picture if with "
                ".png"},
    {"threads", .kind = COMMAND_COUNT, .value = "N", FIELD(threads), .least = 1,
     .most = THREADS_MOST,
     .meaning = "threads of each rank, by default as many as there are for it"},
    {"version", .kind = COMMAND_ALONE, FIELD(version), .meaning = "print the version"},
    {"help", 'h', COMMAND_ALONE, FIELD(help), .meaning = "print help"},
};

const CommandLine predict_command_line = {
    .program = "vit_predict",
    .purpose = "Tells what a trained model sees in pictures.",
    .forms = forms,
    .form_count = 1,
    .options = options,
    .option_count = sizeof options / sizeof *options,
    .notes =
        "One process on all threads will do; mpirun is for many pictures. Statistics, size and "
        "names of the classes come from the checkpoint. Archives are unpacked into a file "
        "without a name in TMPDIR, or /tmp.\n"
        "Exit codes: 0 done, 65 a picture that is damaged or none (it is named, and all others "
        "are told), or data or checkpoint that are, 74 one that cannot be opened or read, 64 "
        "command line, otherwise those of vit_mpi.",
};

Status predict_command_parse(int argc, char **argv, Predict *predict) {
    size_t form;
    return command_line_parse(&predict_command_line, argc, argv, predict, &form);
}

void predict_command_free(Predict *predict) {
    command_line_free(&predict_command_line, predict);
}
