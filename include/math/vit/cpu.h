#ifndef VIT_CPU_H
#define VIT_CPU_H

/* The instruction sets for which kernels exist. */
typedef enum CpuLevel { CPU_PORTABLE, CPU_AVX2, CPU_AVX512, CPU_LEVELS } CpuLevel;

/* The best level that this processor (and the operating system) can run: AVX2 with FMA, or AVX-512
 * with F, BW, DQ and VL. Local. */
CpuLevel cpu_level(void);

const char *cpu_level_name(CpuLevel level);

/* The processor's name as the system gives it ("AMD EPYC ..."), "unknown processor" otherwise. */
void cpu_model(char *text, unsigned bytes);

#endif
