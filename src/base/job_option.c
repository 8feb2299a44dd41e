#include "job_option.h"

#include <math.h>
#include <string.h>

static const char *const label_words[] = {
    [LABELS_FINE] = "fine", [LABELS_COARSE] = "coarse", [LABELS_COARSE + 1] = NULL};
static const char *const validation_words[] = {[VALIDATION_FILE_END] = "file_end",
                                               [VALIDATION_STRATIFIED] = "stratified",
                                               [VALIDATION_STRATIFIED + 1] = NULL};
static const char *const tokenizer_words[] = {[TOKENIZER_PATCH] = "patch",
                                              [TOKENIZER_CONVOLUTION] = "convolution",
                                              [TOKENIZER_CONVOLUTION + 1] = NULL};
static const char *const position_words[] = {[POSITION_LEARNED] = "learned",
                                             [POSITION_SINE] = "sine",
                                             [POSITION_NONE] = "none",
                                             [POSITION_NONE + 1] = NULL};
static const char *const pool_words[] = {[POOL_FLATTEN] = "flatten",
                                         [POOL_MEAN] = "mean",
                                         [POOL_CLASS] = "class",
                                         [POOL_SEQUENCE] = "sequence",
                                         [POOL_SEQUENCE + 1] = NULL};
static const char *const mlp_end_words[] = {
    [MLP_END_GELU] = "gelu", [MLP_END_LINEAR] = "linear", [MLP_END_LINEAR + 1] = NULL};
static const char *const initial_words[] = {
    [INITIAL_KERAS] = "keras", [INITIAL_NORMAL] = "normal", [INITIAL_NORMAL + 1] = NULL};
static const char *const schedule_words[] = {
    [SCHEDULE_CONSTANT] = "constant", [SCHEDULE_COSINE] = "cosine", [SCHEDULE_COSINE + 1] = NULL};
static const char *const optimizer_words[] = {
    [OPTIMIZER_ADAMW] = "adamw", [OPTIMIZER_SGD] = "sgd", [OPTIMIZER_SGD + 1] = NULL};
static const char *const scope_words[] = {
    [DECAY_ALL] = "all", [DECAY_KERNELS] = "kernels", [DECAY_KERNELS + 1] = NULL};
static const char *const decay_words[] = {
    [DECAY_TFA] = "tfa", [DECAY_TORCH] = "torch", [DECAY_TORCH + 1] = NULL};
static const char *const progress_words[] = {[PROGRESS_AUTO] = "auto",
                                             [PROGRESS_BAR] = "bar",
                                             [PROGRESS_LINES] = "lines",
                                             [PROGRESS_NONE] = "none",
                                             [PROGRESS_NONE + 1] = NULL};

#define FIELD(name) .offset = offsetof(Job, name), .bytes = sizeof(((Job *)NULL)->name)
#define TEXT(name) .kind = OPTION_TEXT, FIELD(name)
#define PATH(name) .kind = OPTION_PATH, FIELD(name)
#define SIZE(name, least, most) .kind = OPTION_SIZE, FIELD(name), .min = (least), .max = (most)
#define LIST(name, entries)                                                                        \
    .kind = OPTION_LIST, FIELD(name), .least = (entries), .min = 1, .max = 1u << 20
#define FLAG(name) .kind = OPTION_FLAG, FIELD(name)
#define WORD(name, list) .kind = OPTION_WORD, FIELD(name), .words = (list)
#define REAL(name) .kind = OPTION_REAL, FIELD(name)
#define FRACTION .low = 0, .high = 1, .high_excluded = true
#define PROBABILITY .low = 0, .high = 1
#define BETA_PARAMETER .low = 0, .high = 1000
/* Bounded so that they stay finite, and epsilon above zero, as the fp32 that they are used as. */
#define POSITIVE .low = 0, .low_excluded = true, .high = 1e30
#define NOT_NEGATIVE .low = 0, .high = 1e30
#define NOT_TINY .low = 1e-30, .high = 1e30
#define MINUTES .low = 0, .high = 1e6 /* two years, so that milliseconds fit everywhere */

/* The bounds of the sizes, with the limit on patches in job.c, also see to it that no product of
 * them that a model or a batch needs overflows 64 bits: the largest is the attention weights of a
 * unit, unit_images * depth * heads * patches^2 * 4 bytes = 2^62. */
