/* notation.c - spiking networks in the literature's short form */

#include "config/notation.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST = PLN_MAX_LAYERS };

typedef enum kind { CONV, AVERAGE, MAXIMUM, GLOBAL, DROP, DENSE, POST, PRE, LAST } kind;

typedef struct token {
    kind kind;
    int  n, size, stride;
    const char *at;              /* where it stands */
} token;

/* A number of 1..4096 at *at, which moves on; 0 if there is none. */
static int read_number(const char **at)
{
    int n = 0;

    while (**at >= '0' && **at <= '9' && n <= 4096) n = 10 * n + *(*at)++ - '0';
    return n <= 4096 ? n : 0;
}

/* One part between dashes; *at moves to its end.  False if it is none. */
static bool read_token(const char **at, token *t)
{
    static const struct { const char *word; kind kind; } heads[] = {
        { "GAP", GLOBAL }, { "AP", AVERAGE }, { "MP", MAXIMUM }, { "DO", DROP }, { "FC", DENSE },
    };

    *t = (token){ .stride = 1 };
    for (size_t i = 0; i < sizeof heads / sizeof heads[0]; i++) {
        if (strncmp(*at, heads[i].word, strlen(heads[i].word)) != 0) continue;
        *at += strlen(heads[i].word);
        t->kind = heads[i].kind;
        if (t->kind == GLOBAL) return true;
        t->n = t->size = read_number(at);
        return t->n > 0 && (t->kind != DROP || t->n < 100);
    }
    t->n = read_number(at);
    if (t->n < 1 || !**at || !strchr("CRP", **at)) return false;
    t->kind = **at == 'C' ? CONV : **at == 'R' ? POST : PRE;
    ++*at;
    t->size = read_number(at);
    if (**at == '/') {
        ++*at;
        t->stride = read_number(at);
    }
    return t->size > 0 && t->size <= 31 && t->stride > 0 && t->stride <= 16;
}

/* All parts; returns how many, or -1 with *at at the one that is none. */
static int read_all(const char *text, token *tokens, const char **at)
{
    int count = 0;
    const char *start;

    *at = text;
    for (;;) {
        start = *at;
        if (count == MOST || !read_token(at, &tokens[count]) || (**at && **at != '-')) {
            *at = start;
            return -1;
        }
        tokens[count].at = start;
        count++;
        if (!**at) return count;
        ++*at;
    }
}

int notation_length(const char *part) { return (int)strcspn(part, "-"); }

static bool has_kernel(const token *t) { return t->kind == CONV || t->kind == POST || t->kind == PRE; }

int notation_check(const char *place, const char *text)
{
    token tokens[MOST];
    const char *at;
    const int count = read_all(text, tokens, &at);

    if (count < 0 && (*at == 0 || *at == '-'))
        return complain(BAD_INPUT, "%s: the network has a dash too many%s%.16s", place,
                        *at ? " before " : " at its end", at);
    if (count < 0)
        return complain(BAD_INPUT, "%s: '%.*s' in the network is none of 16C3, 16C3/2, AP2, MP2, GAP, DO50, FC128, 64R3, 64P3",
                        place, notation_length(at), at);
    for (int i = 0; i < count; i++)
        if (has_kernel(&tokens[i]) && tokens[i].size % 2 == 0)
            return complain(BAD_INPUT,
                            "%s: the kernel of '%.*s' has the even side %d; only an odd one keeps the size of an image",
                            place, notation_length(tokens[i].at), tokens[i].at, tokens[i].size);
    for (int i = 1; i < count; i++)
        if (tokens[i].kind == PRE && tokens[i - 1].kind != CONV && tokens[i - 1].kind != PRE)
            return complain(BAD_INPUT,
                            "%s: '%.*s' wants values from a convolution or another such block, and '%.*s' gives spikes",
                            place, notation_length(tokens[i].at), tokens[i].at, notation_length(tokens[i - 1].at), tokens[i - 1].at);
    if (tokens[count - 1].kind != DENSE)
        return complain(BAD_INPUT, "%s: the network must end with FC and the number of outputs", place);
    if (tokens[0].kind != CONV && tokens[0].kind != DENSE)
        return complain(BAD_INPUT, "%s: the network must begin with a convolution such as 16C3, or with FC", place);
    return DONE;
}

int notation_outputs(const char *text)
{
    token tokens[MOST];
    const char *at;
    const int count = read_all(text, tokens, &at);

    return count > 0 ? tokens[count - 1].n : 0;
}

