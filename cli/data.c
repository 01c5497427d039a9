/* data.c - planaria data: list, describe, check and download data sets */

#define _XOPEN_SOURCE 700

#include "check.h"
#include "likeness.h"
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

static int complain_word(const char *what)
{
    static const char *const words[] = { "list", "info", "check", "fetch", NULL };
    likeness n = likeness_of(what);

    for (int i = 0; words[i]; i++) likeness_offer(&n, words[i], words[i]);
    return complain(MISUSED, "data wants: list, info NAME, check DIR, or fetch NAME%s%s%s", *what && n.nearest > 0 && *n.hint ? "; did you mean " : "",
                    *what && n.nearest > 0 ? n.hint : "", *what && n.nearest > 0 && *n.hint ? "?" : "");
}

int command_data(int argc, const char **argv)
{
    char *mirror = NULL, *to = NULL, *data = NULL;
    char *background = NULL, *unlabelled = NULL;
    dataset_how how = { .steps = 0 };
    int coarse = 0, binary = 0, as_json = 0;
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
        { "crop", 0, POPT_ARG_FLOAT, &how.image.crop, 0, "images: the square in the middle, of so much of the shorter side", "SHARE" },
        { "resize", 0, POPT_ARG_INT, &how.image.resize, 0, "images: scaled to so many pixels a side", "N" },
        { "background", 0, POPT_ARG_STRING, &background, 0, "images: behind what is not opaque: black, grey or white", "COLOUR" },
        { "largest", 0, POPT_ARG_INT, &how.image.largest, 0, "images of 16 bits: what is seen as 1 (default: 65535)", "N" },
        { "unlabelled", 0, POPT_ARG_STRING, &unlabelled, 0, "images: folder of those without a label (default: unlabelled)", "NAME" },
        { "json", 0, POPT_ARG_NONE, &as_json, 0, "info, check: as JSON", NULL },
        POPT_AUTOHELP POPT_TABLEEND
    };
    options o = { .context = NULL };
    int code = options_read(&o, argc, argv, table, "list | info NAME | check DIR | fetch NAME",
                            "Sets are looked for in $PLANARIA_DATA/NAME, the user's cache and\n"
                            "/usr/share/datasets/NAME.  A folder of your own IDX files (train-images-idx3-ubyte,\n"
                            "train-labels-idx1-ubyte, t10k-..., plain or .gz) or .npy files (train-images.npy,\n"
                            "train-labels.npy, test-images.npy, test-labels.npy) works like a named set; so do the\n"
                            "files of CIFAR-10, CIFAR-100 (.bin, or the .tar.gz of them) and SVHN (.mat), folders of\n"
                            "images (train/CLASS/*.png or .jpg, and test/ or val/; CLASS/*.png alone; beside the classes\n"
                            "those without a label), Tiny-ImageNet's, and folders of\n"
                            "events (Train/CLASS/*.bin, Test/CLASS/*.bin) as N-MNIST's.");
    const char *what = code == DONE && o.extra_count > 0 ? o.extra[0] : "", *which = o.extra_count > 1 ? o.extra[1] : NULL;

    how.coarse = coarse;
    how.binary = binary;
    if (code == DONE) code = check_how(background, unlabelled, &how);
    if (code == DONE && strcmp(what, "list") == 0 && !which) code = list_sets();
    else if (code == DONE && strcmp(what, "info") == 0 && which) code = check_set(which, data, &how, as_json);
    else if (code == DONE && strcmp(what, "check") == 0 && (which || data)) code = check_set("", which ? which : data, &how, as_json);
    else if (code == DONE && strcmp(what, "fetch") == 0 && which) code = fetch_set(which, mirror, to);
    else if (code == DONE) code = complain_word(what);
    free(mirror);
    free(to);
    free(data);
    free(background);
    free(unlabelled);
    options_free(&o);
    return code == OPTIONS_HELPED ? DONE : code;
}
