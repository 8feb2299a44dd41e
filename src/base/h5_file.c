#include "h5_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- messages ---- */

/* Where HDF5 quotes the system: "..., errno = 5, error message = 'Input/output error', ...". */
static bool quotes_system(const char *text, H5Reason *reason) {
    static const char number[] = "errno = ", quote[] = "error message = '";
    const char *errors = strstr(text, number), *said = strstr(text, quote);
    if (!errors || !said || strtol(errors + sizeof number - 1, NULL, 10) == 0)
        return false;
    said += sizeof quote - 1;
    snprintf(reason->text, sizeof reason->text, "%.*s", (int)strcspn(said, "'"), said);
    return true;
}

/* Some of HDF5's parts call a failed malloc an error of theirs. Room in a file that cannot be had
 * looks the same, but only where something is written. */
static bool tells_of_memory(const H5E_error2_t *error) {
    return error->maj_num == H5E_RESOURCE || error->min_num == H5E_CANTALLOC ||
           error->min_num == H5E_NOSPACE;
}

/* Files of raw bytes are opened and read without a word of what the system said. */
static bool is_of_raw_file(const H5E_error2_t *error) {
    return error->maj_num == H5E_EFL &&
           (error->min_num == H5E_CANTOPENFILE || error->min_num == H5E_SEEKERROR ||
            error->min_num == H5E_READERROR);
}

/* Keeps the description of the innermost error, or what the system said, whichever error quotes it.
 */
static herr_t keep_reason(unsigned depth, const H5E_error2_t *error, void *kept) {
    H5Reason *reason = kept;
    if (!error->desc || reason->system)
        return 0;
    reason->system = quotes_system(error->desc, reason);
    if (depth != 0 || reason->system)
        return 0;
    reason->memory = tells_of_memory(error);
    reason->system = is_of_raw_file(error);
    snprintf(reason->text, sizeof reason->text, "%s", error->desc);
    return 0;
}

H5Reason h5_reason(void) {
    H5Reason reason = {.text = "no reason given"};
    H5Ewalk2(H5E_DEFAULT, H5E_WALK_UPWARD, keep_reason, &reason);
    return reason;
}

void h5_file_name(hid_t file, char path[static FILE_PATH_MAX]) {
    if (H5Fget_name(file, path, FILE_PATH_MAX) < 0)
        snprintf(path, FILE_PATH_MAX, "HDF5 file");
}

Status h5_fail_call(hid_t file, Status code, const char *name, const char *what) {
    const H5Reason reason = h5_reason();
    return h5_fail_reason(file, code, name, what, &reason);
}

Status h5_fail_reason(hid_t file, Status code, const char *name, const char *what,
                      const H5Reason *reason) {
    char path[FILE_PATH_MAX];
    h5_file_name(file, path);
    if (reason->system && code != STATUS_IO)
        return status_fail(STATUS_IO, "%s: %s: cannot be read (%s)", path, name, reason->text);
    if (reason->memory && code == STATUS_DATA)
        return status_fail(STATUS_INTERNAL, "%s: %s: cannot be read (%s)", path, name,
                           reason->text);
    return status_fail(code, "%s: %s: %s (%s)", path, name, what, reason->text);
}

Status h5_fail_content(hid_t file, const char *name, const char *what) {
    char path[FILE_PATH_MAX];
    h5_file_name(file, path);
    return status_fail(STATUS_DATA, "%s: %s: %s", path, name, what);
}

/* ---- files ---- */

/* A file whose last writes fail stays open inside HDF5, which then crashes when it cleans up at the
 * end of the process or in MPI_Finalize. All files are closed here, so nothing is to be cleaned up:
 * HDF5 is started without that, and before MPI, to whose end it would otherwise tie itself. */
__attribute__((constructor)) static void start_without_cleanup(void) {
    /* What the environment says of locks would count more than file_access. */
    setenv("HDF5_USE_FILE_LOCKING", "FALSE", 1);
    H5dont_atexit();
    H5open();
}

/* Errors of open(2) come with the system's reason; those of HDF5 do not always. */
static Status try_open(const char *path, int flags, const char *what) {
    /* Nobody may ever come to the other end of a pipe. */
    int descriptor = open(path, flags | O_CLOEXEC | O_NONBLOCK, 0666);
    if (descriptor < 0)
        return status_fail(STATUS_IO, "%s: %s: %s", path, what, strerror(errno));
    struct stat found;
    const bool known = fstat(descriptor, &found) == 0;
    close(descriptor);
    if (known && S_ISDIR(found.st_mode))
        return status_fail(STATUS_IO, "%s: %s: %s", path, what, strerror(EISDIR));
    if (known && !S_ISREG(found.st_mode))
        return status_fail(STATUS_IO, "%s: %s: it is no regular file", path, what);
    return STATUS_OK;
}

/* Checksummed metadata, no locks (network file systems often refuse them), and closing a file
 * closes whatever is open in it. Negative on error. */
static hid_t file_access(void) {
    H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
    hid_t access = H5Pcreate(H5P_FILE_ACCESS);
    if (access < 0)
        return access;
    bool set = H5Pset_libver_bounds(access, H5F_LIBVER_V110, H5F_LIBVER_V110) >= 0 &&
               H5Pset_fclose_degree(access, H5F_CLOSE_STRONG) >= 0;
#if H5_VERSION_GE(1, 10, 7)
    set = set && H5Pset_file_locking(access, false, true) >= 0;
#endif
    if (set)
        return access;
    H5Pclose(access);
    return H5I_INVALID_HID;
}

