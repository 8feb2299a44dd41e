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

int kernels_wanted(void) {
    static const char *const names[CPU_LEVELS] = {"portable", "avx2", "avx512"};
    const char *wanted = getenv("VIT_KERNELS");
    if (!wanted || !*wanted)
        return -1;
    for (int level = 0; level < CPU_LEVELS; level++)
        if (strcmp(wanted, names[level]) == 0)
            return level;
    return -2;
}

static const Kernels *chosen;

void kernels_choose(CpuLevel level) {
    chosen = kernels_at(level);
}

const Kernels *kernels_best(void) {
    if (chosen)
        return chosen;
    const int wanted = kernels_wanted();
    for (int level = wanted >= 0 ? wanted : CPU_LEVELS - 1; level > CPU_PORTABLE; level--)
        if (kernels_at((CpuLevel)level))
            return kernels_at((CpuLevel)level);
    return &kernels_portable;
}
