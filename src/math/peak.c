#include "vit/peak.h"

#include "vit/kernels.h"
#include "vit/memory.h"
#include "vit/team.h"
#include <omp.h>

/* Seconds of one measurement; the best of several counts, since other work on the machine can only
 * make it slower. */
static const double duration = 0.04;
enum { TRIES = 5, QUICK_TRIES = 3, ROUNDS = 20000 };

static double thread_flops(const Kernels *kernels) {
    volatile float factor[2] = {0.999f, 1e-3f};
    const float given[2] = {factor[0], factor[1]};
    float sum;
    double operations = 0.0, now;
    const double start = omp_get_wtime();
    do {
        operations += (double)kernels->multiply_add(ROUNDS, given, &sum);
        now = omp_get_wtime();
    } while (now - start < duration);
    factor[0] = sum;
    return operations / (now - start);
}

static double best_flops(size_t threads, int tries) {
    /* The processor's, whatever kernels the environment asks for. */
    const Kernels *kernels = kernels_at(cpu_level());
    double best = 0.0;
    for (int i = 0; i < tries; i++) {
        double total = 0.0;
#pragma omp parallel num_threads((int)threads) reduction(+ : total)
        {
            const TeamThread team = team_enter(PHASE_OTHER);
#pragma omp barrier
            total += thread_flops(kernels);
            team_leave(team);
        }
        best = total > best ? total : best;
    }
    return best;
}

double peak_flops(size_t threads) {
    return best_flops(threads, TRIES);
}

double peak_flops_quick(size_t threads) {
    return best_flops(threads, QUICK_TRIES);
}

static double thread_bandwidth(const Kernels *kernels, size_t floats, const float *x, float *y) {
    double bytes = 0.0, now;
    const double start = omp_get_wtime();
    do {
        kernels->add(floats, x, y);
        bytes += 3.0 * (double)(floats * sizeof *x);
        now = omp_get_wtime();
    } while (now - start < duration);
    return bytes / (now - start);
}

Status peak_bandwidth(size_t threads, size_t array_bytes, double *bytes_per_second) {
    const Kernels *kernels = kernels_best();
    const size_t floats = array_bytes / sizeof(float);
    float *memory;
    *bytes_per_second = 0.0;
    STATUS_TRY(memory_allocate(&memory, 2 * threads * floats, sizeof *memory, "arrays"));
    for (int i = 0; i < TRIES; i++) {
        double total = 0.0;
#pragma omp parallel num_threads((int)threads) reduction(+ : total)
        {
            const TeamThread team = team_enter(PHASE_OTHER);
            float *mine = memory + 2 * (size_t)omp_get_thread_num() * floats;
#pragma omp barrier
            total += thread_bandwidth(kernels, floats, mine, mine + floats);
            team_leave(team);
        }
        *bytes_per_second = total > *bytes_per_second ? total : *bytes_per_second;
    }
    memory_free(memory);
    return STATUS_OK;
}
