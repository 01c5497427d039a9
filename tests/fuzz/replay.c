/* replay.c - gives a fuzz target each file of a folder, where there is no libFuzzer */

#define _POSIX_C_SOURCE 200809L

#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

enum { LARGEST = 1 << 22 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void replay(const char *path, uint8_t *buffer)
{
    FILE *file = fopen(path, "rb");

    if (!file) {
        fprintf(stderr, "cannot open %s\n", path);
        exit(1);
    }
    (void)LLVMFuzzerTestOneInput(buffer, fread(buffer, 1, LARGEST, file));
    fclose(file);
}

int main(int argc, char **argv)
{
    DIR *dir = argc == 2 ? opendir(argv[1]) : NULL;
    uint8_t *buffer = malloc(LARGEST);
    const struct dirent *entry;
    char path[4096];
    int count = 0;

    if (!dir || !buffer) {
        fprintf(stderr, "usage: %s FOLDER\n", argv[0]);
        return 1;
    }
    while ((entry = readdir(dir)) != NULL) {
        if (entry->d_name[0] == '.') continue;
        snprintf(path, sizeof path, "%s/%s", argv[1], entry->d_name);
        replay(path, buffer);
        count++;
    }
    closedir(dir);
    free(buffer);
    printf("%d files\n", count);
    return count == 0;
}
