#ifndef VIT_TEST_MESSAGE_H
#define VIT_TEST_MESSAGE_H

#include "check.h"

/* Messages in Protocol Buffers' wire format, read: what tests look for in what is written. */

typedef struct Bytes {
    const uint8_t *at, *end;
} Bytes;

typedef struct Field {
    unsigned number;
    uint64_t value; /* of a varint */
    Bytes bytes;    /* of what has a length, or of four or eight bytes */
} Field;

static inline uint64_t message_varint(Bytes *message) {
    uint64_t value = 0;
    for (unsigned shift = 0;; shift += 7) {
        assert_true(message->at < message->end && shift < 64);
        const uint8_t byte = *message->at++;
        value |= (uint64_t)(byte & 0x7f) << shift;
        if (byte < 0x80)
            return value;
    }
}

/* The next field; false at the end. */
static inline bool message_next(Bytes *message, Field *field) {
    if (message->at == message->end)
        return false;
    const uint64_t key = message_varint(message);
    *field = (Field){.number = (unsigned)(key >> 3)};
    uint64_t length = 0;
    switch (key & 7) {
    case 0:
        field->value = message_varint(message);
        return true;
    case 1:
        length = 8;
        break;
    case 2:
        length = message_varint(message);
        break;
    case 5:
        length = 4;
        break;
    default:
        fail_msg("a field of an unknown type");
    }
    assert_true(length <= (uint64_t)(message->end - message->at));
    field->bytes = (Bytes){message->at, message->at + length};
    message->at += length;
    return true;
}

/* The first field of that number; its number is 0 where there is none. */
static inline Field message_find(Bytes message, unsigned number) {
    Field field = {0};
    while (message_next(&message, &field))
        if (field.number == number)
            return field;
    return (Field){0};
}

static inline size_t count_of(Bytes bytes) {
    return (size_t)(bytes.end - bytes.at);
}

static inline bool is_text(Bytes bytes, const char *text) {
    return count_of(bytes) == strlen(text) && memcmp(bytes.at, text, strlen(text)) == 0;
}

/* A whole file, [*bytes]; the caller frees it. */
static inline uint8_t *message_load(const char *path, size_t *bytes) {
    FILE *stream = fopen(path, "rb");
    assert_non_null(stream);
    assert_int_equal(fseek(stream, 0, SEEK_END), 0);
    *bytes = (size_t)ftell(stream);
    rewind(stream);
    uint8_t *content = test_array(*bytes, 1);
    assert_int_equal(fread(content, 1, *bytes, stream), *bytes);
    fclose(stream);
    return content;
}

#endif
