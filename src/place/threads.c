#include "vit/threads.h"

#include "vit/environment.h"
#include "vit/memory.h"
#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <omp.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* Bytes of a thread's stack: 192 KiB hold what a training step keeps there. */
static const size_t least_stack = 256 << 10, most_stack = (size_t)1 << 40;

/* ---- the environment ---- */

/* OMP_STACKSIZE: a number with blanks around it and its unit, B, K (also without a unit), M or G.
 */
static size_t stack_bytes(const char *text) {
    static const char units[] = "BKMG";
    char *end;
    errno = 0;
    const unsigned long long number = strtoull(text, &end, 10);
    const bool digits = isdigit((unsigned char)text[strspn(text, " \t")]);
    end += strspn(end, " \t");
    const char *unit = *end ? strchr(units, toupper((unsigned char)*end)) : &units[1];
    end += *end != '\0';
    const int shift = unit ? 10 * (int)(unit - units) : 0;
    if (!digits || errno || !unit || end[strspn(end, " \t")] || number > most_stack >> shift)
        return 0;
    return (size_t)number << shift;
}

/* 0 where it is not set. GCC's OpenMP has a name of its own, which the common one hides. */
static Status read_stack(size_t *bytes) {
    static const char *const names[] = {"OMP_STACKSIZE", "GOMP_STACKSIZE"};
    *bytes = 0;
    for (size_t i = 0; i < sizeof names / sizeof *names && !*bytes; i++) {
        const char *text = getenv(names[i]);
        if (!text || !*text)
            continue;
        *bytes = stack_bytes(text);
        if (*bytes < least_stack)
            return status_fail(STATUS_USAGE,
                               "%s = '%s' in the environment: must be a size from %zuK to %zuG; "
                               "better leave it out",
                               names[i], text, least_stack >> 10, most_stack >> 30);
    }
    return STATUS_OK;
}

Status threads_check_environment(void) {
    size_t value;
    STATUS_TRY(environment_counts("OMP_NUM_THREADS", 1, THREADS_MOST, &value));
    STATUS_TRY(environment_count("OMP_THREAD_LIMIT", 1, UINT_MAX, &value));
    return read_stack(&value);
}

size_t threads_of_environment(void) {
    size_t first;
    return environment_counts("OMP_NUM_THREADS", 1, THREADS_MOST, &first) == STATUS_OK ? first : 0;
}

/* ---- whether they can be had ---- */

/* All there at once, until the gate opens. */
static void *stand(void *gate) {
    pthread_mutex_lock(gate);
    pthread_mutex_unlock(gate);
    return NULL;
}

/* Makes `count` threads with stacks as OpenMP's, and ends them. *made of them could be; returns the
 * system's error number, 0 for none. */
static int try_to_make(pthread_t *thread, size_t count, size_t stack, size_t *made) {
    pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;
    pthread_attr_t attributes;
    int error = pthread_attr_init(&attributes);
    if (error)
        return error;
    if (stack)
        error = pthread_attr_setstacksize(&attributes, stack);
    pthread_mutex_lock(&gate);
    for (*made = 0; *made < count && !error; *made += !error)
        error = pthread_create(&thread[*made], &attributes, stand, &gate);
    pthread_mutex_unlock(&gate);
    for (size_t i = 0; i < *made; i++)
        pthread_join(thread[i], NULL);
    pthread_attr_destroy(&attributes);
    return error;
}

static Status check_system(size_t threads) {
    pthread_t *thread;
    size_t stack, made = 0;
    STATUS_TRY(read_stack(&stack));
    STATUS_TRY(memory_allocate(&thread, threads, sizeof *thread, "threads"));
    const int error = try_to_make(thread, threads - 1, stack, &made);
    memory_free(thread);
    if (!error)
        return STATUS_OK;
    return status_fail(
        STATUS_USAGE,
        "%zu threads ([run] threads, OMP_NUM_THREADS) cannot be had, only %zu: %s; "
        "ulimit -u, a cgroup's pids.max, ulimit -v or OMP_STACKSIZE may be in the way",
        threads, made + 1, strerror(error));
}

static Status check_openmp(size_t threads) {
    size_t there = 1;
#pragma omp parallel
#pragma omp single
    there = (size_t)omp_get_num_threads();
    if (there == threads)
        return STATUS_OK;
    return status_fail(STATUS_USAGE,
                       "OpenMP gives %zu of the %zu threads ([run] threads, OMP_NUM_THREADS): "
                       "OMP_THREAD_LIMIT or OMP_MAX_ACTIVE_LEVELS in the environment is in the way",
                       there, threads);
}

Status threads_start(size_t threads) {
    omp_set_dynamic(0);
    omp_set_num_threads((int)threads);
    if (threads > 1)
        STATUS_TRY(check_system(threads));
    return check_openmp(threads);
}

Status threads_start_own(void) {
    return threads_start((size_t)omp_get_max_threads());
}
