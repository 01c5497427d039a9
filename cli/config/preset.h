/* preset.h - configurations and sweeps that come with planaria: where they lie */
#ifndef CLI_PRESET_H
#define CLI_PRESET_H

#include "likeness.h"

#include <stdbool.h>
#include <stddef.h>

/* Finds the file of a preset, "liu2024/unsup-bp-1layer", or of the only one whose name ends so, "unsup-bp-1layer"; false if
 * there is none.  Presets lie in $PLANARIA_PRESETS, if that is set, and where those of the program are. */
bool preset_path(const char *name, char *path, size_t capacity);

/* The same of a sweep that came with planaria, "semi-bp-100". */
bool sweep_path(const char *name, char *path, size_t capacity);

/* Calls see(name, path, user) for all presets in alphabetical order. */
void preset_each(void (*see)(const char *name, const char *path, void *user), void *user);

/* The same of all sweeps that came with planaria. */
void sweep_each(void (*see)(const char *name, const char *path, void *user), void *user);

/* Which presets a wrong name may mean: those whose last part it is, or else the one that is nearest by a letter or two. */
likeness preset_like(const char *name);

#endif
