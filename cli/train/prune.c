/* prune.c - planaria prune: a training that prunes, and what it came to
 *
 * It is 'planaria train' with a section prune, perhaps from the weights of a run, and a comparison at the end.
 * What it has options of its own for are settings, so that whatever the section knows can be said. */

#define _XOPEN_SOURCE 700

#include "train/job.h"

#include "config/preset.h"
#include "run/past.h"
#include "watch.h"

#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Options that are keys of the section. */
enum { SPARSITY, METHOD, REGENERATE, GRANULARITY, CRITERION, OWN_KEYS };
static const char *const keys[OWN_KEYS] = { "sparsity", "method", "regrow", "granularity", "criterion" };
static const char *const typed[OWN_KEYS] = { "sparsity", "method", "regenerate", "granularity", "criterion" };

/* Settings "key=value", as --set gives them; before a tab what was typed for it (document.h). */
typedef struct settings {
    char **text;
    int    count;
} settings;

__attribute__((format(printf, 2, 3)))
static int add(settings *s, const char *format, ...)
{
    char **longer = realloc(s->text, ((size_t)s->count + 2) * sizeof *longer);
    char text[8192];
    va_list args;

    if (!longer) return complain(FAILED, "no memory left");
    s->text = longer;
    va_start(args, format);
    const int length = vsnprintf(text, sizeof text, format, args);
    va_end(args);
    if (length < 0 || (size_t)length >= sizeof text) return complain(MISUSED, "a value is too long: %.60s...", text);
    s->text[s->count] = strdup(text);
    if (!s->text[s->count]) return complain(FAILED, "no memory left");
    s->text[++s->count] = NULL;
    return DONE;
}

/* Lengths that a configuration has written out, as that of a run has them all, follow other epochs where they were as many. */
static int follow_epochs(settings *s, const config *c, int epochs)
{
    const pln_fit *fit = &c->e.fit;
    const int rounds = c->e.prunes && fit->prune.rewind > 0 ? fit->prune.updates + 1 : 1;
    int code = DONE;

    if (c->e.stop_after >= 0) code = add(s, "\ttrain.stop_after=%d", epochs);
    if (code == DONE && fit->schedule.kind != PLN_CONSTANT && fit->schedule.length == fit->epochs / rounds)
        code = add(s, "\ttrain.schedule.length=0");
    if (code == DONE && c->e.prunes && fit->prune.length == fit->epochs) code = add(s, "\tprune.length=0");
    return code;
}

/* A run's own pruning is over.  Where channels go at once, so is what let them fade, and no section prunes further. */
static int begin_anew(settings *s, const config *c, const char *sparsity, bool cuts, int *epochs)
{
    int code = DONE;

    if (!cuts) code = sparsity ? add(s, "--sparsity %s\tprune={sparsity: %s}", sparsity, sparsity) : add(s, "\tprune={}");
    else if (c->e.prunes) code = add(s, "\tprune={sparsity: 0.5, regrow: none, updates: 1, until: 1}");
    if (code == DONE && cuts && c->e.fit.norm_l1 > 0) code = add(s, "\ttrain.norm_l1=0");
    if (*epochs == OPTIONS_UNSET) *epochs = pln_experiment_epochs(&c->e);
    return code == DONE ? follow_epochs(s, c, *epochs) : code;
}

/* Reads a run that is to be pruned: its configuration, its data, its model. */
static int take_run(job *j, settings *s, const char *sparsity, bool cuts, char path[PATH_MAX])
{
    arguments *a = &j->args;
    config *c;
    run r;
    int code = past_open(a->name, &r, &c);

    if (code == DONE) {
        const past_data past = past_recall(&r);
        if (a->limit == OPTIONS_UNSET) a->limit = past.limit;
        if (!a->data && past.there) a->data = strdup(past.path);
        a->from = strdup(a->name);
        snprintf(path, PATH_MAX, "%s", run_path(&r, "config.yaml"));
        a->name = path;
        code = begin_anew(s, c, sparsity, cuts, &a->epochs);
    }
    config_free(c);
    return code;
}

