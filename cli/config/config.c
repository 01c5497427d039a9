/* config.c - experiments in YAML: the table, reading, writing, and their data */

#define _XOPEN_SOURCE 700

#include "config/config.h"

#include "config/preset.h"
#include "options.h"
#include "sets/known.h"
#include "sets/labels.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

/* ---- the table --------------------------------------------------------------- */

static const char *const backgrounds[] = { [IMAGE_NOTHING] = "", [IMAGE_BLACK] = "black", [IMAGE_GREY] = "grey", [IMAGE_WHITE] = "white", NULL };

static const pln_option read_options[] = {
    { "coarse", PLN_OPTION_BOOL, offsetof(dataset_how, coarse), .help = "CIFAR-100's 20 groups of classes" },
    { "steps", PLN_OPTION_INT, offsetof(dataset_how, steps), 1, PLN_MAX_FRAMES, .help = "of events: frames a sample; default 10" },
    { "microseconds", PLN_OPTION_INT, offsetof(dataset_how, microseconds), 1, INT_MAX,
      .help = "of events: length of a frame, instead of equal parts" },
    { "height", PLN_OPTION_INT, offsetof(dataset_how, height), 1, 240, .help = "of events; default 34" },
    { "width", PLN_OPTION_INT, offsetof(dataset_how, width), 1, 240, .help = "of events; default 34" },
    { "binary", PLN_OPTION_BOOL, offsetof(dataset_how, binary), .help = "whether there is an event, not how many" },
    { "crop", PLN_OPTION_FLOAT, offsetof(dataset_how, image.crop), 0, 1, .flags = PLN_OPTION_ABOVE,
      .help = "of images: the square in the middle, of so much of the shorter side, before they are scaled" },
    { "resize", PLN_OPTION_INT, offsetof(dataset_how, image.resize), 1, 1024, .help = "of images: scaled to so many pixels a side" },
    { "background", PLN_OPTION_WORD, offsetof(dataset_how, image.background), .words = backgrounds,
      .help = "of images: what is behind pixels that are not opaque" },
    { "largest", PLN_OPTION_INT, offsetof(dataset_how, image.largest), 1, 65535,
      .help = "of images of 16 bits: the value that is seen as 1; default 65535" },
    { "unlabelled", PLN_OPTION_TEXT, offsetof(dataset_how, unlabelled), .most = DATASET_UNLABELLED,
      .help = "of images: the folder of those without a label; default `unlabelled`" },
    { 0 }
};

static const pln_option expected_options[] = {
    { "direct_average", PLN_OPTION_FLOAT, offsetof(expected_config, direct_average), .help = "accuracy by direct association" },
    { "direct_max", PLN_OPTION_FLOAT, offsetof(expected_config, direct_max), .help = "by the single most active unit" },
    { "linear", PLN_OPTION_FLOAT, offsetof(expected_config, linear), .help = "of the classifier" },
    { "accuracy", PLN_OPTION_FLOAT, offsetof(expected_config, accuracy), .help = "of the largest output" },
    { "minutes", PLN_OPTION_FLOAT, offsetof(expected_config, minutes), .flags = PLN_OPTION_ASIDE,
      .help = "of the training loop, on two cores" },
    { "source", PLN_OPTION_TEXT, offsetof(expected_config, source), .most = PLN_MAX_TEXT, .help = "where the figures are from" },
    { 0 }
};

const pln_option config_options[] = {
    { "description", PLN_OPTION_TEXT, offsetof(config, description), .most = PLN_MAX_TEXT, .help = "a line for `planaria presets`" },
    { "data", PLN_OPTION_TEXT, offsetof(config, data), 1, 256, .flags = PLN_OPTION_NEEDED, .most = CONFIG_DATA,
      .help = "a data set's name, as `planaria data list` has it, or with a slash a folder; where a set lies: `--data`, `PLANARIA_DATA`" },
    { "read", PLN_OPTION_SECTION, offsetof(config, read), .options = read_options, .help = "how files are read" },
    { "init layers input network cnn_prune spiking train prune semi evaluate select classifier", PLN_OPTION_ALSO, offsetof(config, e),
      .options = pln_experiment_options },
    { "expected", PLN_OPTION_SECTION, offsetof(config, expected), .options = expected_options,
      .help = "what a preset should reach; changes nothing" },
    { 0 }
};

