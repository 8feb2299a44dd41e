#include "tile.h"
#include "vit/augment.h"
#include "vit/epoch_order.h"
#include "vit/memory.h"
#include "vit/mix.h"
#include "vit/moments.h"
#include "vit/samples.h"
#include "vit/size.h"
#include "vit_data.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

enum {
    EPOCHS = 8,
    ROWS_MOST = 10,
    OPERATIONS_SHOWN = 3,
    MIX_LINES = 3,
    HEADING_HEIGHT = LINE_HEIGHT + GAP / 2
};

/* What a job's model sees of a data set in training. */
typedef struct Sight {
    Job job;
    DataHeader header;
    DataSet set;
    const uint16_t *labels; /* of the training images, as the job wants them */
    const DataNames *names;
    Holdout holdout; /* what is trained on; the others are for validation */
    Augment augment;
    float *scratch;
    float *planes;   /* [2]: of an image and of its partner */
    uint8_t *pixels; /* [size, size, channels], to be shown */
    uint32_t *order; /* of an epoch: the numbers of the samples that are trained on */
} Sight;

static const char *label_of(const Sight *sight, size_t sample) {
    return sight->names->text + sight->labels[sample] * sight->names->width;
}

static size_t plane_values(const Sight *sight) {
    return sight->augment.picture.channels * sight->augment.size * sight->augment.size;
}

/* ---- start and end ---- */

static Status read_job(const char *path, Job *job) {
    char *text;
    STATUS_TRY(job_read_text(path, &text));
    const Status status = job_parse(job, path, text, 0, NULL);
    memory_free(text);
    return status;
}

static Status choose_labels(Sight *sight, const char *job, const char *path) {
    const bool coarse = sight->job.labels == LABELS_COARSE;
    const DataRows *rows = &sight->set.split[SPLIT_TRAIN];
    sight->labels = coarse ? rows->coarse_labels : rows->labels;
    sight->names = coarse ? &sight->set.coarse_names : &sight->set.names;
    if (!sight->labels)
        return status_fail(STATUS_CONFIG, "%s asks for coarse labels, and %s has none", job, path);
    return STATUS_OK;
}

/* As a run divides them. */
static Status divide(Sight *sight, const char *job, const char *path) {
    const size_t images = sight->set.split[SPLIT_TRAIN].count;
    const double fraction = sight->job.validation_split;
    if (sight->job.validation == VALIDATION_STRATIFIED)
        STATUS_TRY(holdout_stratified(&sight->holdout, sight->labels, images, sight->names->count,
                                      fraction));
    else
        sight->holdout = holdout_file_end(images, fraction);
    if (sight->holdout.train.count == 0)
        return status_fail(STATUS_CONFIG, "%s leaves none of the %zu images of %s to train on", job,
                           images, path);
    return STATUS_OK;
}

/* What a run computes where the file does not tell. */
static void add_statistics(Sight *sight) {
    const DataRows *rows = &sight->set.split[SPLIT_TRAIN];
    DataHeader *header = &sight->header;
    Moments moments = {0};
    if (header->has_statistics)
        return;
    moments_add(&moments, header->picture, rows->images, rows->count);
    moments_get(&moments, header->picture.channels, header->mean, header->variance);
}

static Status sight_init(Sight *sight, const char *job, const char *path) {
    *sight = (Sight){0};
    STATUS_TRY(read_job(job, &sight->job));
    STATUS_TRY(data_set_read(path, &sight->header, &sight->set));
    add_statistics(sight);
    STATUS_TRY(choose_labels(sight, job, path));
    STATUS_TRY(divide(sight, job, path));
    STATUS_TRY(augment_init(&sight->augment, &sight->job, &sight->header));
    const size_t scratch = augment_scratch(sight->augment.picture, sight->augment.size);
    STATUS_TRY(memory_allocate(&sight->scratch, scratch, sizeof(float), "augmentation"));
    STATUS_TRY(memory_allocate(&sight->planes, 2 * plane_values(sight), sizeof(float), "planes"));
    STATUS_TRY(memory_allocate(&sight->pixels, plane_values(sight), 1, "a picture"));
    return memory_allocate(&sight->order, sight->holdout.train.count, sizeof(uint32_t),
                           "epoch order");
}

static void sight_free(Sight *sight) {
    augment_free(&sight->augment);
    holdout_free(&sight->holdout);
    data_set_free(&sight->set);
    memory_free(sight->scratch);
    memory_free(sight->planes);
    memory_free(sight->pixels);
    memory_free(sight->order);
}

/* ---- what the model sees ---- */

