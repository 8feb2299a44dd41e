#include "source.h"

#include "vit/memory.h"
#include <archive.h>
#include <archive_entry.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

/* Far beyond any real member; keeps a damaged header from asking for all memory. */
#define FILE_BYTES_MAX ((size_t)16 << 30)

const SourceFile *source_find(const Source *source, const char *name) {
    for (size_t i = 0; i < source->count; i++)
        if (strcmp(source->file[i].name, name) == 0)
            return &source->file[i];
    return NULL;
}

void source_free(Source *source) {
    for (size_t i = 0; i < source->count; i++)
        memory_free(source->file[i].bytes);
    source->count = 0;
}

/* Adds a file with room for its bytes, still to be read, behind the others. */
static Status source_add(Source *source, const char *path, const char *name, size_t bytes) {
    const SourceFile *before = source_find(source, name);
    if (before)
        return status_fail(STATUS_DATA, "%s: the same name as %s; which one is meant?", path,
                           before->path);
    if (source->count == SOURCE_FILES_MAX)
        return status_fail(STATUS_DATA, "%s: more than %d files", path, SOURCE_FILES_MAX);
    if (bytes > FILE_BYTES_MAX)
        return status_fail(STATUS_DATA, "%s: says that it has %zu bytes", path, bytes);
    SourceFile *file = &source->file[source->count];
    *file = (SourceFile){.count = bytes};
    snprintf(file->name, sizeof file->name, "%s", name);
    snprintf(file->path, sizeof file->path, "%s", path);
    STATUS_TRY(memory_allocate(&file->bytes, bytes, 1, path));
    source->count++;
    return STATUS_OK;
}

/* ---- folders ---- */

static Status join(const char *folder, const char *name, char path[static FILE_PATH_MAX]) {
    if (snprintf(path, FILE_PATH_MAX, "%s/%s", folder, name) >= FILE_PATH_MAX)
        return status_fail(STATUS_IO, "%s/%s: the path is longer than %d bytes", folder, name,
                           FILE_PATH_MAX - 1);
    return STATUS_OK;
}

static Status read_file(const char *path, const char *name, size_t bytes, Source *source) {
    STATUS_TRY(source_add(source, path, name, bytes));
    FILE *stream = fopen(path, "rb");
    if (!stream)
        return status_fail(STATUS_IO, "%s: cannot be opened: %s", path, strerror(errno));
    size_t got = fread(source->file[source->count - 1].bytes, 1, bytes, stream);
    bool failed = ferror(stream) != 0;
    int reason = errno;
    fclose(stream);
    if (failed)
        return status_fail(STATUS_IO, "%s: cannot be read: %s", path, strerror(reason));
    if (got != bytes)
        return status_fail(STATUS_IO, "%s: became shorter while it was read", path);
    return STATUS_OK;
}

/* Reads the wanted files of a folder itself (folders false) or of its sub-folders (true). */
static Status read_folder(const char *folder, bool (*wanted)(const char *name), bool folders,
                          Source *source) {
    DIR *directory = opendir(folder);
    if (!directory)
        return status_fail(STATUS_IO, "%s: cannot be opened: %s", folder, strerror(errno));
    Status status = STATUS_OK;
    for (struct dirent *entry; status == STATUS_OK && (entry = readdir(directory));) {
        char path[FILE_PATH_MAX];
        struct stat found;
        if (entry->d_name[0] == '.' || (!folders && !wanted(entry->d_name)))
            continue;
        status = join(folder, entry->d_name, path);
        if (status != STATUS_OK || stat(path, &found) != 0)
            continue;
        if (folders && S_ISDIR(found.st_mode))
            status = read_folder(path, wanted, false, source);
        else if (!folders && S_ISREG(found.st_mode))
            status = read_file(path, entry->d_name, (size_t)found.st_size, source);
    }
    closedir(directory);
    return status;
}

/* ---- archives ---- */

static Status archive_fail(struct archive *archive, Status code, const char *path) {
    const char *why = archive_error_string(archive);
    return status_fail(code, "%s: %s", path, why ? why : "is not a readable archive");
}

static Status read_member(struct archive *archive, struct archive_entry *entry, const char *path,
                          const char *name, Source *source) {
    if (!archive_entry_size_is_set(entry) || archive_entry_size(entry) < 0)
        return status_fail(STATUS_DATA, "%s: a member without a size", path);
    STATUS_TRY(source_add(source, path, name, (size_t)archive_entry_size(entry)));
    const SourceFile *file = &source->file[source->count - 1];
    for (size_t got = 0; got < file->count;) {
        la_ssize_t more = archive_read_data(archive, file->bytes + got, file->count - got);
        if (more < 0)
            return archive_fail(archive, STATUS_DATA, path);
        if (more == 0)
            return status_fail(STATUS_DATA, "%s: is cut short after %zu of %zu bytes", path, got,
                               file->count);
        got += (size_t)more;
    }
    return STATUS_OK;
}

static Status read_members(struct archive *archive, const char *archive_path,
                           bool (*wanted)(const char *name), Source *source) {
    for (;;) {
        struct archive_entry *entry;
        int got = archive_read_next_header(archive, &entry);
        if (got == ARCHIVE_EOF)
            return STATUS_OK;
        if (got < ARCHIVE_WARN)
            return archive_fail(archive, STATUS_DATA, archive_path);
        const char *member = archive_entry_pathname(entry);
        if (!member || archive_entry_filetype(entry) != AE_IFREG)
            continue;
        const char *slash = strrchr(member, '/');
        const char *name = slash ? slash + 1 : member;
        if (!wanted(name))
            continue;
        char path[FILE_PATH_MAX];
        STATUS_TRY(join(archive_path, member, path));
        STATUS_TRY(read_member(archive, entry, path, name, source));
    }
}

static Status read_archive(const char *path, bool (*wanted)(const char *name), Source *source) {
    struct archive *archive = archive_read_new();
    if (!archive)
        return status_fail(STATUS_INTERNAL, "%s: libarchive is out of memory", path);
    archive_read_support_filter_all(archive);
    archive_read_support_format_tar(archive);
    Status status = STATUS_OK;
    if (archive_read_open_filename(archive, path, 1 << 16) != ARCHIVE_OK)
        status = archive_fail(archive, STATUS_DATA, path);
    else
        status = read_members(archive, path, wanted, source);
    archive_read_free(archive);
    return status;
}

Status source_read(const char *path, bool (*wanted)(const char *name), Source *source) {
    source->count = 0;
    struct stat found;
    FILE *stream =
        fopen(path, "rb"); /* also opens folders: only to learn whether path may be read */
    if (!stream || fstat(fileno(stream), &found) != 0) {
        Status status = status_fail(STATUS_IO, "%s: cannot be opened: %s", path, strerror(errno));
        if (stream)
            fclose(stream);
        return status;
    }
    fclose(stream);
    if (!S_ISDIR(found.st_mode))
        return read_archive(path, wanted, source);
    STATUS_TRY(read_folder(path, wanted, false, source));
    return source->count ? STATUS_OK : read_folder(path, wanted, true, source);
}