/* ---- reading and writing -------------------------------------------------------- */

static const char *const *channel_methods(void)
{
    const pln_option *o = pln_cut_options;

    while (strcmp(o->name, "method") != 0) o++;
    return o->words;
}

bool config_takes_channels(const char *method)
{
    const char *const *word = channel_methods();

    while (*word && strcasecmp(*word, method) != 0) word++;
    return *word != NULL;
}

void config_channel_methods(char text[CONFIG_METHODS])
{
    const char *const *word = channel_methods();

    *text = 0;
    for (; *word; word++) {
        const size_t used = strlen(text);
        snprintf(text + used, CONFIG_METHODS - used, "%s%s", used ? " or " : "", *word);
    }
}

/* What 'planaria prune' can do, and no training. */
static int refuse_channels(const document *d)
{
    char place[DOCUMENT_PLACE];

    for (int i = 0; i < d->count; i++) {
        const pln_setting *s = &d->settings[i];
        const bool granularity = strcmp(s->path, "prune.granularity") == 0 && strcasecmp(s->text, "channel") == 0;
        if (!granularity && !(strcmp(s->path, "prune.method") == 0 && config_takes_channels(s->text))) continue;
        (void)document_place(d, s->path, place);
        return complain(place[0] == '-' ? MISUSED : BAD_INPUT, "%s: %s is %s: whole channels do not go while a network is trained; "
                        "'planaria prune RUN --granularity channel' takes them from a run that has been", place, s->path, s->text);
    }
    return DONE;
}

static int read_values(config *c)
{
    pln_ctx *ctx;
    int code = options_context(1, &ctx);

    if (code != DONE) return code;
    pln_experiment_defaults(&c->e);
    code = refuse_channels(&c->from);
    if (code == DONE) code = document_fill(&c->from, ctx, config_options, c);
    if (code == DONE) {
        pln_status status = pln_option_check(ctx, config_options, c, "");
        if (status == PLN_OK) status = pln_experiment_check(ctx, &c->e);
        if (status != PLN_OK) code = document_complain(&c->from, ctx, status);
    }
    pln_ctx_free(ctx);
    return code;
}

int config_parse(const char *name, const char *text, size_t size,
                 const char *const *set, config **c)
{
    int code;

    *c = calloc(1, sizeof **c);
    if (!*c) return complain(FAILED, "no memory left to read %s", name);
    code = document_read(name, text, size, config_options, set, &(*c)->from);
    if (code == DONE) code = read_values(*c);
    if (code == DONE) return DONE;
    config_free(*c);
    *c = NULL;
    return code;
}

static int complain_name(const char *name)
{
    const likeness n = preset_like(name);

    if (dataset_look(name) == DATASET_THERE)
        return complain(BAD_INPUT, "%s is a folder of data: name it by --data, behind a configuration file or a preset", name);
    return complain(BAD_INPUT, "there is neither a file nor a preset '%s'; %s%s%s'planaria presets' lists them", name,
                    *n.hint ? "did you mean " : "", n.hint, *n.hint ? "? " : "");
}

int config_load(const char *name, const char *const *set, config **c)
{
    char path[4096], *text = NULL;
    struct stat about;
    size_t size = 0;
    int code;

    *c = NULL;
    if (stat(name, &about) == 0 && !S_ISDIR(about.st_mode)) snprintf(path, sizeof path, "%s", name);
    else if (!preset_path(name, path, sizeof path))
        return complain_name(name);
    code = document_file(path, &text, &size);
    if (code == DONE) code = config_parse(path, text, size, set, c);
    free(text);
    return code;
}

void config_free(config *c)
{
    if (!c) return;
    document_free(&c->from);
    free(c);
}

