/* read_events OUT FILE...: each event of TensorBoard's files as a line of OUT: "version TEXT",
 * "start STEP", or "STEP TAG VALUE"; and "cut" where the last record is cut short. Fails where a
 * checksum does not fit, or times go back. For tensorboard.sh. */

#include "exchange/event_reader.h"

static FILE *out;

/* Event: wall_time 1, step 2, file_version 3, summary 5, session_log 7. */
static void print_event(Bytes event, double *time) {
    Field field = {0};
    const unsigned long long step = message_find(event, 2).value;
    const Bytes version = message_find(event, 3).bytes;
    const double now = reader_double(message_find(event, 1).bytes);
    assert_true(now >= *time);
    *time = now;
    if (version.at)
        fprintf(out, "version %.*s\n", (int)count_of(version), (const char *)version.at);
    if (message_find(message_find(event, 7).bytes, 1).value == 1)
        fprintf(out, "start %llu\n", step);
    for (Bytes rest = message_find(event, 5).bytes; message_next(&rest, &field);) {
        const Bytes tag = message_find(field.bytes, 1).bytes;
        fprintf(out, "%llu %.*s %.9g\n", step, (int)count_of(tag), (const char *)tag.at,
                (double)reader_float(message_find(field.bytes, 2).bytes));
    }
}

static void read_file(const char *path) {
    size_t bytes;
    double time = 0.0;
    uint8_t *content = message_load(path, &bytes);
    Bytes file = {content, content + bytes}, record = {0};
    while (reader_next(&file, &record))
        print_event(record, &time);
    if (count_of(file) > 0)
        fputs("cut\n", out);
    memory_free(content);
}

static int files;
static char **path;

static void read_all(void **state) {
    (void)state;
    assert_non_null(out);
    for (int i = 0; i < files; i++)
        read_file(path[i]);
}

int main(int argc, char **argv) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(read_all)};
    if (argc < 3)
        return STATUS_USAGE;
    out = fopen(argv[1], "w");
    files = argc - 2;
    path = argv + 2;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
