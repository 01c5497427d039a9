/* level.h - what the sources that are built once for each CPU level share
 *
 * The build defines PLNI_LEVEL as the level's suffix and sets the compiler's
 * target to it; LANES is the number of floats in one of its registers. */
#ifndef PLNI_LEVEL_H
#define PLNI_LEVEL_H

#include "base/attr.h"
#include "kernel/kernel.h"

#if defined(__AVX__)
#include <immintrin.h>
#endif

#define JOIN3_(a, b, c)   a##b##c
#define JOIN3(a, b, c)    JOIN3_(a, b, c)
#define KERNEL(operation) JOIN3(plni_##operation, _, PLNI_LEVEL)

/* Declares all kernels of this level. */
#define K(operation) plni_##operation##_fn KERNEL(operation);
#include "kernel/kernel.def"
#undef K

#if defined(__AVX512F__)
enum { LANES = 16 };
#elif defined(__AVX__)
enum { LANES = 8 };
#else
enum { LANES = 4 };
#endif

typedef float   vec  __attribute__((vector_size(4 * LANES), may_alias));
typedef int32_t ivec __attribute__((vector_size(4 * LANES), may_alias));

/* Keeps a vector in a register: gcc otherwise turns it into a memory operand of
 * every multiply-add that uses it, which halves the speed of `dot`. */
#if defined(__x86_64__)
#define KEEP_IN_REGISTER(v) __asm__("" : "+v"(v))
#else
#define KEEP_IN_REGISTER(v) __asm__("" : "+w"(v))
#endif

/* Lets the elements after p be addressed by constant offsets from one register:
 * gcc otherwise keeps a register for each of them. */
#define ONE_REGISTER(p) __asm__("" : "+r"(p))

#if defined(__AVX512F__)
/* How many bits of a mask are set.  gcc 12 knows that a comparison leaves zeros above the 16 bits of its mask, but
 * spills these 16 alone: counted as an int, the mask brings along what lies beside it on the stack. */
PLNI_INLINE int set_bits(__mmask16 mask) { return __builtin_popcount(_cvtmask16_u32(mask)); }
#endif

#endif
