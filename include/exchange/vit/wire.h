#ifndef VIT_WIRE_H
#define VIT_WIRE_H

#include "vit/status.h"
#include <stddef.h>
#include <stdint.h>

/* Messages in Protocol Buffers' wire format (protobuf.dev, "Encoding"), written: what ONNX models
 * and TensorBoard's events are made of. A message grows in memory; when there is no more of it,
 * what is added afterwards is dropped, and wire_status tells. All local. */

typedef struct Wire {
    uint8_t *bytes; /* [count] */
    size_t count, room;
    Status status;
} Wire;

/* {0} is an empty message. wire_free empties one for good. */
void wire_free(Wire *wire);

/* STATUS_INTERNAL when something did not fit into memory. */
Status wire_status(const Wire *wire);

/* Fields by their number, in the types of a .proto file. */
void wire_add_integer(Wire *wire, unsigned field, uint64_t value); /* int64, uint64, bool, enum */
void wire_add_float(Wire *wire, unsigned field, float value);
void wire_add_double(Wire *wire, unsigned field, double value);
void wire_add_text(Wire *wire, unsigned field, const char *text);
void wire_add_bytes(Wire *wire, unsigned field, const void *bytes, size_t count);
/* The message becomes a part of this one, and is freed. */
void wire_add_message(Wire *wire, unsigned field, Wire *message);

/* Without a field's number: bytes as they are; and the fields of another message, which is freed.
 */
void wire_append(Wire *wire, const void *bytes, size_t count);
void wire_append_message(Wire *wire, Wire *message);

/* float values as bytes, little-endian: a tensor's raw data. */
void wire_add_floats(Wire *wire, unsigned field, const float *values, size_t count);

#endif
