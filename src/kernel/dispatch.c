/* dispatch.c - picks the kernels of one CPU level */

#include "kernel/kernel.h"

#include "base/cpu.h"

#include <string.h>

/* L(suffix, name, what the CPU must have), slowest first; CMakeLists.txt builds the same. */
#if defined(__x86_64__)
#define LEVELS(L)                                                        \
    L(scalar, "scalar", 0)                                               \
    L(x86_64_v2, "x86-64-v2", PLNI_CPU_X86_64_V2)                        \
    L(x86_64_v3, "x86-64-v3", PLNI_CPU_X86_64_V3)                        \
    L(x86_64_v4, "x86-64-v4", PLNI_CPU_X86_64_V4)
#elif defined(__aarch64__)
#define LEVELS(L)                                                        \
    L(scalar, "scalar", 0)                                               \
    L(arm64, "arm64", PLNI_CPU_ARM64)
#else
#define LEVELS(L) L(scalar, "scalar", 0)
#endif

#define TABLE(suffix, name, needs) extern const plni_kernels plni_kernels_##suffix;
LEVELS(TABLE)
#undef TABLE

static const struct {
    const char         *name;
    unsigned            needs;
    const plni_kernels *kernels;
} levels[] = {
#define ROW(suffix, name, needs) { name, needs, &plni_kernels_##suffix },
    LEVELS(ROW)
#undef ROW
};

enum { LEVEL_COUNT = sizeof levels / sizeof levels[0] };

const char *plni_kernels_choose(plni_kernels *kernels, unsigned cpu,
                                const char *isa)
{
    for (int i = LEVEL_COUNT - 1; i >= 0; i--) {
        if ((cpu & levels[i].needs) != levels[i].needs) continue;
        if (isa && strcmp(isa, levels[i].name) != 0) continue;
        *kernels = *levels[i].kernels;
        return levels[i].name;
    }
    return NULL;
}

const char *plni_level_name(int i)
{
    return 0 <= i && i < LEVEL_COUNT ? levels[i].name : NULL;
}
