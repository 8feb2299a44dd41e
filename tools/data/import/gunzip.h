#ifndef IMPORT_GUNZIP_H
#define IMPORT_GUNZIP_H

#include "vit/status.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <zlib.h>

/* Unpacks gzip (RFC 1952), of any number of members one after another, and verifies the checksum of
 * each: libarchive does not, and a picture with a few other bytes is a picture still. What follows
 * the last member, such as padding, is no part of it. All local. */

typedef struct Gunzip {
    const char *name; /* for messages */
    int descriptor;   /* of a file that is read on from where it is, or -1: */
    const uint8_t *bytes;
    size_t count; /* what is left in memory */
    uint8_t *packed;
    z_stream stream;
    bool open, within; /* a member */
} Gunzip;

/* Whether these bytes begin a file of gzip. */
bool gunzip_recognizes(const uint8_t *bytes, size_t count);

/* gunzip_end whatever the outcome; all zeros are nothing to end. STATUS_INTERNAL: out of memory.
 * The descriptor, bytes and name remain the caller's. */
Status gunzip_begin_file(Gunzip *gunzip, const char *name, int descriptor);
Status gunzip_begin_bytes(Gunzip *gunzip, const char *name, const uint8_t *bytes, size_t count);
void gunzip_end(Gunzip *gunzip);

/* Unpacks as many bytes as there is room for, fewer only at the end. STATUS_DATA: damaged or cut
 * short; STATUS_IO: the file cannot be read; STATUS_INTERNAL: out of memory. */
Status gunzip_read(Gunzip *gunzip, uint8_t *to, size_t room, size_t *got);

#endif
