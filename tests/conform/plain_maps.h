/* plain_maps.h - networks of maps once more: plain loops in double precision
 *
 * An independent second opinion for tests.  It reads the shape of a network and
 * its parameters through the public interface, expands everything to all time
 * steps (a still image is repeated, so nothing is computed once for all steps),
 * keeps all values, and shares no code with the library. */
#ifndef PLAIN_MAPS_H
#define PLAIN_MAPS_H

#include "inside.h"
#include "maps.h"

/* What is run in one place counts as one here: norm, sum, neuron, pool and dropout that follow
 * each other.  Its number is that of inside.h, from and addend are such numbers too. */
static const pln_layer_kind PLAIN_CELL = PLN_NORM;

static inline int plain_number(const pln_net *net, int layer)
{
    return layer < 0 ? layer : pln_net_layer(net, layer).stream;
}

static inline pln_layer_info plain_info(const pln_net *net, int l)
{
    const int first = inside_first(net, l), last = inside_last(net, l);
    pln_layer_info sum = pln_net_layer(net, last);
    const pln_layer_kind kind = pln_net_layer(net, first).kind;

    sum.kind = kind == PLN_CONV || kind == PLN_DENSE || kind == PLN_READOUT ? kind : PLAIN_CELL;
    sum.from = plain_number(net, pln_net_layer(net, first).from);
    sum.addend = PLN_NO_LAYER;
    for (int k = first; k <= last; k++) {
        const pln_layer_info i = pln_net_layer(net, k);
        if (i.kind == PLN_NORM) sum.norm = i.norm;
        if (i.kind == PLN_ADD) sum.addend = plain_number(net, i.addend);
        if (i.fires) sum.fires = true, sum.neuron = i.neuron;
        if (i.kind == PLN_POOL) sum.pool = i.pool, sum.window = i.window;
    }
    return sum;
}

/* A signal: [step][sample][channel][y][x]. */
typedef struct plain_signal {
    int     channels, height, width;
    double *value, *gradient;
} plain_signal;

/* What one layer learns and keeps, in the order of its parameters. */
typedef struct plain_tensor {
    int     n;
    double *value, *gradient;       /* of a statistic: value and its new value */
} plain_tensor;

typedef struct plain_net {
    const pln_net *net;
    int            layers, steps, samples;
    plain_signal   signal[PLN_MAX_LAYERS + 1];
    plain_tensor   tensor[PLN_MAX_LAYERS][4];
    double        *potential[PLN_MAX_LAYERS], *spike[PLN_MAX_LAYERS], *normed[PLN_MAX_LAYERS];
    double        *mean[PLN_MAX_LAYERS], *inverse[PLN_MAX_LAYERS];        /* [step][channel] */
    double        *logit;           /* [sample][output] */
    double         closest;         /* least distance of a potential from where spikes
                                       or the surrogate jump */
} plain_net;

static inline size_t plain_cells(const plain_net *p, const plain_signal *s)
{
    return (size_t)p->steps * (size_t)p->samples * (size_t)(s->channels * s->height * s->width);
}

static inline void plain_signal_take(const plain_net *p, plain_signal *s, int channels, int height, int width)
{
    *s = (plain_signal){ .channels = channels, .height = height, .width = width };
    s->value = calloc(plain_cells(p, s), sizeof(double));
    s->gradient = calloc(plain_cells(p, s), sizeof(double));
}

static inline ptrdiff_t plain_at(const plain_net *p, const plain_signal *s, int t, int n, int c, int y, int x)
{
    return ((((ptrdiff_t)t * p->samples + n) * s->channels + c) * s->height + y) * s->width + x;
}