char *config_text(const config *c, size_t *size) { return document_text(config_options, c, size); }

void config_differences(const config *mine, const config *before, char text[CONFIG_DIFFERENCES])
{
    enum { MOST = 3 };
    document a = { .settings = NULL }, b = { .settings = NULL };
    size_t a_size, b_size;
    char *a_text = config_text(mine, &a_size), *b_text = config_text(before, &b_size);
    const bool read = a_text && b_text && document_read("now", a_text, a_size, config_options, NULL, &a) == DONE &&
                      document_read("before", b_text, b_size, config_options, NULL, &b) == DONE;
    int count = 0;

    *text = 0;
    for (int side = 0; read && side < 2; side++) {
        const document *from = side ? &b : &a, *other = side ? &a : &b;
        for (int i = 0; i < from->count; i++) {
            const pln_setting *s = &from->settings[i], *t = document_find(other, s->path);
            const size_t used = strlen(text);
            const char *was = side ? s->text : t ? t->text : "not set", *is = side ? "not set" : s->text;
            if (s->kind != PLN_SETTING_VALUE || strncmp(s->path, "expected.", 9) == 0 || strcmp(s->path, "train.stop_after") == 0) continue;
            if (t && (side || strcmp(s->text, t->text) == 0)) continue;
            if (++count <= MOST)
                snprintf(text + used, CONFIG_DIFFERENCES - used, "%s%.60s (was %.60s, is %.60s)", used ? ", " : "", s->path, was, is);
            else if (count == MOST + 1)
                snprintf(text + used, CONFIG_DIFFERENCES - used, ", ...");
        }
    }
    document_free(&a);
    document_free(&b);
    free(a_text);
    free(b_text);
}

char *config_read_text(const config *c)
{
    const size_t size = pln_option_print(read_options, &c->read, PLN_PRINT_JSON, NULL, 0);
    char *text = malloc(size + 1);

    if (text) (void)pln_option_print(read_options, &c->read, PLN_PRINT_JSON, text, size + 1);
    return text;
}

int config_read_parse(pln_ctx *ctx, const char *name, const char *text, dataset_how *how)
{
    const pln_status status = pln_option_read_json(ctx, read_options, how, text);

    return status == PLN_OK ? DONE : complain_file(ctx, status, name);
}

/* ---- data -------------------------------------------------------------------------- */

const char *config_evaluated_on(const config *c) { return c->e.validation > 0 ? "validation" : "test"; }

/* What is taken as the test of a folder that has none. */
static const float TEST_SHARE = 0.2f;

void config_part(config *c, const char *folder)
{
    c->parted = c->e.validation < 0 && dataset_lacks_test(c->data, folder);
    if (c->parted) c->e.validation = TEST_SHARE;
}

int config_data_read(pln_ctx *ctx, const config *c, const char *folder, dataset *d)
{
    const bool trains = c->e.validation > 0 || dataset_lacks_test(c->data, folder);

    return (trains ? dataset_open_train : dataset_open)(ctx, c->data, folder, &c->read, d);
}

int config_data_divide(pln_ctx *ctx, const config *c, int limit, dataset *d)
{
    const pln_experiment *e = &c->e;
    int code = DONE;

    if (limit > 0) pln_data_limit(d->train, limit);
    if (e->validation > 0)
        code = dataset_split(ctx, d, pln_decimal((double)e->validation), (uint64_t)e->validation_seed);
    if (code == DONE && c->parted)
        dataset_add_note(d, "%s has no test part: %g %% of its %s are the test (evaluate.validation=%g)", d->path,
                         100 * pln_decimal((double)TEST_SHARE), pln_data_get_info(d->train).labelled ? "labelled samples" : "samples",
                         pln_decimal((double)TEST_SHARE));
    if (code == DONE && e->selects)
        code = dataset_hold(ctx, d, pln_decimal((double)e->held_out), (uint64_t)e->held_out_seed);
    return code;
}

