/* arena.h - one block of memory, handed out in order
 *
 * The same code first measures and then takes: on an arena without memory
 * plni_arena_take only counts and returns NULL. */
#ifndef PLNI_ARENA_H
#define PLNI_ARENA_H

#include <stddef.h>

typedef struct plni_arena {
    char  *base;      /* NULL: measure only                     */
    size_t used;      /* bytes handed out, alignment included   */
} plni_arena;

/* The next `bytes` bytes, on a cache line of their own. */
void *plni_arena_take(plni_arena *arena, size_t bytes);

#endif