/* Parameters as they are now.  Numbers of parameters follow the layers. */
static inline void plain_load(plain_net *p)
{
    int parameter = 0;

    for (int l = 0; l < p->layers; l++) {
        const pln_layer_info i = plain_info(p->net, l);
        const bool conv = i.kind == PLN_CONV || i.kind == PLN_DENSE;
        const int tensors = conv ? 1 + i.bias : i.kind == PLAIN_CELL && i.norm.kind ? 4 : 0;
        for (int k = 0; k < tensors; k++, parameter++) {
            plain_tensor *t = &p->tensor[l][k];
            const int n = maps_count(p->net, parameter);
            float *now = calloc((size_t)n, sizeof *now);
            pln_tensor of = maps_tensor(p->net, parameter, now);
            assert_int_equal(pln_net_get(p->net, parameter, &of), PLN_OK);
            if (!t->value) {
                t->value = calloc((size_t)n, sizeof(double));
                t->gradient = calloc((size_t)n, sizeof(double));
            }
            t->n = n;
            for (int j = 0; j < n; j++) t->value[j] = (double)now[j], t->gradient[j] = 0;
            free(now);
        }
    }
    assert_int_equal(parameter, pln_net_parameters(p->net));
}

static inline void plain_new(plain_net *p, const pln_net *net, int steps, int channels, int height, int width, int samples)
{
    *p = (plain_net){ .net = net, .layers = inside_layers(net), .steps = steps, .samples = samples };
    plain_signal_take(p, &p->signal[0], channels, height, width);
    for (int l = 0; l < p->layers; l++) {
        const pln_layer_info i = plain_info(net, l);
        const plain_signal *x = &p->signal[i.from + 1];
        const size_t cells = plain_cells(p, x);
        if (i.kind != PLN_READOUT) plain_signal_take(p, &p->signal[l + 1], i.channels, i.height, i.width);
        if (i.kind != PLAIN_CELL) continue;
        p->potential[l] = calloc(cells, sizeof(double));
        p->spike[l] = calloc(cells, sizeof(double));
        p->normed[l] = calloc(cells, sizeof(double));
        p->mean[l] = calloc((size_t)(steps * x->channels), sizeof(double));
        p->inverse[l] = calloc((size_t)(steps * x->channels), sizeof(double));
    }
    p->logit = calloc((size_t)(samples * pln_net_outputs(net)), sizeof(double));
    plain_load(p);
}

static inline void plain_free(plain_net *p)
{
    for (int l = 0; l <= p->layers; l++) free(p->signal[l].value), free(p->signal[l].gradient);
    for (int l = 0; l < p->layers; l++) {
        for (int k = 0; k < 4; k++) {
            free(p->tensor[l][k].value), free(p->tensor[l][k].gradient);
        }
        free(p->potential[l]), free(p->spike[l]), free(p->normed[l]), free(p->mean[l]), free(p->inverse[l]);
    }
    free(p->logit);
}

/* Samples as the network takes them: rows of [frame][y][x][channel]. */
static inline void plain_input(plain_net *p, const float *x, int frames)
{
    plain_signal *s = &p->signal[0];
    const ptrdiff_t image = (ptrdiff_t)s->height * s->width * s->channels;

    for (int t = 0; t < p->steps; t++)
        for (int n = 0; n < p->samples; n++)
            for (int c = 0; c < s->channels; c++)
                for (int i = 0; i < s->height * s->width; i++)
                    s->value[plain_at(p, s, t, n, c, 0, 0) + i] =
                        (double)x[(ptrdiff_t)n * frames * image + (frames > 1 ? t * image : 0) + (ptrdiff_t)i * s->channels + c];
}

/* ---- convolutions and dense layers ------------------------------------------------ */

typedef struct plain_kernel { int height, width, stride, pad; } plain_kernel;

static inline plain_kernel plain_kernel_of(const pln_layer_info *i, const plain_signal *x)
{
    if (i->kind == PLN_DENSE) return (plain_kernel){ x->height, x->width, 1, 0 };
    return (plain_kernel){ i->kernel, i->kernel, i->stride, i->pad };
}

/* Visits every pair of an input and an output that a weight joins: forward, or back
 * with both gradients. */
