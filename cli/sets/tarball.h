/* tarball.h - some files out of a .tar.gz */
#ifndef CLI_TARBALL_H
#define CLI_TARBALL_H

#include "command.h"

typedef struct tarball_member {
    const char *name;            /* wanted: without the folders before it        */
    void       *bytes;           /* found: freed by free                         */
    size_t      size;
} tarball_member;

/* Reads the wanted files, each at most `most` bytes, whatever folder they are in;
 * the first of a name counts.  Complains and returns an exit code, also if one is
 * missing; what was found until then is left to the caller. */
int tarball_read(const char *path, size_t most, int count, tarball_member *wanted);

#endif
