/* sorted.h - files in folders of the classes that they are said to be of */
#ifndef CLI_SORTED_H
#define CLI_SORTED_H

#include "command.h"

typedef struct sorted {
    const char        *folder;
    const pln_decoder *decoder;
    bool               links;                /* symbolic links instead of copies */
    int                count;
} sorted;

/* Refuses a folder that is there and not empty, and names of classes that are none of folders; the first file makes the folder.
 * Complains and returns an exit code. */
int sorted_begin(const sorted *s);

/* Puts a file in the folder of its class (-1: "no class"), by its own name or, if that is there already, by NAME-2.ENDING and
 * so on: nothing is ever overwritten.  Complains and returns an exit code. */
int sorted_put(sorted *s, const char *path, int class);

#endif
