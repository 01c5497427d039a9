/* fetch.h - download a data set */
#ifndef CLI_FETCH_H
#define CLI_FETCH_H

#include "command.h"

/* Downloads the files of a known set into a folder (NULL: the user's cache):
 * from `mirror` if not NULL, else from known addresses in turn.  Goes on with
 * what an earlier call has left.  A file gets its name only when the SHA-256 of
 * its contents is right.  Complains and returns an exit code. */
int fetch_set(const char *name, const char *mirror, const char *folder);

#endif
