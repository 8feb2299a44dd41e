#include "source_archive.h"

#include "gunzip.h"
#include "source_list.h"
#include "vit/memory.h"
#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { BLOCK_BYTES = 1 << 20 };

/* What a member costs in memory whatever its size, so that a billion empty ones are refused. */
enum { MEMBER_BYTES = 512 };

/* An archive that is being unpacked. */
typedef struct Unpacking {
    struct archive *archive;
    const char *name; /* for messages */
    Spool *spool;
    uint64_t most, bytes; /* that it may unpack to, and has */
    uint8_t *block;       /* [BLOCK_BYTES] */
    Gunzip gunzip;        /* in use where the archive is packed so, */
    uint8_t *unpacked;    /* [BLOCK_BYTES], what it gives, */
    Status gunzip_status; /* and what is wrong with it */
} Unpacking;

/* Whether no format fits; EILSEQ is libarchive's number for what is wrong with a format. */
static bool is_unknown(struct archive *archive) {
    return archive_format(archive) == 0 && archive_errno(archive) == EILSEQ;
}

/* What was wrong with the gzip around it has been said. */
static Status fail_archive(const Unpacking *unpacking) {
    const char *why = archive_error_string(unpacking->archive);
    if (unpacking->gunzip_status != STATUS_OK)
        return unpacking->gunzip_status;
    if (is_unknown(unpacking->archive))
        return status_fail(STATUS_DATA,
                           "%s: is neither a folder nor an archive that can be read: tar, plain or "
                           "with gzip, bzip2, xz or zstd; zip",
                           unpacking->name);
    return status_fail(STATUS_DATA, "%s: %s", unpacking->name,
                       why ? why : "is not a readable archive");
}

/* ---- how much it may be ---- */

static uint64_t most_bytes(uint64_t packed) {
    const uint64_t spare = (uint64_t)1 << 30, times = 100;
    return packed > (UINT64_MAX - spare) / times ? UINT64_MAX : packed * times + spare;
}

static Status count_bytes(Unpacking *unpacking, uint64_t more) {
    if (more > unpacking->most - unpacking->bytes)
        return status_fail(STATUS_DATA,
                           "%s: unpacks to more than %llu bytes (100 times its size and 1 GiB); it "
                           "is left alone",
                           unpacking->name, (unsigned long long)unpacking->most);
    unpacking->bytes += more;
    return STATUS_OK;
}

/* ---- bytes ---- */

/* Spools what is left of a member, and counts it if that was not done before. */
static Status spool_data(Unpacking *unpacking, bool counts, uint64_t *got) {
    for (*got = 0;;) {
        const la_ssize_t more =
            archive_read_data(unpacking->archive, unpacking->block, BLOCK_BYTES);
        if (more < 0)
            return fail_archive(unpacking);
        if (more == 0)
            return STATUS_OK;
        if (counts)
            STATUS_TRY(count_bytes(unpacking, (uint64_t)more));
        STATUS_TRY(spool_add(unpacking->spool, unpacking->block, (size_t)more));
        *got += (uint64_t)more;
    }
}

/* A size that is told is judged before anything is written. */
static Status spool_member(Unpacking *unpacking, struct archive_entry *entry, const char *path,
                           uint64_t *bytes) {
    const bool told = archive_entry_size_is_set(entry) && archive_entry_size(entry) >= 0;
    const uint64_t size = told ? (uint64_t)archive_entry_size(entry) : 0;
    STATUS_TRY(count_bytes(unpacking, size));
    STATUS_TRY(spool_data(unpacking, !told, bytes));
    if (told && *bytes != size)
        return status_fail(STATUS_DATA, "%s/%s: is cut short after %llu of %llu bytes",
                           unpacking->name, path, (unsigned long long)*bytes,
                           (unsigned long long)size);
    return STATUS_OK;
}

/* ---- names ---- */

/* Copies a member's path without '.', doubled '/' and a '/' at its end; *wanted is false where it
 * leads to nothing that is listed. */
