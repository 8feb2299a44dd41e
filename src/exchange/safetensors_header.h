#ifndef VIT_SAFETENSORS_HEADER_H
#define VIT_SAFETENSORS_HEADER_H

#include "vit/safetensors.h"

/* The JSON header, apart from the file that it is in. Private to src/exchange. */

/* Reads [bytes] of JSON into file->tensor, note and header, sorted by place, and checks all that
 * the format demands of it; room: bytes of values that the file has. Messages begin with
 * file->path. */
Status safetensors_header_read(Safetensors *file, const char *text, size_t bytes, uint64_t room);

/* Bytes of so many values of a type; 0 when there is no such type or they do not fit a number. A
 * type may have less than eight bits. */
uint64_t safetensors_header_bytes(const char *type, uint64_t count);

#endif
