#include "import_progress.h"

#include "vit/clock.h"
#include "vit/log.h"
#include <string.h>

enum { BAR_WIDTH = 30 };
static const double interval_s = 0.1;

void import_progress_start(ImportProgress *progress, size_t all) {
    *progress = (ImportProgress){.all = all, .start = clock_now()};
}

void import_progress_add(ImportProgress *progress) {
    atomic_fetch_add_explicit(&progress->done, 1, memory_order_relaxed);
}

void import_progress_show(ImportProgress *progress) {
    const double now = clock_now();
    const size_t done = atomic_load_explicit(&progress->done, memory_order_relaxed);
    char bar[BAR_WIDTH + 1];
    if (!log_on_terminal() || now - progress->shown_at < interval_s || done == 0)
        return;
    progress->shown_at = now;
    const size_t filled = done * BAR_WIDTH / progress->all;
    memset(bar, '.', BAR_WIDTH);
    memset(bar, '=', filled);
    bar[BAR_WIDTH] = '\0';
    const double a_second = (double)done / (now - progress->start + 1e-9);
    const unsigned long left = (unsigned long)((double)(progress->all - done) / a_second);
    log_transient("%zu/%zu pictures [%s] - %.0f a second - %lu:%02lu left", done, progress->all,
                  bar, a_second, left / 60, left % 60);
}