Status h5_create(const char *path, hid_t *file) {
    *file = H5I_INVALID_HID;
    STATUS_TRY(try_open(path, O_RDWR | O_CREAT, "cannot be created"));
    hid_t access = file_access(), creation = H5Pcreate(H5P_FILE_CREATE);
    /* Without times, equal content makes equal bytes. */
    if (access >= 0 && creation >= 0 && H5Pset_obj_track_times(creation, false) >= 0)
        *file = H5Fcreate(path, H5F_ACC_TRUNC, creation, access);
    const H5Reason reason = h5_reason(); /* which closing the lists would make HDF5 forget */
    if (access >= 0)
        H5Pclose(access);
    if (creation >= 0)
        H5Pclose(creation);
    return *file < 0 ? status_fail(STATUS_IO, "%s: cannot be created: %s", path, reason.text)
                     : STATUS_OK;
}

/* What HDF5 gave as its reason tells why. */
static Status fail_open(const char *path, const H5Reason *why) {
    const char *reason = why->text;
    if (why->system)
        return status_fail(STATUS_IO, "%s: cannot be opened: %s", path, reason);
    if (why->memory)
        return status_fail(STATUS_INTERNAL, "%s: cannot be opened: %s", path, reason);
    if (strstr(reason, "h5clear"))
        return status_fail(STATUS_DATA,
                           "%s: is open for writing, or its writer was killed: if no program "
                           "writes to it any more, 'h5clear -s %s' takes the mark away, and what "
                           "it holds may be incomplete",
                           path, path);
    if (strstr(reason, "version number"))
        return status_fail(STATUS_DATA,
                           "%s: was written by a newer HDF5 than this one, %d.%d.%d (%s): use a "
                           "program built on a newer one, or where that is there write the file "
                           "anew: h5repack --low=0 --high=2 %s NEW.h5",
                           path, H5_VERS_MAJOR, H5_VERS_MINOR, H5_VERS_RELEASE, reason, path);
    if (H5Fis_hdf5(path) > 0)
        return status_fail(STATUS_DATA, "%s: is damaged or cut short (%s)", path, reason);
    return status_fail(STATUS_DATA, "%s: is not an HDF5 file", path);
}

static Status open_file(const char *path, bool changes, hid_t *file) {
    *file = H5I_INVALID_HID;
    STATUS_TRY(try_open(path, changes ? O_RDWR : O_RDONLY, "cannot be opened"));
    hid_t access = file_access();
    if (access < 0)
        return status_fail(STATUS_INTERNAL, "%s: HDF5 cannot be set up", path);
    *file = H5Fopen(path, changes ? H5F_ACC_RDWR : H5F_ACC_RDONLY, access);
    const H5Reason reason = h5_reason(); /* which closing the list would make HDF5 forget */
    H5Pclose(access);
    return *file < 0 ? fail_open(path, &reason) : STATUS_OK;
}

bool h5_may_be(const char *path) {
    static const unsigned char signature[8] = {0x89, 'H', 'D', 'F', '\r', '\n', 0x1a, '\n'};
    unsigned char first[8];
    struct stat found;
    if (stat(path, &found) != 0 || !S_ISREG(found.st_mode))
        return false;
    FILE *file = fopen(path, "rb");
    if (!file)
        return false;
    const size_t count = fread(first, 1, sizeof first, file);
    fclose(file);
    return count == sizeof first && memcmp(first, signature, sizeof first) == 0;
}

Status h5_open(const char *path, hid_t *file) {
    return open_file(path, false, file);
}

Status h5_change(const char *path, hid_t *file) {
    return open_file(path, true, file);
}

Status h5_close(hid_t file) {
    if (file < 0)
        return STATUS_OK;
    char path[FILE_PATH_MAX];
    h5_file_name(file, path);
    if (H5Fclose(file) >= 0)
        return STATUS_OK;
    const H5Reason reason = h5_reason();
    return status_fail(STATUS_IO, "%s: cannot be closed; its content may be lost: %s", path,
                       reason.text);
}

/* ---- groups ---- */

size_t h5_prefix(const char *name, size_t from, char prefix[static FILE_PATH_MAX]) {
    size_t end = from + strcspn(name + from, "/");
    if (end >= FILE_PATH_MAX)
        end = FILE_PATH_MAX - 1;
    memcpy(prefix, name, end);
    prefix[end] = '\0';
    return end;
}

/* One at a time, because parents that HDF5 makes by itself carry the time. */
Status h5_make_groups(hid_t file, const char *name, size_t end) {
    char prefix[FILE_PATH_MAX];
    for (size_t at = strspn(name, "/"); at < end; at += strspn(name + at, "/")) {
        at = h5_prefix(name, at, prefix);
        if (H5Lexists(file, prefix, H5P_DEFAULT) > 0)
            continue;
        hid_t creation = H5Pcreate(H5P_GROUP_CREATE), group = H5I_INVALID_HID;
        if (creation >= 0 && H5Pset_obj_track_times(creation, false) >= 0)
            group = H5Gcreate2(file, prefix, H5P_DEFAULT, creation, H5P_DEFAULT);
        if (group < 0 || H5Gclose(group) < 0) {
            Status status = h5_fail_call(file, STATUS_IO, prefix, "the group cannot be made");
            H5Pclose(creation);
            return status;
        }
        H5Pclose(creation);
    }
    return STATUS_OK;
}

Status h5_make_group(hid_t file, const char *name) {
    return h5_make_groups(file, name, strlen(name));
}
