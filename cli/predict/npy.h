/* npy.h - an array of unknown length, written to an .npy file as it comes */
#ifndef CLI_NPY_H
#define CLI_NPY_H

#include "command.h"

#include <stdio.h>

enum { NPY_RANK = 4 };

typedef struct npy_file {
    FILE       *file;
    char        path[4096], part[4112];  /* its name when it is whole, and until then      */
    const char *type;                    /* "<f4"                                          */
    int         rank, dim[NPY_RANK];     /* of a row                                       */
    size_t      bytes;                   /* of a row                                       */
    long        rows;
} npy_file;

/* Begins a file that must not be there yet, of rows of that shape.  Complains and returns an exit code, as all of these. */
int npy_begin(npy_file *f, const char *path, const char *type, int rank, const int *dim);

int npy_add(npy_file *f, const void *rows, long count);

/* Gives the file its name; and leaves nothing of one that has none yet, if there is any. */
int  npy_finish(npy_file *f);
void npy_drop(npy_file *f);

#endif
