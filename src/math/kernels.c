#include "vit/kernels.h"

#include "vit/environment.h"

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

Status kernels_wanted(int *level) {
    static const char *const names[] = {"portable", "avx2", "avx512", NULL};
    _Static_assert(sizeof names / sizeof *names == CPU_LEVELS + 1, "a name for each level");
    return environment_word("VIT_KERNELS", names, level);
}

static const Kernels *chosen;

void kernels_choose(CpuLevel level) {
    chosen = kernels_at(level);
}

const Kernels *kernels_best(void) {
    if (chosen)
        return chosen;
    int wanted;
    kernels_wanted(&wanted);
    for (int level = wanted >= 0 ? wanted : CPU_LEVELS - 1; level > CPU_PORTABLE; level--)
        if (kernels_at((CpuLevel)level))
            return kernels_at((CpuLevel)level);
    return &kernels_portable;
}
