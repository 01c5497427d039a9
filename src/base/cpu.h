/* cpu.h - what this CPU can do, and the little that has to be said in its own words */
#ifndef PLNI_CPU_H
#define PLNI_CPU_H

#include <stdint.h>

/* One bit for each level a kernel may need; the levels of the x86-64 psABI. */
enum {
    PLNI_CPU_X86_64_V2 = 1 << 0,
    PLNI_CPU_X86_64_V3 = 1 << 1,
    PLNI_CPU_X86_64_V4 = 1 << 2,
    PLNI_CPU_ARM64     = 1 << 3,
    PLNI_CPU_AVX512_BF16 = 1 << 4        /* no level of ours: OpenBLAS has kernels for it */
};

/* The levels that the CPU and its operating system support. */
unsigned plni_cpu_levels(void);

/* Tells the CPU that this thread only looks whether a word has changed. */
static inline void plni_cpu_relax(void)
{
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

/* How this thread computes with floats: rounding, flushing of denormals, traps.
 * Which exceptions have happened is not part of it.  0 where we do not know. */
static inline uint64_t plni_cpu_floats(void)
{
#if defined(__x86_64__)
    return __builtin_ia32_stmxcsr() & ~0x3fu;
#elif defined(__aarch64__)
    uint64_t control;
    __asm__ volatile("mrs %0, fpcr" : "=r"(control));
    return control;
#else
    return 0;
#endif
}

static inline void plni_cpu_set_floats(uint64_t control)
{
#if defined(__x86_64__)
    __builtin_ia32_ldmxcsr((unsigned)control);
#elif defined(__aarch64__)
    __asm__ volatile("msr fpcr, %0" : : "r"(control));
#else
    (void)control;
#endif
}

#endif
