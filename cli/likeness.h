/* likeness.h - names that are nearly right */
#ifndef CLI_LIKENESS_H
#define CLI_LIKENESS_H

enum { LIKENESS_HINT = 512 };

/* Which of the names that are offered a wrong one may mean: those that it is, or else the first of those that differ
 * from it least, by a letter or two. */
typedef struct likeness {
    const char *wrong;
    char        hint[LIKENESS_HINT];        /* as they are shown, "a/b or c/d"; "": none */
    int         nearest;                 /* letters that differ                       */
} likeness;

likeness likeness_of(const char *wrong);

/* One that there is, and how it is shown. */
void  likeness_offer(likeness *n, const char *name, const char *shown);

#endif