/* All settings, in the order in which later ones hold: those that follow, the options', the user's. */
static int make_settings(const arguments *a, settings *s, char *const own[OWN_KEYS], bool has_section)
{
    int code = DONE;

    if (a->epochs != OPTIONS_UNSET) code = add(s, "--epochs %d\ttrain.epochs=%d", a->epochs, a->epochs);
    if (code == DONE && a->epochs == 0 && !has_section && !own[METHOD]) code = add(s, "\tprune.regrow=none");
    for (int i = 0; i < OWN_KEYS && code == DONE; i++)
        if (own[i]) code = add(s, "--%s %s\tprune.%s=%s", typed[i], own[i], keys[i], own[i]);
    for (int i = 0; a->set && a->set[i] && code == DONE; i++) code = add(s, "%s", a->set[i]);
    return code;
}

/* The same where channels go at once: what is said of pruning is of that choice. */
static int make_cut(arguments *a, settings *s, char *const own[OWN_KEYS])
{
    static const char section[] = "prune.";
    settings cut = { .text = NULL };
    char methods[CONFIG_METHODS];
    int code = DONE;

    config_channel_methods(methods);
    if (own[METHOD] && !config_takes_channels(own[METHOD]))
        code = complain(MISUSED, "--method %s is for weights that go one by one; of channels it can be %s", own[METHOD], methods);
    if (own[METHOD] && code == DONE) code = add(&cut, "method=%s", own[METHOD]);          /* others change what it sets */
    if (a->epochs != OPTIONS_UNSET && code == DONE) code = add(s, "--epochs %d\ttrain.epochs=%d", a->epochs, a->epochs);
    for (int i = 0; i < OWN_KEYS && code == DONE; i++)
        if (own[i] && i != METHOD && i != GRANULARITY) code = add(&cut, "%s=%s", keys[i], own[i]);
    for (int i = 0; a->set && a->set[i] && code == DONE; i++) {
        const bool of_cut = strncmp(a->set[i], section, sizeof section - 1) == 0;
        code = add(of_cut ? &cut : s, "%s", a->set[i] + (of_cut ? sizeof section - 1 : 0));
    }
    a->cut = cut.text;
    return code;
}

static void free_texts(char **text)
{
    for (int i = 0; text && text[i]; i++) free(text[i]);
    free(text);
}

/* Whether a path is a folder; runs are. */
static bool is_folder(const char *path)
{
    struct stat about;
    return stat(path, &about) == 0 && S_ISDIR(about.st_mode);
}

static bool is_same_folder(const char *a, const char *b)
{
    struct stat one, other;
    return a && b && stat(a, &one) == 0 && stat(b, &other) == 0 && one.st_dev == other.st_dev && one.st_ino == other.st_ino;
}

/* Reads a configuration that is to be pruned: whether it has a section prune of its own. */
static int take_config(const arguments *a, settings *s, bool *has_section)
{
    char path[PATH_MAX];
    config *c = NULL;
    const char *hint = access(a->name, F_OK) == 0 || preset_path(a->name, path, sizeof path) ? "" : past_hint(a->name);
    int code = *hint ? complain(BAD_INPUT, "there is neither a run nor a configuration %s%s", a->name, hint) : config_load(a->name, NULL, &c);

    *has_section = code == DONE && c->e.prunes;
    if (code == DONE && a->epochs != OPTIONS_UNSET) code = follow_epochs(s, c, a->epochs);
    config_free(c);
    return code;
}

static int check_sparsity(const arguments *a, const char *given, bool has_section)
{
    bool said = given || has_section;

    for (int i = 0; a->set && a->set[i]; i++) said |= strncmp(a->set[i], "prune.sparsity=", 15) == 0 || strncmp(a->set[i], "prune=", 6) == 0;
    return said ? DONE : complain(MISUSED, "prune wants --sparsity, the share of the weights to leave out; try 'planaria prune --help'");
}