static Status clean_path(const Unpacking *unpacking, const char *member, char path[FILE_PATH_MAX],
                         bool *wanted) {
    size_t used = 0;
    *wanted = true;
    if (member[0] == '/' || strlen(member) >= FILE_PATH_MAX)
        return status_fail(STATUS_DATA, "%s: has a member named %.200s, which %s", unpacking->name,
                           member, member[0] == '/' ? "begins with '/'" : "is too long");
    for (const char *name = member; *name;) {
        const size_t length = strcspn(name, "/");
        if (length == 2 && memcmp(name, "..", 2) == 0)
            return status_fail(STATUS_DATA, "%s: has a member named %.200s, which leads outside",
                               unpacking->name, member);
        if (length && !(length == 1 && name[0] == '.')) {
            *wanted = *wanted && !source_list_skips(name, length);
            if (used)
                path[used++] = '/';
            memcpy(path + used, name, length);
            used += length;
        }
        name += length + (name[length] == '/');
    }
    path[used] = '\0';
    *wanted = *wanted && used > 0;
    return STATUS_OK;
}

/* Names of zip and pax are UTF-8, and those of other archives bytes as they come. */
static const char *member_name(struct archive_entry *entry) {
    const char *name = archive_entry_pathname_utf8(entry);
    return name ? name : archive_entry_pathname(entry);
}

/* ---- members ---- */

/* tar stores a file that has two names once: the second leads to the first. */
static Status add_hard_link(const Unpacking *unpacking, Source *source, const char *path,
                            const char *target) {
    char first[FILE_PATH_MAX];
    bool wanted;
    STATUS_TRY(clean_path(unpacking, target, first, &wanted));
    return source_list_add(source,
                           &(SourceFile){.path = (char *)path, .spooled = true, .same_as = first});
}

static Status add_member(Unpacking *unpacking, Source *source, struct archive_entry *entry) {
    const char *member = member_name(entry);
    char path[FILE_PATH_MAX];
    bool wanted;
    if (!member)
        return status_fail(STATUS_DATA, "%s: has a member whose name cannot be read",
                           unpacking->name);
    STATUS_TRY(count_bytes(unpacking, MEMBER_BYTES));
    STATUS_TRY(clean_path(unpacking, member, path, &wanted));
    if (!wanted)
        return STATUS_OK;
    if (archive_entry_hardlink(entry))
        return add_hard_link(unpacking, source, path, archive_entry_hardlink(entry));
    if (archive_entry_filetype(entry) == AE_IFDIR)
        return source_list_add_folder(source, path);
    if (archive_entry_filetype(entry) != AE_IFREG) {
        source->others++;
        return STATUS_OK;
    }
    SourceFile file = {.path = path, .at = unpacking->spool->bytes, .spooled = true};
    uint64_t bytes;
    STATUS_TRY(spool_member(unpacking, entry, path, &bytes));
    file.bytes = (size_t)bytes;
    return source_list_add(source, &file);
}

/* libarchive does not read on behind the last member; the checksum is there. */
static Status read_to_end(Unpacking *unpacking) {
    size_t got = unpacking->unpacked ? 1 : 0;
    while (got) {
        STATUS_TRY(gunzip_read(&unpacking->gunzip, unpacking->unpacked, BLOCK_BYTES, &got));
        STATUS_TRY(count_bytes(unpacking, got));
    }
    return STATUS_OK;
}

static Status add_members(Unpacking *unpacking, Source *source) {
    for (;;) {
        struct archive_entry *entry;
        const int got = archive_read_next_header(unpacking->archive, &entry);
        if (got == ARCHIVE_EOF)
            return read_to_end(unpacking);
        if (got < ARCHIVE_WARN)
            return fail_archive(unpacking);
        STATUS_TRY(add_member(unpacking, source, entry));
    }
}

/* ---- whole archives ---- */

/* No filter that would start another program. That for gzip is for what is not a plain file, as a
 * pipe: there it does without checksums. */
static Status begin(Unpacking *unpacking) {
    unpacking->archive = archive_read_new();
    if (!unpacking->archive)
        return status_fail(STATUS_INTERNAL, "%s: libarchive is out of memory", unpacking->name);
    archive_read_support_filter_gzip(unpacking->archive);
    archive_read_support_filter_bzip2(unpacking->archive);
    archive_read_support_filter_xz(unpacking->archive);
    archive_read_support_filter_zstd(unpacking->archive);
    archive_read_support_format_tar(unpacking->archive);
    archive_read_support_format_zip(unpacking->archive);
    return memory_allocate(&unpacking->block, BLOCK_BYTES, 1, unpacking->name);
}

