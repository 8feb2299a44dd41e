/* A thread beside OpenMP's may use all processors that the rank has, though OMP_PROC_BIND, which
 * ctest sets for this test, binds the first thread, whose mask it inherits. */

#define _GNU_SOURCE /* CPU sets */
#include "vit/placement.h"
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <unistd.h>

static cpu_set_t mask_of(pid_t process) {
    cpu_set_t mask;
    CPU_ZERO(&mask);
    sched_getaffinity(process, sizeof mask, &mask);
    return mask;
}

static void *free_thread(void *mask) {
    placement_free_thread();
    *(cpu_set_t *)mask = mask_of(0);
    return NULL;
}

int main(void) {
    const cpu_set_t whole = mask_of(getppid()), first = mask_of(0);
    cpu_set_t freed;
    pthread_t thread;
    if (CPU_COUNT(&whole) > 1 && CPU_COUNT(&first) == CPU_COUNT(&whole)) {
        fprintf(stderr, "the first thread is not bound: OMP_PROC_BIND has no effect here\n");
        return 77;
    }
    if (pthread_create(&thread, NULL, free_thread, &freed) != 0)
        return 1;
    pthread_join(thread, NULL);
    const cpu_set_t after = mask_of(0);
    return CPU_EQUAL(&freed, &whole) && CPU_EQUAL(&after, &first) ? 0 : 1;
}
