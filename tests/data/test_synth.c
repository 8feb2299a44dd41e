#include "folder.h"
#include "synth_picture.h"
#include "vit_data.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static void make(size_t classes, size_t train, size_t test, uint64_t seed, DataHeader *header,
                 DataSet *set) {
    SynthOptions options = {.classes = classes, .train = train, .test = test, .seed = seed};
    assert_int_equal(data_synth("a.h5", &options), STATUS_OK);
    assert_int_equal(data_set_read("a.h5", header, set), STATUS_OK);
}

static const char *name_of(const DataNames *names, size_t i) {
    return names->text + i * names->width;
}

static void a_picture_depends_on_its_number_alone(void **state) {
    (void)state;
    DataHeader header;
    DataSet few, many;
    make(20, 30, 10, 5, &header, &few);
    make(20, 90, 40, 5, &header, &many);
    for (size_t s = 0; s < SPLIT_COUNT; s++) {
        assert_memory_equal(few.split[s].images, many.split[s].images,
                            few.split[s].count * SYNTH_IMAGE_BYTES);
        assert_memory_equal(few.split[s].labels, many.split[s].labels,
                            few.split[s].count * sizeof(uint16_t));
    }
    assert_memory_not_equal(many.split[SPLIT_TRAIN].images, many.split[SPLIT_TEST].images,
                            SYNTH_IMAGE_BYTES);
    assert_memory_not_equal(many.split[SPLIT_TRAIN].images,
                            many.split[SPLIT_TRAIN].images + 20 * SYNTH_IMAGE_BYTES,
                            SYNTH_IMAGE_BYTES);
    data_set_free(&few);
    data_set_free(&many);
}

/* Published results name the pictures by seed, so they may never change. */
static void pictures_are_those_of_the_first_release(void **state) {
    (void)state;
    DataHeader header;
    DataSet set;
    make(100, 200, 100, 1, &header, &set);
    assert_string_equal(header.content_sha256,
                        "ffcebba2af8e0efc5b94f2b350b3aaa9379ed611c8f4a91a1450ae3b4e75ec6f");
    data_set_free(&set);
}

/* The rarest and the commonest of `kinds` values. */
static size_t spread(const uint16_t *labels, size_t count, size_t kinds) {
    size_t *seen = calloc(kinds, sizeof *seen), least = SIZE_MAX, most = 0;
    for (size_t i = 0; i < count; i++)
        seen[labels[i]]++;
    for (size_t k = 0; k < kinds; k++) {
        least = seen[k] < least ? seen[k] : least;
        most = seen[k] > most ? seen[k] : most;
    }
    free(seen);
    return most - least;
}

static void every_run_of_images_is_balanced(void **state) {
    (void)state;
    DataHeader header;
    DataSet set;
    make(30, 1000, 70, 1, &header, &set);
    const DataRows *train = &set.split[SPLIT_TRAIN];
    assert_true(spread(train->labels, 1000, 30) <= 1);
    assert_true(spread(train->labels + 900, 100, 30) <= 1);
    assert_true(spread(set.split[SPLIT_TEST].labels, 70, 30) <= 1);
    data_set_free(&set);
}

/* How many class names contain a word. */
static size_t having(const DataNames *names, const char *word) {
    size_t count = 0;
    for (size_t i = 0; i < names->count; i++)
        count += strstr(name_of(names, i), word) != NULL;
    return count;
}

static void classes_are_distinct_and_use_their_shapes_equally(void **state) {
    (void)state;
    for (size_t classes = 2; classes <= 100; classes += classes < 12 ? 1 : 11) {
        DataHeader header;
        DataSet set;
        make(classes, classes, 0, 1, &header, &set);
        for (size_t i = 0; i < classes; i++)
            for (size_t j = 0; j < i; j++)
                assert_string_not_equal(name_of(&set.names, i), name_of(&set.names, j));
        assert_true(spread(set.split[SPLIT_TRAIN].coarse_labels, classes, header.coarse_classes) <=
                    1);
        for (size_t i = 0; i < classes; i++) {
            const char *shape = name_of(&set.coarse_names, set.split[SPLIT_TRAIN].coarse_labels[i]);
            assert_non_null(strstr(name_of(&set.names, i), shape));
        }
        data_set_free(&set);
    }
}

static void a_hundred_classes_use_textures_and_colours_equally(void **state) {
    (void)state;
    DataHeader header;
    DataSet set;
    make(100, 1, 0, 1, &header, &set);
    for (size_t i = 0; i < SYNTH_TEXTURES; i++)
        assert_int_equal(having(&set.names, synth_texture_name[i]), 20);
    for (size_t i = 0; i < SYNTH_COLOURS; i++)
        assert_int_equal(having(&set.names, synth_colour_name[i]), 20);
    assert_int_equal(having(&set.names, "striped yellow"), 10);
    data_set_free(&set);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        test_in_folder(a_picture_depends_on_its_number_alone),
        test_in_folder(pictures_are_those_of_the_first_release),
        test_in_folder(every_run_of_images_is_balanced),
        test_in_folder(classes_are_distinct_and_use_their_shapes_equally),
        test_in_folder(a_hundred_classes_use_textures_and_colours_equally),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
