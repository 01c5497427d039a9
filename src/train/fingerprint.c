/* fingerprint.c - what must be equal of two trainers for one to go on where the other was
 *
 * The network, and of each course its settings that differ from their defaults and its choice of samples.  A setting that an
 * option table has is part of it by itself. */

#include "train/fingerprint.h"

#include "base/option.h"
#include "exchange/network.h"

#include <stdlib.h>
#include <string.h>

/* What must be equal of a course for a checkpoint to belong to this run; NULL if
 * memory is short. */
static json_t *describe_course(const plni_course *c)
{
    const pln_fit *f = &c->fit;
    uint32_t samples = 0;

    json_t *fit = plni_option_json(pln_fit_options, f, PLN_PRINT_IDENTITY);

    (void)json_object_del(fit, "epochs");               /* a run may be made longer */
    if (f->schedule.kind == PLN_CONSTANT) (void)json_object_del(fit, "schedule");
    for (int i = 0; i < c->count; i++) samples = samples * 31 + (uint32_t)c->index[i] + 1;
    if (f->prune.sparsity > 0) (void)json_object_set_new(fit, "prune", plni_option_json(pln_prune_options, &f->prune, PLN_PRINT_IDENTITY));
    return json_pack("{s:o, s:o, s:I, s:i, s:I}", "fit", fit,
                     "ep", plni_option_json(pln_ep_options, &f->ep, PLN_PRINT_IDENTITY), "seed", (json_int_t)f->seed,
                     "samples", c->count, "choice", (json_int_t)samples);
}

char *plni_fingerprint(const pln_trainer *t)
{
    json_t *courses = json_array(), *all;
    int failed = 0;
    char *text;

    for (int i = 0; i < t->courses; i++) failed |= json_array_append_new(courses, describe_course(&t->course[i]));
    all = json_pack("{s:o, s:o}", "network", plni_network_describe(t->net), "courses", courses);
    text = failed || !all ? NULL : json_dumps(all, JSON_COMPACT);
    json_decref(all);
    return text;
}

/* Older files give constant schedules a length, which changes nothing: it is passed over in the text, since jansson
 * ends the process where memory is short and a number long. */
bool plni_is_fingerprint(const char *mine, const char *text)
{
    static const char length[] = ",\"schedule\":{\"length\":";

    while (*text) {
        const size_t digits = strncmp(text, length, sizeof length - 1) ? 0 : strspn(text + sizeof length - 1, "0123456789");
        if (digits && text[sizeof length - 1 + digits] == '}') text += sizeof length + digits;
        else if (*text++ != *mine++) return false;
    }
    return *mine == 0;
}
