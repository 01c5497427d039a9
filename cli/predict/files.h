/* files.h - the files below some paths */
#ifndef CLI_FILES_H
#define CLI_FILES_H

#include "sets/listing.h"

/* What lies in folders and is not wanted is counted: pictures in formats that are not read, and other files. */
typedef struct file_list {
    char   **path, **label;      /* and what a list says of them: each NULL for nothing, or NULL */
    int      count, capacity;
    left_out left;
    int      others;
} file_list;

/* Adds a file, or in the order of their bytes those of a folder, and of the folders in it, whose names are wanted; hidden ones
 * are not looked at.  Complains and returns an exit code. */
int  files_add(file_list *l, const char *path, bool (*wanted)(const char *name));
/* Adds one path. */
int  files_add_path(file_list *l, const char *path);
/* Takes the labels of a folder's labels.csv or labels.txt, if there is one, for the files below it.  Complains and returns an exit code. */
int  files_label(file_list *l, const char *folder);
void files_free(file_list *l);

#endif
