/* inputs.h - what a model is asked about: images, folders of them, arrays, data sets */
#ifndef CLI_INPUTS_H
#define CLI_INPUTS_H

#include "sets/dataset.h"

enum { INPUTS_BLOCK = 256 };

/* Some samples.  Those of files have names; others count from 0 within an array or a folder.  Those of a set may have labels. */
typedef struct inputs_batch {
    const pln_data    *data;
    const char *const *file;                 /* [pln_data_count], or NULL                   */
    const char *const *label;                /* what a labels.csv of their folder says of them, each NULL: nothing; or NULL */
    const char        *within;               /* that array or folder, NULL: the data of the run itself */
    const dataset     *set;                  /* the data set that they are of, or NULL      */
    double             share;                /* of all that is asked about, with these; -1: not known */
} inputs_batch;

/* What they must be like, and who gets them: see(user, batch) returns an exit code, and another than DONE ends it. */
typedef struct inputs {
    pln_ctx           *ctx;
    const pln_decoder *decoder;              /* the model's                                 */
    const char        *name;                 /* of the data of its training, or ""          */
    dataset_how        how;                  /* and how these were read                     */
    bool               train;                /* of data sets the training samples, not the test samples */
    int              (*see)(void *user, const inputs_batch *batch);
    void              *user;
} inputs;

/* Goes through image files (PNG, JPEG), event files, arrays (.npy, IDX), folders of such files but IDX with all folders in
 * them, and folders of data sets; "-" is one such file on stdin.  A file that cannot be taken is complained of, and
 * the others are gone on with.  Returns an exit code, that of the first complaint. */
int inputs_walk(const inputs *in, const char *const *paths, int count);

/* Whether one of the paths is a folder of a data set, which has parts. */
bool inputs_has_set(const char *const *paths, int count);

/* The samples of one set; `within` as in a batch. */
int inputs_set(const inputs *in, const dataset *d, const pln_data *data, const char *within);

#endif
