#include "bench.h"

#include "vit/float_mode.h"
#include <omp.h>
#include <stdio.h>
#include <string.h>

void bench_row(const Bench *bench, size_t cells, const char *const cell[]) {
    if (bench->ranks->rank != 0)
        return;
    for (size_t i = 0; i < cells; i++) {
        if (bench->csv)
            printf(strchr(cell[i], ',') ? "%s\"%s\"" : "%s%s", i ? "," : "", cell[i]);
        else
            printf(i ? " %13s" : "%-34s", cell[i]);
    }
    printf("\n");
    fflush(stdout);
}

void bench_heading(const Bench *bench, const char *text) {
    if (bench->ranks->rank == 0 && !bench->csv)
        printf("%s\n", text);
}

const char *bench_number(char room[static 24], const char *format, double value) {
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    snprintf(room, 24, format, value);
#pragma GCC diagnostic pop
    return room;
}

double bench_seconds(void (*run)(void *context), void *context) {
    enum { COUNTS = 7 };
    const double duration = 0.02;
    double best = 1e30;
    const FloatMode mode = float_mode_flush();
    for (int count = 0; count < COUNTS; count++) {
        const double start = omp_get_wtime();
        double now;
        size_t calls = 0;
        do {
            for (int i = 0; i < 16; i++)
                run(context);
            calls += 16;
            now = omp_get_wtime();
        } while (now - start < duration);
        best = (now - start) / (double)calls < best ? (now - start) / (double)calls : best;
    }
    float_mode_restore(mode);
    return best;
}
