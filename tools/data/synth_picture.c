#include "synth_picture.h"

#include <math.h>
#include <stdbool.h>

/* All lengths are in pixels of the picture or, within a shape, in units of its radius. */

const char *const synth_shape_name[SYNTH_SHAPES] = {"disc",  "square", "triangle", "star",  "ring",
                                                    "cross", "heart",  "crescent", "arrow", "bar"};
const char *const synth_texture_name[SYNTH_TEXTURES] = {"plain", "striped", "dotted", "checked",
                                                        "ringed"};
const char *const synth_colour_name[SYNTH_COLOURS] = {"red", "yellow", "green", "blue", "purple"};

typedef struct Colour {
    float channel[SYNTH_CHANNELS];
} Colour;

static const Colour palette[SYNTH_COLOURS] = {
    {{205, 50, 40}}, {{215, 185, 45}}, {{60, 165, 70}}, {{50, 95, 205}}, {{160, 65, 180}}};

enum { CLUTTER_MAX = 5, SAMPLES = 3 /* a side of a pixel */ };

/* ---- random numbers ---- */

typedef struct Dice {
    RandomStream stream;
    uint32_t block, words[4];
    unsigned left;
} Dice;

static uint32_t dice_word(Dice *dice) {
    if (dice->left == 0) {
        random_block(dice->stream, dice->block++, dice->words);
        dice->left = 4;
    }
    return dice->words[--dice->left];
}

static float dice_between(Dice *dice, float least, float most) {
    return least + (most - least) * random_unit(dice_word(dice));
}

/* Nearly normal with the given standard deviation: the sum of four bytes has variance 4 * (256^2-1)
 * / 12. */
static float dice_noise(Dice *dice, float deviation) {
    uint32_t word = dice_word(dice);
    float sum = (float)((word & 255) + (word >> 8 & 255) + (word >> 16 & 255) + (word >> 24));
    return (sum - 510.0f) * (deviation / 147.8f);
}

/* A uniform direction, without sine and cosine: a point of the unit disc, scaled to length 1. */
static void dice_direction(Dice *dice, float direction[static 2]) {
    for (;;) {
        float x = dice_between(dice, -1, 1), y = dice_between(dice, -1, 1), s = x * x + y * y;
        if (s > 1.0f || s < 0.01f)
            continue;
        float length = sqrtf(s);
        direction[0] = x / length;
        direction[1] = y / length;
        return;
    }
}

static Colour dice_colour(Dice *dice, float least, float most) {
    Colour colour;
    for (int c = 0; c < SYNTH_CHANNELS; c++)
        colour.channel[c] = dice_between(dice, least, most);
    return colour;
}

/* ---- shapes: whether a point lies inside; y points down ---- */

static bool in_disc(float x, float y, float centre_x, float centre_y, float radius) {
    x -= centre_x;
    y -= centre_y;
    return x * x + y * y < radius * radius;
}

static bool in_box(float x, float y, float half_width, float half_height) {
    return fabsf(x) < half_width && fabsf(y) < half_height;
}

static bool in_triangle(float x, float y) {
    return y < 0.62f && y > -0.95f + 1.7f * fabsf(x);
}

/* Five points: a point is inside when at most one of the pentagon's five sides has it outside. */
static bool in_star(float x, float y) {
    static const float normal[5][2] = {{0.0f, 1.0f},
                                       {0.9510565f, 0.3090170f},
                                       {0.5877853f, -0.8090170f},
                                       {-0.5877853f, -0.8090170f},
                                       {-0.9510565f, 0.3090170f}};
    int outside = 0;
    for (int i = 0; i < 5; i++)
        outside += x * normal[i][0] + y * normal[i][1] > 0.36f;
    return outside <= 1;
}

static bool in_heart(float x, float y) {
    return in_disc(x, y, -0.42f, -0.3f, 0.5f) || in_disc(x, y, 0.42f, -0.3f, 0.5f) ||
           (y > -0.15f && y < 0.95f - 1.2f * fabsf(x));
}

static bool in_arrow(float x, float y) {
    bool head = y < 0.0f && y > -0.95f + 1.1f * fabsf(x);
    return head || (y >= 0.0f && y < 0.95f && fabsf(x) < 0.28f);
}

