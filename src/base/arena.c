/* arena.c - one block of memory, handed out in order */

#include "base/arena.h"

void *plni_arena_take(plni_arena *arena, size_t bytes)
{
    char *here = arena->base ? arena->base + arena->used : NULL;

    arena->used += (bytes + 63) / 64 * 64;
    return here;
}
