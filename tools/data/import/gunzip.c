#include "gunzip.h"

#include "vit/memory.h"
#include "vit/size.h"
#include <errno.h>
#include <string.h>
#include <unistd.h>

/* Of a file at once, and of memory what zlib can count. */
enum { PACKED_BYTES = 1 << 20, STEP_BYTES = 1 << 30 };

static const uint8_t magic[] = {0x1f, 0x8b};

bool gunzip_recognizes(const uint8_t *bytes, size_t count) {
    return count >= sizeof magic && memcmp(bytes, magic, sizeof magic) == 0;
}

/* ---- begin and end ---- */

static Status begin_stream(Gunzip *gunzip) {
    enum { GZIP_ONLY = 16 };
    if (inflateInit2(&gunzip->stream, MAX_WBITS + GZIP_ONLY) != Z_OK)
        return status_fail(STATUS_INTERNAL, "out of memory: %s", gunzip->name);
    gunzip->open = true;
    return STATUS_OK;
}

Status gunzip_begin_file(Gunzip *gunzip, const char *name, int descriptor) {
    *gunzip = (Gunzip){.name = name, .descriptor = descriptor};
    STATUS_TRY(memory_allocate(&gunzip->packed, PACKED_BYTES, 1, name));
    return begin_stream(gunzip);
}

Status gunzip_begin_bytes(Gunzip *gunzip, const char *name, const uint8_t *bytes, size_t count) {
    *gunzip = (Gunzip){.name = name, .descriptor = -1, .bytes = bytes, .count = count};
    return begin_stream(gunzip);
}

void gunzip_end(Gunzip *gunzip) {
    if (gunzip->open)
        inflateEnd(&gunzip->stream);
    memory_free(gunzip->packed);
    *gunzip = (Gunzip){0};
}

/* ---- bytes ---- */

static Status refill_from_file(Gunzip *gunzip) {
    ssize_t got;
    do
        got = read(gunzip->descriptor, gunzip->packed, PACKED_BYTES);
    while (got < 0 && errno == EINTR);
    if (got < 0)
        return status_fail(STATUS_IO, "%s: cannot be read: %s", gunzip->name, strerror(errno));
    gunzip->stream.next_in = gunzip->packed;
    gunzip->stream.avail_in = (uInt)got;
    return STATUS_OK;
}

/* Nothing at the end. */
static Status refill(Gunzip *gunzip) {
    if (gunzip->descriptor >= 0)
        return refill_from_file(gunzip);
    const size_t step = size_smaller(gunzip->count, STEP_BYTES);
    gunzip->stream.next_in = (z_const Bytef *)gunzip->bytes;
    gunzip->stream.avail_in = (uInt)step;
    gunzip->bytes += step;
    gunzip->count -= step;
    return STATUS_OK;
}

/* At the end of a member its checksum and length have been compared. */
static Status inflate_more(Gunzip *gunzip) {
    const int result = inflate(&gunzip->stream, Z_NO_FLUSH);
    gunzip->within = result != Z_STREAM_END;
    if (result == Z_STREAM_END)
        inflateReset(&gunzip->stream);
    if (result == Z_STREAM_END || result == Z_OK)
        return STATUS_OK;
    if (result == Z_MEM_ERROR)
        return status_fail(STATUS_INTERNAL, "out of memory: %s", gunzip->name);
    return status_fail(STATUS_DATA, "%s: damaged gzip: %s", gunzip->name,
                       gunzip->stream.msg ? gunzip->stream.msg : "what is packed makes no sense");
}

Status gunzip_read(Gunzip *gunzip, uint8_t *to, size_t room, size_t *got) {
    z_stream *stream = &gunzip->stream;
    stream->next_out = to;
    stream->avail_out = (uInt)size_smaller(room, STEP_BYTES);
    while (stream->avail_out) {
        if (stream->avail_in == 0)
            STATUS_TRY(refill(gunzip));
        if (stream->avail_in == 0 && gunzip->within)
            return status_fail(STATUS_DATA, "%s: truncated gzip", gunzip->name);
        if (stream->avail_in == 0 || (!gunzip->within && stream->next_in[0] != magic[0]))
            break;
        STATUS_TRY(inflate_more(gunzip));
    }
    *got = (size_t)(stream->next_out - to);
    return STATUS_OK;
}
