/* fuzz_tarball.c - archives of CIFAR, zipped or not: the reader takes both */

#define _GNU_SOURCE

#include "command.h"
#include "quiet.h"
#include "sets/tarball.h"

#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    enum { MOST = 1 << 21 };
    static int file = -1;
    static char path[64];
    tarball_member wanted[2] = { { "a.bin", NULL, 0 }, { "b.bin", NULL, 0 } };

    if (file < 0) {
        file = memfd_create("fuzz", 0);
        snprintf(path, sizeof path, "/proc/self/fd/%d", file);
    }
    if (file < 0 || ftruncate(file, 0) != 0 || pwrite(file, data, size, 0) != (ssize_t)size) abort();
    const int code = tarball_read(path, MOST, 2, wanted);
    for (int i = 0; i < 2; i++) {
        if (code == DONE && (!wanted[i].bytes || wanted[i].size > MOST)) abort();
        free(wanted[i].bytes);
    }
    return 0;
}