static inline void plain_conv(plain_net *p, int l, bool back)
{
    const pln_layer_info i = plain_info(p->net, l);
    plain_signal *x = &p->signal[i.from + 1], *y = &p->signal[l + 1];
    const plain_kernel k = plain_kernel_of(&i, x);
    plain_tensor *w = &p->tensor[l][0], *b = &p->tensor[l][1];

    for (int row = 0; row < p->steps * p->samples; row++)
        for (int f = 0; f < y->channels; f++)
            for (int o = 0; o < y->height * y->width; o++) {
                const ptrdiff_t to = plain_at(p, y, 0, row, f, 0, 0) + o;
                double sum = i.bias ? b->value[f] : 0;
                if (back && i.bias) b->gradient[f] += y->gradient[to];
                for (int c = 0; c < x->channels; c++)
                    for (int t = 0; t < k.height * k.width; t++) {
                        const int iy = o / y->width * k.stride + t / k.width - k.pad;
                        const int ix = o % y->width * k.stride + t % k.width - k.pad;
                        const ptrdiff_t at = ((ptrdiff_t)f * x->channels + c) * k.height * k.width + t;
                        if (iy < 0 || iy >= x->height || ix < 0 || ix >= x->width) continue;
                        const ptrdiff_t from = plain_at(p, x, 0, row, c, iy, ix);
                        sum += w->value[at] * x->value[from];
                        if (!back) continue;
                        x->gradient[from] += w->value[at] * y->gradient[to];
                        w->gradient[at] += x->value[from] * y->gradient[to];
                    }
                if (!back) y->value[to] = sum;
            }
}

/* ---- cells ------------------------------------------------------------------------- */

static inline double plain_slope(const pln_neuron *n, double x)
{
    const double a = (double)n->sharpness, pi = 3.14159265358979323846;

    switch (n->surrogate) {
    case PLN_SURROGATE_ATAN: return a / 2 / (1 + pow(pi * a * x / 2, 2));
    case PLN_SURROGATE_SIGMOID: return a / (1 + exp(-a * x)) * (1 - 1 / (1 + exp(-a * x)));
    case PLN_SURROGATE_TRIANGLE: return fmax(0, a - a * a * fabs(x));
    case PLN_SURROGATE_RECTANGLE: return fabs(x) < 1 / (2 * a) ? a : 0;
    case PLN_SURROGATE_TANH: return fabs(x) <= 0.5 ? a / (2 * tanh(a / 2) * pow(cosh(a * x), 2)) : 0;
    default: return 1 / pow(1 + a * fabs(x), 2);
    }
}

/* Mean and 1/deviation of each channel, over all steps or each alone; in training
 * the new running statistics, too. */
static inline void plain_statistics(plain_net *p, int l, bool training)
{
    const pln_layer_info i = plain_info(p->net, l);
    const plain_signal *x = &p->signal[i.from + 1];
    const int groups = i.norm.kind == PLN_NORM_STEP ? p->steps : 1, a_group = p->steps / groups;
    plain_tensor *mean = &p->tensor[l][2], *variance = &p->tensor[l][3];
    const double m = (double)a_group * p->samples * x->height * x->width;

    for (int c = 0; c < x->channels; c++) {
        mean->gradient[c] = mean->value[c], variance->gradient[c] = variance->value[c];
        for (int g = 0; g < groups; g++) {
            double mu = 0, var = 0;
            for (int pass = 0; pass < 2; pass++)
                for (int t = g * a_group; t < (g + 1) * a_group; t++)
                    for (int n = 0; n < p->samples; n++)
                        for (int o = 0; o < x->height * x->width; o++) {
                            const double v = x->value[plain_at(p, x, t, n, c, 0, 0) + o];
                            if (pass == 0) mu += v / m;
                            else var += (v - mu) * (v - mu) / m;
                        }
            mean->gradient[c] += 0.1 * (mu - mean->gradient[c]);
            variance->gradient[c] += 0.1 * (var * (m > 1 ? m / (m - 1) : 1) - variance->gradient[c]);
            if (!training) mu = mean->value[c], var = variance->value[c];
            for (int t = g * a_group; t < (g + 1) * a_group; t++) {
                p->mean[l][t * x->channels + c] = mu;
                p->inverse[l][t * x->channels + c] = 1 / sqrt(var + 1e-5);
            }
        }
    }
}

