#ifndef VIT_TEST_EVENT_READER_H
#define VIT_TEST_EVENT_READER_H

#include "exchange/message.h"

/* TensorBoard's event files by a reader that shares nothing with what writes them. */

/* CRC-32C bit by bit, from the polynomial as it is written: x^32 + x^28 + ... + 1, 0x1edc6f41, with
 * the bits of bytes and of the result turned round (RFC 3720, 12.1). */
static inline uint32_t reader_crc(Bytes bytes) {
    uint32_t remainder = 0xffffffffu, turned = 0;
    for (const uint8_t *byte = bytes.at; byte < bytes.end; byte++)
        for (int bit = 0; bit < 8; bit++) {
            const uint32_t in = (uint32_t)(*byte >> bit & 1) ^ remainder >> 31;
            remainder = remainder << 1 ^ (in ? 0x1edc6f41u : 0);
        }
    for (int bit = 0; bit < 32; bit++)
        turned |= (~remainder >> bit & 1) << (31 - bit);
    return turned;
}

/* tensorflow/tensorboard, masked_crc.rs */
static inline uint32_t reader_masked(Bytes bytes) {
    const uint32_t crc = reader_crc(bytes);
    return (crc >> 15 | crc << 17) + 0xa282ead8u;
}

static inline uint64_t reader_number(const uint8_t *bytes, size_t count) {
    uint64_t value = 0;
    for (size_t i = count; i-- > 0;)
        value = value << 8 | bytes[i];
    return value;
}

/* The next record; false at the end, or where the last one is cut short. Any other damage fails. */
static inline bool reader_next(Bytes *file, Bytes *record) {
    if (count_of(*file) < 12)
        return false;
    const uint64_t length = reader_number(file->at, 8);
    assert_int_equal(reader_number(file->at + 8, 4),
                     reader_masked((Bytes){file->at, file->at + 8}));
    if (count_of(*file) - 12 < length + 4)
        return false;
    *record = (Bytes){file->at + 12, file->at + 12 + length};
    assert_int_equal(reader_number(record->end, 4), reader_masked(*record));
    file->at = record->end + 4;
    return true;
}

static inline double reader_double(Bytes bytes) {
    double value;
    const uint64_t bits = reader_number(bytes.at, 8);
    assert_int_equal(count_of(bytes), 8);
    memcpy(&value, &bits, sizeof value);
    return value;
}

static inline float reader_float(Bytes bytes) {
    float value;
    const uint32_t bits = (uint32_t)reader_number(bytes.at, 4);
    assert_int_equal(count_of(bytes), 4);
    memcpy(&value, &bits, sizeof value);
    return value;
}

#endif
