/* A rank's part of some samples has their pixels and labels, wherever in the file they are. */

#include "folder.h"
#include "mpi_check.h"
#include "vit/data_set.h"
#include "vit/h5.h"
#include "vit/memory.h"
#include "vit/shard.h"
#include <string.h>
#include <sys/stat.h>

/* Pictures of a sixteenth of a block. */
enum { SIDE = 256, CHANNELS = 4, BYTES = SIDE * SIDE * CHANNELS, ROWS = 40, CLASSES = 11 };
_Static_assert(16 * BYTES == SHARD_BLOCK_BYTES, "blocks are of 16 pictures");

static DataHeader header;
static const ShardSource train = {"data.h5", &header, SPLIT_TRAIN, false};

static uint16_t label_of(size_t row) {
    return (uint16_t)(7 * row % CLASSES);
}

static void fill(size_t row, uint8_t *pixels) {
    for (size_t i = 0; i < BYTES; i++)
        pixels[i] = (uint8_t)((i * 2654435761u + row * 40503u) >> 9);
}

static Status make_rows(DataRows *rows, size_t count) {
    rows->count = count;
    STATUS_TRY(memory_allocate(&rows->images, count, BYTES, "images"));
    STATUS_TRY(memory_allocate(&rows->labels, count, sizeof *rows->labels, "labels"));
    for (size_t row = 0; row < count; row++) {
        fill(row, rows->images + row * BYTES);
        rows->labels[row] = label_of(row);
    }
    return STATUS_OK;
}

static void write_file(void) {
    DataSet set = {
        .picture = {SIDE, SIDE, CHANNELS}, .origin.source = "a test", .names = {CLASSES, 4, NULL}};
    CHECK(memory_allocate(&set.names.text, CLASSES, 4, "names") == STATUS_OK);
    for (size_t c = 0; c < CLASSES; c++)
        set.names.text[4 * c] = (char)('a' + c);
    CHECK(make_rows(&set.split[SPLIT_TRAIN], ROWS) == STATUS_OK);
    CHECK(make_rows(&set.split[SPLIT_TEST], 1) == STATUS_OK);
    CHECK(data_set_write("data.h5", &set) == STATUS_OK);
    data_set_free(&set);
}

static void check_samples(Samples samples) {
    static uint8_t pixels[BYTES];
    Shard shard;
    size_t first, count, wrong = 0;
    ranks_share(samples.count, (size_t)world.size, (size_t)world.rank, &first, &count);
    CHECK(shard_read(&shard, &world, &train, samples) == STATUS_OK);
    CHECK(shard.first == first && shard.count == count && shard.total == samples.count);
    for (size_t i = 0; i < shard.count; i++) {
        const size_t row = samples_number(&samples, first + i);
        fill(row, pixels);
        wrong += memcmp(shard.images + i * BYTES, pixels, BYTES) != 0;
        wrong += shard.labels[i] != label_of(row);
    }
    CHECK(wrong == 0);
    shard_free(&shard);
}

static void a_range(void) {
    check_samples((Samples){.count = 25, .first = 3});
    check_samples((Samples){0});
}

/* Within a block, at its ends, over several, and with whole ones in between that none is in. */
static void a_list(void) {
    static const uint32_t some[] = {0, 1, 15, 16, 17, 33, 38, 39}, far[] = {2, 39}, one[] = {20};
    uint32_t all[ROWS];
    for (size_t i = 0; i < ROWS; i++)
        all[i] = (uint32_t)i;
    check_samples((Samples){.count = 8, .number = some});
    check_samples((Samples){.count = 2, .number = far});
    check_samples((Samples){.count = 1, .number = one});
    check_samples((Samples){.count = 0, .number = one});
    check_samples((Samples){.count = ROWS, .number = all});
}

/* A list that another file was made for. */
static void a_row_that_is_not_there(void) {
    static const uint32_t beyond[] = {ROWS};
    Shard shard;
    const Samples samples = {.count = 1, .number = beyond};
    const Status status = shard_read(&shard, &world, &train, samples);
    CHECK(shard.count == 0 ? status == STATUS_OK : status != STATUS_OK);
    shard_free(&shard);
}

