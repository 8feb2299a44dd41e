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

/* ---- who has it, for the next one's message and for its own doubts ---- */

enum { TIME_MAX = 32 };

/* Local, as in the log. */
static void tell_time(char text[static TIME_MAX]) {
    struct timespec now;
    struct tm local;
    clock_gettime(CLOCK_REALTIME, &now);
    const size_t length =
        strftime(text, TIME_MAX, "%Y-%m-%d %H:%M:%S", localtime_r(&now.tv_sec, &local));
    snprintf(text + length, TIME_MAX - length, ".%06ld", now.tv_nsec / 1000);
}

/* The time tells processes of one number apart, such as those of containers. */
static void compose(char signature[static OUTPUT_SIGNATURE_MAX]) {
    char host[128] = "", since[TIME_MAX];
    const char *job = getenv("SLURM_JOB_ID");
    gethostname(host, sizeof host - 1);
    tell_time(since);
    snprintf(signature, OUTPUT_SIGNATURE_MAX, "process %ld on %s%s%.32s\nsince %s\n",
             (long)getpid(), host, job ? ", Slurm job " : "", job ? job : "", since);
}

/* What cannot be written is tried again by the next check: the lock is as good without it. */
static void sign(OutputLock *lock) {
    if (!lock->signature[0])
        compose(lock->signature);
    const size_t length = strlen(lock->signature);
    if (ftruncate(lock->file, 0) != 0 ||
        pwrite(lock->file, lock->signature, length, 0) != (ssize_t)length)
        lock->signature[0] = '\0';
}

/* "" where nobody has signed, or it cannot be read. */
static void read_signature(int file, char text[static OUTPUT_SIGNATURE_MAX]) {
    const ssize_t length = pread(file, text, OUTPUT_SIGNATURE_MAX - 1, 0);
    text[length > 0 ? length : 0] = '\0';
}

static void read_owner(int file, char owner[static OUTPUT_SIGNATURE_MAX]) {
    read_signature(file, owner);
    owner[strcspn(owner, "\n")] = '\0';
    if (!owner[0])
        snprintf(owner, OUTPUT_SIGNATURE_MAX, "an unknown process");
}

/* ---- which file it is ---- */

static bool same_file(const struct stat *one, const struct stat *other) {
    return one->st_dev == other->st_dev && one->st_ino == other->st_ino;
}

OutputPlace output_lock_find(const OutputLock *lock, const char *path) {
    struct stat held, found;
    if (fstat(lock->folder, &held) != 0)
        return OUTPUT_UNKNOWN;
    if (stat(path, &found) != 0)
        return errno == ENOENT || errno == ENOTDIR ? OUTPUT_ELSEWHERE : OUTPUT_UNKNOWN;
    return same_file(&held, &found) ? OUTPUT_HERE : OUTPUT_ELSEWHERE;
}

