#include "source_folder.h"

#include "source_list.h"
#include "vit/log.h"
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

/* A folder under way, within those that lead to it. */
typedef struct Folder {
    const struct Folder *outer;
    dev_t device;
    ino_t number;
} Folder;

typedef struct Walk {
    Source *source;
    bool deep;
    size_t root;              /* bytes of the path before what is listed */
    char path[FILE_PATH_MAX]; /* where it is */
} Walk;

static Status walk_folder(Walk *walk, const Folder *folder);

/* A link may lead back to a folder that it is in. */
static bool is_within(const Folder *folder, const struct stat *found) {
    for (; folder; folder = folder->outer)
        if (folder->device == found->st_dev && folder->number == found->st_ino)
            return true;
    return false;
}

static Status enter(Walk *walk, const Folder *outer, const struct stat *found) {
    const Folder folder = {outer, found->st_dev, found->st_ino};
    if (!walk->deep)
        return STATUS_OK;
    if (is_within(outer, found)) {
        log_warning("%s: leads back to a folder that it is in; left out.", walk->path);
        return STATUS_OK;
    }
    STATUS_TRY(source_list_add_folder(walk->source, walk->path + walk->root));
    return walk_folder(walk, &folder);
}

static Status add_found(Walk *walk, const Folder *outer) {
    struct stat found;
    if (stat(walk->path, &found) != 0) {
        log_warning("%s: cannot be opened: %s; left out.", walk->path, strerror(errno));
        walk->source->lost++;
        return STATUS_OK;
    }
    if (S_ISDIR(found.st_mode))
        return enter(walk, outer, &found);
    if (!S_ISREG(found.st_mode)) {
        walk->source->others++;
        return STATUS_OK;
    }
    return source_list_add(walk->source, &(SourceFile){.path = walk->path + walk->root,
                                                       .bytes = (size_t)found.st_size});
}

static Status walk_entries(Walk *walk, const Folder *folder, DIR *directory) {
    const size_t used = strlen(walk->path);
    for (struct dirent *entry; errno = 0, (entry = readdir(directory)) != NULL;) {
        if (source_list_skips(entry->d_name, strlen(entry->d_name)))
            continue;
        if (snprintf(walk->path + used, FILE_PATH_MAX - used, "/%s", entry->d_name) >=
            (int)(FILE_PATH_MAX - used))
            return status_fail(STATUS_IO, "%.*s/%s: the path is longer than %d bytes", (int)used,
                               walk->path, entry->d_name, FILE_PATH_MAX - 1);
        STATUS_TRY(add_found(walk, folder));
        walk->path[used] = '\0';
    }
    return errno ? status_fail(STATUS_IO, "%s: cannot be read: %s", walk->path, strerror(errno))
                 : STATUS_OK;
}

static Status walk_folder(Walk *walk, const Folder *folder) {
    DIR *directory = opendir(walk->path);
    if (!directory)
        return status_fail(STATUS_IO, "%s: cannot be opened: %s", walk->path, strerror(errno));
    const Status status = walk_entries(walk, folder, directory);
    closedir(directory);
    return status;
}

Status source_folder_list(Source *source, bool deep) {
    Walk walk = {.source = source, .deep = deep, .root = strlen(source->path) + 1};
    struct stat found;
    memcpy(walk.path, source->path, walk.root);
    if (stat(source->path, &found) != 0)
        return status_fail(STATUS_IO, "%s: cannot be opened: %s", source->path, strerror(errno));
    const Folder root = {NULL, found.st_dev, found.st_ino};
    return walk_folder(&walk, &root);
}
