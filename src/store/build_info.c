#include "vit/build_info.h"

#include "vit/cpu.h"
#include "vit/gemm.h"
#include "vit/kernels.h"
#include "vit/version.h"
#include <stdio.h>
#include <time.h>

BuildInfo build_info_make(const char *host, uint64_t ranks, uint64_t threads) {
    BuildInfo build = {.ranks = ranks, .threads = threads};
    const time_t now = time(NULL);
    struct tm utc;
    gmtime_r(&now, &utc);
    strftime(build.date, sizeof build.date, "%Y-%m-%dT%H:%M:%SZ", &utc);
    snprintf(build.version, sizeof build.version, "%s", version_text);
    snprintf(build.compiler, sizeof build.compiler, "%s", version_compiler);
    snprintf(build.gemm, sizeof build.gemm, "%s", gemm_description());
    snprintf(build.kernels, sizeof build.kernels, "%s", cpu_level_name(kernels_best()->level));
    snprintf(build.host, sizeof build.host, "%s", host);
    return build;
}
