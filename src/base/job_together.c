#include "job_together.h"

#include "vit/size.h"
#include <string.h>

enum {
    TOKENS_MAX = 65536, /* see the bounds in job_option.c */
    PLACE_MAX = 2048
};

static size_t number_of(const char *section, const char *key) {
    return (size_t)(job_option_find(section, key) - job_options);
}

bool job_places_given(const JobPlaces *places, const char *section, const char *key) {
    const size_t i = number_of(section, key);
    return places->override_of[i] || places->line_of[i];
}

/* Two keys of which a message can be about: the first that was given tells the place. */
typedef struct Key {
    const char *section, *key;
} Key;

static const char *place_of(const JobPlaces *places, Key first, Key second,
                            char place[static PLACE_MAX]) {
    const Key told = job_places_given(places, first.section, first.key) ? first : second;
    const size_t i = number_of(told.section, told.key);
    if (places->override_of[i])
        snprintf(place, PLACE_MAX, "--set %s", places->override_of[i]);
    else if (places->line_of[i])
        snprintf(place, PLACE_MAX, "%s:%zu", places->source, places->line_of[i]);
    else
        snprintf(place, PLACE_MAX, "%s", places->source);
    return place;
}

static const Key image_size = {"augment", "image_size"};
static const Key patch_size = {"model", "patch_size"};
static const Key dim = {"model", "dim"};

static Status check_patches(const Job *job, const JobPlaces *places) {
    char place[PLACE_MAX];
    if (job->patch_size > job->image_size)
        return status_fail(
            STATUS_CONFIG,
            "%s: [model] patch_size (%zu) must be at most [augment] image_size (%zu)",
            place_of(places, patch_size, image_size, place), job->patch_size, job->image_size);
    const size_t side = job->image_size / job->patch_size;
    if (side * side > TOKENS_MAX)
        return status_fail(STATUS_CONFIG,
                           "%s: [augment] image_size (%zu) and [model] patch_size (%zu) make %zu "
                           "patches; at most %d are possible",
                           place_of(places, image_size, patch_size, place), job->image_size,
                           job->patch_size, side * side, TOKENS_MAX);
    return STATUS_OK;
}

/* Each convolution's max-pooling halves a side, rounding up. */
static Status check_convolutions(const Job *job, const JobPlaces *places) {
    char place[PLACE_MAX];
    const size_t layers = job->convolution_widths.count + 1;
    size_t side = job->image_size;
    for (size_t i = 0; i < layers; i++)
        side = size_groups(side, 2);
    if (side * side <= TOKENS_MAX)
        return STATUS_OK;
    return status_fail(
        STATUS_CONFIG,
        "%s: [augment] image_size (%zu) and %zu convolutions make %zu tokens; at most %d are "
        "possible",
        place_of(places, image_size, (Key){"model", "convolution_widths"}, place), job->image_size,
        layers, side * side, TOKENS_MAX);
}

static Status check_widths(const Job *job, const JobPlaces *places) {
    char place[PLACE_MAX];
    const size_t last = job->mlp.value[job->mlp.count - 1];
    if (last != job->dim)
        return status_fail(STATUS_CONFIG,
                           "%s: the last width of [model] mlp (%zu) must equal [model] dim (%zu)",
                           place_of(places, (Key){"model", "mlp"}, dim, place), last, job->dim);
    /* D / 4 frequencies, of which the first and the last are fixed. */
    if (job->position == POSITION_SINE && (job->dim % 4 || job->dim < 8))
        return status_fail(
            STATUS_CONFIG,
            "%s: with [model] position = sine, dim (%zu) must be a multiple of 4, at least 8",
            place_of(places, dim, (Key){"model", "position"}, place), job->dim);
    if (job->mlp_convolution && job->mlp_convolution % 2 == 0)
        return status_fail(
            STATUS_CONFIG,
            "%s: [model] mlp_convolution (%zu) must be odd, so that a token is its middle, or 0",
            place_of(places, (Key){"model", "mlp_convolution"}, dim, place), job->mlp_convolution);
    return STATUS_OK;
}

static Status check_mixing(const Job *job, const JobPlaces *places) {
    char place[PLACE_MAX];
    if (job->unit_images > 1 || (job->mixup == 0.0 && job->cutmix == 0.0))
        return STATUS_OK;
    const char *key = job->mixup > 0.0 ? "mixup" : "cutmix";
    return status_fail(
        STATUS_CONFIG,
        "%s: [augment] %s (%g) mixes the images of a unit, and with [train] unit_images (%zu) an "
        "image is alone; 2 at least, an even number at best",
        place_of(places, (Key){"train", "unit_images"}, (Key){"augment", key}, place), key,
        job->mixup > 0.0 ? job->mixup : job->cutmix, job->unit_images);
}

static Status check_schedule(const Job *job, const JobPlaces *places) {
    char place[PLACE_MAX];
    const bool own = job->schedule_epochs > 0;
    const size_t epochs = own ? job->schedule_epochs : job->epochs;
    if (job->schedule == SCHEDULE_CONSTANT || job->warmup_epochs < (double)epochs)
        return STATUS_OK;
    return status_fail(
        STATUS_CONFIG,
        "%s: [train] warmup_epochs (%g) must be less than %s (%zu), where the cosine ends",
        place_of(places, (Key){"train", "warmup_epochs"}, (Key){"train", "schedule"}, place),
        job->warmup_epochs, own ? "schedule_epochs" : "epochs", epochs);
}

Status job_together_check(const Job *job, const JobPlaces *places) {
    if (job->tokenizer == TOKENIZER_PATCH)
        STATUS_TRY(check_patches(job, places));
    else
        STATUS_TRY(check_convolutions(job, places));
    STATUS_TRY(check_widths(job, places));
    STATUS_TRY(check_mixing(job, places));
    return check_schedule(job, places);
}
