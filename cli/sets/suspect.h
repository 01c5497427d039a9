/* suspect.h - folders that are hardly meant as they are taken */
#ifndef CLI_SUSPECT_H
#define CLI_SUSPECT_H

#include "sets/dataset.h"
#include "sets/listing.h"

/* Takes note of classes that are called as if they were none, or as another but for upper and lower case, or with blanks around;
 * `unlabelled` is the folder of samples without a label, and `keys` what stands before keys of section read (image_keys). */
void suspect_names(dataset *d, const listing *l, const char *unlabelled, const char *keys);

/* Takes note of folders beside those that are taken, of training, test and samples without a label (NULL: none), that hold such
 * files or should, of classes or of parts, and of files beside these. */
void suspect_beside(dataset *d, const listing *l, const char *train, const char *test, const char *unlabelled, extensions wanted);

/* What a folder holds instead of a set, as a sentence with what to do, or "". */
void suspect_folder(const char *folder, extensions wanted, bool (*is_set)(const char *folder), char *text, size_t capacity);

#endif
