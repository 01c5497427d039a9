/* cpu.h - what this CPU can do */
#ifndef PLNI_CPU_H
#define PLNI_CPU_H

/* One bit for each level a kernel may need; the levels of the x86-64 psABI. */
enum {
    PLNI_CPU_X86_64_V2 = 1 << 0,
    PLNI_CPU_X86_64_V3 = 1 << 1,
    PLNI_CPU_X86_64_V4 = 1 << 2,
    PLNI_CPU_ARM64     = 1 << 3
};

/* The levels that the CPU and its operating system support. */
unsigned plni_cpu_levels(void);

#endif
