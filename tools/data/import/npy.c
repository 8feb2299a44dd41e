#include "npy.h"

#include "bytes.h"
#include <string.h>

/* The header, a Python dictionary in ASCII, while it is read. */
typedef struct Header {
    const char *name;
    const uint8_t *bytes; /* of the file */
    size_t at, end;       /* the next byte; the first one behind the header */
    bool has_type, has_order, has_shape;
    bool fortran;
    Array *array; /* type, big_endian, axes and shape go there */
} Header;

typedef struct Word {
    const uint8_t *text;
    size_t length;
} Word;

static bool word_is(Word word, const char *text) {
    return word.length == strlen(text) && memcmp(word.text, text, word.length) == 0;
}

/* ---- pieces of the dictionary ---- */

static bool is_blank(uint8_t byte) {
    return byte == ' ' || byte == '\t' || byte == '\r' || byte == '\n';
}

static void skip_blanks(Header *header) {
    while (header->at < header->end && is_blank(header->bytes[header->at]))
        header->at++;
}

static Status fail_wanted(const Header *header, const char *wanted) {
    char excerpt[BYTES_EXCERPT];
    if (header->at == header->end)
        return status_fail(STATUS_DATA, "%s: byte %zu: %s is wanted, the header ends", header->name,
                           header->at, wanted);
    return status_fail(STATUS_DATA, "%s: byte %zu: %s is wanted, '%s' is there", header->name,
                       header->at, wanted, bytes_excerpt(&header->bytes[header->at], 1, excerpt));
}

/* Whether the next byte behind blanks is this one; moves past it when it is. */
static bool take(Header *header, char byte) {
    skip_blanks(header);
    if (header->at == header->end || header->bytes[header->at] != (uint8_t)byte)
        return false;
    header->at++;
    return true;
}

static Status require(Header *header, char byte) {
    const char wanted[] = {'\'', byte, '\'', '\0'};
    return take(header, byte) ? STATUS_OK : fail_wanted(header, wanted);
}

/* In either of Python's quotes, without escapes. */
static Status read_text(Header *header, Word *word) {
    const char quote = take(header, '"') ? '"' : '\'';
    if (quote != '"' && !take(header, '\''))
        return fail_wanted(header, "a text in quotes");
    const uint8_t *text = header->bytes + header->at;
    const uint8_t *end = memchr(text, quote, header->end - header->at);
    if (!end || memchr(text, '\\', (size_t)(end - text)))
        return fail_wanted(header, "a text that ends with its quote, without backslashes,");
    *word = (Word){text, (size_t)(end - text)};
    header->at += word->length + 1;
    return STATUS_OK;
}

static bool is_digit(const Header *header) {
    return header->at < header->end && header->bytes[header->at] >= '0' &&
           header->bytes[header->at] <= '9';
}

/* Python 2 writes some of them as 28L. */
static Status read_size(Header *header, size_t *size) {
    skip_blanks(header);
    if (!is_digit(header))
        return fail_wanted(header, "a size");
    for (*size = 0; is_digit(header); header->at++)
        if (__builtin_mul_overflow(*size, 10, size) ||
            __builtin_add_overflow(*size, header->bytes[header->at] - '0', size))
            return status_fail(STATUS_DATA, "%s: byte %zu: a size that is too large to be counted",
                               header->name, header->at);
    if (header->at < header->end && header->bytes[header->at] == 'L')
        header->at++;
    return STATUS_OK;
}

/* ---- its three values ---- */

static Status read_type(Header *header) {
    Word word = {0};
    if (take(header, '['))
        return status_fail(STATUS_DATA,
                           "%s: byte %zu: elements are structures; one array for each of their "
                           "fields can be read",
                           header->name, header->at - 1);
    STATUS_TRY(read_text(header, &word));
    return array_type_read(header->name, (size_t)(word.text - header->bytes), word.text,
                           word.length, &header->array->type, &header->array->big_endian);
}

static Status read_order(Header *header) {
    static const char *const words[] = {"False", "True"};
    skip_blanks(header);
    for (size_t i = 0; i < 2; i++) {
        const size_t length = strlen(words[i]);
        if (header->end - header->at < length ||
            memcmp(header->bytes + header->at, words[i], length) != 0)
            continue;
        header->fortran = i == 1;
        header->at += length;
        return STATUS_OK;
    }
    return fail_wanted(header, "True or False");
}