static int open_file(int folder) {
    return openat(folder, output_file_name(OUTPUT_LOCK), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
}

/* What is in .lock's place in the folder. */
typedef enum Place { PLACE_OURS, PLACE_OTHER, PLACE_UNKNOWN } Place;

static Place find_place(const OutputLock *lock) {
    struct stat held, found;
    if (fstatat(lock->folder, output_file_name(OUTPUT_LOCK), &found, 0) != 0)
        return errno == ENOENT ? PLACE_OTHER : PLACE_UNKNOWN;
    /* A network file system knows no more of what another host has removed. */
    if (fstat(lock->file, &held) != 0)
        return errno == ESTALE ? PLACE_OTHER : PLACE_UNKNOWN;
    return same_file(&held, &found) ? PLACE_OURS : PLACE_OTHER;
}

/* ---- locking it ---- */

static int set_lock(int file) {
    struct flock wanted = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    int result;
    do {
        result = fcntl(file, F_SETLK, &wanted);
    } while (result != 0 && errno == EINTR);
    return result;
}

static bool has_no_locks(int reason) {
    return reason == ENOLCK || reason == ENOSYS || reason == EOPNOTSUPP || reason == EINVAL;
}

/* *refused: another process has it. Without effect, but to ask again, where this one has it. */
static Status lock_file(OutputLock *lock, int file, const char *name, bool *refused) {
    const bool locked = set_lock(file) == 0;
    *refused = !locked && (errno == EACCES || errno == EAGAIN);
    if (locked || *refused)
        return STATUS_OK;
    if (!has_no_locks(errno))
        return status_fail(STATUS_IO, "%s/%s: cannot be locked: %s", name,
                           output_file_name(OUTPUT_LOCK), strerror(errno));
    if (!lock->is_warned)
        log_warning("%s: this file system has no locks (%s); make sure that no other job uses the "
                    "folder",
                    name, strerror(errno));
    lock->is_warned = true;
    return STATUS_OK;
}

/* ---- taking it ---- */

static Status fail_in_use(const OutputLock *lock, const char *path) {
    char owner[OUTPUT_SIGNATURE_MAX];
    read_owner(lock->file, owner);
    return status_fail(
        STATUS_IO,
        "%s: the output folder is in use by another job (%s); wait for it, or choose "
        "another [job] output",
        path, owner);
}

/* Of a file that cannot be made in the folder: that somebody has moved or removed this one. */
static bool is_gone(const OutputLock *lock, const char *path, int reason) {
    return reason == ESTALE ||
           (reason == ENOENT &&
            (lock->folder < 0 || output_lock_find(lock, path) == OUTPUT_ELSEWHERE));
}

static Status open_both(OutputLock *lock, const char *path, bool *gone) {
    lock->folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (lock->folder >= 0)
        lock->file = open_file(lock->folder);
    const int reason = errno;
    *gone = lock->file < 0 && is_gone(lock, path, reason);
    return lock->file >= 0 || *gone
               ? STATUS_OK
               : status_fail(STATUS_IO, "%s: the output folder is not writable: %s", path,
                             strerror(reason));
}

/* *taken is false when the folder went away meanwhile. What is open is the caller's to release. */
static Status try_to_take(OutputLock *lock, const char *path, bool *taken) {
    bool gone, refused;
    *taken = false;
    STATUS_TRY(open_both(lock, path, &gone));
    if (gone)
        return STATUS_OK;
    STATUS_TRY(lock_file(lock, lock->file, path, &refused));
    if (refused)
        return fail_in_use(lock, path);
    const OutputPlace place = output_lock_find(lock, path);
    if (place == OUTPUT_UNKNOWN)
        return status_fail(STATUS_IO, "%s: the output folder cannot be looked for: %s", path,
                           strerror(errno));
    *taken = place == OUTPUT_HERE && find_place(lock) == PLACE_OURS;
    return STATUS_OK;
}

/* Each try but the first follows on a move by somebody else, which other hosts see after a while.
 */
enum { TRIES = 100 };
static const struct timespec pause_between = {.tv_nsec = 20000000};

Status output_lock_take(OutputLock *lock, const char *path) {
    for (int tries = 0; tries < TRIES; tries++) {
        bool taken;
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

/* That .lock, opened as `file`, is this one's by lock and signature. Who has not signed cannot tell
 * by what stands there, which may be a dead one's. */
static Status claim(OutputLock *lock, int file, const char *name) {
    char found[OUTPUT_SIGNATURE_MAX], owner[OUTPUT_SIGNATURE_MAX];
    bool refused;
    STATUS_TRY(lock_file(lock, file, name, &refused));
    read_signature(file, found);
    const bool is_anothers = found[0] && lock->signature[0] && strcmp(found, lock->signature) != 0;
    if (!refused && !is_anothers)
        return STATUS_OK;
    read_owner(file, owner);
    return status_fail(STATUS_IO,
                       "%s: another job (%s) has taken the output folder while this one uses it; "
                       "nothing more is saved here",
                       name, owner);
}

static Status claim_other(OutputLock *lock, const char *name) {
    const int file = open_file(lock->folder);
    if (file < 0)
        return status_fail(STATUS_IO, "%s/%s: cannot be made anew: %s", name,
                           output_file_name(OUTPUT_LOCK), strerror(errno));
    const Status status = claim(lock, file, name);
    if (status != STATUS_OK) {
        close(file);
        return status;
    }
    close(lock->file);
    lock->file = file;
    sign(lock);
    return STATUS_OK;
}

static Status claim_ours(OutputLock *lock, const char *name) {
    STATUS_TRY(claim(lock, lock->file, name));
    if (!lock->signature[0])
        sign(lock);
    return STATUS_OK;
}

Status output_lock_keep(OutputLock *lock, const char *name) {
    switch (find_place(lock)) {
    case PLACE_OURS:
        return claim_ours(lock, name);
    case PLACE_OTHER:
        return claim_other(lock, name);
    default:
        return STATUS_OK;
    }
}

void output_lock_release(OutputLock *lock) {
    const bool is_warned = lock->is_warned;
    if (lock->file >= 0)
        close(lock->file);
    if (lock->folder >= 0)
        close(lock->folder);
    *lock = OUTPUT_LOCK_NONE;
    lock->is_warned = is_warned;
}
