/* data.c - planaria data: list, describe, check and download data sets */

#define _XOPEN_SOURCE 700

#include "dataset.h"
#include "fetch.h"
#include "options.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static const char *const known[] = { "mnist", "fashion-mnist" };

static void print_place(const char *folder, void *user)
{
    struct stat about;
    bool *found = user;

    if (stat(folder, &about) != 0 || *found) return;
    printf("  %s", folder);
    *found = true;
}

static int list_sets(void)
{
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        bool found = false;
        printf("%-16s", known[i]);
        dataset_places(known[i], print_place, &found);
        if (!found) printf("  not here: 'planaria data fetch %s'", known[i]);
        printf("\n");
    }
    return DONE;
}

static void print_part(const char *part, pln_data *data)
{
    const pln_data_info info = pln_data_get_info(data);
    int count[PLN_MAX_CLASSES] = { 0 };

    printf("%-9s %d samples of ", part, info.count);
    for (int i = 0; i < info.rank; i++) printf("%s%d", i ? "x" : "", info.shape[i]);
    printf(" bytes, %d labelled, %.1f %% of the values not zero\n", info.labelled, 100 * info.active);
    for (int i = 0; i < info.count; i++)
        if (pln_data_labels(data)[i] >= 0) count[pln_data_labels(data)[i]]++;
    printf("%-9s", "classes");
    for (int c = 0; c < info.classes; c++) printf(" %d:%d", c, count[c]);
    printf("\n");
}

/* `folder` is NULL for a set by its name. */
static int describe(const char *name, const char *folder)
{
    pln_ctx *ctx = pln_ctx_new(NULL);
    dataset d = { .train = NULL };
    int code = ctx ? dataset_open(ctx, name, folder, &d) : complain(FAILED, "no memory left");

    if (code == DONE) {
        printf("folder    %s\nsha256    %s\n", d.path, d.digest);
        print_part("training", d.train);
        print_part("test", d.test);
    }
    dataset_close(&d);
    pln_ctx_free(ctx);
    return code;
}

int command_data(int argc, const char **argv)
{
    char *mirror = NULL, *to = NULL;
    const struct poptOption table[] = {
        { "mirror", 0, POPT_ARG_STRING, &mirror, 0, "fetch: address of a folder with the files", "URL" },
        { "to", 0, POPT_ARG_STRING, &to, 0, "fetch: where to put the set (default: the user's cache)", "DIR" },
        POPT_AUTOHELP POPT_TABLEEND
    };
    options o = { .context = NULL };
    int code = options_read(&o, argc, argv, table, "list | info NAME | check DIR | fetch mnist|fashion-mnist",
                            "Sets are looked for in $PLANARIA_DATA/NAME, the user's cache and\n"
                            "/usr/share/datasets/NAME.  A folder of your own IDX files (train-images-idx3-ubyte,\n"
                            "train-labels-idx1-ubyte, t10k-..., plain or .gz) or .npy files (train-images.npy,\n"
                            "train-labels.npy, test-images.npy, test-labels.npy) works like a named set.");
    const char *what = code == DONE && o.extra_count > 0 ? o.extra[0] : "", *which = o.extra_count > 1 ? o.extra[1] : NULL;

    if (code == DONE && strcmp(what, "list") == 0 && !which) code = list_sets();
    else if (code == DONE && strcmp(what, "info") == 0 && which) code = describe(which, NULL);
    else if (code == DONE && strcmp(what, "check") == 0 && which) code = describe("", which);
    else if (code == DONE && strcmp(what, "fetch") == 0 && which) code = fetch_set(which, mirror, to);
    else if (code == DONE) code = complain(MISUSED, "data wants: list, info NAME, check DIR, or fetch NAME");
    free(mirror);
    free(to);
    options_free(&o);
    return code == OPTIONS_HELPED ? DONE : code;
}
