#include "record.h"

#include "little_endian.h"

uint32_t record_crc(const uint8_t *bytes, size_t count) {
    static const uint32_t polynomial = 0x82f63b78u; /* reflected */
    uint32_t crc = 0xffffffffu;
    for (size_t i = 0; i < count; i++) {
        crc ^= bytes[i];
        for (int bit = 0; bit < 8; bit++)
            crc = crc >> 1 ^ (crc & 1 ? polynomial : 0);
    }
    return ~crc;
}

uint32_t record_masked_crc(const uint8_t *bytes, size_t count) {
    const uint32_t crc = record_crc(bytes, count);
    return (crc >> 15 | crc << 17) + 0xa282ead8u;
}

void record_frame(const uint8_t *bytes, size_t count, uint8_t before[static RECORD_BEFORE],
                  uint8_t after[static RECORD_AFTER]) {
    little_endian_put(count, before, 8);
    little_endian_put(record_masked_crc(before, 8), before + 8, 4);
    little_endian_put(record_masked_crc(bytes, count), after, 4);
}
