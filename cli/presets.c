/* presets.c - planaria presets: list the configurations that come with it, or show one */

#define _DEFAULT_SOURCE

#include "config/config.h"
#include "config/preset.h"
#include "options.h"
#include "run/values.h"

#include <jansson.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

static void print_figure(const char *name, float value)
{
    if (value > 0) printf("  %s %.2f %%", name, 100 * (double)value);
}

static void add_figure(json_t *to, const char *name, float value)
{
    if (value > 0) json_object_set_new(to, name, json_real((double)value));
}

/* Minutes of two cores, or "-" where nobody has measured them. */
static void print_minutes(float minutes)
{
    if (minutes > 0) printf("  training %g min", (double)minutes);
    else             printf("  training -");
}

static void add_preset(json_t *list, const char *name, const config *c)
{
    json_t *preset = json_pack("{s:o, s:s*, s:s}", "name", values_text(name), "description", *c->description ? c->description : NULL, "data", c->data);
    json_t *expected = json_object();

    add_figure(expected, "direct_average", c->expected.direct_average);
    add_figure(expected, "direct_max", c->expected.direct_max);
    add_figure(expected, "linear", c->expected.linear);
    add_figure(expected, "accuracy", c->expected.accuracy);
    add_figure(expected, "minutes", c->expected.minutes);
    json_object_set_new(preset, "expected", expected);
    json_array_append_new(list, preset);
}

/* Which presets are listed, and whether into JSON. */
typedef struct listed {
    const char *begin;           /* of their names                        */
    const char *data;            /* that they are of, or NULL: any        */
    double      minutes;         /* that they take at most; 0: any        */
    int         width;           /* of a terminal; 0: this is none        */
    json_t     *list;            /* or NULL: they are printed             */
    int         count;
} listed;

/* The name, the description cut to the width, and the beginning of a line of figures. */
static void print_narrow(const listed *l, const char *name, const char *description)
{
    const int room = l->width - 5, length = (int)strlen(description);

    if (length <= room) printf("%s\n    %s\n    expected:", name, description);
    else                printf("%s\n    %.*s...\n    expected:", name, room > 3 ? room - 3 : 0, description);
}

static void show_preset(const char *name, const char *path, void *user)
{
    listed *l = user;
    config *c;

    if (strncmp(name, l->begin, strlen(l->begin)) != 0 || config_load(path, NULL, &c) != DONE) return;
    if ((l->data && strcmp(c->data, l->data) != 0) || (l->minutes > 0 && !(c->expected.minutes > 0 && (double)c->expected.minutes <= l->minutes))) {
        config_free(c);
        return;
    }
    l->count++;
    if (l->list) {
        add_preset(l->list, name, c);
        config_free(c);
        return;
    }
    if (l->width) print_narrow(l, name, c->description);
    else          printf("%-38s %s\n%-38s expected:", name, c->description, "");
    print_figure("direct association", c->expected.direct_average);
    print_figure("linear classifier", c->expected.linear);
    print_figure("accuracy", c->expected.accuracy);
    print_minutes(c->expected.minutes);
    printf("\n");
    config_free(c);
}

/* The text of a preset; false if there is none of that name. */
static bool print_text(const char *name)
{
    char path[PATH_MAX], line[4096];
    FILE *file = preset_path(name, path, sizeof path) ? fopen(path, "r") : NULL;

    if (!file) return false;
    while (fgets(line, sizeof line, file)) fputs(line, stdout);
    fclose(file);
    return true;
}

static int complain_none(const listed *l)
{
    const likeness near = preset_like(l->begin);

    if (l->data || l->minutes > 0) return complain(BAD_INPUT, "there is no such preset; 'planaria presets' lists all");
    return complain(BAD_INPUT, "there is no preset '%s'; %s%s%s'planaria presets' lists them", l->begin, *near.hint ? "did you mean " : "",
                    near.hint, *near.hint ? "? " : "");
}

static int list_presets(listed *l)
{
    char *text;

    preset_each(show_preset, l);
    if (l->list && l->count) {
        text = json_dumps(l->list, JSON_INDENT(1) | JSON_REAL_PRECISION(6));
        if (text) puts(text);
        free(text);
    }
    json_decref(l->list);
    return l->count ? DONE : complain_none(l);
}

/* The columns of the terminal that stdout is; 0 if it is none, or wide enough for any line. */
static int terminal_width(void)
{
    enum { WIDE = 200 };
    struct winsize size;

    return ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 && size.ws_col < WIDE ? size.ws_col : 0;
}

int command_presets(int argc, const char **argv)
{
    int as_json = 0;
    char *data = NULL;
    double minutes = 0;
    const struct poptOption table[] = {
        { "data", 0, POPT_ARG_STRING, &data, 0, "only those of this data set", "NAME" },
        { "minutes", 0, POPT_ARG_DOUBLE, &minutes, 0, "only those whose training takes no longer", "N" },
        { "json", 0, POPT_ARG_NONE, &as_json, 0, "the list as JSON", NULL },
        POPT_AUTOHELP POPT_TABLEEND
    };
    options o = { .context = NULL };
    int code = options_read(&o, argc, argv, table, "[NAME]",
                            "Lists the presets, or those whose names begin with NAME, or shows the\n"
                            "one of that name: a configuration to copy and change.  The last part of a name is enough where\n"
                            "one preset alone has it.  $PLANARIA_PRESETS is a folder of more: GROUP/NAME.yaml.\n"
                            "Expected are the accuracies on the test set, and how long the training loop takes on two cores.");

    if (code == DONE && o.extra_count > 1) code = complain(MISUSED, "one preset at a time");
    if (code == DONE && minutes < 0)
        code = complain(MISUSED, "--minutes must not be negative");
    if (code == DONE && (as_json || o.extra_count == 0 || !print_text(o.extra[0]))) {
        listed l = { .begin = o.extra_count ? o.extra[0] : "", .data = data, .minutes = minutes, .width = terminal_width(),
                     .list = as_json ? json_array() : NULL };
        code = list_presets(&l);
    }
    free(data);
    options_free(&o);
    return code == OPTIONS_HELPED ? DONE : code;
}
