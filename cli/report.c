/* report.c - planaria report: runs side by side on a page of HTML */

#define _POSIX_C_SOURCE 200809L

#include "options.h"
#include "report/assets.h"
#include "report/sections.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int write_page(const page *p, const char *path)
{
    char temporary[4096];
    FILE *file;

    if (snprintf(temporary, sizeof temporary, "%s.part", path) >= (int)sizeof temporary) return complain(FAILED, "the path %s is too long", path);
    file = fopen(temporary, "wb");
    if (!file) return complain(FAILED, "cannot write %s: %s", temporary, strerror(errno));
    const bool written = fwrite(p->text, 1, p->size, file) == p->size;
    if (fclose(file) == 0 && written && rename(temporary, path) == 0) return DONE;
    const int code = complain(FAILED, "cannot write %s: %s", path, strerror(errno));
    (void)unlink(temporary);
    return code;
}

/* What is there and no page is not written over. */
static int check_page(const char *path)
{
    struct stat about;

    if (strcmp(path, "-") == 0) return complain(MISUSED, "-o: the page goes to a file, not to stdout");
    if (stat(path, &about) != 0) return DONE;
    if (!S_ISREG(about.st_mode)) return complain(BAD_INPUT, "%s is there, and is no file: -o names another", path);
    return page_is(path) ? DONE : complain(BAD_INPUT, "%s is there, and is no page of a report: -o names another", path);
}

static int report(pln_ctx *ctx, const source *s, const char *data, const char *path, int *left_out)
{
    page p;
    int code = DONE;
    bool sound = page_begin(&p, s->groups == 1 ? s->group[0].name : "Trainings side by side");

    if (sound) {
        section_summary(&p, s);
        section_accuracy(&p, s);
        section_curves(&p, s);
        section_pruning(&p, s);
        code = section_networks(&p, s, ctx, data, left_out);
        section_repeat(&p, s);
    }
    sound = page_end(&p);
    if (code == DONE) code = sound ? write_page(&p, path) : complain(FAILED, "no memory left for the page");
    free(p.text);
    if (code == DONE && report_chart_size == 0)
        remark("this planaria was built without Chart.js (on Debian, libjs-chart.js): the page has tables and pictures, no charts");
    if (code == DONE) printf("The report is in %s\n", path);
    return code;
}

int command_report(int argc, const char **argv)
{
    char *out = NULL, *data = NULL;
    int threads = 0, left_out = DONE;
    const struct poptOption table[] = {
        { "out", 'o', POPT_ARG_STRING, &out, 0, "the page (default: report.html)", "FILE" },
        { "data", 0, POPT_ARG_STRING, &data, 0, "folder of the data set, or the one above it (default: that of each training)", "DIR" },
        { "threads", 0, POPT_ARG_INT, &threads, 0, "default: one for each processor it may use", "N" },
        POPT_AUTOHELP POPT_TABLEEND
    };
    options o = { .context = NULL };
    source s = { .run = NULL };
    pln_ctx *ctx = NULL;
    int code = options_read(&o, argc, argv, table, "RUN...",
                            "Writes what there is to say of trainings to a page that needs no other file: accuracy over\n"
                            "seeds, curves, layers, pruning, confusions, the most wrong samples, how to repeat it.\n"
                            "Runs of one configuration are taken together.");

    if (code == DONE && o.extra_count < 1) code = complain(MISUSED, "report wants run folders; try 'planaria report --help'");
    if (code == DONE) code = check_page(out ? out : "report.html");
    if (code == DONE) code = options_context(threads, &ctx);
    if (code == DONE) code = source_open(&s, o.extra, o.extra_count, &left_out);
    if (code == DONE) code = report(ctx, &s, data, out ? out : "report.html", &left_out);
    if (code == DONE) code = left_out;
    source_free(&s);
    pln_ctx_free(ctx);
    free(out);
    free(data);
    options_free(&o);
    return code == OPTIONS_HELPED ? DONE : code;
}
