/* notation.c - spiking networks in the literature's short form */

#include "nn/net.h"

#include "base/check.h"
#include "base/option.h"

#include <stdio.h>
#include <string.h>

enum { MOST = PLN_MAX_LAYERS, WHY = 96 };

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

/* Characters of a part, up to the next dash. */
static int length_of(const char *part) { return (int)strcspn(part, "-"); }

static bool has_kernel(const token *t) { return t->kind == CONV || t->kind == POST || t->kind == PRE; }

/* Reads all parts, which must be such a network; *count of them. */
static pln_status read_sound(pln_ctx *ctx, const char *text, token tokens[MOST], int *count)
{
    const char *at;

    *count = read_all(text, tokens, &at);
    if (*count < 0 && (*at == 0 || *at == '-'))
        return plni_fail_at(ctx, PLN_ERR_ARG, "network", "the network has a dash too many%s%.16s", *at ? " before " : " at its end", at);
    if (*count < 0)
        return plni_fail_at(ctx, PLN_ERR_ARG, "network",
                            "'%.*s' in the network is none of 16C3, 16C3/2, AP2, MP2, GAP, DO50, FC128, 64R3, 64P3", length_of(at), at);
    for (int i = 0; i < *count; i++)
        if (has_kernel(&tokens[i]) && tokens[i].size % 2 == 0)
            return plni_fail_at(ctx, PLN_ERR_ARG, "network",
                                "the kernel of '%.*s' has the even side %d; only an odd one keeps the size of an image",
                                length_of(tokens[i].at), tokens[i].at, tokens[i].size);
    for (int i = 1; i < *count; i++)
        if (tokens[i].kind == PRE && tokens[i - 1].kind != CONV && tokens[i - 1].kind != PRE)
            return plni_fail_at(ctx, PLN_ERR_ARG, "network",
                                "'%.*s' wants values from a convolution or another such block, and '%.*s' gives spikes",
                                length_of(tokens[i].at), tokens[i].at, length_of(tokens[i - 1].at), tokens[i - 1].at);
    if (tokens[*count - 1].kind != DENSE)
        return plni_fail_at(ctx, PLN_ERR_ARG, "network", "the network must end with FC and the number of outputs");
    if (tokens[0].kind != CONV && tokens[0].kind != DENSE)
        return plni_fail_at(ctx, PLN_ERR_ARG, "network", "the network must begin with a convolution such as 16C3, or with FC");
    return PLN_OK;
}

pln_status pln_notation_check(pln_ctx *ctx, const char *text, int *outputs)
{
    token tokens[MOST];
    int count;

    PLN_TRY(read_sound(ctx, text, tokens, &count));
    *outputs = tokens[count - 1].n;
    return PLN_OK;
}

static void spike(pln_net *net, const pln_spiking *s)
{
    pln_net_norm(net, &s->norm);
    pln_net_lif(net, &s->neuron);
}

static int last_layer(const pln_net *net) { return pln_net_layers(net) - 1; }

/* The shortcut of a block: what it begins with, or a convolution of it where the
 * shape changes.  Returns the layer that gives it. */
static int shortcut(pln_net *net, const token *t, const pln_spiking *s, bool normed)
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

static void add_block(pln_net *net, const token *t, const pln_spiking *s)
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

static void add_token(pln_net *net, const token *t, kind next, const pln_spiking *s)
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

/* Whether a part is too large for what is left of an image; 3x3 is let through everywhere, since deep
 * networks end in images of one place.  Of a larger kernel no part may lie beyond the image at every place. */
static bool misfits(const token *t, int height, int width, char why[WHY])
{
    const int size = t->size, less = height < width ? height : width;
    const char *what = NULL;

    if (has_kernel(t) && size > 3 && size / 2 >= less) what = "kernel";
    if ((t->kind == AVERAGE || t->kind == MAXIMUM) && size > less) what = "pool";
    if (what) snprintf(why, WHY, "a %s of %dx%d is too large for an image of %dx%d", what, size, size, height, width);
    return what != NULL;
}

/* Builds the parts; returns the first that does not fit, or -1, and why unless a builder says so. */
static int build(pln_net *net, const token *tokens, int count, const pln_spiking *how, char why[WHY])
{
    int height = net->image.extent.height, width = net->image.extent.width;

    for (int i = 0; i < count; i++) {
        if (misfits(&tokens[i], height, width, why)) return i;
        height = side_after(&tokens[i], height);
        width = side_after(&tokens[i], width);
    }
    for (int i = 0; i < count; i++) {
        add_token(net, &tokens[i], i + 1 < count ? tokens[i + 1].kind : LAST, how);
        if (net->error) return i;
    }
    if (how->output_spikes) spike(net, how);
    pln_net_readout(net, how->readout, how->votes);
    return net->error ? count - 1 : -1;
}

void pln_net_describe(pln_net *net, const char *text, const pln_spiking *how)
{
    const plni_extent *e = &net->image.extent;
    token tokens[MOST];
    char why[WHY] = "";
    int count, part;

    if (net->error || (net->error = read_sound(net->ctx, text, tokens, &count)) != PLN_OK) return;
    part = build(net, tokens, count, how, why);
    if (part < 0) return;
    net->error = plni_fail_at(net->ctx, net->error ? net->error : PLN_ERR_SHAPE, "network",
                              "'%.*s', part %d of the network, does not fit samples of %dx%dx%d: %s", length_of(tokens[part].at),
                              tokens[part].at, part + 1, e->channels, e->height, e->width, *why ? why : pln_error(net->ctx));
}
