#include "vit/output_lock.h"

#include "vit/file.h"
#include "vit/log.h"
#include "vit/output_file.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* ---- who has it, for the message of the next one ---- */

static void sign(const OutputLock *lock) {
    char text[256], host[128] = "";
    const char *job = getenv("SLURM_JOB_ID");
    gethostname(host, sizeof host - 1);
    const int length = snprintf(text, sizeof text, "process %ld on %s%s%.32s\n", (long)getpid(),
                                host, job ? ", Slurm job " : "", job ? job : "");
    /* Only a help: without it the lock is as good. */
    if (ftruncate(lock->file, 0) != 0 || pwrite(lock->file, text, (size_t)length, 0) != length)
        return;
}

static void read_owner(int file, char *owner, size_t bytes) {
    const ssize_t length = pread(file, owner, bytes - 1, 0);
    owner[length > 0 ? length : 0] = '\0';
    owner[strcspn(owner, "\n")] = '\0';
    if (!owner[0])
        snprintf(owner, bytes, "an unknown process");
}

/* ---- which file it is ---- */

static bool same_file(const struct stat *one, const struct stat *other) {
    return one->st_dev == other->st_dev && one->st_ino == other->st_ino;
}

bool output_lock_is_at(const OutputLock *lock, const char *path) {
    struct stat held, found;
    return fstat(lock->folder, &held) == 0 && stat(path, &found) == 0 && same_file(&held, &found);
}

static int open_file(int folder) {
    return openat(folder, output_file_name(OUTPUT_LOCK), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
}

/* What is in .lock's place in the folder. */
typedef enum Place { PLACE_OURS, PLACE_EMPTY, PLACE_TAKEN, PLACE_UNKNOWN } Place;

static Place find_place(const OutputLock *lock) {
    struct stat held, found;
    if (fstatat(lock->folder, output_file_name(OUTPUT_LOCK), &found, 0) != 0)
        return errno == ENOENT ? PLACE_EMPTY : PLACE_UNKNOWN;
    if (fstat(lock->file, &held) != 0)
        return PLACE_UNKNOWN;
    return same_file(&held, &found) ? PLACE_OURS : PLACE_TAKEN;
}

/* ---- taking it ---- */

static Status lock_file(int file, const char *name) {
    struct flock wanted = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    if (fcntl(file, F_SETLK, &wanted) == 0)
        return STATUS_OK;
    if (errno != EACCES && errno != EAGAIN) {
        log_warning("%s: this file system has no locks (%s); make sure that no other job uses the "
                    "folder",
                    name, strerror(errno));
        return STATUS_OK;
    }
    char owner[256];
    read_owner(file, owner, sizeof owner);
    return status_fail(
        STATUS_IO,
        "%s: the output folder is in use by another job (%s); wait for it, or choose "
        "another [job] output",
        name, owner);
}

/* *taken is false when the folder went away meanwhile. What is open is the caller's to release. */
static Status try_to_take(OutputLock *lock, const char *path, bool *taken) {
    *taken = false;
    lock->folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (lock->folder >= 0)
        lock->file = open_file(lock->folder);
    if (lock->file < 0 && errno == ENOENT)
        return STATUS_OK;
    if (lock->file < 0)
        return status_fail(STATUS_IO, "%s: the output folder is not writable: %s", path,
                           strerror(errno));
    STATUS_TRY(lock_file(lock->file, path));
    *taken = output_lock_is_at(lock, path) && find_place(lock) == PLACE_OURS;
    return STATUS_OK;
}

/* Each try but the first follows on a move by somebody else, which other hosts see after a while.
 */
enum { TRIES = 100 };
static const struct timespec pause_between = {.tv_nsec = 20000000};

Status output_lock_take(OutputLock *lock, const char *path) {
    for (int tries = 0; tries < TRIES; tries++) {
        bool taken;
        *lock = OUTPUT_LOCK_NONE;
        STATUS_TRY(file_make_folder(path));
        const Status status = try_to_take(lock, path, &taken);
        if (status == STATUS_OK && taken) {
            sign(lock);
            return STATUS_OK;
        }
        output_lock_release(lock);
        STATUS_TRY(status);
        nanosleep(&pause_between, NULL);
    }
    return status_fail(STATUS_IO, "%s: the output folder is moved away or removed again and again",
                       path);
}

/* ---- having it ---- */

static Status lock_anew(OutputLock *lock, const char *name) {
    const int file = open_file(lock->folder);
    if (file < 0)
        return status_fail(STATUS_IO, "%s/%s: cannot be made anew: %s", name,
                           output_file_name(OUTPUT_LOCK), strerror(errno));
    const Status status = lock_file(file, name);
    if (status != STATUS_OK) {
        close(file);
        return status;
    }
    close(lock->file);
    lock->file = file;
    sign(lock);
    return STATUS_OK;
}

Status output_lock_keep(OutputLock *lock, const char *name) {
    switch (find_place(lock)) {
    case PLACE_EMPTY:
        return lock_anew(lock, name);
    case PLACE_TAKEN:
        return status_fail(STATUS_IO,
                           "%s: another job has taken the output folder, since its %s was removed "
                           "while this one uses it; nothing more is saved here",
                           name, output_file_name(OUTPUT_LOCK));
    default:
        return STATUS_OK;
    }
}

void output_lock_release(OutputLock *lock) {
    if (lock->file >= 0)
        close(lock->file);
    if (lock->folder >= 0)
        close(lock->folder);
    *lock = OUTPUT_LOCK_NONE;
}
