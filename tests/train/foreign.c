/* foreign KIND DATA.h5: rewrites parts of a data file of vit_data's as other programs write them,
 * or as what befalls files leaves them. For foreign.sh. */

#include <hdf5.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CHECK(call)                                                                                \
    do {                                                                                           \
        if ((call) < 0) {                                                                          \
            fprintf(stderr, "foreign: %s failed\n", #call);                                        \
            exit(1);                                                                               \
        }                                                                                          \
    } while (0)

enum { AXES_MOST = 4 };

/* All of a dataset, as values of a type. */
typedef struct Values {
    int axes;
    hsize_t shape[AXES_MOST], count;
    void *bytes;
} Values;

static hid_t opened(hid_t id) {
    CHECK(id);
    return id;
}

static Values read_all(hid_t file, const char *name, hid_t type) {
    Values values = {.count = 1};
    const hid_t set = opened(H5Dopen2(file, name, H5P_DEFAULT)), space = H5Dget_space(set);
    values.axes = H5Sget_simple_extent_dims(space, values.shape, NULL);
    for (int i = 0; i < values.axes; i++)
        values.count *= values.shape[i];
    values.bytes = malloc(values.count * H5Tget_size(type) + 1);
    CHECK(H5Dread(set, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, values.bytes));
    CHECK(H5Sclose(space));
    CHECK(H5Dclose(set));
    return values;
}

/* Contiguous and without checksums, as h5py writes by default, unless there is a creation list. */
static void write_new(hid_t file, const char *name, hid_t stored, hid_t type, int axes,
                      const hsize_t *shape, hid_t creation, const void *bytes) {
    const hid_t space = opened(H5Screate_simple(axes, shape, NULL));
    const hid_t set =
        opened(H5Dcreate2(file, name, stored, space, H5P_DEFAULT, creation, H5P_DEFAULT));
    if (bytes)
        CHECK(H5Dwrite(set, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, bytes));
    CHECK(H5Dclose(set));
    CHECK(H5Sclose(space));
}

static void replace(hid_t file, const char *name, hid_t stored, hid_t type, const Values *values,
                    hid_t creation) {
    CHECK(H5Ldelete(file, name, H5P_DEFAULT));
    write_new(file, name, stored, type, values->axes, values->shape, creation, values->bytes);
}

static const char *const part[] = {"/train", "/test"};

static void each_part(hid_t file, const char *what, void (*change)(hid_t file, const char *name)) {
    for (size_t i = 0; i < sizeof part / sizeof *part; i++) {
        char name[64];
        snprintf(name, sizeof name, "%s/%s", part[i], what);
        change(file, name);
    }
}

/* ---- what is read ---- */

static void variable_names(hid_t file, const char *name) {
    char *text[256];
    const hid_t set = opened(H5Dopen2(file, name, H5P_DEFAULT)), fixed = H5Dget_type(set);
    const size_t width = H5Tget_size(fixed);
    Values values = read_all(file, name, fixed);
    const hid_t type = H5Tcopy(H5T_C_S1);
    CHECK(H5Tset_size(type, H5T_VARIABLE));
    CHECK(H5Tset_cset(type, H5T_CSET_UTF8));
    for (hsize_t i = 0; i < values.count; i++)
        text[i] = (char *)values.bytes + i * width;
    CHECK(H5Dclose(set));
    values.bytes = text;
    replace(file, name, type, type, &values, H5P_DEFAULT);
}

static void variable(hid_t file) {
    variable_names(file, "/label_names");
    variable_names(file, "/coarse_label_names");
    const hid_t type = H5Tcopy(H5T_C_S1), space = H5Screate(H5S_SCALAR);
    CHECK(H5Tset_size(type, H5T_VARIABLE));
    CHECK(H5Adelete(file, "source"));
    const hid_t source = H5Acreate2(file, "source", type, space, H5P_DEFAULT, H5P_DEFAULT);
    const char *text = "written by another program";
    CHECK(H5Awrite(source, type, &text));
    CHECK(H5Aclose(source));
}

static void to_int64(hid_t file, const char *name) {
    const Values values = read_all(file, name, H5T_NATIVE_INT64);
    replace(file, name, H5T_STD_I64LE, H5T_NATIVE_INT64, &values, H5P_DEFAULT);
}

static void to_int8_column(hid_t file, const char *name) {
    Values values = read_all(file, name, H5T_NATIVE_INT64);
    values.axes = 2;
    values.shape[1] = 1;
    replace(file, name, H5T_STD_I8BE, H5T_NATIVE_INT64, &values, H5P_DEFAULT);
}

static void integers(hid_t file) {
    each_part(file, "labels", to_int64);
    each_part(file, "coarse_labels", to_int8_column);
}

static void float32_statistic(hid_t file, const char *name, double scale, bool root) {
    double values[3];
    float less[3];
    hsize_t count = 3;
    hid_t attribute = opened(H5Aopen(file, name, H5P_DEFAULT));
    CHECK(H5Aread(attribute, H5T_NATIVE_DOUBLE, values));
    CHECK(H5Aclose(attribute));
    CHECK(H5Adelete(file, name));
    for (int c = 0; c < 3; c++) {
        double value = values[c];
        for (double low = 0, high = value + 1; root && high - low > 1e-9;) { /* no libm here */
            value = (low + high) / 2;
            *(value * value > values[c] ? &high : &low) = value;
        }
        less[c] = (float)(value * scale);
    }
    const hid_t space = H5Screate_simple(1, &count, NULL);
    attribute = opened(H5Acreate2(file, name, H5T_IEEE_F32LE, space, H5P_DEFAULT, H5P_DEFAULT));
    CHECK(H5Awrite(attribute, H5T_NATIVE_FLOAT, less));
    CHECK(H5Aclose(attribute));
}

static void float32(hid_t file) {
    float32_statistic(file, "channel_mean", 1, false);
    float32_statistic(file, "channel_variance", 1, false);
}

static void to_contiguous(hid_t file, const char *name) {
    const Values values = read_all(file, name, H5T_NATIVE_UINT8);
    replace(file, name, H5T_STD_U8LE, H5T_NATIVE_UINT8, &values, H5P_DEFAULT);
}

/* Images, labels and names, and nothing else. */
static void plain(hid_t file) {
    const hid_t root = opened(H5Gopen2(file, "/", H5P_DEFAULT));
    while (H5Aget_num_attrs(root) > 0)
        CHECK(H5Adelete_by_idx(root, ".", H5_INDEX_NAME, H5_ITER_INC, 0, H5P_DEFAULT));
    CHECK(H5Gclose(root));
    each_part(file, "images", to_contiguous);
    each_part(file, "labels", to_contiguous);
}

static hid_t chunks(const Values *values) {
    hsize_t chunk[AXES_MOST];
    const hid_t creation = H5Pcreate(H5P_DATASET_CREATE);
    memcpy(chunk, values->shape, sizeof chunk);
    chunk[0] = 7;
    CHECK(H5Pset_chunk(creation, values->axes, chunk));
    return creation;
}

static void to_gzip(hid_t file, const char *name) {
    const Values values = read_all(file, name, H5T_NATIVE_UINT8);
    const hid_t creation = chunks(&values);
    CHECK(H5Pset_shuffle(creation));
    CHECK(H5Pset_deflate(creation, 4));
    replace(file, name, H5T_STD_U8LE, H5T_NATIVE_UINT8, &values, creation);
}

static void gzip(hid_t file) {
    each_part(file, "images", to_gzip);
}

/* /train goes into a file of its own, which a link leads to. */
static void linked(hid_t file) {
    const hid_t other = opened(H5Fcreate("train.h5", H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT));
    CHECK(H5Ocopy(file, "/train", other, "/here", H5P_DEFAULT, H5P_DEFAULT));
    CHECK(H5Fclose(other));
    CHECK(H5Ldelete(file, "/train", H5P_DEFAULT));
    CHECK(H5Lcreate_external("train.h5", "/here", file, "/train", H5P_DEFAULT, H5P_DEFAULT));
}

/* Training images are in two files, of a stored type, one behind the other, or over the last rows
 * of it; of the first one some rows are kept back. */
static void virtual_images(hid_t file, hid_t stored, hsize_t over, hsize_t kept) {
    const Values all = read_all(file, "/train/images", H5T_NATIVE_UINT8);
    const hsize_t half = all.shape[0] / 2, row = all.count / all.shape[0];
    const hid_t creation = H5Pcreate(H5P_DATASET_CREATE);
    const hid_t whole = H5Screate_simple(all.axes, all.shape, NULL);
    for (hsize_t i = 0; i < 2; i++) {
        char path[32];
        hsize_t start[AXES_MOST] = {i * (half - over)}, shape[AXES_MOST], now[AXES_MOST];
        memcpy(shape, all.shape, sizeof shape);
        shape[0] = i ? all.shape[0] - half : half;
        memcpy(now, shape, sizeof now);
        now[0] -= i ? 0 : kept;
        snprintf(path, sizeof path, "images%d.h5", (int)i);
        const hid_t other = opened(H5Fcreate(path, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT));
        write_new(other, "/images", stored, H5T_NATIVE_UINT8, all.axes, now, H5P_DEFAULT,
                  (const uint8_t *)all.bytes + i * half * row);
        CHECK(H5Fclose(other));
        const hid_t from = H5Screate_simple(all.axes, shape, NULL);
        CHECK(H5Sselect_hyperslab(whole, H5S_SELECT_SET, start, NULL, shape, NULL));
        CHECK(H5Pset_virtual(creation, whole, path, "/images", from));
    }
    CHECK(H5Sselect_all(whole));
    CHECK(H5Ldelete(file, "/train/images", H5P_DEFAULT));
    write_new(file, "/train/images", H5T_STD_U8LE, H5T_NATIVE_UINT8, all.axes, all.shape, creation,
              NULL);
}

static void is_virtual(hid_t file) {
    virtual_images(file, H5T_STD_U8LE, 0, 0);
}

/* The first half of the training images as raw bytes in a file of its own. */
static void raw(hid_t file) {
    const Values all = read_all(file, "/train/images", H5T_NATIVE_UINT8);
    const hid_t creation = H5Pcreate(H5P_DATASET_CREATE);
    CHECK(H5Pset_external(creation, "first.raw", 0, all.count / 2));
    CHECK(H5Pset_external(creation, "second.raw", 0, H5F_UNLIMITED));
    replace(file, "/train/images", H5T_STD_U8LE, H5T_NATIVE_UINT8, &all, creation);
}

/* ---- what is refused ---- */

static void float_images(hid_t file) {
    Values values = read_all(file, "/train/images", H5T_NATIVE_FLOAT);
    for (hsize_t i = 0; i < values.count; i++)
        ((float *)values.bytes)[i] /= 255;
    replace(file, "/train/images", H5T_IEEE_F32LE, H5T_NATIVE_FLOAT, &values, H5P_DEFAULT);
}

static void one_hot(hid_t file) {
    Values values = read_all(file, "/train/labels", H5T_NATIVE_UINT16);
    const uint16_t *label = values.bytes;
    uint8_t *hot = calloc(values.count, 5);
    for (hsize_t i = 0; i < values.count; i++)
        hot[5 * i + label[i]] = 1;
    values.axes = 2;
    values.shape[1] = 5;
    values.bytes = hot;
    replace(file, "/train/labels", H5T_STD_U8LE, H5T_NATIVE_UINT8, &values, H5P_DEFAULT);
}

static void channels_first(hid_t file) {
    Values values = read_all(file, "/train/images", H5T_NATIVE_UINT8);
    const hsize_t turned[] = {values.shape[0], values.shape[3], values.shape[1], values.shape[2]};
    memcpy(values.shape, turned, sizeof turned);
    replace(file, "/train/images", H5T_STD_U8LE, H5T_NATIVE_UINT8, &values, H5P_DEFAULT);
}

static void without_channels(hid_t file) {
    Values values = read_all(file, "/train/images", H5T_NATIVE_UINT8);
    values.axes = 3;
    replace(file, "/train/images", H5T_STD_U8LE, H5T_NATIVE_UINT8, &values, H5P_DEFAULT);
}

static void one_row(hid_t file) {
    Values values = read_all(file, "/train/labels", H5T_NATIVE_UINT16);
    values.axes = 2;
    values.shape[1] = values.shape[0];
    values.shape[0] = 1;
    replace(file, "/train/labels", H5T_STD_U16LE, H5T_NATIVE_UINT16, &values, H5P_DEFAULT);
}

static void wide_images(hid_t file) {
    const Values values = read_all(file, "/train/images", H5T_NATIVE_INT64);
    replace(file, "/train/images", H5T_STD_I64LE, H5T_NATIVE_INT64, &values, H5P_DEFAULT);
}

/* Of a test image alone. */
static void test_label(hid_t file) {
    const Values values = read_all(file, "/test/labels", H5T_NATIVE_INT64);
    ((int64_t *)values.bytes)[7] = 5;
    replace(file, "/test/labels", H5T_STD_I64LE, H5T_NATIVE_INT64, &values, H5P_DEFAULT);
}

static void from_one(hid_t file) {
    const Values values = read_all(file, "/train/labels", H5T_NATIVE_INT64);
    for (hsize_t i = 0; i < values.count; i++)
        ((int64_t *)values.bytes)[i]++;
    replace(file, "/train/labels", H5T_STD_I64LE, H5T_NATIVE_INT64, &values, H5P_DEFAULT);
}

static void negative(hid_t file) {
    const Values values = read_all(file, "/train/labels", H5T_NATIVE_INT64);
    ((int64_t *)values.bytes)[11] = -1;
    replace(file, "/train/labels", H5T_STD_I64LE, H5T_NATIVE_INT64, &values, H5P_DEFAULT);
}

static size_t pass_through(unsigned flags, size_t count, const unsigned values[], size_t bytes,
                           size_t *room, void **buffer) {
    (void)flags, (void)count, (void)values, (void)room, (void)buffer;
    return bytes;
}

/* Through a filter that no other program has. */
static void filter(hid_t file) {
    const H5Z_class2_t class = {H5Z_CLASS_T_VERS, 32015, 1, 1, "zstd", NULL, NULL, pass_through};
    const Values values = read_all(file, "/train/images", H5T_NATIVE_UINT8);
    const hid_t creation = chunks(&values);
    CHECK(H5Zregister(&class));
    CHECK(H5Pset_filter(creation, 32015, H5Z_FLAG_MANDATORY, 0, NULL));
    replace(file, "/train/images", H5T_STD_U8LE, H5T_NATIVE_UINT8, &values, creation);
}

static void short_source(hid_t file) {
    virtual_images(file, H5T_STD_U8LE, 0, 1);
}

static void overlapping(hid_t file) {
    virtual_images(file, H5T_STD_U8LE, 1, 0);
}

static void real_source(hid_t file) {
    virtual_images(file, H5T_IEEE_F32LE, 0, 0);
}

/* Room for all images, and none written. */
static void unwritten(hid_t file) {
    Values values = read_all(file, "/train/images", H5T_NATIVE_UINT8);
    const hid_t creation = chunks(&values);
    values.bytes = NULL;
    replace(file, "/train/images", H5T_STD_U8LE, H5T_NATIVE_UINT8, &values, creation);
}

static void unwritten_contiguous(hid_t file) {
    Values values = read_all(file, "/train/images", H5T_NATIVE_UINT8);
    values.bytes = NULL;
    replace(file, "/train/images", H5T_STD_U8LE, H5T_NATIVE_UINT8, &values, H5P_DEFAULT);
}

static void zero_to_one(hid_t file) {
    float32_statistic(file, "channel_mean", 1.0 / 255, false);
    float32_statistic(file, "channel_variance", 1.0 / 255 / 255, false);
}

static void deviation(hid_t file) {
    float32_statistic(file, "channel_variance", 1, true);
}

/* Other ones that may be meant. */
static void shifted(hid_t file) {
    float32_statistic(file, "channel_mean", 0.9, false);
}

/* One pixel of a training image and of no statistic that is told. */
static void pixel(hid_t file) {
    const Values values = read_all(file, "/train/images", H5T_NATIVE_UINT8);
    ((uint8_t *)values.bytes)[values.count / 2] ^= 1;
    replace(file, "/train/images", H5T_STD_U8LE, H5T_NATIVE_UINT8, &values, H5P_DEFAULT);
}

static void swapped_labels(hid_t file) {
    const Values values = read_all(file, "/test/labels", H5T_NATIVE_UINT16);
    ((uint16_t *)values.bytes)[3] = 0;
    ((uint16_t *)values.bytes)[4] = 0;
    replace(file, "/test/labels", H5T_STD_U16LE, H5T_NATIVE_UINT16, &values, H5P_DEFAULT);
}

/* The writer is gone before it could close the file. */
static void killed(hid_t file) {
    CHECK(H5Fflush(file, H5F_SCOPE_GLOBAL));
    _exit(0);
}

/* ---- */

static const struct {
    const char *name;
    void (*change)(hid_t file);
} kinds[] = {{"variable", variable},
             {"integers", integers},
             {"float32", float32},
             {"plain", plain},
             {"gzip", gzip},
             {"linked", linked},
             {"virtual", is_virtual},
             {"raw", raw},
             {"float-images", float_images},
             {"one-hot", one_hot},
             {"channels-first", channels_first},
             {"without-channels", without_channels},
             {"one-row", one_row},
             {"wide-images", wide_images},
             {"test-label", test_label},
             {"from-one", from_one},
             {"negative", negative},
             {"filter", filter},
             {"short-source", short_source},
             {"overlapping", overlapping},
             {"real-source", real_source},
             {"unwritten", unwritten},
             {"unwritten-contiguous", unwritten_contiguous},
             {"zero-to-one", zero_to_one},
             {"deviation", deviation},
             {"shifted", shifted},
             {"pixel", pixel},
             {"test-labels", swapped_labels},
             {"killed", killed}};

int main(int argc, char **argv) {
    if (argc != 3)
        return 64;
    const hid_t access = H5Pcreate(H5P_FILE_ACCESS);
    CHECK(H5Pset_libver_bounds(access, H5F_LIBVER_LATEST, H5F_LIBVER_LATEST));
    const hid_t file = opened(H5Fopen(argv[2], H5F_ACC_RDWR, access));
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (strcmp(kinds[i].name, argv[1]) == 0) {
            kinds[i].change(file);
            return H5Fclose(file) < 0;
        }
    return 64;
}