static void labels_alone(void) {
    uint16_t labels[ROWS];
    size_t wrong = 0;
    CHECK(data_file_read_labels("data.h5", &header, SPLIT_TRAIN, false, labels) == STATUS_OK);
    for (size_t row = 0; row < ROWS; row++)
        wrong += labels[row] != label_of(row);
    CHECK(wrong == 0);
    CHECK(data_file_read_labels("data.h5", &header, SPLIT_TRAIN, true, labels) == STATUS_DATA);
}

/* ---- all ranks read the same ---- */

static Status verify(const Ranks *ranks, Samples samples, uint64_t *checksum) {
    Shard shard;
    Status status = ranks_agree(ranks, shard_read(&shard, ranks, &train, samples));
    if (status == STATUS_OK)
        status = shard_verify(&shard, ranks, &train, checksum);
    shard_free(&shard);
    return status;
}

static void the_checksum_does_not_depend_on_the_ranks(void) {
    static const uint32_t some[] = {0, 1, 15, 16, 17, 33, 38, 39};
    const Samples samples[] = {
        {.count = ROWS}, {.count = 25, .first = 3}, {.count = 8, .number = some}, {0}};
    uint64_t last = 0;
    Ranks alone;
    ranks_init(&alone, MPI_COMM_SELF);
    for (size_t i = 0; i < sizeof samples / sizeof *samples; i++) {
        uint64_t together = 1, by_one = 2;
        CHECK(verify(&world, samples[i], &together) == STATUS_OK);
        CHECK(verify(&alone, samples[i], &by_one) == STATUS_OK);
        CHECK(together == by_one && together != last);
        last = together;
    }
}

/* In this rank's copy; puts the old value back. */
static void change(const char *name, hid_t type, size_t row, size_t bytes) {
    static uint8_t values[BYTES];
    hid_t file = H5Fopen("data.h5", H5F_ACC_RDWR, H5P_DEFAULT);
    CHECK(h5_read_rows(file, name, type, row, 1, values) == STATUS_OK);
    values[bytes - 1] ^= 1;
    CHECK(h5_write_rows(file, name, type, row, 1, values) == STATUS_OK);
    CHECK(h5_close(file) == STATUS_OK);
}

/* Among those that are read: the stale rank's own. */
static void copies_that_differ_are_noticed(void) {
    const Samples all = {.count = ROWS};
    const int stale = world.size - 1;
    size_t first, count;
    ranks_share(ROWS, (size_t)world.size, (size_t)stale, &first, &count);
    uint64_t right, wrong;
    char copy[32];
    CHECK(verify(&world, all, &right) == STATUS_OK);
    snprintf(copy, sizeof copy, "%d", world.rank);
    CHECK(mkdir(copy, 0777) == 0 && chdir(copy) == 0);
    write_file();
    CHECK(verify(&world, all, &wrong) == STATUS_OK && right == wrong);
    for (size_t row = first; row < first + count; row += (count - 1) / 2)
        for (int labels = 0; labels < 2; labels++) {
            const char *name = labels ? "/train/labels" : "/train/images";
            const hid_t type = labels ? H5T_NATIVE_UINT16 : H5T_NATIVE_UINT8;
            const size_t bytes = labels ? 1 : BYTES;
            if (world.rank == stale)
                change(name, type, row, bytes);
            const Status status = verify(&world, all, &wrong);
            CHECK(status == (world.size > 1 ? STATUS_DATA : STATUS_OK));
            CHECK(status == STATUS_OK ? wrong != right
                                      : strstr(status_message(), "different files") != NULL);
            if (world.rank == stale)
                change(name, type, row, bytes);
        }
    CHECK(verify(&world, all, &wrong) == STATUS_OK && right == wrong);
    CHECK(chdir("..") == 0);
}

int main(int argc, char **argv) {
    test_start(&argc, &argv);
    if (world.rank == 0) {
        CHECK(enter_folder(NULL) == 0);
        write_file();
    }
    ranks_broadcast(&world, folder, sizeof folder);
    CHECK(chdir(folder) == 0);
    CHECK(data_file_read_header("data.h5", &header) == STATUS_OK);
    a_range();
    a_list();
    a_row_that_is_not_there();
    labels_alone();
    the_checksum_does_not_depend_on_the_ranks();
    copies_that_differ_are_noticed();
    MPI_Barrier(world.comm);
    CHECK(world.rank != 0 || leave_folder(NULL) == 0);
    return test_end();
}
