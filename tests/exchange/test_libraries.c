/* Models of timm and Hugging Face in PyTorch, double precision (tests/reference/libraries.py): the
 * file of their state, read and taken by its names, makes our model say what theirs does. */

#include "check.h"
#include "exchange/logits.h"
#include "folder.h"
#include "vit/gemm.h"
#include "vit/h5.h"
#include "vit/safetensors.h"
#include "vit/tensor_map.h"

/* Single precision loses about 1e-6; a value in another place is seen in full. */
static const double tolerance = 1e-5;

/* The file that PyTorch's model was stored in, as one. */
static void unpack(hid_t file, const char *group, const char *path) {
    char name[64];
    size_t rank, bytes[4];
    snprintf(name, sizeof name, "%s/file", group);
    assert_ok(h5_shape(file, name, &rank, bytes));
    assert_int_equal(rank, 1);
    uint8_t *content = test_array(bytes[0], 1);
    assert_ok(h5_read(file, name, H5T_NATIVE_UINT8, 1, bytes, content));
    FILE *stream = fopen(path, "wb");
    assert_non_null(stream);
    assert_int_equal(fwrite(content, 1, bytes[0], stream), bytes[0]);
    assert_int_equal(fclose(stream), 0);
    memory_free(content);
}

/* Every tensor of the file, and none that it does not have. */
static void take_weights(const char *path, TensorNames names, const ModelShape *shape,
                         const ParameterTable *table, float *weights) {
    Safetensors file;
    TensorMap map;
    assert_ok(safetensors_open(&file, path));
    assert_ok(tensor_map_check(names, shape));
    assert_ok(tensor_map_init(&map, names, shape, table));
    assert_int_equal(file.count, map.count);
    for (size_t i = 0; i < map.count; i++) {
        const SafetensorsTensor *tensor = safetensors_find(&file, map.tensor[i].name);
        if (!tensor)
            fail_msg("there is no %s", map.tensor[i].name);
        assert_int_equal(tensor->axes, map.tensor[i].axes);
        for (size_t k = 0; k < tensor->axes; k++)
            assert_int_equal(tensor->shape[k], map.tensor[i].shape[k]);
        float *values = test_array(tensor->count, sizeof *values);
        assert_ok(safetensors_read(&file, tensor, values));
        tensor_map_take(&map.tensor[i], table, values, weights);
        memory_free(values);
    }
    tensor_map_free(&map);
    safetensors_close(&file);
}

static double difference(size_t count, const float *ours, const double *theirs) {
    double apart = 0.0, norm = 0.0;
    for (size_t i = 0; i < count; i++) {
        apart += (ours[i] - theirs[i]) * (ours[i] - theirs[i]);
        norm += theirs[i] * theirs[i];
    }
    return sqrt(apart / norm);
}

static void check_library(const char *group, TensorNames names) {
    hid_t file;
    Job job;
    ParameterTable table;
    char path[64], *text = NULL;
    uint64_t images = 0, classes = 0;
    assert_ok(h5_open(REFERENCE_FOLDER "/libraries.h5", &file));
    assert_ok(h5_get_text(file, group, "job", &text));
    assert_ok(h5_get_count(file, group, "batch", &images));
    assert_ok(h5_get_count(file, group, "classes", &classes));
    assert_ok(job_parse(&job, "x.ini", text, 0, NULL));
    memory_free(text);
    const ModelShape shape = model_shape(&job, 3, classes);
    assert_ok(parameter_table_init(&table, &shape));
    float *weights = test_array(table.floats, sizeof *weights);
    unpack(file, group, "theirs.safetensors");
    take_weights("theirs.safetensors", names, &shape, &table, weights);

    const size_t sides[] = {images, 3, shape.image_size, shape.image_size};
    const size_t wanted[] = {images, classes};
    float *planes = test_array(sides[0] * 3 * sides[2] * sides[3], sizeof *planes);
    float *ours = test_array(images * classes, sizeof *ours);
    double *theirs = test_array(images * classes, sizeof *theirs);
    snprintf(path, sizeof path, "%s/images", group);
    assert_ok(h5_read(file, path, H5T_NATIVE_FLOAT, 4, sides, planes));
    snprintf(path, sizeof path, "%s/logits", group);
    assert_ok(h5_read(file, path, H5T_NATIVE_DOUBLE, 2, wanted, theirs));
    assert_ok(logits_make(&shape, &table, weights, planes, images, ours));
    const double apart = difference(images * classes, ours, theirs);
    print_message("%s: logits %.2g apart\n", group, apart);
    assert_true(apart <= tolerance);
    memory_free(theirs);
    memory_free(ours);
    memory_free(planes);
    memory_free(weights);
    parameter_table_free(&table);
    h5_close(file);
}

static void timm_with_a_class_token(void **state) {
    (void)state;
    check_library("/timm_class", TENSOR_NAMES_TIMM);
}

static void timm_with_the_mean(void **state) {
    (void)state;
    check_library("/timm_mean", TENSOR_NAMES_TIMM);
}

static void hugging_face(void **state) {
    (void)state;
    check_library("/hugging_face", TENSOR_NAMES_HUGGING_FACE);
}

int main(void) {
    gemm_init();
    const struct CMUnitTest tests[] = {
        test_in_folder(timm_with_a_class_token),
        test_in_folder(timm_with_the_mean),
        test_in_folder(hugging_face),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