/* A tuple: (), (5,), (5, 3) or (5, 3,). */
static Status read_shape(Header *header) {
    Array *array = header->array;
    STATUS_TRY(require(header, '('));
    for (array->axes = 0; !take(header, ')'); array->axes++) {
        if (array->axes == ARRAY_AXES_MAX)
            return status_fail(STATUS_DATA, "%s: byte %zu: more than %d axes", header->name,
                               header->at, ARRAY_AXES_MAX);
        STATUS_TRY(read_size(header, &array->shape[array->axes]));
        if (take(header, ','))
            continue;
        array->axes++; /* without a comma behind it, the last one */
        return array->axes == 1 ? fail_wanted(header, "',' behind the only size")
                                : require(header, ')');
    }
    return STATUS_OK;
}

/* ---- the dictionary ---- */

static Status read_pair(Header *header) {
    const struct {
        const char *key;
        bool *seen;
        Status (*read)(Header *);
    } keys[] = {{"descr", &header->has_type, read_type},
                {"fortran_order", &header->has_order, read_order},
                {"shape", &header->has_shape, read_shape}};
    char excerpt[BYTES_EXCERPT];
    Word key = {0};
    STATUS_TRY(read_text(header, &key));
    const size_t key_at = (size_t)(key.text - header->bytes);
    STATUS_TRY(require(header, ':'));
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        if (!word_is(key, keys[i].key))
            continue;
        if (*keys[i].seen)
            return status_fail(STATUS_DATA, "%s: byte %zu: %s is there twice", header->name, key_at,
                               keys[i].key);
        *keys[i].seen = true;
        return keys[i].read(header);
    }
    return status_fail(STATUS_DATA,
                       "%s: byte %zu: key '%s'; a header has descr, fortran_order and shape",
                       header->name, key_at, bytes_excerpt(key.text, key.length, excerpt));
}

static Status read_dictionary(Header *header) {
    STATUS_TRY(require(header, '{'));
    while (!take(header, '}')) {
        STATUS_TRY(read_pair(header));
        if (take(header, ','))
            continue;
        STATUS_TRY(require(header, '}'));
        break;
    }
    skip_blanks(header);
    return header->at == header->end ? STATUS_OK : fail_wanted(header, "the header's end");
}

static Status check_dictionary(const Header *header) {
    const char *missing = !header->has_type    ? "descr"
                          : !header->has_order ? "fortran_order"
                          : !header->has_shape ? "shape"
                                               : NULL;
    if (missing)
        return status_fail(STATUS_DATA, "%s: byte %zu: the header ends without %s", header->name,
                           header->end, missing);
    if (header->fortran && header->array->axes > 1)
        return status_fail(
            STATUS_DATA,
            "%s: byte %zu: in Fortran order, the first axis varying fastest; C order "
            "is wanted (numpy.ascontiguousarray)",
            header->name, header->end);
    return STATUS_OK;
}

/* ---- the file ---- */

/* Magic, version, and where the header is. */
static Status find_header(Header *header, size_t count) {
    static const uint8_t magic[6] = "\x93NUMPY";
    const uint8_t *bytes = header->bytes;
    if (count < 8 || memcmp(bytes, magic, sizeof magic) != 0)
        return status_fail(STATUS_DATA, "%s: byte 0: is no .npy file, which begins with \\x93NUMPY",
                           header->name);
    if (bytes[6] < 1 || bytes[6] > 3 || bytes[7] != 0)
        return status_fail(STATUS_DATA,
                           "%s: byte 6: .npy format version %u.%u; 1.0, 2.0 and 3.0 can be read",
                           header->name, bytes[6], bytes[7]);
    const size_t width = bytes[6] == 1 ? 2 : 4;
    header->at = 8 + width;
    if (count < header->at || count - header->at < bytes_little(bytes + 8, width))
        return status_fail(STATUS_DATA, "%s: byte 8: the file ends at byte %zu, within its header",
                           header->name, count);
    header->end = header->at + (size_t)bytes_little(bytes + 8, width);
    return STATUS_OK;
}

Status npy_read(const char *name, const uint8_t *bytes, size_t count, Array *array) {
    *array = (Array){0};
    Header header = {.name = name, .bytes = bytes, .array = array};
    STATUS_TRY(find_header(&header, count));
    STATUS_TRY(read_dictionary(&header));
    STATUS_TRY(check_dictionary(&header));
    return array_view(array, name, header.end, bytes + header.end, count - header.end);
}
