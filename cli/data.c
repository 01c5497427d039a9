/* data.c - planaria data: list, describe, check and download data sets */

#define _XOPEN_SOURCE 700

#include "options.h"
#include "sets/dataset.h"
#include "sets/fetch.h"
#include "sets/known.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Where a set is: the first place that has all of it, or else something. */
typedef struct place {
    char          path[4096];
    dataset_state state;
} place;

static void see_place(const char *folder, void *user)
{
    place *best = user;
    const dataset_state state = dataset_look(folder);

    if (state <= best->state) return;
    best->state = state;
    snprintf(best->path, sizeof best->path, "%s", folder);
}

static int list_sets(void)
{
    for (int i = 0; i < known_count; i++) {
        const known_set *set = &known_sets[i];
        place at = { .state = DATASET_ABSENT };
        dataset_places(set->name, see_place, &at);
        printf("%-16s", set->name);
        if (at.state == DATASET_THERE)           printf("  %s", at.path);
        else if (at.state == DATASET_INCOMPLETE) printf("  incomplete: 'planaria data check %s' says why", at.path);
        else if (set->by_hand)                   printf("  not here: by hand, 'planaria data fetch %s' says how", set->name);
        else                                     printf("  not here: 'planaria data fetch %s'", set->name);
        printf("\n");
    }
    return DONE;
}

/* The name of a class, if it has one, or its number. */
static void print_class(const dataset *d, int class, int count)
{
    if (class < d->names_count) printf(" %s:%d", d->names[class], count);
    else                        printf(" %d:%d", class, count);
}

static void print_part(const char *part, const dataset *d, pln_data *data)
{
    const pln_data_info info = pln_data_get_info(data);
    int count[PLN_MAX_CLASSES] = { 0 };
    char text[DATASET_WORDS];

    dataset_describe(data, text);
    printf("%-9s %s, %d labelled, %.1f %% of the values not zero\n", part, text, info.labelled, 100 * info.active);
    for (int i = 0; i < info.count; i++)
        if (pln_data_labels(data)[i] >= 0) count[pln_data_labels(data)[i]]++;
    printf("%-9s", "classes");
    for (int c = 0; c < info.classes; c++) print_class(d, c, count[c]);
    printf("\n");
}

/* `folder` is NULL for a set by its name. */
static int describe(const char *name, const char *folder, const dataset_how *how)
{
    dataset d = { .train = NULL };
    pln_ctx *ctx;
    int code = options_context(0, &ctx);

    if (code == DONE) code = dataset_open(ctx, name, folder, how, &d);
    if (code == DONE) {
        printf("folder    %s\nsha256    %s\n", d.path, d.digest);
        print_part("training", &d, d.train);
        print_part("test", &d, d.test);
        fflush(stdout);
        dataset_note(&d);
    }
    dataset_close(&d);
    pln_ctx_free(ctx);
    return code;
}

int command_data(int argc, const char **argv)
{
    char *mirror = NULL, *to = NULL, *data = NULL;
    dataset_how how = { .steps = 0 };
    int coarse = 0, binary = 0;
    const struct poptOption table[] = {
        { "mirror", 0, POPT_ARG_STRING, &mirror, 0, "fetch: address of a folder with the files", "URL" },
        { "to", 0, POPT_ARG_STRING, &to, 0, "fetch: where to put the set (default: the user's cache)", "DIR" },
        { "data", 0, POPT_ARG_STRING, &data, 0, "info: folder of the data set, or the one above it", "DIR" },
        { "coarse", 0, POPT_ARG_NONE, &coarse, 0, "CIFAR-100: the 20 groups for labels", NULL },
        { "steps", 0, POPT_ARG_INT, &how.steps, 0, "events: frames a sample (default: 10)", "N" },
        { "microseconds", 0, POPT_ARG_INT, &how.microseconds, 0, "events: length of a frame (default: equal parts)", "N" },
        { "height", 0, POPT_ARG_INT, &how.height, 0, "events: of a frame (default: 34)", "N" },
        { "width", 0, POPT_ARG_INT, &how.width, 0, "events: of a frame (default: 34)", "N" },
        { "binary", 0, POPT_ARG_NONE, &binary, 0, "events: whether there is one, not how many", NULL },
        POPT_AUTOHELP POPT_TABLEEND
    };
    options o = { .context = NULL };
    int code = options_read(&o, argc, argv, table, "list | info NAME | check DIR | fetch NAME",
                            "Sets are looked for in $PLANARIA_DATA/NAME, the user's cache and\n"
                            "/usr/share/datasets/NAME.  A folder of your own IDX files (train-images-idx3-ubyte,\n"
                            "train-labels-idx1-ubyte, t10k-..., plain or .gz) or .npy files (train-images.npy,\n"
                            "train-labels.npy, test-images.npy, test-labels.npy) works like a named set; so do the\n"
                            "files of CIFAR-10, CIFAR-100 (.bin, or the .tar.gz of them) and SVHN (.mat), folders of\n"
                            "images (train/CLASS/*.png or .jpg, and test/ or val/), Tiny-ImageNet's, and folders of\n"
                            "events (Train/CLASS/*.bin, Test/CLASS/*.bin) as N-MNIST's.");
    const char *what = code == DONE && o.extra_count > 0 ? o.extra[0] : "", *which = o.extra_count > 1 ? o.extra[1] : NULL;

    how.coarse = coarse;
    how.binary = binary;
    if (code == DONE && strcmp(what, "list") == 0 && !which) code = list_sets();
    else if (code == DONE && strcmp(what, "info") == 0 && which) code = describe(which, data, &how);
    else if (code == DONE && strcmp(what, "check") == 0 && (which || data)) code = describe("", which ? which : data, &how);
    else if (code == DONE && strcmp(what, "fetch") == 0 && which) code = fetch_set(which, mirror, to);
    else if (code == DONE) code = complain(MISUSED, "data wants: list, info NAME, check DIR, or fetch NAME");
    free(mirror);
    free(to);
    free(data);
    options_free(&o);
    return code == OPTIONS_HELPED ? DONE : code;
}
