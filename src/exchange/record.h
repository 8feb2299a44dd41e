#ifndef VIT_RECORD_H
#define VIT_RECORD_H

#include <stddef.h>
#include <stdint.h>

/* Records of TensorFlow's files (TFRecord): eight bytes of length, four of its checksum, the bytes,
 * four of theirs; all little-endian. Private to src/exchange. Local. */

enum { RECORD_BEFORE = 12, RECORD_AFTER = 4 };

/* What stands before and after a record's bytes. */
void record_frame(const uint8_t *bytes, size_t count, uint8_t before[static RECORD_BEFORE],
                  uint8_t after[static RECORD_AFTER]);

/* CRC-32C (Castagnoli), and as records have it: rotated, and a constant added. */
uint32_t record_crc(const uint8_t *bytes, size_t count);
uint32_t record_masked_crc(const uint8_t *bytes, size_t count);

#endif