/* What drives the neurons: norm(x) + tap. */
static inline double plain_drive(plain_net *p, int l, const pln_layer_info *i, int t, int n, int c, int o)
{
    const plain_signal *x = &p->signal[i->from + 1];
    const ptrdiff_t at = plain_at(p, x, t, n, c, 0, 0) + o;
    double u = x->value[at];

    if (i->norm.kind) {
        p->normed[l][at] = (u - p->mean[l][t * x->channels + c]) * p->inverse[l][t * x->channels + c];
        u = p->tensor[l][0].value[c] * (double)i->norm.scale * p->normed[l][at] + p->tensor[l][1].value[c];
    }
    return i->addend >= -1 ? u + p->signal[i->addend + 1].value[at] : u;
}

/* Where the surrogate jumps, on both sides of the threshold. */
static inline double plain_jump(const pln_neuron *n)
{
    return n->surrogate == PLN_SURROGATE_TANH ? 0.5 : n->surrogate == PLN_SURROGATE_RECTANGLE ? 0.5 / (double)n->sharpness : 0;
}

static inline bool plain_fires(const pln_neuron *n, double h)
{
    return n->strict ? h > (double)n->threshold : h >= (double)n->threshold;
}

static inline void plain_neuron(plain_net *p, int l, const pln_layer_info *i, int n, int c, int o)
{
    const plain_signal *x = &p->signal[i->from + 1];
    const double tau = (double)i->neuron.tau, th = (double)i->neuron.threshold;
    const double rest = i->neuron.reset == PLN_RESET_HARD ? (double)i->neuron.rest : 0;
    double v = rest, late = 0;

    for (int t = 0; t < p->steps; t++) {
        const ptrdiff_t at = plain_at(p, x, t, n, c, 0, 0) + o;
        const double u = plain_drive(p, l, i, t, n, c, o);
        const double h = v - (v - rest) / tau + (i->neuron.decay_input ? u / tau : u) - late;
        p->potential[l][at] = h;
        p->spike[l][at] = plain_fires(&i->neuron, h);
        p->closest = fmin(p->closest, fmin(fabs(h - th), fabs(fabs(h - th) - plain_jump(&i->neuron))));
        v = h, late = 0;
        if (!plain_fires(&i->neuron, h)) continue;
        if (i->neuron.reset == PLN_RESET_HARD) v = rest;
        else if (i->neuron.reset == PLN_RESET_SOFT) v = h - th;
        else late = th;
    }
}

/* The position that max pooling takes of a window: the first of the largest. */
static inline ptrdiff_t plain_best(const plain_net *p, int l, ptrdiff_t from, int width, int window)
{
    ptrdiff_t best = from;

    for (int k = 1; k < window * window; k++) {
        const ptrdiff_t at = from + k / window * width + k % window;
        if (p->spike[l][at] > p->spike[l][best]) best = at;
    }
    return best;
}

static inline void plain_cell(plain_net *p, int l, bool training)
{
    const pln_layer_info i = plain_info(p->net, l);
    const plain_signal *x = &p->signal[i.from + 1], *y = &p->signal[l + 1];
    const int window = i.pool ? i.window : 1, area = window * window;

    if (i.norm.kind) plain_statistics(p, l, training);
    for (int n = 0; n < p->samples; n++)
        for (int c = 0; c < x->channels; c++)
            for (int o = 0; o < x->height * x->width; o++) {
                if (i.fires) plain_neuron(p, l, &i, n, c, o);
                else
                    for (int t = 0; t < p->steps; t++)
                        p->spike[l][plain_at(p, x, t, n, c, 0, 0) + o] = plain_drive(p, l, &i, t, n, c, o);
            }
    for (int row = 0; row < p->steps * p->samples; row++)
        for (int c = 0; c < y->channels; c++)
            for (int oy = 0; oy < y->height; oy++)
                for (int ox = 0; ox < y->width; ox++) {
                    const ptrdiff_t from = plain_at(p, x, 0, row, c, oy * window, ox * window);
                    double sum = 0;
                    for (int k = 0; k < area; k++) sum += p->spike[l][from + k / window * x->width + k % window];
                    y->value[plain_at(p, y, 0, row, c, oy, ox)] =
                        i.pool == PLN_POOL_MAX ? p->spike[l][plain_best(p, l, from, x->width, window)] : sum / area;
                }
}

