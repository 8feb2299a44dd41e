#ifndef VIT_BUILD_INFO_H
#define VIT_BUILD_INFO_H

#include <stdint.h>

enum { BUILD_VERSION_BYTES = 64 };

/* What a checkpoint says about where it comes from, under /build. */
typedef struct BuildInfo {
    char version[BUILD_VERSION_BYTES], compiler[128], gemm[128], kernels[64], host[256], date[64];
    uint64_t ranks, threads; /* threads: a rank */
} BuildInfo;

/* Of this program, now (date: UTC, as ISO 8601 has it), on a host, with so many ranks of so many
 * threads. Local. */
BuildInfo build_info_make(const char *host, uint64_t ranks, uint64_t threads);

#endif