pln_neuron spiking_neuron(const spiking_config *how)
{
    pln_neuron n = pln_neuron_default();

    if (how->neuron) (void)pln_neuron_find(how->neuron, &n);
    if (how->surrogate) {
        (void)pln_surrogate_find(how->surrogate, &n.surrogate);
        n.sharpness = pln_surrogate_usual(n.surrogate);
    }
    if (how->tau) n.tau = *how->tau;
    if (how->threshold) n.threshold = *how->threshold;
    if (how->reset) n.reset = (pln_reset)*how->reset;
    if (how->detach) n.detach = *how->detach;
    if (how->strict) n.strict = *how->strict;
    if (how->decay_input) n.decay_input = *how->decay_input;
    if (how->sharpness) n.sharpness = *how->sharpness;
    return n;
}

/* What follows every product. */
typedef struct style {
    pln_norm   norm;
    pln_neuron neuron;
} style;

static void spike(pln_net *net, const style *s)
{
    pln_net_norm(net, &s->norm);
    pln_net_lif(net, &s->neuron);
}

static int last_layer(const pln_net *net) { return pln_net_layers(net) - 1; }

/* The shortcut of a block: what it begins with, or a convolution of it where the
 * shape changes.  Returns the layer that gives it. */
static int shortcut(pln_net *net, const token *t, const style *s, bool normed)
{
    const int from = last_layer(net);
    int end = from;

    if (t->stride != 1 || pln_net_layer(net, from).channels != t->n) {
        pln_net_branch(net, from);
        pln_net_conv(net, t->n, 1, t->stride, 0);
        if (normed) pln_net_norm(net, &s->norm);
        end = last_layer(net);
    }
    pln_net_branch(net, from);
    return end;
}

static void add_block(pln_net *net, const token *t, const style *s)
{
    const bool post = t->kind == POST;
    const int aside = shortcut(net, t, s, post);

    if (!post) spike(net, s);
    pln_net_conv(net, t->n, t->size, t->stride, t->size / 2);
    spike(net, s);
    pln_net_conv(net, t->n, t->size, 1, t->size / 2);
    if (post) pln_net_norm(net, &s->norm);
    pln_net_add(net, aside);
    if (post) pln_net_lif(net, &s->neuron);
}

static void add_token(pln_net *net, const token *t, kind next, const style *s)
{
    switch (t->kind) {
    case CONV:
        pln_net_conv(net, t->n, t->size, t->stride, t->size / 2);
        if (next != PRE) spike(net, s);
        break;
    case DENSE:
        pln_net_dense(net, t->n);
        if (next != LAST) spike(net, s);
        break;
    case POST:
    case PRE:
        add_block(net, t, s);
        if (t->kind == PRE && next != PRE) spike(net, s);
        break;
    case DROP:
        pln_net_dropout(net, (float)t->n / 100);
        break;
    default:
        pln_net_pool(net, t->kind == MAXIMUM ? PLN_POOL_MAX : PLN_POOL_AVERAGE, t->size);
    }
}

/* How large an image is after a part; 0 if nothing is left. */
static int side_after(const token *t, int side)
{
    switch (t->kind) {
    case GLOBAL:
    case DENSE: return 1;
    case AVERAGE:
    case MAXIMUM: return side / t->size;
    case DROP:    return side;
    default: return (side - 1) / t->stride + 1;
    }
}

const char *notation_misfit(const char *text, const pln_sample_shape *image, char why[NOTATION_WHY])
{
    int height = image->height, width = image->width;
    token tokens[MOST];
    const char *at;
    const int count = read_all(text, tokens, &at);

    for (int i = 0; i < count; i++) {
        const token *t = &tokens[i];
        const int size = t->size, less = height < width ? height : width;
        const char *what = NULL;
        if (has_kernel(t) && size > 3 && size / 2 >= less) what = "kernel";
        if ((t->kind == AVERAGE || t->kind == MAXIMUM) && size > less) what = "pool";
        if (what) {
            snprintf(why, NOTATION_WHY, "a %s of %dx%d is too large for an image of %dx%d", what, size, size, height, width);
            return t->at;
        }
        height = side_after(t, height);
        width = side_after(t, width);
    }
    return NULL;
}

const char *notation_build(const char *text, const spiking_config *how, pln_net *net)
{
    const style s = { { (pln_norm_kind)how->norm, how->norm_scale > 0 ? how->norm_scale : 1 }, spiking_neuron(how) };
    token tokens[MOST];
    const char *at;
    const int count = read_all(text, tokens, &at);

    for (int i = 0; i < count; i++) {
        add_token(net, &tokens[i], i + 1 < count ? tokens[i + 1].kind : LAST, &s);
        if (pln_net_status(net) != PLN_OK) return tokens[i].at;
    }
    if (how->output_spikes) spike(net, &s);
    pln_net_readout(net, (pln_readout_kind)how->readout, how->votes > 0 ? how->votes : 1);
    return pln_net_status(net) == PLN_OK ? NULL : tokens[count - 1].at;
}