const JobOption job_options[] = {
    {"job", "name", TEXT(name), .preset = "", .derived = "the file's stem", .may_change = true,
     .meaning = "name of the run"},
    {"job", "output", PATH(output), .preset = "", .derived = "runs/<name>", .may_change = true,
     .meaning = "folder for checkpoints, metrics and log"},
    {"job", "seed", .kind = OPTION_SEED, FIELD(seed), .preset = "1", .max = UINT64_MAX,
     .meaning = "of everything random"},

    {"data", "file", PATH(data_file), .preset = "data/cifar100.h5", .may_change = true,
     .meaning = "data set, made by vit_data"},
    {"data", "labels", WORD(labels, label_words), .preset = "fine", .of_model = true,
     .adapts = true, .meaning = "which labels to learn"},
    {"data", "validation_split", REAL(validation_split), .preset = "0.1", FRACTION,
     .meaning = "the last part of the training images, kept for validation"},
    {"data", "validation", WORD(validation, validation_words), .preset = "file_end",
     .meaning = "file_end: the last images of the file; stratified: the last of each class"},
    {"data", "batch_size", SIZE(batch_size, 1, 1u << 20), .preset = "256",
     .meaning = "images a step, over all ranks together"},

    {"augment", "image_size", SIZE(image_size, 1, 4096), .preset = "72", .of_model = true,
     .adapts = true, .meaning = "pixels a side after resizing"},
    {"augment", "flip", FLAG(flip), .preset = "yes", .meaning = "mirror left and right at random"},
    {"augment", "rotation", REAL(rotation), .preset = "0.02", FRACTION,
     .meaning = "rotate by up to this fraction of a full turn, either way"},
    {"augment", "zoom", REAL(zoom), .preset = "0.2", FRACTION,
     .meaning = "scale height and width each by a factor within 1 +- this"},
    {"augment", "crop", SIZE(crop, 0, 1024), .preset = "0",
     .meaning = "shift by up to so many stored pixels each way, black outside; 0: off"},
    {"augment", "randaugment", SIZE(randaugment, 0, 16), .preset = "0",
     .meaning = "RandAugment: operations an image, each with probability 1/2; 0: off"},
    {"augment", "magnitude", REAL(magnitude), .preset = "9", .low = 0, .high = 10,
     .meaning = "of RandAugment's operations, on average"},
    {"augment", "erasing", REAL(erasing), .preset = "0", PROBABILITY,
     .meaning = "probability that a rectangle is replaced by noise"},
    {"augment", "mixup", REAL(mixup), .preset = "0", BETA_PARAMETER,
     .meaning = "MixUp: blend pairs of a unit's images by a share from Beta(this, this); 0: off"},
    {"augment", "cutmix", REAL(cutmix), .preset = "0", BETA_PARAMETER,
     .meaning = "CutMix: exchange a rectangle of a share from Beta(this, this); 0: off"},
    {"augment", "mix_probability", REAL(mix_probability), .preset = "1", PROBABILITY,
     .meaning = "that a unit's images are mixed, where mixup or cutmix is on"},
    {"augment", "mix_switch", REAL(mix_switch), .preset = "0.5", PROBABILITY,
     .meaning = "that CutMix is taken, where both are on"},

    {"model", "tokenizer", WORD(tokenizer, tokenizer_words), .preset = "patch", .of_model = true,
     .meaning = "patch: patches, projected; convolution: 3x3 convolutions, each with max-pooling"},
    {"model", "patch_size", SIZE(patch_size, 1, 4096), .preset = "6", .of_model = true,
     .meaning = "pixels a side of a patch; an incomplete last one is cut off"},
    {"model", "convolution_widths", LIST(convolution_widths, 0), .preset = "64", .of_model = true,
     .meaning = "of the tokenizer's convolutions but the last, which has dim; none: one layer"},
    {"model", "position", WORD(position, position_words), .preset = "learned", .of_model = true,
     .adapts = true, .meaning = "what is added to the tokens: learned values, sines, or nothing"},
    {"model", "dim", SIZE(dim, 1, 1u << 16), .preset = "64", .of_model = true,
     .meaning = "width of a token"},
    {"model", "depth", SIZE(depth, 1, 1024), .preset = "8", .of_model = true,
     .meaning = "encoder blocks"},
    {"model", "heads", SIZE(heads, 1, 128), .preset = "4", .of_model = true,
     .meaning = "attention heads a block"},
    {"model", "key_dim", SIZE(key_dim, 1, 1u << 16), .preset = "64", .of_model = true,
     .meaning = "width of a query, key or value in a head"},
    {"model", "mlp", LIST(mlp, 1), .preset = "128,64", .of_model = true,
     .meaning = "widths of a block's dense layers; the last one equals dim"},
    {"model", "mlp_end", WORD(mlp_end, mlp_end_words), .preset = "gelu", .of_model = true,
     .meaning = "whether the last of them has a GELU, too"},
    {"model", "mlp_convolution", SIZE(mlp_convolution, 0, 15), .preset = "0", .of_model = true,
     .meaning = "tokens a side of a local convolution after the first of them, odd; 0: none"},
    {"model", "pool", WORD(pool, pool_words), .preset = "flatten", .of_model = true, .adapts = true,
     .meaning = "what enters the head: all tokens, their mean, a class token, or a weighted mean"},
    {"model", "head", LIST(head, 0), .preset = "2048,1024", .of_model = true, .adapts = true,
     .meaning = "widths of the head's dense layers before the logits"},
    {"model", "dropout", REAL(dropout), .preset = "0.1", FRACTION,
     .meaning = "fraction dropped in the encoder"},
    {"model", "attention_dropout", REAL(attention_dropout), .preset = "", .derived = "as dropout",
     FRACTION, .meaning = "fraction dropped of the attention weights"},
    {"model", "head_dropout", REAL(head_dropout), .preset = "0.5", FRACTION,
     .meaning = "fraction dropped in the head"},
    {"model", "stochastic_depth", REAL(stochastic_depth), .preset = "0", FRACTION,
     .meaning = "part of images whose branches the last block drops; the first one drops none"},
    {"model", "initial", WORD(initial, initial_words), .preset = "keras",
     .meaning = "kernels at the start: Glorot uniform as in Keras, or normal with deviation 0.02"},

    {"train", "epochs", SIZE(epochs, 1, 1000000), .preset = "100", .may_change = true,
     .meaning = "passes over the training images"},
    {"train", "max_steps", SIZE(max_steps, 0, UINT32_MAX), .preset = "0", .may_change = true,
     .meaning = "end after this many steps since the very start; 0: no limit"},
    {"train", "start", PATH(start), .preset = JOB_NO_START, .may_change = true,
     .meaning = "checkpoint or safetensors file whose weights a new run begins with, or none"},
    {"train", "optimizer", WORD(optimizer, optimizer_words), .preset = "adamw",
     .meaning = "adamw; sgd: gradient descent with momentum"},
    {"train", "learning_rate", REAL(learning_rate), .preset = "0.001", POSITIVE,
     .meaning = "the optimizer's step size"},
    {"train", "layer_decay", REAL(layer_decay), .preset = "1", .low = 0, .low_excluded = true,
     .high = 1, .meaning = "the learning rate of each block times this for each layer above it"},
    {"train", "weight_decay", REAL(weight_decay), .preset = "0.0001", NOT_NEGATIVE,
     .meaning = "as decay_rule applies it"},
    {"train", "decay_rule", WORD(decay_rule, decay_words), .preset = "tfa",
     .meaning = "tfa: decay not times the learning rate (TensorFlow Addons); torch: times it"},
    {"train", "decay", WORD(decay, scope_words), .preset = "all",
     .meaning = "which tensors decay: all, or kernels only"},
    {"train", "schedule", WORD(schedule, schedule_words), .preset = "constant",
     .meaning = "of the learning rate after the warm-up"},
    {"train", "schedule_epochs", SIZE(schedule_epochs, 0, 1000000), .preset = "0",
     .meaning = "until the cosine is at its end; 0: the epochs that the run begins with"},
    {"train", "warmup_epochs", REAL(warmup_epochs), .preset = "0", .low = 0, .high = 1e6,
     .meaning = "with a learning rate that rises from warmup_learning_rate; 0: off"},
    {"train", "warmup_learning_rate", REAL(warmup_learning_rate), .preset = "1e-6", NOT_NEGATIVE,
     .meaning = "at the first step, where there is a warm-up"},
    {"train", "final_learning_rate", REAL(final_learning_rate), .preset = "0", NOT_NEGATIVE,
     .meaning = "at the cosine's end"},
    {"train", "label_smoothing", REAL(label_smoothing), .preset = "0", FRACTION,
     .meaning = "part of each target that is spread over all classes"},
    {"train", "ema", REAL(ema), .preset = "0", FRACTION,
     .meaning = "decay of averaged weights, with which is validated and tested; 0: off"},
    {"train", "beta1", REAL(beta1), .preset = "0.9", FRACTION,
     .meaning = "decay of AdamW's mean of gradients; sgd has none"},
    {"train", "beta2", REAL(beta2), .preset = "0.999", FRACTION,
     .meaning = "decay of AdamW's mean of squared gradients; sgd has none"},
    {"train", "epsilon", REAL(epsilon), .preset = "1e-7", NOT_TINY,
     .meaning = "added to AdamW's denominator; sgd has none"},
    {"train", "momentum", REAL(momentum), .preset = "0.9", FRACTION,
     .meaning = "what stays of sgd's velocity in a step; adamw has none"},
    {"train", "clip_norm", REAL(clip_norm), .preset = "0", NOT_NEGATIVE,
     .meaning = "longest gradient over all tensors together; 0: off"},
    {"train", "max_bad_steps", SIZE(max_bad_steps, 1, 1000000), .preset = "10",
     .meaning = "end after this many steps in a row that were not finite"},
    {"train", "unit_images", SIZE(unit_images, 1, 1024), .preset = "4",
     .meaning = "consecutive images whose gradient one thread sums; part of the result's bits"},

    {"checkpoint", "every_minutes", REAL(every_minutes), .preset = "10", MINUTES,
     .may_change = true, .meaning = "save when so much time has passed; 0: off"},
    {"checkpoint", "every_steps", SIZE(every_steps, 0, UINT32_MAX), .preset = "0",
     .may_change = true, .meaning = "save after so many steps; 0: off"},
    {"checkpoint", "at_epoch_end", FLAG(at_epoch_end), .preset = "yes", .may_change = true,
     .meaning = "save after each epoch"},
    {"checkpoint", "keep", SIZE(keep, 1, 1000), .preset = "2", .may_change = true,
     .meaning = "last.h5, last.1.h5, ...: so many in all"},

    {"run", "time_limit", .kind = OPTION_TIME_LIMIT, FIELD(time_limit), .preset = "auto", MINUTES,
     .low_excluded = true, .may_change = true,
     .meaning = "save and stop in time before this many minutes are over; auto: Slurm's limit"},
    {"run", "threads", .kind = OPTION_AUTO_SIZE, FIELD(threads), .preset = "auto", .min = 1,
     .max = 4096, .may_change = true, .meaning = "OpenMP threads a rank"},
    {"run", "progress", WORD(progress, progress_words), .preset = "auto", .may_change = true,
     .meaning = "auto: a bar on a terminal, lines elsewhere"},
    {"run", "check_every", SIZE(check_every, 0, UINT32_MAX), .preset = "0", .may_change = true,
     .meaning = "compare the ranks' weights every so many steps; 0: after each epoch"},
    {"run", "stall_timeout", REAL(stall_timeout), .preset = "10", MINUTES, .low_excluded = true,
     .may_change = true, .meaning = "end the job when a step stands still for so many minutes"},
    {"run", "tensorboard", FLAG(tensorboard), .preset = "no", .may_change = true,
     .meaning = "write event files for TensorBoard into the output folder"},
};

