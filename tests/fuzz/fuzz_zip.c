/* fuzz_zip.c - archives that are unpacked into a folder, and nowhere else */

#define _XOPEN_SOURCE 700

#include "sets/unpack.h"

#include "quiet.h"
#include "scratch.h"

#include <string.h>
#include <sys/stat.h>

enum { MOST = 1 << 16, PIECE = 1 << 14 };

static char inside[64];

/* Removes what was unpacked, which begins with part/. */
static int look(const char *path, const struct stat *about, int type, struct FTW *where)
{
    (void)where;
    if (type == FTW_F && (strncmp(path + strlen(inside), "/part/", 6) != 0 || about->st_size > MOST + PIECE)) abort();
    return remove(path);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const parts[UNPACK_PARTS] = { "part/" };
    char path[64];

    snprintf(path, sizeof path, "%s/a.zip", scratch_folder());
    snprintf(inside, sizeof inside, "%s/in", scratch_folder());
    scratch_write(path, data, size);
    if (mkdir(inside, 0777) != 0) abort();
    (void)unpack_zip(path, inside, parts, MOST);
    if (nftw(inside, look, 8, FTW_DEPTH | FTW_PHYS) != 0) abort();
    return 0;
}
