/* analyse.c - planaria inspect RUN --analyse: what its spikes, weights and pruning tell of a network
 *
 * Nothing is trained or chosen by it: networks are run on samples, also of the test set, and read. */

#include "analyse.h"

#include "options.h"
#include "run/analysis.h"
#include "run/past.h"
#include "run/values.h"

#include <stdlib.h>
#include <string.h>

enum { SAMPLES = 1000 };

/* To the folder, and to stdout if that is asked for. */
static int write_json(const run *r, const json_t *analysis, bool as_json)
{
    char *text = json_dumps(analysis, JSON_COMPACT | JSON_REAL_PRECISION(10));
    const size_t length = text ? strlen(text) : 0;

    if (!text) return complain(FAILED, "no memory left");
    text[length] = '\n';                                      /* in the place of the 0 */
    const int code = run_write(r, "analysis.json", text, length + 1);
    if (code == DONE && as_json) fwrite(text, 1, length + 1, stdout);
    free(text);
    return code;
}

static void print_files(const run *r, const json_t *analysis)
{
    const json_t *pictures = json_object_get(analysis, "pictures");

    printf("Written to %s: analysis.json", r->folder);
    for (size_t i = 0; i < json_array_size(pictures); i++) printf(", %s", json_string_value(json_array_get(pictures, i)));
    printf("\n");
}

static int analyse(pln_ctx *ctx, const char *folder, const analyse_options *how)
{
    run r;
    config *c = NULL;
    const char *path;
    dataset d = { .train = NULL };
    analysis_of of = { .against_name = how->against, .samples = how->limit ? how->limit : SAMPLES };
    json_t *analysis = json_object();
    int code = past_open(folder, &r, &c);

    if (code == DONE) code = past_load(ctx, &r, "model.safetensors", false, &of.net);
    if (code == DONE && how->against) code = past_load_from(ctx, how->against, &path, &of.against);
    if (code == DONE) code = past_data_open(ctx, &r, c, how->data, &d);
    if (code == DONE) {
        of.train = d.train, of.test = d.test ? d.test : d.train;
        of.metric = c->e.prunes ? c->e.fit.prune.metric : pln_criticality_default();
        json_object_set_new(analysis, "run", values_text(r.folder));
        json_object_set_new(analysis, "evaluated_on", json_string(d.test ? config_evaluated_on(c) : "training"));
        if (how->against) json_object_set_new(analysis, "against", values_text(how->against));
        code = analysis_measure(ctx, &r, &of, analysis);
    }
    if (code == DONE) code = analysis_draw(&r, analysis);
    if (code == DONE) code = write_json(&r, analysis, how->as_json);
    if (code == DONE && !how->as_json) {
        analysis_print(analysis);
        print_files(&r, analysis);
    }
    json_decref(analysis);
    pln_net_free(of.against);
    pln_net_free(of.net);
    dataset_close(&d);
    config_free(c);
    return code;
}

int analyse_run(const char *folder, const analyse_options *how)
{
    pln_ctx *ctx;
    int code = options_context(how->threads, &ctx);

    if (code == DONE) code = analyse(ctx, folder, how);
    pln_ctx_free(ctx);
    return code;
}
