#include "bench.h"

#include "vit/cpu.h"
#include "vit/kernels.h"
#include "vit/peak.h"
#include "vit/threads.h"
#include <omp.h>
#include <stdio.h>

static Status peak_row(const Bench *bench, size_t threads) {
    double cache, memory;
    char name[24], text[3][24];
    STATUS_TRY(peak_bandwidth(threads, PEAK_CACHE_BYTES, &cache));
    STATUS_TRY(peak_bandwidth(threads, PEAK_MEMORY_BYTES, &memory));
    snprintf(name, sizeof name, "%zu", threads);
    bench_row(bench, 4,
              (const char *[]){name, bench_number(text[0], "%.1f", 1e-9 * peak_flops(threads)),
                               bench_number(text[1], "%.1f", 1e-9 * cache),
                               bench_number(text[2], "%.1f", 1e-9 * memory)});
    return STATUS_OK;
}

Status bench_peak(const Bench *bench) {
    char model[128], heading[256];
    const size_t all = bench->threads ? bench->threads : (size_t)omp_get_num_procs();
    STATUS_TRY(threads_start(all));
    cpu_model(model, sizeof model);
    snprintf(heading, sizeof heading, "%s, %s, fp32", model, cpu_level_name(kernels_best()->level));
    bench_heading(bench, heading);
    bench_row(bench, 4, (const char *[]){"threads", "GFLOP/s", "cache GB/s", "memory GB/s"});
    STATUS_TRY(peak_row(bench, 1));
    return all > 1 ? peak_row(bench, all) : STATUS_OK;
}
