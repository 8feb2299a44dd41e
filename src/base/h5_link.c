#include "h5_link.h"

#include "vit/memory.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* As many links behind each other as HDF5 follows. */
enum { LINKS_MOST = 16 };

/* ---- other files ---- */

static Status open_at(const char *path, hid_t *file) {
    bool there;
    STATUS_TRY(file_find(path, &there));
    const Status status = there ? h5_open(path, file) : STATUS_OK;
    return status == STATUS_DATA ? STATUS_OK : status;
}

static Status open_beside(const char *from, const char *path, hid_t *file) {
    char beside[2 * FILE_PATH_MAX];
    const char *slash = strrchr(from, '/');
    snprintf(beside, sizeof beside, "%.*s%s", slash ? (int)(slash - from + 1) : 0, from, path);
    return open_at(beside, file);
}

Status h5_link_open(const char *from, const char *path, hid_t *file) {
    *file = H5I_INVALID_HID;
    if (path[0] == '/')
        return open_at(path, file);
    STATUS_TRY(open_beside(from, path, file));
    if (*file < 0)
        STATUS_TRY(open_at(path, file));
    char *linked = *file < 0 ? realpath(from, NULL) : NULL;
    const Status status = linked ? open_beside(linked, path, file) : STATUS_OK;
    free(linked);
    return status;
}

/* ---- links ---- */

Status h5_link_read(hid_t file, const char *path, H5Link *link) {
    H5L_info_t info;
    *link = (H5Link){0};
    if (H5Lget_info(file, path, &info, H5P_DEFAULT) < 0)
        return h5_fail_call(file, STATUS_DATA, path, "is a link that cannot be read");
    if (info.type != H5L_TYPE_SOFT && info.type != H5L_TYPE_EXTERNAL)
        return STATUS_OK;
    STATUS_TRY(memory_allocate(&link->value, info.u.val_size + 1, 1, path));
    bool known = H5Lget_val(file, path, link->value, info.u.val_size, H5P_DEFAULT) >= 0;
    link->object = link->value;
    if (known && info.type == H5L_TYPE_EXTERNAL)
        known = H5Lunpack_elink_val(link->value, info.u.val_size, NULL, &link->file,
                                    &link->object) >= 0;
    if (known)
        return STATUS_OK;
    const Status status = h5_fail_call(file, STATUS_DATA, path, "is a link that cannot be read");
    memory_free(link->value);
    *link = (H5Link){0};
    return status;
}

static Status follow(hid_t file, const char *name, int links, char prefix[static FILE_PATH_MAX],
                     bool *linked, bool *found);

static Status look_into(const char *from, const H5Link *link, int links) {
    char prefix[FILE_PATH_MAX];
    bool linked, found;
    hid_t file;
    STATUS_TRY(h5_link_open(from, link->file, &file));
    if (file < 0)
        return STATUS_OK;
    const Status status = follow(file, link->object, links, prefix, &linked, &found);
    h5_close(file);
    return status;
}

static Status ask_link(hid_t file, const char *path, int links) {
    char from[FILE_PATH_MAX];
    H5Link link;
    Status status = h5_link_read(file, path, &link);
    if (status != STATUS_OK)
        return status == STATUS_DATA ? STATUS_OK : status;
    h5_file_name(file, from);
    if (link.file && links < LINKS_MOST)
        status = look_into(from, &link, links + 1);
    memory_free(link.value);
    return status;
}

/* HDF5 forgets why it could not follow an external link: where the other file is there, opening it
 * tells. STATUS_OK: all on the way can be followed, or lead nowhere. */
static Status ask_links(hid_t file, const char *name, int links) {
    char prefix[FILE_PATH_MAX];
    for (size_t at = strspn(name, "/"); name[at] && at < FILE_PATH_MAX - 1;
         at += strspn(name + at, "/")) {
        at = h5_prefix(name, at, prefix);
        STATUS_TRY(ask_link(file, prefix, links));
    }
    return STATUS_OK;
}

static Status fail_call(hid_t file, const char *name, const char *what, int links) {
    const H5Reason reason = h5_reason();
    if (!reason.system && !reason.memory)
        STATUS_TRY(ask_links(file, name, links));
    return h5_fail_reason(file, STATUS_DATA, name, what, &reason);
}

Status h5_link_fail_call(hid_t file, const char *name, const char *what) {
    return fail_call(file, name, what, 0);
}

/* ---- paths ---- */

/* Whether there is an object at the path; *linked: at least a link. */
static Status find_object(hid_t file, const char *path, int links, bool *linked, bool *found) {
    const htri_t link = H5Lexists(file, path, H5P_DEFAULT);
    *linked = link > 0;
    *found = false;
    if (link < 0)
        return fail_call(file, path, "cannot be looked for", links);
    if (link == 0)
        return STATUS_OK;
    const htri_t object = H5Oexists_by_name(file, path, H5P_DEFAULT);
    *found = object > 0;
    if (*found)
        return STATUS_OK;
    const H5Reason reason = h5_reason();
    return reason.system || reason.memory
               ? h5_fail_call(file, STATUS_DATA, path, "cannot be looked for")
               : ask_links(file, path, links);
}

/* Whether all of the path is there, `links` external links behind the file that was asked for;
 * otherwise prefix is as far as the first part that is not. */
static Status follow(hid_t file, const char *name, int links, char prefix[static FILE_PATH_MAX],
                     bool *linked, bool *found) {
    *linked = *found = false;
    if (strlen(name) >= FILE_PATH_MAX)
        return STATUS_OK;
    *found = true;
    for (size_t at = strspn(name, "/"); *found && name[at]; at += strspn(name + at, "/")) {
        at = h5_prefix(name, at, prefix);
        STATUS_TRY(find_object(file, prefix, links, linked, found));
    }
    return STATUS_OK;
}

Status h5_find(hid_t file, const char *name, bool *found) {
    char prefix[FILE_PATH_MAX];
    bool linked;
    return follow(file, name, 0, prefix, &linked, found);
}

bool h5_link_is_broken(hid_t file, const char *name, char link[static FILE_PATH_MAX]) {
    bool linked, found;
    return follow(file, name, 0, link, &linked, &found) == STATUS_OK && !found && linked;
}
