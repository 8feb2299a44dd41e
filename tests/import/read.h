#ifndef VIT_TEST_READ_H
#define VIT_TEST_READ_H

#include "pickle.h"
#include "sample.h"

/* For tests of pickles: what a sample is read as, and what its values are. */

typedef struct Read {
    Sample sample;
    Pickle *pickle;
    const PickleValue *root;
} Read;

static inline Read read_sample(Sample sample) {
    Read read = {.sample = sample};
    assert_ok(pickle_read("a.pickle", sample.bytes, sample.count, &read.pickle));
    read.root = pickle_root(read.pickle);
    return read;
}

static inline void read_free(Read read) {
    pickle_free(read.pickle);
    sample_free(read.sample);
}

static inline Status refusal(Sample sample) {
    Pickle *pickle = (Pickle *)&sample;
    const Status status = pickle_read("a.pickle", sample.bytes, sample.count, &pickle);
    if (status != STATUS_OK)
        assert_null(pickle);
    pickle_free(pickle);
    sample_free(sample);
    return status;
}

static inline void check_text(const PickleValue *value, const char *bytes, size_t count) {
    assert_non_null(value);
    assert_int_equal(value->type, PICKLE_TEXT);
    assert_int_equal(value->text.count, count);
    assert_memory_equal(value->text.bytes, bytes, count);
}

static inline void check_items(const PickleValue *value, PickleType type, size_t count) {
    assert_non_null(value);
    assert_int_equal(value->type, type);
    assert_int_equal(value->items->count, count);
}

static inline void check_integers(const PickleValue *list, size_t count, const int64_t *integers) {
    check_items(list, PICKLE_LIST, count);
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(list->items->item[i].type, PICKLE_INTEGER);
        assert_int_equal(list->items->item[i].integer, integers[i]);
    }
}

#endif