/* Planes of a training image, augmented in an epoch, or (draw NULL) as in evaluation. */
static void load(Sight *sight, size_t sample, const AugmentDraw *draw, float *planes) {
    const uint8_t *images = sight->set.split[SPLIT_TRAIN].images;
    augment_image(&sight->augment, images + sample * picture_bytes(sight->set.picture), draw,
                  sight->scratch, planes);
}

/* -> sight->order. */
static void order_epoch(Sight *sight, size_t epoch) {
    const Samples *train = &sight->holdout.train;
    epoch_order(sight->job.seed, epoch, train->count, sight->order);
    for (size_t i = 0; i < train->count; i++)
        sight->order[i] = (uint32_t)samples_number(train, sight->order[i]);
}

/* The unit of the epoch's batches that has the sample: its first sample, and whom the sample is
 * mixed with. */
static void find_unit(const Sight *sight, size_t sample, size_t *first, size_t *partner) {
    size_t at = 0;
    while (sight->order[at] != sample)
        at++;
    const size_t batch = at - at % sight->job.batch_size;
    const size_t batch_end =
        size_smaller(batch + sight->job.batch_size, sight->holdout.train.count);
    const size_t begin = at - (at - batch) % sight->job.unit_images;
    const size_t end = size_smaller(begin + sight->job.unit_images, batch_end);
    *first = sight->order[begin];
    *partner = sight->order[begin + end - 1 - at];
}

/* Mixes planes[0], the sample's, with its partner's. */
static MixDraw mix(Sight *sight, uint64_t epoch, size_t sample, size_t *partner) {
    size_t first;
    find_unit(sight, sample, &first, partner);
    if (!mix_is_on(&sight->job) || *partner == sample)
        return (MixDraw){.kind = MIX_NONE, .share = 1.0};
    const MixDraw draw = mix_draw(&sight->job, epoch, first);
    const AugmentDraw change = augment_draw(&sight->augment, epoch, *partner);
    load(sight, *partner, &change, sight->planes + plane_values(sight));
    mix_planes(&draw, 2, sight->augment.picture.channels, sight->augment.size, sight->planes);
    return draw;
}

/* planes[0] -> pixels. */
static void denormalize(Sight *sight) {
    const size_t channels = sight->augment.picture.channels;
    const size_t plane = sight->augment.size * sight->augment.size;
    for (size_t c = 0; c < channels; c++)
        for (size_t i = 0; i < plane; i++) {
            const double value = (double)sight->planes[c * plane + i];
            const double level = value * sqrt(sight->header.variance[c]) + sight->header.mean[c];
            sight->pixels[i * channels + c] = (uint8_t)lrint(fmin(fmax(level, 0.0), 255.0));
        }
}

/* ---- the sheet ---- */

/* Lines below a picture. */
static size_t caption_lines(const Job *job) {
    const size_t operations = size_smaller(job->randaugment, OPERATIONS_SHOWN);
    return size_larger(operations + (mix_is_on(job) ? MIX_LINES : 0), 2);
}

static size_t column_x(size_t column) {
    return MARGIN + column * (TILE_SIDE + GAP);
}

static size_t row_y(const Job *job, size_t row) {
    return MARGIN + TITLE_HEIGHT + HEADING_HEIGHT +
           row * (TILE_SIDE + caption_lines(job) * LINE_HEIGHT + GAP);
}

/* pixels as a tile; returns where the text below it begins. */
static size_t draw_pixels(const Sight *sight, Canvas *canvas, size_t row, size_t column) {
    const Picture form = {sight->augment.size, sight->augment.size,
                          sight->augment.picture.channels};
    const size_t y = row_y(&sight->job, row);
    tile_image(canvas, column_x(column), y, &form, sight->pixels);
    return y + TILE_SIDE + GAP / 3;
}

/* "Rotate, Color". */
static void operations_text(const RandDraw *draw, size_t room, char *text) {
    size_t length = 0;
    text[0] = '\0';
    for (size_t i = 0; i < draw->count && length < room; i++)
        length += (size_t)snprintf(text + length, room - length, "%s%s", i ? ", " : "",
                                   rand_augment_name(draw->step[i].operation));
}

/* Labels with their shares where the picture is mixed, then what RandAugment did. */
static void draw_caption(const Sight *sight, Canvas *canvas, size_t x, size_t y,
                         const RandDraw *rand, const MixDraw *draw, const size_t sample[static 2]) {
    char text[512];
    size_t lines = caption_lines(&sight->job);
    const double share[2] = {draw->share, 1.0 - draw->share};
    for (int i = 0; i < 2 && draw->kind != MIX_NONE; i++) {
        snprintf(text, sizeof text, "%.0f%% %s", 100.0 * share[i], label_of(sight, sample[i]));
        const size_t used = tile_text(canvas, x, y, lines, text);
        lines -= used;
        y += used * LINE_HEIGHT;
    }
    operations_text(rand, sizeof text, text);
    tile_text(canvas, x, y, lines, text);
}