void config_take_data(config *c, const dataset *d, bool given)
{
    const known_set *set = known_find(c->data);
    char resolved[PATH_MAX];
    const char *path = realpath(d->path, resolved) ? resolved : d->path, *called = dataset_last_part(path);

    if (!given && !dataset_is_place(c->data)) return;
    if (set && (strcmp(called, set->name) == 0 || (set->folder && strcmp(called, set->folder) == 0))) return;
    if (set) {
        *c->description = 0;
        c->expected = (expected_config){ .source = "" };
    }
    snprintf(c->data, sizeof c->data, "%s", path);
}

int config_data(pln_ctx *ctx, const config *c, const char *folder, int limit, dataset *d)
{
    const int code = config_data_read(ctx, c, folder, d);

    return code == DONE ? config_data_divide(ctx, c, limit, d) : code;
}

/* The data are to blame for some of what is wrong with labels. */
static int complain_labels(const config *c, const pln_ctx *ctx, const char *name, const dataset *d, pln_status status)
{
    const char *path = pln_error_path(ctx), *why = pln_error(ctx);
    const int all = pln_data_count(d->train);
    char place[DOCUMENT_PLACE];

    if (status == PLN_ERR_MEMORY) return complain_status(ctx, status);
    if (strcmp(path, "data") == 0) return complain(BAD_INPUT, "%s: %s", d->path, why);
    if (strcmp(path, "test") == 0) return complain(BAD_INPUT, "%s: %s; without a test train with --no-eval", d->path, why);
    if (strncmp(path, "evaluate.", 9) == 0)
        return complain(BAD_INPUT, "%s: %s, %s train with --no-eval", document_place(&c->from, path, place), why,
                        strncmp(path, "evaluate.fractions", 18) == 0 ? "leave it out (--set evaluate.fractions=[]), or" : "or");
    if (strcmp(path, "semi.labels") == 0 && (c->e.labels == 0 || c->e.labels == all) && pln_data_get_info(d->train).labelled == all)
        return complain(BAD_INPUT, "%s: %s; planaria/fashion-labels trains convolutions for pictures with all labels", document_place(&c->from, path, place), why);
    if (strcmp(path, "semi.labels_file") == 0) return complain(BAD_INPUT, "%s: %s", c->e.labels_file, why);
    return *path ? document_complain(&c->from, ctx, status) : complain(BAD_INPUT, "%s: %s", name, why);
}

int config_complain(const config *c, const pln_ctx *ctx, pln_status status)
{
    return *pln_error_path(ctx) ? document_complain(&c->from, ctx, status) : complain_status(ctx, status);
}

int config_share(pln_ctx *ctx, const config *c, pln_data *train, double fraction, pln_index *index)
{
    const pln_status status = pln_data_share(ctx, train, fraction, (uint64_t)c->e.validation_seed, index);

    if (status == PLN_OK || status == PLN_ERR_MEMORY) return status == PLN_OK ? DONE : complain_status(ctx, status);
    if (pln_data_get_info(train).labelled == 0) return complain(BAD_INPUT, "the data have no labels: nothing can be measured");
    return complain(BAD_INPUT, "--labels: %s", pln_error(ctx));
}

int config_labels(pln_ctx *ctx, const config *c, const char *name, const dataset *d, uint64_t seed, bool evaluates,
                  pln_index *with, pln_index *without)
{
    const bool lists = c->e.has_semi && *c->e.labels_file;
    int *marked = lists ? calloc((size_t)pln_data_count(d->train), sizeof *marked) : NULL;
    int code = DONE;

    *with = *without = (pln_index){ .sample = NULL };
    if (lists) code = marked ? labels_load(c->e.labels_file, d, marked) : complain(FAILED, "no memory left");
    if (code == DONE) {
        const pln_status status = pln_experiment_labels(ctx, &c->e, d->train, evaluates ? d->test : NULL, seed, marked, with, without);
        if (status != PLN_OK) code = complain_labels(c, ctx, name, d, status);
    }
    free(marked);
    return code;
}
