#include "vit/rand_augment.h"

#include "rand_operation.h"
#include "vit/random.h"
#include <math.h>

typedef enum Amount {
    AMOUNT_SIGNED, /* strength * most */
    AMOUNT_WHOLE   /* floor(|strength| * most) */
} Amount;

static const struct {
    const char *name;
    RandFunction *apply;
    Amount amount;
    double most; /* at strength 1 */
} operations[RAND_OPERATIONS] = {
    [RAND_ROTATE] = {"Rotate", rand_rotate, AMOUNT_SIGNED, 30.0},
    [RAND_SHEAR_X] = {"ShearX", rand_shear_x, AMOUNT_SIGNED, 0.3},
    [RAND_SHEAR_Y] = {"ShearY", rand_shear_y, AMOUNT_SIGNED, 0.3},
    [RAND_TRANSLATE_X] = {"TranslateX", rand_translate_x, AMOUNT_SIGNED, 0.45},
    [RAND_TRANSLATE_Y] = {"TranslateY", rand_translate_y, AMOUNT_SIGNED, 0.45},
    [RAND_COLOR] = {"Color", rand_color, AMOUNT_SIGNED, 0.9},
    [RAND_CONTRAST] = {"Contrast", rand_contrast, AMOUNT_SIGNED, 0.9},
    [RAND_BRIGHTNESS] = {"Brightness", rand_brightness, AMOUNT_SIGNED, 0.9},
    [RAND_SHARPNESS] = {"Sharpness", rand_sharpness, AMOUNT_SIGNED, 0.9},
    [RAND_POSTERIZE] = {"Posterize", rand_posterize, AMOUNT_WHOLE, 4.0},
    [RAND_SOLARIZE] = {"Solarize", rand_solarize, AMOUNT_WHOLE, 256.0},
    [RAND_SOLARIZE_ADD] = {"SolarizeAdd", rand_solarize_add, AMOUNT_WHOLE, 110.0},
    [RAND_INVERT] = {"Invert", rand_invert, AMOUNT_WHOLE, 0.0},
    [RAND_AUTO_CONTRAST] = {"AutoContrast", rand_auto_contrast, AMOUNT_WHOLE, 0.0},
    [RAND_EQUALIZE] = {"Equalize", rand_equalize, AMOUNT_WHOLE, 0.0},
};

const char *rand_augment_name(RandOperation operation) {
    return operations[operation].name;
}

/* The nth of an image, from blocks of its own; whether it is carried out. */
static bool draw_step(const RandAugment *augment, RandomStream stream, uint32_t nth,
                      RandStep *step) {
    uint32_t words[4];
    double normal[4];
    random_block(stream, 2 * nth, words);
    random_normals(stream, 2 * nth + 1, normal);
    const double magnitude = fmin(fmax(augment->magnitude + 0.5 * normal[0], 0.0), 10.0);
    step->operation = (RandOperation)random_below(words[0], words[1], RAND_OPERATIONS);
    /* Rounded to float: the last bits of a logarithm are the library's. */
    step->strength = (double)(float)(words[2] >> 31 ? -magnitude / 10.0 : magnitude / 10.0);
    return words[3] >> 31;
}

RandDraw rand_augment_draw(const RandAugment *augment, uint64_t seed, uint64_t epoch,
                           uint64_t sample) {
    const RandomStream stream = random_stream(seed, RANDOM_RAND_AUGMENT, epoch, sample, 0);
    RandDraw draw = {0};
    for (size_t nth = 0; nth < augment->steps; nth++)
        if (draw_step(augment, stream, (uint32_t)nth, &draw.step[draw.count]))
            draw.count++;
    return draw;
}

void rand_augment_apply(const RandAugment *augment, RandStep step, const uint8_t *in,
                        uint8_t *out) {
    const double most = operations[step.operation].most;
    const double amount = operations[step.operation].amount == AMOUNT_SIGNED
                              ? step.strength * most
                              : floor(fabs(step.strength) * most);
    operations[step.operation].apply(augment, amount, in, out);
}
