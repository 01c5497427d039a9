/* scratch.h - a folder for targets that need one, removed when the program ends; wants
 * _XOPEN_SOURCE 700 */
#ifndef SCRATCH_H
#define SCRATCH_H

#include <ftw.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static char scratch[] = "/tmp/fuzz-XXXXXX";

static int scratch_remove(const char *path, const struct stat *about, int type, struct FTW *where)
{
    (void)about, (void)type, (void)where;
    return remove(path);
}

static void scratch_end(void) { (void)nftw(scratch, scratch_remove, 8, FTW_DEPTH | FTW_PHYS); }

/* The folder; made by the first call. */
static const char *scratch_folder(void)
{
    static int made;

    if (!made && (!mkdtemp(scratch) || atexit(scratch_end) != 0)) abort();
    made = 1;
    return scratch;
}

static void scratch_write(const char *path, const uint8_t *data, size_t size)
{
    FILE *file = fopen(path, "wb");

    if (!file || fwrite(data, 1, size, file) != size || fclose(file) != 0) abort();
}

#endif