/* dL/ds to dL/du, in place in a. */
static inline void plain_neuron_back(const plain_net *p, int l, const pln_layer_info *i, double *a, int n, int c, int o)
{
    const plain_signal *x = &p->signal[i->from + 1];
    const double tau = (double)i->neuron.tau, lam = 1 - 1 / tau, th = (double)i->neuron.threshold;
    double carry = 0;

    for (int t = p->steps - 1; t >= 0; t--) {
        const ptrdiff_t at = plain_at(p, x, t, n, c, 0, 0) + o;
        const double h = p->potential[l][at], s = p->spike[l][at], g = plain_slope(&i->neuron, h - th);
        double e = a[at] * g;
        if (i->neuron.reset == PLN_RESET_HARD) {
            e += carry * (1 - s);
            if (!i->neuron.detach) e += carry * ((double)i->neuron.rest - h) * g;
        } else {             /* late: carry is lam dL/dh of the next step, to which -th s belongs whole */
            const double whole = i->neuron.reset == PLN_RESET_SOFT ? 1 : 1 / lam;
            e += carry;
            if (!i->neuron.detach) e -= carry * whole * th * g;
        }
        carry = lam * e;
        a[at] = i->neuron.decay_input ? e / tau : e;
    }
}

static inline void plain_norm_back(plain_net *p, int l, const pln_layer_info *i, const double *du)
{
    plain_signal *x = &p->signal[i->from + 1];
    const int groups = i->norm.kind == PLN_NORM_STEP ? p->steps : 1, a_group = p->steps / groups;
    const double m = (double)a_group * p->samples * x->height * x->width, scale = (double)i->norm.scale;

    for (int c = 0; c < x->channels; c++)
        for (int g = 0; g < groups; g++) {
            double sum = 0, product = 0;
            for (int pass = 0; pass < 2; pass++)
                for (int t = g * a_group; t < (g + 1) * a_group; t++)
                    for (int n = 0; n < p->samples; n++)
                        for (int o = 0; o < x->height * x->width; o++) {
                            const ptrdiff_t at = plain_at(p, x, t, n, c, 0, 0) + o;
                            if (pass == 0) {
                                sum += du[at], product += du[at] * p->normed[l][at];
                                p->tensor[l][0].gradient[c] += scale * du[at] * p->normed[l][at];
                                p->tensor[l][1].gradient[c] += du[at];
                            } else
                                x->gradient[at] += p->tensor[l][0].value[c] * scale * p->inverse[l][t * x->channels + c] *
                                                   (du[at] - sum / m - p->normed[l][at] * product / m);
                        }
        }
}

