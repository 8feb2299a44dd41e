#ifndef VIT_JOB_H
#define VIT_JOB_H

#include "vit/file.h"
#include "vit/status.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* A job: everything that a job file can say, after defaults. One table in job_option.c drives
 * parser, bounds, defaults, --help, the resolved job text and the table of jobs/README.md. Local.
 */

#define JOB_LIST_MAX 16

typedef struct SizeList {
    size_t count;
    size_t value[JOB_LIST_MAX];
} SizeList;

typedef enum LabelKind { LABELS_FINE, LABELS_COARSE } LabelKind;
typedef enum ValidationKind { VALIDATION_FILE_END, VALIDATION_STRATIFIED } ValidationKind;
typedef enum TokenizerKind { TOKENIZER_PATCH, TOKENIZER_CONVOLUTION } TokenizerKind;
typedef enum PositionKind { POSITION_LEARNED, POSITION_SINE, POSITION_NONE } PositionKind;
typedef enum PoolKind { POOL_FLATTEN, POOL_MEAN, POOL_CLASS, POOL_SEQUENCE } PoolKind;
typedef enum MlpEnd { MLP_END_GELU, MLP_END_LINEAR } MlpEnd;
typedef enum InitialKind { INITIAL_KERAS, INITIAL_NORMAL } InitialKind;
typedef enum OptimizerKind { OPTIMIZER_ADAMW, OPTIMIZER_SGD } OptimizerKind;
typedef enum ScheduleKind { SCHEDULE_CONSTANT, SCHEDULE_COSINE } ScheduleKind;
typedef enum DecayRule { DECAY_TFA, DECAY_TORCH } DecayRule;
typedef enum DecayScope { DECAY_ALL, DECAY_KERNELS } DecayScope;
typedef enum ProgressKind {
    PROGRESS_AUTO,
    PROGRESS_BAR,
    PROGRESS_LINES,
    PROGRESS_NONE
} ProgressKind;

#define JOB_TIME_LIMIT_AUTO (-1.0)
#define JOB_TIME_LIMIT_NONE 0.0

#define JOB_NO_START "none"

typedef struct Job {
    /* [job] */
    char name[256];
    char output[FILE_PATH_MAX];
    uint64_t seed;
    /* [data] */
    char data_file[FILE_PATH_MAX];
    LabelKind labels;
    double validation_split; /* fraction of train, in [0, 1) */
    ValidationKind validation;
    size_t batch_size; /* images, global over all ranks */
    /* [augment] */
    size_t image_size; /* pixels */
    bool flip;
    double rotation;                    /* fraction of a full turn */
    double zoom;                        /* fraction */
    size_t crop;                        /* pixels of padding around, of a stored picture; 0: off */
    size_t randaugment;                 /* operations an image; 0: off */
    double magnitude;                   /* of these, 0 to 10 */
    double erasing;                     /* probability */
    double mixup, cutmix;               /* parameter of the beta distribution; 0: off */
    double mix_probability, mix_switch; /* of mixing a unit; of CutMix where both are on */
    /* [model] */
    TokenizerKind tokenizer;
    size_t patch_size;           /* pixels; divides image_size or the rest is cut (VALID) */
    SizeList convolution_widths; /* of all the tokenizer's layers but the last, which has dim */
    PositionKind position;
    size_t dim, depth, heads, key_dim;
    SizeList mlp; /* widths; the last one must equal dim */
    MlpEnd mlp_end;
    size_t mlp_convolution; /* tokens a side of the kernel, odd; 0: none */
    PoolKind pool;
    SizeList head; /* widths; may be empty */
    double dropout, attention_dropout, head_dropout;
    double stochastic_depth; /* probability that the last block's branches are dropped */
    InitialKind initial;
    /* [train] */
    size_t epochs;
    size_t max_steps;          /* 0: no limit */
    char start[FILE_PATH_MAX]; /* whose weights a new run begins with, or JOB_NO_START */
    OptimizerKind optimizer;
    double learning_rate;
    double layer_decay; /* factor of the learning rate from a layer to the one before it */
    double weight_decay;
    DecayRule decay_rule;
    DecayScope decay;
    ScheduleKind schedule;
    size_t schedule_epochs; /* 0: the epochs that the run began with (job_fix_schedule) */
    double warmup_epochs, warmup_learning_rate, final_learning_rate;
    double label_smoothing;
    double ema;                   /* decay of the averaged weights; 0: off */
    double beta1, beta2, epsilon; /* of AdamW */
    double momentum;              /* of SGD */
    double clip_norm;             /* 0: off */
    size_t max_bad_steps;
    size_t unit_images;
    /* [checkpoint] */
    double every_minutes; /* 0: off */
    size_t every_steps;   /* 0: off */
    bool at_epoch_end;
    size_t keep; /* at least 1 */
    /* [run] */
    double time_limit; /* minutes, JOB_TIME_LIMIT_AUTO or JOB_TIME_LIMIT_NONE */
    size_t threads;    /* a rank; 0: auto */
    ProgressKind progress;
    size_t check_every;   /* steps; 0: each epoch */
    double stall_timeout; /* minutes */
    bool tensorboard;
} Job;

