/* listing.h - files in a folder for each class */
#ifndef CLI_LISTING_H
#define CLI_LISTING_H

#include "command.h"

typedef struct listed {
    char *path;                  /* from the folder of the set on               */
    int   label, place;          /* its class, and its place within the class   */
} listed;

typedef struct listing {
    listed *file;
    int     count, capacity;
    char  **names;               /* of the classes, in the order of their bytes */
    int     classes;
} listing;

/* Extensions that are looked for, such as ".png", in any case; NULL at the end. */
typedef const char *const *extensions;

/* Whether folder/PART/CLASS or folder/PART/CLASS/images has such a file. */
bool listing_has(const char *folder, const char *part, extensions wanted);

/* Lists folder/PART/CLASS[/images]/FILE, without hidden files and those of other
 * extensions: the first of each class, then the second of each, and so on, so that
 * the beginning of the list has all classes.  If l->names is NULL the classes are
 * found, and each must have a file; else there may be no others.  Complains and
 * returns an exit code; *l is to be freed either way. */
int listing_read(const char *folder, const char *part, extensions wanted, listing *l);

/* The same for a folder/PART/images where lines "FILE CLASS ..." of the text file
 * folder/PART/val_annotations.txt say which class a file is of. */
int listing_annotated(const char *folder, const char *part, listing *l);

/* The class folder/NAME lists, one a line, must be those of the list, if there is such a file. */
int listing_check(const char *folder, const char *name, const listing *l);

/* Frees the files, not the names. */
void listing_free_files(listing *l);
void listing_free(listing *l);

#endif