static bool in_shape(size_t shape, float x, float y) {
    switch (shape) {
    case 0:
        return in_disc(x, y, 0, 0, 0.88f);
    case 1:
        return in_box(x, y, 0.76f, 0.76f);
    case 2:
        return in_triangle(x, y);
    case 3:
        return in_star(x, y);
    case 4:
        return in_disc(x, y, 0, 0, 0.95f) && !in_disc(x, y, 0, 0, 0.5f);
    case 5:
        return in_box(x, y, 0.3f, 0.95f) || in_box(x, y, 0.95f, 0.3f);
    case 6:
        return in_heart(x, y);
    case 7:
        return in_disc(x, y, 0, 0, 0.95f) && !in_disc(x, y, 0.5f, 0, 0.72f);
    case 8:
        return in_arrow(x, y);
    default:
        return in_box(x, y, 0.34f, 0.98f);
    }
}

/* ---- textures: whether a point has the second tone ---- */

static float fraction(float x) {
    return x - floorf(x);
}

static bool second_tone(size_t texture, float x, float y, const float phase[static 2]) {
    float u = fraction(x * 1.6f + phase[0]), v = fraction(y * 1.6f + phase[1]);
    switch (texture) {
    case 0:
        return false;
    case 1:
        return u < 0.45f;
    case 2:
        return in_disc(u, v, 0.5f, 0.5f, 0.33f);
    case 3:
        return (u < 0.5f) != (v < 0.5f);
    default:
        return fraction(sqrtf(x * x + y * y) * 1.9f + phase[0]) < 0.45f;
    }
}

/* ---- the scene ---- */

typedef struct Pose {
    float x, y;              /* of the centre */
    float right[2], down[2]; /* rotation and 1 / size: picture to shape */
} Pose;

typedef struct Clutter {
    Pose pose;
    bool round;
    Colour colour;
} Clutter;

typedef struct Scene {
    SynthThing thing;
    Pose pose;
    float grain[2]; /* direction of the texture, in the shape */
    float phase[2]; /* of the texture */
    Colour tone[2]; /* of the thing */
    Colour ends[2]; /* of the background's gradient */
    float slope[2]; /* and its direction */
    Clutter clutter[CLUTTER_MAX];
    size_t clutter_count;
    float tint[SYNTH_CHANNELS]; /* colour of the light */
    float light[3];             /* brightness = light[0] + light[1] * x + light[2] * y */
} Scene;

/* Of a size between least and most, up to `stretch` times narrower in one direction. */
static Pose dice_pose(Dice *dice, const float direction[static 2], float reach, float least,
                      float most, float stretch) {
    Pose pose = {0};
    float size = dice_between(dice, least, most);
    pose.x = 16 + dice_between(dice, -reach, reach);
    pose.y = 16 + dice_between(dice, -reach, reach);
    float wide = 1.0f / size;
    float high = wide * dice_between(dice, 1.0f, stretch);
    pose.right[0] = direction[0] * wide;
    pose.right[1] = direction[1] * wide;
    pose.down[0] = -direction[1] * high;
    pose.down[1] = direction[0] * high;
    return pose;
}

/* Picture coordinates to those of the shape. */
static void pose_apply(const Pose *pose, float x, float y, float to[static 2]) {
    x -= pose->x;
    y -= pose->y;
    to[0] = x * pose->right[0] + y * pose->right[1];
    to[1] = x * pose->down[0] + y * pose->down[1];
}

static void dice_thing(Dice *dice, Scene *scene) {
    /* Up to 24 degrees either way: (1, tan) scaled to length 1. */
    float tangent = dice_between(dice, -0.45f, 0.45f);
    float length = sqrtf(1 + tangent * tangent);
    float upright[2] = {1 / length, tangent / length};
    scene->pose = dice_pose(dice, upright, 7.0f, 9.0f, 13.0f, 1.2f);
    dice_direction(dice, scene->grain);
    scene->phase[0] = dice_between(dice, 0, 1);
    scene->phase[1] = dice_between(dice, 0, 1);
    /* The second tone is darker or lighter, so that brightness does not tell the texture. */
    bool darker = dice_word(dice) & 1;
    for (int c = 0; c < SYNTH_CHANNELS; c++) {
        float tone = palette[scene->thing.colour].channel[c] + dice_between(dice, -20, 20);
        scene->tone[0].channel[c] = tone;
        scene->tone[1].channel[c] = darker ? 0.3f * tone : 0.3f * tone + 175.0f;
    }
}