/* Settles what the command line leaves open, and makes settings of it. */
static int prepare(job *j, char *const own[OWN_KEYS], char path[PATH_MAX])
{
    arguments *a = &j->args;
    settings s = { .text = NULL };
    const char *name = a->name;
    const bool folder = is_folder(name), by_method = own[METHOD] && config_takes_channels(own[METHOD]);
    const bool cuts = own[GRANULARITY] ? strcmp(own[GRANULARITY], "channel") == 0 : by_method;
    bool has_section = false;
    char out[2048];

    if (!a->out) {
        run_default(out, sizeof out, "prune-", name, a->seed);
        a->out = strdup(out);
    }
    int code = folder ? take_run(j, &s, own[SPARSITY], cuts, path) : take_config(a, &s, &has_section);
    if (code == DONE && by_method && !cuts)
        code = complain(MISUSED, "--method %s takes whole channels: --granularity channel, which it stands for, or leave that out", own[METHOD]);
    if (code == DONE && cuts && !folder)
        code = complain(MISUSED, "--granularity channel takes channels from a trained run: name its folder; training it with "
                        "train.norm_l1=0.001 lets channels fade");
    if (code == DONE && ((folder && is_same_folder(a->out, name)) || is_same_folder(a->out, a->dense)))
        code = complain(MISUSED, "--out must name another folder than %s, which is read", a->out);
    if (code == DONE) code = check_sparsity(a, own[SPARSITY], has_section);
    if (code == DONE) code = cuts ? make_cut(a, &s, own) : make_settings(a, &s, own, has_section);
    free_texts(a->set);
    a->set = s.text;
    a->epochs = OPTIONS_UNSET;                    /* they are a setting now */
    if (a->limit == OPTIONS_UNSET) a->limit = 0;
    return code;
}

int command_prune(int argc, const char **argv)
{
    job j = job_new(argc, argv);
    arguments *a = &j.args;
    char *own[OWN_KEYS] = { NULL }, path[PATH_MAX], methods[CONFIG_METHODS], help[CONFIG_METHODS + 32];
    const struct poptOption table[] = {
        { "sparsity", 0, POPT_ARG_STRING, &own[SPARSITY], 0, "share of the weights, or channels, that are left out in the end", "SHARE" },
        { "method", 0, POPT_ARG_STRING, &own[METHOD], 0, help, "NAME" },
        { "regenerate", 0, POPT_ARG_STRING, &own[REGENERATE], 0, "by what weights come back: prune.regrow", "SOURCE" },
        { "granularity", 0, POPT_ARG_STRING, &own[GRANULARITY], 0,
          "what is left out together: prune.granularity, or channel, which makes the network of a run smaller at once", "NAME" },
        { "criterion", 0, POPT_ARG_STRING, &own[CRITERION], 0, "by what weights go: prune.criterion", "NAME" },
        { "dense", 0, POPT_ARG_STRING, &a->dense, 0, "a trained run that stands beside it in the table (default: the run that is pruned)",
          "RUN" },
        { "data", 0, POPT_ARG_STRING, &a->data, 0, "folder of the data set, or the one above it (default: that of the run)", "DIR" },
        { "out", 0, POPT_ARG_STRING, &a->out, 0, "run folder (default: runs/prune-NAME-seedN)", "RUN" },
        { "epochs", 0, POPT_ARG_INT, &a->epochs, 0,
          "prune while so many epochs are trained; 0: prune the network as it is (default: as many as the configuration has)", "N" },
        JOB_OPTIONS(a),
        { "json", 0, POPT_ARG_NONE, &a->json, 0, "result as JSON on stdout, nothing else", NULL },
        POPT_AUTOHELP POPT_TABLEEND
    };
    options o = { .context = NULL };
    config_channel_methods(methods);
    snprintf(help, sizeof help, "prune.method, or of channels %s", methods);
    a->limit = OPTIONS_UNSET;
    a->prunes = true;
    int code = options_read(&o, argc, argv, table, "CONFIG|PRESET|RUN",
                            "Prunes a network while it is trained: from the beginning, or the network of a run folder.\n"
                            "At the end a table sets it beside the dense one: accuracy, cost, size and speed.\n"
                            "docs/configuration.md lists what the keys of section prune can be.");

    if (code == DONE) code = job_check(&j, &o, "configuration file, preset or run folder");
    watch_signals();
    if (code == DONE) code = prepare(&j, own, path);
    if (code == DONE) code = job_carry_out(&j);
    for (int i = 0; i < OWN_KEYS; i++) free(own[i]);
    job_free(&j);
    options_free(&o);
    return code == OPTIONS_HELPED ? DONE : code;
}