/* Reads job text (INI, through inih) over the defaults, then the overrides, in order, each
 * "SECTION.KEY=VALUE". Comments begin with '#' or ';' after a blank, not in overrides; quotes
 * around a value are taken off; in paths ~, $NAME and ${NAME} are what this process's environment
 * says, so that ranks must not each read a job on their own. `source` names the text in messages
 * and, by its stem, is the default of [job] name; output defaults to runs/<name>. STATUS_CONFIG
 * names source, line, key, what is allowed, and the nearest known key for an unknown one; a key
 * given twice is an error that names both lines. A malformed override is STATUS_USAGE, and so is
 * what a path wants of the environment and is not there; an override with an unknown key or bad
 * value is STATUS_CONFIG. Also checks what several keys say together (patch_size <= image_size, the
 * last mlp width equal to dim, ...); its errors name the keys and both values. On error *job is
 * unspecified.
 */
Status job_parse(Job *job, const char *source, const char *text, size_t override_count,
                 const char *const *overrides);

/* The same for a text that job_to_text made, of this release or an earlier one: nothing of it is
 * expanded, and there are no comments after values. Overrides are as before. */
Status job_parse_resolved(Job *job, const char *source, const char *text, size_t override_count,
                          const char *const *overrides);

/* The whole file as a new zero-terminated string (memory_free). STATUS_CONFIG: unreadable (with the
 * system's reason), longer than 1 MB, or containing a zero byte. */
Status job_read_text(const char *path, char **text);

/* The resolved job as INI text with every key, in the table's order, and paths expanded; parsing it
 * gives the same job bit for bit in every environment, as a job file and by job_parse_resolved. A
 * new string (memory_free). */
Status job_to_text(const Job *job, char **text);

/* The epochs after which the cosine is at its end: schedule_epochs or, where it is 0, epochs. */
size_t job_schedule_epochs(const Job *job);

/* Fixes that number in a job with a cosine that leaves it open, as the run that the job belongs to
 * began: begun is its job then, the same one where it begins now. So epochs may be raised later and
 * the curve stays where it is. */
void job_fix_schedule(Job *job, const Job *begun);

/* Whether a run begun as `stored` may go on as `wanted`: only epochs, max_steps, [checkpoint],
 * [run] and paths ([job] name and output, [data] file, [train] start but for none) may differ; a
 * cosine's end may be left open. Otherwise STATUS_CONFIG, naming the key, both values, and --fresh.
 */
Status job_check_resume(const Job *stored, const Job *wanted, const char *checkpoint);

/* Whether weights of the run `stored` mean the same as the model of `wanted`: [model] but for
 * dropout, image_size and labels are equal. Otherwise STATUS_DATA, naming the key and both values.
 */
Status job_check_model(const Job *stored, const Job *wanted, const char *checkpoint);

/* Whether a new run of the job begins with weights of a file. */
bool job_has_start(const Job *job);

/* Whether a new run of the job `wanted` can begin with weights of the run `stored`: [model] but for
 * dropout and what adapts (positions, pool and head) is equal. Otherwise STATUS_DATA, naming each
 * key and both values. */
Status job_check_start(const Job *stored, const Job *wanted, const char *file);

/* The option table for people: section, key, default, what is allowed, meaning. As aligned plain
 * text (--help) or as the Markdown table of jobs/README.md. */
void job_print_options(FILE *stream, bool markdown);

#endif
