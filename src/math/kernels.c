#include "vit/kernels.h"

#include <stdlib.h>
#include <string.h>

extern const Kernels kernels_portable;
#if defined(VIT_HAVE_X86_KERNELS)
extern const Kernels kernels_avx2, kernels_avx512;
#endif

const Kernels *kernels_at(CpuLevel level) {
    if (level > cpu_level())
        return NULL;
#if defined(VIT_HAVE_X86_KERNELS)
    if (level == CPU_AVX512)
        return &kernels_avx512;
    if (level == CPU_AVX2)
        return &kernels_avx2;
#endif
    return level == CPU_PORTABLE ? &kernels_portable : NULL;
}

const Kernels *kernels_best(void) {
    CpuLevel highest = CPU_LEVELS - 1;
    const char *wanted = getenv("VIT_KERNELS");
    if (wanted && strcmp(wanted, "avx2") == 0)
        highest = CPU_AVX2;
    if (wanted && strcmp(wanted, "portable") == 0)
        highest = CPU_PORTABLE;
    for (int level = (int)highest; level > CPU_PORTABLE; level--)
        if (kernels_at((CpuLevel)level))
            return kernels_at((CpuLevel)level);
    return &kernels_portable;
}