static inline void plain_cell_back(plain_net *p, int l)
{
    const pln_layer_info i = plain_info(p->net, l);
    plain_signal *x = &p->signal[i.from + 1], *y = &p->signal[l + 1];
    const int window = i.pool ? i.window : 1, area = window * window;
    double *du = calloc(plain_cells(p, x), sizeof *du);

    for (int row = 0; row < p->steps * p->samples; row++)
        for (int c = 0; c < y->channels; c++)
            for (int oy = 0; oy < y->height; oy++)
                for (int ox = 0; ox < y->width; ox++) {
                    const ptrdiff_t from = plain_at(p, x, 0, row, c, oy * window, ox * window);
                    const double g = y->gradient[plain_at(p, y, 0, row, c, oy, ox)];
                    if (i.pool == PLN_POOL_MAX) du[plain_best(p, l, from, x->width, window)] += g;
                    else
                        for (int k = 0; k < area; k++) du[from + k / window * x->width + k % window] += g / area;
                }
    for (int n = 0; i.fires && n < p->samples; n++)
        for (int c = 0; c < x->channels; c++)
            for (int o = 0; o < x->height * x->width; o++) plain_neuron_back(p, l, &i, du, n, c, o);
    for (size_t k = 0; i.addend >= -1 && k < plain_cells(p, x); k++) p->signal[i.addend + 1].gradient[k] += du[k];
    if (i.norm.kind) plain_norm_back(p, l, &i, du);
    for (size_t k = 0; !i.norm.kind && k < plain_cells(p, x); k++) x->gradient[k] += du[k];
    free(du);
}

/* ---- read-out, loss, the whole ------------------------------------------------------ */

/* The weight of step t in the read-out: what an output of 1 there comes to. */
static inline double plain_weight(const plain_net *p, pln_readout_kind kind, int t)
{
    double u = 0, sum = 0;

    if (kind == PLN_READOUT_MEAN) return 1.0 / p->steps;
    for (int k = 0; k < p->steps; k++) {
        u = 0.25 * u + 0.75 * (k == t);
        sum += u;
    }
    return kind == PLN_READOUT_LAST ? u : sum / p->steps;
}

static inline void plain_readout(plain_net *p, int l, const double *dlogit)
{
    const pln_layer_info i = plain_info(p->net, l);
    plain_signal *x = &p->signal[i.from + 1];

    for (int k = 0; !dlogit && k < p->samples * i.outputs; k++) p->logit[k] = 0;
    for (int t = 0; t < p->steps; t++)
        for (int n = 0; n < p->samples; n++)
            for (int c = 0; c < x->channels; c++) {
                const double w = plain_weight(p, i.readout, t) / i.votes;
                const ptrdiff_t at = plain_at(p, x, t, n, c, 0, 0), to = (ptrdiff_t)n * i.outputs + c / i.votes;
                if (dlogit) x->gradient[at] += w * dlogit[to];
                else p->logit[to] += w * x->value[at];
            }
}

static inline void plain_forward(plain_net *p, bool training)
{
    p->closest = INFINITY;
    for (int l = 0; l < p->layers; l++) {
        const pln_layer_info i = plain_info(p->net, l);
        if (i.kind == PLAIN_CELL) plain_cell(p, l, training);
        else if (i.kind == PLN_READOUT) plain_readout(p, l, NULL);
        else plain_conv(p, l, false);
    }
}

/* Cross-entropy of the logits, and all gradients.  Returns the mean loss. */
static inline double plain_backward(plain_net *p, const int32_t *label)
{
    const int n = pln_net_outputs(p->net);
    double *d = calloc((size_t)(p->samples * n), sizeof *d), loss = 0;

    for (int s = 0; s < p->samples; s++) {
        const double *o = p->logit + (ptrdiff_t)s * n;
        double sum = 0;
        for (int k = 0; k < n; k++) sum += exp(o[k]);
        loss -= (o[label[s]] - log(sum)) / p->samples;
        for (int k = 0; k < n; k++) d[s * n + k] = (exp(o[k]) / sum - (k == label[s])) / p->samples;
    }
    for (int l = 0; l <= p->layers; l++)
        if (p->signal[l].gradient) memset(p->signal[l].gradient, 0, plain_cells(p, &p->signal[l]) * sizeof(double));
    for (int l = p->layers - 1; l >= 0; l--) {
        const pln_layer_info i = plain_info(p->net, l);
        if (i.kind == PLAIN_CELL) plain_cell_back(p, l);
        else if (i.kind == PLN_READOUT) plain_readout(p, l, d);
        else plain_conv(p, l, true);
    }
    free(d);
    return loss;
}

#endif
