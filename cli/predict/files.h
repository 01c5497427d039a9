/* files.h - the files below some paths */
#ifndef CLI_FILES_H
#define CLI_FILES_H

#include "command.h"

typedef struct file_list {
    char **path;
    int    count, capacity;
    int    left_out;             /* files in folders whose names do not end as wanted */
} file_list;

/* Adds a file, or in the order of their bytes those of a folder, and of the folders in it, whose names end in one of `wanted`
 * (".png", in any case; NULL at the end); hidden ones are not looked at.  Complains and returns an exit code. */
int  files_add(file_list *l, const char *path, const char *const *wanted);
void files_free(file_list *l);

#endif