const size_t job_option_count = sizeof job_options / sizeof *job_options;
_Static_assert(sizeof job_options / sizeof *job_options <= JOB_OPTION_ROOM,
               "JOB_OPTION_ROOM has to grow");

const JobOption *job_option_find(const char *section, const char *key) {
    for (size_t i = 0; i < job_option_count; i++)
        if (!strcmp(job_options[i].section, section) && !strcmp(job_options[i].key, key))
            return &job_options[i];
    return NULL;
}

bool job_option_is_section(const char *section) {
    for (size_t i = 0; i < job_option_count; i++)
        if (!strcmp(job_options[i].section, section))
            return true;
    return false;
}

static void print_plain(FILE *stream, const JobOption *option, const char *preset,
                        const char *allowed) {
    char left[128];
    snprintf(left, sizeof left, "%s = %s", option->key, preset);
    fprintf(stream, "  %-26s  %s\n  %-26s  (%s)\n", left, option->meaning, "", allowed);
}

void job_print_options(FILE *stream, bool markdown) {
    if (markdown)
        fputs("| section | key | default | allowed | meaning |\n| --- | --- | --- | --- | --- |\n",
              stream);
    for (size_t i = 0; i < job_option_count; i++) {
        const JobOption *option = &job_options[i];
        bool first = i == 0 || strcmp(option->section, job_options[i - 1].section) != 0;
        char preset[64], allowed[256];
        snprintf(preset, sizeof preset, option->derived ? "(%s)" : "%s",
                 option->derived ? option->derived : option->preset);
        job_value_allowed(option, allowed, sizeof allowed);
        if (markdown) {
            fprintf(stream, "| `[%s]` | `%s` | `%s` | %s | %s |\n", option->section, option->key,
                    preset, allowed, option->meaning);
            continue;
        }
        if (first)
            fprintf(stream, "%s[%s]\n", i ? "\n" : "", option->section);
        print_plain(stream, option, preset, allowed);
    }
}
