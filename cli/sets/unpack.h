/* unpack.h - files of a zip archive into a folder */
#ifndef CLI_UNPACK_H
#define CLI_UNPACK_H

#include "command.h"

enum { UNPACK_PARTS = 4 };

/* Writes the regular files of the archive whose names begin with one of `parts` (ends at
 * NULL) below the folder, over what is there; nothing is written elsewhere, whatever the
 * names in the archive.  No file may be larger than `most` bytes.  Complains and returns an
 * exit code. */
int unpack_zip(const char *path, const char *folder, const char *const parts[UNPACK_PARTS], size_t most);

/* Makes a folder and those above it; false with errno. */
bool unpack_folders(char *path);

#endif
