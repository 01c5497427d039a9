/* reader.h - what reads one kind of data files, for dataset.c */
#ifndef CLI_READER_H
#define CLI_READER_H

#include "sets/dataset.h"

#include <sha2.h>
#include <sys/types.h>

enum { TRAIN_IMAGES, TRAIN_LABELS, TEST_IMAGES, TEST_LABELS, FILES };

/* A set on its way into memory. */
typedef struct reading {
    pln_ctx           *ctx;
    dataset           *d;           /* its folder is d->path                        */
    const dataset_how *how;
    bool               test;        /* also the test samples, or else no test file  */
    SHA2_CTX           sha;         /* of all that was read                         */
} reading;

/* Looks whether a folder holds such files; reads them into r->d: bytes, sizes, the
 * bound sets and, if there are, the names of the classes.  Complains and returns an
 * exit code; what is in r->d by then is freed by the caller.  `whole` asks whether all
 * files are there, where that can be told by their names; NULL where it cannot.  `lacks_test` asks whether there is
 * no test part at all, and may be NULL where there always has to be one. */
typedef struct reader {
    bool (*holds)(const char *folder);
    int  (*read)(reading *r);
    bool (*whole)(const char *folder);
    bool (*lacks_test)(const char *folder);
} reader;

/* In find.c: what reads a folder, NULL: nothing does; and the folder of a set, as dataset_open finds it, of PATH_MAX bytes, after a complaint
 * if the exit code is not DONE. */
const reader *reader_of(const char *folder);
int           dataset_find(const char *name, const char *folder, char *found);

extern const reader idx_reader, npy_reader, cifar_reader, svhn_reader, folder_reader;

/* The largest set that is read. */
#define READER_MOST ((size_t)4 << 30)

/* One of up to three names in the folder, plain or with .gz behind it. */
bool reader_find(const char *folder, const char *const names[3], char *path, size_t capacity);

/* Memory for `count` samples and labels in d->bytes[first] and [first + 1]: complains
 * if it is more than READER_MOST. */
int reader_reserve(reading *r, int first, int count, size_t features);

/* A set over them: d->train or d->test. */
int reader_bind(reading *r, int first, int count, int rank, const int *shape);

/* Whether a file of that name is an image, or a recording of events; and the endings of images, NULL at the end. */
bool reader_is_image(const char *name);
extern const char *const reader_images[];
bool reader_is_events(const char *name);

/* How events become frames. */
pln_frames reader_frames(const dataset_how *how);

/* Frees the files `first` and `first + 1`, which no set is bound to any more. */
void reader_drop(dataset *d, int first);

#endif
