/* fuzz_listing.c - the text files of image folders: which class a file is of, and which
 * classes there are.  The same bytes are read as both. */

#define _XOPEN_SOURCE 700

#include "sets/listing.h"

#include "quiet.h"
#include "scratch.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static char *names[] = { "bird", "fish", "toad" };
    const char *folder = scratch_folder();
    listing l = { .names = names, .classes = 3 };
    char path[64];

    snprintf(path, sizeof path, "%s/val", folder);
    if (mkdir(path, 0777) != 0 && errno != EEXIST) abort();
    snprintf(path, sizeof path, "%s/val/val_annotations.txt", folder);
    scratch_write(path, data, size);
    if (listing_annotated(folder, "val", &l) == DONE)
        for (int i = 0; i < l.count; i++)
            if (l.file[i].label < 0 || l.file[i].label >= l.classes || strncmp(l.file[i].path, "val/images/", 11) != 0 ||
                strchr(l.file[i].path + 11, '/'))
                abort();
    listing_free_files(&l);
    snprintf(path, sizeof path, "%s/wnids.txt", folder);
    scratch_write(path, data, size);
    (void)listing_check(folder, "wnids.txt", &l);
    return 0;
}