static void draw_plain(Sight *sight, Canvas *canvas, size_t row, size_t sample) {
    load(sight, sample, NULL, sight->planes);
    denormalize(sight);
    const size_t y = draw_pixels(sight, canvas, row, 0);
    tile_text(canvas, column_x(0), y, caption_lines(&sight->job), label_of(sight, sample));
}

static void draw_epoch(Sight *sight, Canvas *canvas, size_t row, size_t epoch, size_t sample) {
    const AugmentDraw draw = augment_draw(&sight->augment, epoch, sample);
    size_t both[2] = {sample, sample};
    load(sight, sample, &draw, sight->planes);
    const MixDraw mixed = mix(sight, epoch, sample, &both[1]);
    denormalize(sight);
    const size_t y = draw_pixels(sight, canvas, row, 1 + epoch);
    draw_caption(sight, canvas, column_x(1 + epoch), y, &draw.rand, &mixed, both);
}

/* Training images of classes that lie far from each other; the same sheet for the same file. */
static size_t sample_of(const Sight *sight, size_t row) {
    const Samples *train = &sight->holdout.train;
    const size_t classes = sight->names->count;
    const size_t class = classes >= ROWS_MOST ? row * classes / ROWS_MOST : row % classes;
    size_t nth = classes >= ROWS_MOST ? 0 : row / classes;
    for (size_t i = 0; i < train->count; i++) {
        const size_t sample = samples_number(train, i);
        if (sight->labels[sample] == class && nth-- == 0)
            return sample;
    }
    return samples_number(train, row); /* there are not so many */
}

static void draw_rows(Sight *sight, Canvas *canvas, size_t rows) {
    size_t sample[ROWS_MOST];
    tile_text(canvas, column_x(0), row_y(&sight->job, 0) - HEADING_HEIGHT, 1, "unchanged");
    for (size_t row = 0; row < rows; row++) {
        sample[row] = sample_of(sight, row);
        draw_plain(sight, canvas, row, sample[row]);
    }
    for (size_t epoch = 0; epoch < EPOCHS; epoch++) {
        char heading[32];
        snprintf(heading, sizeof heading, "epoch %zu", epoch + 1);
        tile_text(canvas, column_x(1 + epoch), row_y(&sight->job, 0) - HEADING_HEIGHT, 1, heading);
        order_epoch(sight, epoch);
        for (size_t row = 0; row < rows; row++)
            draw_epoch(sight, canvas, row, epoch, sample[row]);
    }
}

/* "crop 4, flip, erasing 0.25": what the job has on. */
static void settings_text(const Job *job, size_t room, char *text) {
    const struct {
        const char *format;
        double value;
    } parts[] = {{"image size %g", (double)job->image_size},
                 {"crop %g", (double)job->crop},
                 {"flip", job->flip},
                 {"RandAugment %g", (double)job->randaugment},
                 {"magnitude %g", job->randaugment ? job->magnitude : 0.0},
                 {"rotation %g", job->rotation},
                 {"zoom %g", job->zoom},
                 {"erasing %g", job->erasing},
                 {"MixUp %g", job->mixup},
                 {"CutMix %g", job->cutmix},
                 {"mixing probability %g", mix_is_on(job) ? job->mix_probability : 0.0}};
    size_t length = 0;
    text[0] = '\0';
    for (size_t i = 0; i < sizeof parts / sizeof *parts && length < room; i++) {
        char part[64];
        snprintf(part, sizeof part, parts[i].format, parts[i].value);
        if (parts[i].value != 0.0)
            length +=
                (size_t)snprintf(text + length, room - length, "%s%s", length ? ", " : "", part);
    }
}

static Status draw_augmented(Sight *sight, Canvas *canvas) {
    const size_t rows = size_smaller(ROWS_MOST, sight->holdout.train.count);
    const size_t width = column_x(1 + EPOCHS) - GAP + MARGIN;
    char title[320], settings[320];
    STATUS_TRY(canvas_init(canvas, width, row_y(&sight->job, rows) - GAP + MARGIN, tile_dim_paper));
    snprintf(title, sizeof title, "What the model of '%.200s' sees in training", sight->job.name);
    settings_text(&sight->job, sizeof settings, settings);
    tile_title(canvas, title, settings);
    draw_rows(sight, canvas, rows);
    return STATUS_OK;
}

Status data_augmented(const char *job, const char *path, const char *out) {
    Sight sight;
    Canvas canvas = {0};
    Status status = sight_init(&sight, job, path);
    if (status == STATUS_OK)
        status = draw_augmented(&sight, &canvas);
    sight_free(&sight);
    return canvas_finish(&canvas, status, out);
}
