/* listing.h - files in a folder for each class */
#ifndef CLI_LISTING_H
#define CLI_LISTING_H

#include "command.h"

typedef struct listed {
    char *path;                  /* from the folder of the set on               */
    int   label, place;          /* its class or PLN_UNLABELLED, and its place within the class */
} listed;

/* Files of pictures in formats that are not read. */
enum { LISTING_ENDINGS = 24, LISTING_WHERE = 200, LISTING_FORMATS = 24 * LISTING_ENDINGS };
typedef struct left_out {
    int  count[LISTING_ENDINGS]; /* by the ending, in the order of listing.c    */
    int  all, classes;           /* and how many classes lack some              */
    char where[LISTING_WHERE];   /* "bee 8, cat 8", as far as there is room     */
} left_out;

typedef struct listing {
    listed  *file;
    int      count, capacity;
    char   **names;              /* of the classes, in the order of their bytes */
    int      classes;
    bool     named;              /* a text file gives labels, too               */
    left_out left;
} listing;

/* Extensions that are looked for, such as ".png", in any case; NULL at the end. */
typedef const char *const *extensions;

/* What is looked for below folder/PART, where PART may be "". */
typedef struct listing_how {
    extensions  wanted;
    const char *unlabelled;      /* a folder that is no class: its files have no label, as those beside the classes; NULL: none has */
    bool        each;            /* each folder must hold such a file, else those that hold none are no classes */
} listing_how;

/* How many folders PART/CLASS or PART/CLASS/images have such a file, up to `most`; a folder that cannot be looked into counts. */
int listing_has(const char *folder, const char *part, extensions wanted, int most);

/* Whether folder/PART itself has such a file, or cannot be looked into. */
bool listing_holds(const char *folder, const char *part, extensions wanted);

/* The folders of folder/PART become the classes. */
int listing_name(const char *folder, const char *part, const listing_how *how, listing *l);

/* Lists the files in folder/PART/CLASS and in folders within it, without hidden files and those of other extensions.  There may be no other classes than
 * those that have a name; of a training part each must have a file.  Files beside them have no label.  Complains and
 * returns an exit code; *l is to be freed either way. */
int listing_read(const char *folder, const char *part, const listing_how *how, bool training, listing *l);

/* Removes the files that have no label; how many. */
int listing_drop_unlabelled(listing *l);

/* The first of each class, then the second of each, and so on, so that the beginning of the list has all classes. */
void listing_order(listing *l);

/* Whether a name ends in one of these. */
bool listing_ends(const char *name, extensions wanted);

/* Takes note of a picture in a format that is not read; whether it is one.  ".bmp 12, .gif 12". */
bool listing_leave_out(left_out *l, const char *name);
void listing_formats(const left_out *l, char text[LISTING_FORMATS]);

/* "24 of 36 picture files are left out: .bmp 12, .gif 12 (bee 8, cat 8)", or "" if none is. */
void listing_tell(const listing *l, char *text, size_t capacity);

/* The number of a class, or -1; and one more file. */
int listing_label(const listing *l, const char *name);
int listing_add(listing *l, const char *within, const char *name, int label, int place);

/* ---- annotations.c: text files beside the pictures --------------------------------- */

/* The classes that lines "FILE CLASS" or "FILE,CLASS" of folder/PART/labels.csv or labels.txt name are added to those there
 * are, if there is such a file. */
int listing_name_labels(const char *folder, const char *part, listing *l);

/* Then the files that it lists have those classes, which must be among those there are: their paths are relative to
 * folder/PART. */
int listing_take_labels(const char *folder, const char *part, listing *l);

/* The files of a folder/PART/images where lines "FILE CLASS ..." of the text file
 * folder/PART/val_annotations.txt say which class a file is of. */
int listing_annotated(const char *folder, const char *part, listing *l);

/* The class folder/NAME lists, one a line, must be those of the list, if there is such a file. */
int listing_check(const char *folder, const char *name, const listing *l);

/* Frees the files, not the names. */
void listing_free_files(listing *l);
void listing_free(listing *l);

#endif