static Scene dice_scene(Dice *dice, SynthThing thing) {
    Scene scene = {.thing = thing};
    dice_thing(dice, &scene);
    /* Colours from the whole range: the mean of a picture tells little about the thing in it. */
    scene.ends[0] = dice_colour(dice, 0, 255);
    scene.ends[1] = dice_colour(dice, 0, 255);
    dice_direction(dice, scene.slope);
    scene.clutter_count = 2 + dice_word(dice) % (CLUTTER_MAX - 1);
    for (size_t i = 0; i < scene.clutter_count; i++) {
        Clutter *clutter = &scene.clutter[i];
        float direction[2];
        dice_direction(dice, direction);
        clutter->pose = dice_pose(dice, direction, 16.0f, 2.0f, 7.0f, 3.0f);
        clutter->round = dice_word(dice) & 1;
        clutter->colour = dice_colour(dice, 0, 255);
    }
    for (int c = 0; c < SYNTH_CHANNELS; c++)
        scene.tint[c] = 1 + dice_between(dice, -0.15f, 0.15f);
    scene.light[1] = dice_between(dice, -0.012f, 0.012f);
    scene.light[2] = dice_between(dice, -0.012f, 0.012f);
    scene.light[0] = dice_between(dice, 0.75f, 1.15f) - 16 * (scene.light[1] + scene.light[2]);
    return scene;
}

static Colour background_at(const Scene *scene, float x, float y) {
    for (size_t i = 0; i < scene->clutter_count; i++) {
        const Clutter *clutter = &scene->clutter[i];
        float at[2];
        pose_apply(&clutter->pose, x, y, at);
        if (clutter->round ? in_disc(at[0], at[1], 0, 0, 1) : in_box(at[0], at[1], 1, 1))
            return clutter->colour;
    }
    float along = ((x - 16) * scene->slope[0] + (y - 16) * scene->slope[1]) / 45.3f + 0.5f;
    Colour colour;
    for (int c = 0; c < SYNTH_CHANNELS; c++)
        colour.channel[c] =
            scene->ends[0].channel[c] * (1 - along) + scene->ends[1].channel[c] * along;
    return colour;
}

static Colour colour_at(const Scene *scene, float x, float y) {
    float at[2];
    pose_apply(&scene->pose, x, y, at);
    if (!in_shape(scene->thing.shape, at[0], at[1]))
        return background_at(scene, x, y);
    float u = at[0] * scene->grain[0] + at[1] * scene->grain[1];
    float v = at[1] * scene->grain[0] - at[0] * scene->grain[1];
    return scene->tone[second_tone(scene->thing.texture, u, v, scene->phase)];
}

static uint8_t to_byte(float value) {
    return (uint8_t)(value < 0.0f ? 0.0f : value > 255.0f ? 255.0f : value + 0.5f);
}

void synth_picture(RandomStream stream, SynthThing thing, uint8_t *image) {
    Dice dice = {.stream = stream};
    Scene scene = dice_scene(&dice, thing);
    for (int row = 0; row < SYNTH_SIDE; row++)
        for (int column = 0; column < SYNTH_SIDE; column++, image += SYNTH_CHANNELS) {
            Colour sum = {{0}};
            for (int s = 0; s < SAMPLES * SAMPLES; s++) {
                const int across = s % SAMPLES, down = s / SAMPLES;
                float x = (float)column + ((float)across + 0.5f) / SAMPLES;
                float y = (float)row + ((float)down + 0.5f) / SAMPLES;
                Colour colour = colour_at(&scene, x, y);
                for (int c = 0; c < SYNTH_CHANNELS; c++)
                    sum.channel[c] += colour.channel[c] / (SAMPLES * SAMPLES);
            }
            float light =
                scene.light[0] + scene.light[1] * (float)column + scene.light[2] * (float)row;
            for (int c = 0; c < SYNTH_CHANNELS; c++)
                image[c] =
                    to_byte(sum.channel[c] * light * scene.tint[c] + dice_noise(&dice, 6.0f));
        }
}
