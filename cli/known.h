/* known.h - the data sets that planaria knows by name */
#ifndef CLI_KNOWN_H
#define CLI_KNOWN_H

#include <stddef.h>

enum { KNOWN_FILES = 4, KNOWN_MIRRORS = 3 };

/* One file of a set.  Its contents are what counts: mirrors zip them anew, so
 * size and digest are of the unzipped bytes. */
typedef struct known_file {
    const char *name;            /* without ".gz"                    */
    size_t      size;
    const char *sha256;
} known_file;

typedef struct known_set {
    const char *name, *about, *licence, *source;
    const char *mirror[KNOWN_MIRRORS];       /* the rest is NULL      */
    known_file  file[KNOWN_FILES];           /* train images, labels, test */
} known_set;

/* Set number n, NULL behind the last; the set of that name, NULL for none. */
const known_set *known_at(int n);
const known_set *known_find(const char *name);

#endif