static void end(Unpacking *unpacking) {
    archive_read_free(unpacking->archive);
    gunzip_end(&unpacking->gunzip);
    memory_free(unpacking->unpacked);
    memory_free(unpacking->block);
}

/* libarchive calls it for more bytes. */
static la_ssize_t give(struct archive *archive, void *data, const void **bytes) {
    Unpacking *unpacking = data;
    size_t got = 0;
    unpacking->gunzip_status =
        gunzip_read(&unpacking->gunzip, unpacking->unpacked, BLOCK_BYTES, &got);
    *bytes = unpacking->unpacked;
    if (unpacking->gunzip_status == STATUS_OK)
        return (la_ssize_t)got;
    archive_set_error(archive, EIO, "gzip");
    return -1;
}

static bool is_gzip(int descriptor) {
    uint8_t head[2];
    return pread(descriptor, head, sizeof head, 0) == sizeof head &&
           gunzip_recognizes(head, sizeof head);
}

static Status read_members(Unpacking *unpacking, Source *source, int descriptor) {
    struct stat found;
    const bool plain = fstat(descriptor, &found) == 0 && S_ISREG(found.st_mode);
    int opened;
    unpacking->most = most_bytes(plain ? (uint64_t)found.st_size : 0);
    if (plain && is_gzip(descriptor)) {
        STATUS_TRY(memory_allocate(&unpacking->unpacked, BLOCK_BYTES, 1, unpacking->name));
        STATUS_TRY(gunzip_begin_file(&unpacking->gunzip, unpacking->name, descriptor));
        opened = archive_read_open(unpacking->archive, unpacking, NULL, give, NULL);
    } else {
        opened = archive_read_open_fd(unpacking->archive, descriptor, BLOCK_BYTES);
    }
    return opened == ARCHIVE_OK ? add_members(unpacking, source) : fail_archive(unpacking);
}

static Status read_archive(Unpacking *unpacking, Source *source) {
    STATUS_TRY(begin(unpacking));
    const int descriptor = open(source->path, O_RDONLY | O_CLOEXEC);
    if (descriptor < 0)
        return status_fail(STATUS_IO, "%s: cannot be opened: %s", source->path, strerror(errno));
    const Status status = read_members(unpacking, source, descriptor);
    close(descriptor);
    return status;
}

/* libarchive hands over only such names as this thread's locale can express; UTF-8 expresses all.
 */
Status source_archive_list(Source *source) {
    Unpacking unpacking = {.name = source->path, .spool = &source->spool};
    locale_t utf8 = newlocale(LC_CTYPE_MASK, "C.UTF-8", NULL);
    locale_t before = uselocale(utf8); /* as it is, if there is no such one */
    const Status status = read_archive(&unpacking, source);
    end(&unpacking);
    uselocale(before);
    if (utf8)
        freelocale(utf8);
    return status;
}

/* ---- files packed one by one ---- */

static Status unpack(Unpacking *unpacking, const uint8_t *bytes, size_t count) {
    size_t got = 1;
    STATUS_TRY(memory_allocate(&unpacking->unpacked, BLOCK_BYTES, 1, unpacking->name));
    STATUS_TRY(gunzip_begin_bytes(&unpacking->gunzip, unpacking->name, bytes, count));
    unpacking->most = most_bytes(count);
    while (got) {
        STATUS_TRY(gunzip_read(&unpacking->gunzip, unpacking->unpacked, BLOCK_BYTES, &got));
        STATUS_TRY(count_bytes(unpacking, got));
        STATUS_TRY(spool_add(unpacking->spool, unpacking->unpacked, got));
    }
    return STATUS_OK;
}

/* Some programs unpack what they download and leave the name as it was. */
Status source_archive_unpack(Spool *spool, const char *name, const uint8_t *bytes, size_t count) {
    Unpacking unpacking = {.name = name, .spool = spool};
    if (!gunzip_recognizes(bytes, count))
        return spool_add(spool, bytes, count);
    const Status status = unpack(&unpacking, bytes, count);
    end(&unpacking);
    return status;
}
