/* cpu.c - what this CPU can do */

#include "base/cpu.h"

unsigned plni_cpu_levels(void)
{
    unsigned levels = 0;

#if defined(__x86_64__)
    __builtin_cpu_init();
    if (__builtin_cpu_supports("sse4.2") && __builtin_cpu_supports("popcnt"))
        levels |= PLNI_CPU_X86_64_V2;
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") &&
        __builtin_cpu_supports("bmi2"))
        levels |= PLNI_CPU_X86_64_V3;
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
        __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl") &&
        __builtin_cpu_supports("avx512cd"))
        levels |= PLNI_CPU_X86_64_V4;
    if (__builtin_cpu_supports("avx512bf16")) levels |= PLNI_CPU_AVX512_BF16;
#elif defined(__aarch64__)
    levels |= PLNI_CPU_ARM64;
#endif
    return levels;
}
