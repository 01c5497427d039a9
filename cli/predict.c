/* predict.c - planaria predict: what a trained network says of samples */

#define _POSIX_C_SOURCE 200809L

#include "options.h"
#include "predict/answers.h"
#include "predict/asked.h"
#include "predict/sorted.h"
#include "progress.h"
#include "watch.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { SLICE = 512 };

/* What is done with what is said. */
typedef struct answering {
    asked         *a;
    answers_format format;
    sorted         to;               /* folder NULL: files stay where they are */
    bool           quiet;            /* lines that would go between those of progress */
    bool           begun;
    bool           told;             /* that floats are wanted                  */
} answering;

/* A model that was trained on floats sees bytes as they are divided by 255, and the other way round. */
static void tell_of_type(answering *w, const pln_data *data)
{
    if (w->told || pln_data_get_type(data) == w->a->p.decoder->type) return;
    w->told = true;
    remark("%s", w->a->p.decoder->type == PLN_FLOATS ? "the model was trained on floats; bytes are seen as byte / 255"
                                                     : "the model was trained on bytes, seen as byte / 255; floats are seen as they are");
}

static int ask(const asked *a, const pln_data *data, double share, pln_prediction *said)
{
    const int all = pln_data_count(data);
    int index[SLICE];

    for (int from = 0; from < all; from += SLICE) {
        const int count = all - from < SLICE ? all - from : SLICE;
        for (int i = 0; i < count; i++) index[i] = from + i;
        const pln_status status = pln_predict(a->predictor, data, index, count, a->p.how, 1, said + from);
        if (status != PLN_OK) return complain_status(a->ctx, status);
        if (all > SLICE) progress_show((double)(from + count) / all, -1, "samples");
        else if (share >= 0) progress_show(share, -1, "files");
        if (watch_interrupted()) return INTERRUPTED;
    }
    return DONE;
}

static int see(void *user, const inputs_batch *b)
{
    answering *w = user;
    const int count = pln_data_count(b->data);
    pln_prediction *said = malloc((size_t)count * sizeof *said);
    int code = said ? DONE : complain(FAILED, "no memory left");

    if (code == DONE && w->to.folder && !b->file) code = complain(BAD_INPUT, "--sort: samples of arrays and data sets are no files that could be sorted");
    if (code == DONE) tell_of_type(w, b->data);
    if (code == DONE) code = ask(w->a, b->data, w->quiet ? -1 : b->share, said);
    progress_clear();
    if (code == DONE) code = answers_print(w->format, w->a->p.decoder, b, said, !w->begun);
    w->begun = true;
    for (int i = 0; i < count && code == DONE && w->to.folder; i++)
        code = strcmp(b->file[i], "-") == 0 ? complain(BAD_INPUT, "--sort: what comes from stdin is no file") : sorted_put(&w->to, b->file[i], said[i].best);
    free(said);
    return code;
}

static int predict(const char *name, const asked_options *how, answering *w, int threads)
{
    pln_ctx *ctx;
    asked a = { .c = NULL };
    int code = options_context(threads, &ctx);

    if (code != DONE) return code;
    w->a = &a;
    w->quiet = isatty(STDOUT_FILENO);
    code = asked_open(ctx, name, how, &a);
    w->to.decoder = a.p.decoder;
    if (code == DONE && w->to.folder) code = sorted_begin(&w->to);
    if (code == DONE) code = asked_walk(&a, how, see, w);
    progress_clear();
    if (w->to.folder && w->to.count) fprintf(stderr, "%d files are in %s, by class\n", w->to.count, w->to.folder);
    asked_close(&a);
    pln_ctx_free(ctx);
    return code;
}

static int check(const options *o, double labels, const answering *w, int sorts)
{
    if (o->extra_count < 1) return complain(MISUSED, "predict wants a run folder or model file, and what to predict; try 'planaria predict --help'");
    if (labels != -1 && !(labels > 0 && labels <= 1)) return complain(MISUSED, "--labels must be above 0 and at most 1");
    if ((w->to.folder != NULL) != (sorts != 0)) return complain(MISUSED, "--sort wants a folder, --out FOLDER, and --out goes with --sort");
    if (w->to.links && !sorts) return complain(MISUSED, "--link goes with --sort");
    return DONE;
}

int command_predict(int argc, const char **argv)
{
    char *by = NULL, *part = NULL, *data = NULL, *out = NULL;
    int threads = 0, best = 0, csv = 0, json = 0, sorts = 0, links = 0, code;
    double labels = -1;
    const struct poptOption table[] = {
        { "by", 0, POPT_ARG_STRING, &by, 0, "association, unit, classifier or outputs (default: outputs if it was trained with labels, else association)", "WAY" },
        { "labels", 0, POPT_ARG_DOUBLE, &labels, 0, "association by this fraction of the labels, of those that the run has read out", "FRACTION" },
        { "csv", 0, POPT_ARG_NONE, &csv, 0, "comma-separated values, behind a line of headings", NULL },
        { "json", 0, POPT_ARG_NONE, &json, 0, "an object of JSON a line", NULL },
        { "out", 0, POPT_ARG_STRING, &out, 0, "new folder for --sort", "FOLDER" },
        { "sort", 0, POPT_ARG_NONE, &sorts, 0, "copy the files into a folder for each class", NULL },
        { "link", 0, POPT_ARG_NONE, &links, 0, "with --sort: symbolic links instead of copies", NULL },
        ASKED_OPTIONS(part, data, best, threads)
        POPT_AUTOHELP POPT_TABLEEND
    };
    options o = { .context = NULL };

    code = options_read(&o, argc, argv, table, "RUN|MODEL [INPUT...]",
                        "Says which class samples are of: a line for each, with its class and what this\n"
                        "scores, and with the next best.  INPUT is an image (PNG, JPEG), a file of events, an\n"
                        "array (.npy, IDX), a folder of such files but IDX, a folder of a data set, or - for\n"
                        "one file on stdin; without any, the samples that the run is evaluated on.");
    answering w = { .format = json ? ANSWERS_JSON : csv ? ANSWERS_CSV : ANSWERS_TEXT, .to = { .folder = out, .links = links != 0 } };
    if (code == DONE) code = check(&o, labels, &w, sorts);
    if (code == DONE && json && csv) code = complain(MISUSED, "--csv and --json contradict each other");
    watch_signals();
    if (code == DONE)
        code = predict(o.extra[0], &(asked_options){ .by = by, .data = data, .part = part, .labels = labels > 0 ? labels : 0, .best = best != 0,
                                                     .input = o.extra + 1, .inputs = o.extra_count - 1 }, &w, threads);
    free(by);
    free(part);
    free(data);
    free(out);
    options_free(&o);
    return code == OPTIONS_HELPED ? DONE : code;
}
