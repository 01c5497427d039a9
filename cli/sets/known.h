/* known.h - data sets that have a name */
#ifndef CLI_KNOWN_H
#define CLI_KNOWN_H

#include "sets/unpack.h"

enum { KNOWN_MIRRORS = 3, KNOWN_FILES = 4 };

typedef struct known_set {
    const char *name;
    const char *folder;                   /* that its archive unpacks to, or NULL          */
    const char *about;
    const char *by_hand;                  /* how to get what cannot be fetched, or NULL    */
    const char *mirrors[KNOWN_MIRRORS];
    bool        zipped;                   /* servers have name.gz; sums are of the contents */
    size_t      most;                     /* no file is larger; a mirror that sends more is wrong */
    const char *unpacked[UNPACK_PARTS];   /* of a zip file: what is unpacked, or none      */
    struct { const char *name, *sha256; } file[KNOWN_FILES];
} known_set;

extern const known_set known_sets[];
extern const int known_count;

/* The set of a name, or NULL. */
const known_set *known_find(const char *name);

/* What to do if it is not on this machine: "get it by 'planaria data fetch mnist'". */
void known_remedy(const char *name, char *text, size_t capacity);

#endif
