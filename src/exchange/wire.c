#include "vit/wire.h"

#include "little_endian.h"
#include "vit/memory.h"
#include <string.h>

/* How the value of a field is stored. */
typedef enum WireType {
    WIRE_VARINT = 0,
    WIRE_64_BITS = 1,
    WIRE_LENGTH = 2,
    WIRE_32_BITS = 5
} WireType;

void wire_free(Wire *wire) {
    memory_free(wire->bytes);
    *wire = (Wire){0};
}

Status wire_status(const Wire *wire) {
    return wire->status == STATUS_OK
               ? STATUS_OK
               : status_fail(wire->status, "out of memory: a message of more than %zu bytes",
                             wire->count);
}

/* Room for so many bytes more; NULL when there is none. */
static uint8_t *grow(Wire *wire, size_t more) {
    if (wire->status != STATUS_OK)
        return NULL;
    if (more > wire->room - wire->count) {
        const size_t room = 2 * wire->room + more + 64;
        uint8_t *bytes;
        wire->status = memory_allocate(&bytes, room, 1, "a message");
        if (wire->status != STATUS_OK)
            return NULL;
        if (wire->count)
            memcpy(bytes, wire->bytes, wire->count);
        memory_free(wire->bytes);
        wire->bytes = bytes;
        wire->room = room;
    }
    wire->count += more;
    return wire->bytes + wire->count - more;
}

/* Seven bits a byte, the lowest first. */
static void put_varint(Wire *wire, uint64_t value) {
    uint8_t bytes[10];
    size_t count = 0;
    do {
        bytes[count] = (uint8_t)((value & 0x7f) | (value > 0x7f ? 0x80 : 0));
        value >>= 7;
        count++;
    } while (value);
    uint8_t *to = grow(wire, count);
    if (to)
        memcpy(to, bytes, count);
}

static void put_key(Wire *wire, unsigned field, WireType type) {
    put_varint(wire, (uint64_t)field << 3 | type);
}

static void put_fixed(Wire *wire, uint64_t value, size_t count) {
    uint8_t *to = grow(wire, count);
    if (to)
        little_endian_put(value, to, count);
}

void wire_add_integer(Wire *wire, unsigned field, uint64_t value) {
    put_key(wire, field, WIRE_VARINT);
    put_varint(wire, value);
}

void wire_add_float(Wire *wire, unsigned field, float value) {
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    put_key(wire, field, WIRE_32_BITS);
    put_fixed(wire, bits, sizeof bits);
}

void wire_add_double(Wire *wire, unsigned field, double value) {
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    put_key(wire, field, WIRE_64_BITS);
    put_fixed(wire, bits, sizeof bits);
}

void wire_append(Wire *wire, const void *bytes, size_t count) {
    uint8_t *to = count ? grow(wire, count) : NULL;
    if (to)
        memcpy(to, bytes, count);
}

void wire_append_message(Wire *wire, Wire *message) {
    if (wire->status == STATUS_OK)
        wire->status = message->status;
    wire_append(wire, message->bytes, message->count);
    wire_free(message);
}

void wire_add_bytes(Wire *wire, unsigned field, const void *bytes, size_t count) {
    put_key(wire, field, WIRE_LENGTH);
    put_varint(wire, count);
    wire_append(wire, bytes, count);
}

void wire_add_text(Wire *wire, unsigned field, const char *text) {
    wire_add_bytes(wire, field, text, strlen(text));
}

void wire_add_message(Wire *wire, unsigned field, Wire *message) {
    put_key(wire, field, WIRE_LENGTH);
    put_varint(wire, message->count);
    wire_append_message(wire, message);
}

void wire_add_floats(Wire *wire, unsigned field, const float *values, size_t count) {
    put_key(wire, field, WIRE_LENGTH);
    put_varint(wire, count * sizeof *values);
    uint8_t *to = count ? grow(wire, count * sizeof *values) : NULL;
    for (size_t i = 0; to && i < count; i++) {
        uint32_t bits;
        memcpy(&bits, &values[i], sizeof bits);
        little_endian_put(bits, to + i * sizeof bits, sizeof bits);
    }
}
