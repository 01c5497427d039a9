/* dataset.h - find a data set, read it, and say which it is */
#ifndef CLI_DATASET_H
#define CLI_DATASET_H

#include "sets/image.h"

enum { DATASET_FILES = 4, DATASET_WORDS = 512, DATASET_NOTES = 16, DATASET_UNLABELLED = 64 };

/* Which samples the test set is: those of a part of its own, a share of the training samples, or all of these. */
typedef enum dataset_tested { DATASET_TEST, DATASET_SHARE, DATASET_ALL } dataset_tested;

typedef struct dataset {
    char      path[4096];
    char      digest[65];        /* SHA-256 of the contents of all files read */
    pln_data *train, *test;
    dataset_tested tested;
    pln_data *held;              /* training samples that choose among epochs, or NULL */
    void     *bytes[DATASET_FILES];      /* images and labels of train, of test, while they are needed */
    size_t    size[DATASET_FILES];
    char    **names;             /* of the classes, or NULL                   */
    int       names_count;
    char    **files[2];          /* paths of the training samples and of those of the test, from the folder on, or NULL */
    int       files_count[2];
    int      *left;              /* numbers of the training samples among those that were read, or NULL: none was taken away */
    int       samples_read;      /* of these so many were */
    char      note[DATASET_NOTES][DATASET_WORDS];    /* what the files were like */
    int       notes;
} dataset;

/* How the files of some sets are read; zero is the usual way.  Part of the schema
 * of configurations (config.h). */
typedef struct dataset_how {
    bool coarse;                 /* cifar100: the label is the group, of 20   */
    int  steps;                  /* events: frames a sample; 0: 10            */
    int  microseconds;           /* of a frame; 0: equal parts                */
    int  height, width;          /* of a frame; 0: 34                         */
    bool binary;                 /* whether there is an event, not how many   */
    image_how image;             /* images: what becomes of them              */
    bool goes_on;                /* images: behind a faulty file, to tell of others */
    char unlabelled[DATASET_UNLABELLED];     /* images: the folder of those without a label; "": "unlabelled" */
} dataset_how;

/* Whether a name is that of a folder, "sets/mine", and not of a set; and what it is called: "mine". */
bool        dataset_is_place(const char *name);
const char *dataset_last_part(const char *name);

/* Finds `name`: in folder if not NULL (the set's own, or one above it), else where it is a folder itself, or in
 * $PLANARIA_DATA, the cache, /usr/share/datasets.  Reads what reader.h lists: IDX,
 * .npy, CIFAR, SVHN, folders of images or of events.  how may be NULL.
 * Complains and returns an exit code. */
int  dataset_open(pln_ctx *ctx, const char *name, const char *folder, const dataset_how *how, dataset *d);

/* The same of the training files alone: the test files are not opened, and
 * d->test is NULL until dataset_split. */
int  dataset_open_train(pln_ctx *ctx, const char *name, const char *folder, const dataset_how *how, dataset *d);

/* Whether the set is a folder that has training samples, but no part for the test. */
bool dataset_lacks_test(const char *name, const char *folder);

/* Makes a stratified share (above 0, below 1) of the labelled training samples, or where there are none of all, the
 * test set, and leaves the others in the training set. */
int  dataset_split(pln_ctx *ctx, dataset *d, double share, uint64_t seed);

/* Makes all labelled samples of a set without a test part the test set, too; they stay in the training set. */
int  dataset_test_all(pln_ctx *ctx, dataset *d);

/* Takes such a share of the training samples as d->held; the test set stays. */
int  dataset_hold(pln_ctx *ctx, dataset *d, double share, uint64_t seed);
void dataset_close(dataset *d);

/* "60000 samples of 28x28 bytes from 0 to 255". */
void dataset_describe(pln_data *data, char text[DATASET_WORDS]);

/* In reader.c: keeps a sentence about the files.  There is room for more than can be said of one set. */
__attribute__((format(printf, 2, 3)))
void dataset_add_note(dataset *d, const char *format, ...);

/* Calls see(sentence) for all that is to be said of a set: about its files, its samples, its labels. */
void dataset_each_note(const dataset *d, void (*see)(const char *note, void *user), void *user);

/* Says on stderr what the training and test samples are if they are floats, and what
 * looks wrong about them. */
void dataset_note(const dataset *d);

/* In file.c: reads one file, unzipped if it is gzip, into memory that is freed by free.
 * An IDX file is read no further than its header says, so that a small file
 * cannot fill the memory; `most` bounds others. */
int  dataset_read_file(const char *path, size_t most, void **bytes, size_t *size);

/* The same of a file that is no IDX file, even if it begins like one. */
int  dataset_read_other(const char *path, size_t most, void **bytes, size_t *size);

/* The same of a file whose bytes are taken as they are, even if they begin like gzip. */
int  dataset_read_plain(const char *path, size_t most, void **bytes, size_t *size);

/* How many bytes of a text are a mark of byte order, which Windows puts before the first line: 0 or 3. */
size_t text_mark(const void *text, size_t size);

/* The folder where fetched sets are kept. */
void dataset_cache(const char *name, char *path, size_t capacity);

/* Whether a folder is there, and nothing is in it. */
bool dataset_is_empty(const char *folder);

/* What is in a place: nothing, files that are not all that is read, or a set. */
typedef enum dataset_state { DATASET_ABSENT, DATASET_INCOMPLETE, DATASET_THERE } dataset_state;
dataset_state dataset_look(const char *folder);

/* Whether it is a set of which each sample is a file, an image or a recording of events. */
bool dataset_is_of_files(const char *folder);

/* Calls see(folder) for each place where sets are looked for. */
void dataset_places(const char *name, void (*see)(const char *folder, void *user), void *user);

#endif
