/* list.c - which inputs are not zero */

#include "pln_edge.h"

/* Four bytes at once; without this attribute of gcc and clang bytes are looked at one by one. */
#if defined __GNUC__
typedef uint32_t __attribute__((may_alias)) four_bytes;
#endif

int pln_edge_list(const uint8_t *x, int n, uint16_t *list)
{
    uint16_t *next = list;
    int i = 0;

#if defined __GNUC__
    if (((uintptr_t)x & 3) == 0)
        for (; i + 4 <= n; i += 4) {
            if (*(const four_bytes *)(const void *)(x + i) == 0) continue;
            if (x[i]) *next++ = (uint16_t)i;
            if (x[i + 1]) *next++ = (uint16_t)(i + 1);
            if (x[i + 2]) *next++ = (uint16_t)(i + 2);
            if (x[i + 3]) *next++ = (uint16_t)(i + 3);
        }
#endif
    for (; i < n; i++)
        if (x[i]) *next++ = (uint16_t)i;
    return (int)(next - list);
}
