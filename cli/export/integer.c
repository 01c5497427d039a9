/* integer.c - a network in integers, as the edge runtime computes it
 *
 * Weights have one scale a layer, the largest being 127.  What hidden values become bytes by is found with the runtime itself:
 * layer by layer it computes sums of training samples, so that nothing depends on how floats are added. */

#include "export/integer.h"

#include "export/layout.h"
#include "run/past.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* 255 stands for the largest value but for one in so many, which are clipped. */
enum { LEFT_OUT = 10000 };
enum { MOST_FRACTION = 12, LEAST_FRACTION = 6, LEARNER_BIAS = 1 << 30 };
static const double most_rate = 262143 / 16777216.0;

/* A unit of sums below it stands for less than any float: then nothing of the network is left. */
static const double least_unit = 1e-45;

int integer_samples(const pln_data *train, bool others, int *sample)
{
    const int all = pln_data_count(train), half = all / 2, count = half < INTEGER_SAMPLES ? half : INTEGER_SAMPLES;

    for (int k = 0; k < count; k++) sample[k] = 2 * (int)((long)k * half / count) + others;
    if (count == 0) sample[0] = 0;
    return count > 0 ? count : 1;
}

static const uint8_t *sample_of(const pln_data *data, int i)
{
    return pln_data_samples(data) + (size_t)i * (size_t)pln_data_features(data);
}

/* ---- one layer ------------------------------------------------------------------------- */

static double largest(const float *v, size_t n)
{
    double most = 0;

    for (size_t k = 0; k < n; k++) most = fmax(most, fabs((double)v[k]));
    return most;
}

/* One step of a weight; of a layer that learns a power of two, with room for twice its weights. */
static double weight_step(const plan_layer *p, bool learns)
{
    const double most = largest(p->weight, (size_t)p->inputs * (size_t)p->outputs);
    const double fraction = most > 0 ? floor(log2(63 / most)) : MOST_FRACTION;

    if (!learns) return most > 0 ? most / 127 : 1;
    return ldexp(1, -(int)fmin(fmax(fraction, LEAST_FRACTION), MOST_FRACTION));
}

/* The integers of a layer that sees steps of input_unit; refused if a sum could leave 32 bits. */
static int quantise(const plan_layer *p, int number, bool learns, double input_unit, integer_layer *l)
{
    const size_t in = (size_t)p->inputs, out = (size_t)p->outputs;
    const double step = weight_step(p, learns);

    l->unit = step * input_unit;
    if (!(l->unit >= least_unit)) return complain(BAD_INPUT, "dense layer %d cannot be exported: its weights and those before it are too small", number);
    l->weight = malloc(in * out);
    l->bias = malloc(out * sizeof *l->bias);
    if (!l->weight || !l->bias) return complain(FAILED, "no memory left");
    for (size_t j = 0; j < out; j++) {
        const double bias = rint((double)p->bias[j] / l->unit);
        double most = fabs(bias);
        for (size_t i = 0; i < in; i++) {
            const double w = rint((double)p->weight[j * in + i] / step);
            l->weight[j * in + i] = (int8_t)fmin(fmax(w, -127), 127);
            most += 255 * (learns ? 128 : fabs((double)l->weight[j * in + i]));
        }
        if (learns) most += fmax(LEARNER_BIAS - fabs(bias), 0);
        if (!(most <= INT32_MAX))
            return complain(BAD_INPUT, "dense layer %d cannot be exported: the sum of unit %zu can leave 32 bits, its inputs and bias are too many or too large", number, j);
        l->bias[j] = (int32_t)bias;
    }
    return DONE;
}

/* The largest sum that a layer can have, by its weights. */
static double bound(const integer_layer *l, size_t in, size_t out)
{
    double most = 0;

    for (size_t j = 0; j < out; j++) {
        double sum = l->bias[j];
        for (size_t i = 0; i < in; i++) sum += 255 * fmax(l->weight[j * in + i], 0);
        most = fmax(most, sum);
    }
    return most;
}

/* Sums of `full` become 255: pre so that what is multiplied has 16 bits, a multiplier of 15 bits, and shift. */
static void set_scale(const integer_layer *l, double full, pln_edge_layer *edge)
{
    const double most = bound(l, edge->inputs, edge->outputs);
    int pre = 0, shift;
    double factor;

    while (ldexp(most, -pre) >= 65536) pre++;
    factor = fmin(ldexp(255, pre) / fmax(full, 1), 16383);
    shift = (int)floor(log2(32767 / factor));
    if (shift > 30) shift = 30;
    edge->pre = (uint8_t)pre;
    edge->shift = (uint8_t)shift;
    edge->multiplier = (uint16_t)fmax(rint(ldexp(factor, shift)), 1);
}

static int descending(const void *a, const void *b)
{
    const int32_t x = *(const int32_t *)a, y = *(const int32_t *)b;
    return (x < y) - (x > y);
}

/* What layer number l's sums reach in the training samples, but for the largest few. */
static int reach(const integer_net *n, int l, const pln_data *train, double *full)
{
    static int sample[INTEGER_SAMPLES];
    const int count = integer_samples(train, false, sample), out = n->edge[l].outputs;
    int32_t *sums = malloc((size_t)count * (size_t)out * sizeof *sums);

    if (!sums) return complain(FAILED, "no memory left");
    for (int k = 0; k < count; k++) {
        pln_edge_infer(n->edge, l, &n->edge[l], sample_of(train, sample[k]), &n->memory);
        memcpy(sums + (ptrdiff_t)k * out, n->memory.sum, (size_t)out * sizeof *sums);
    }
    qsort(sums, (size_t)count * (size_t)out, sizeof *sums, descending);
    const size_t left_out = (size_t)count * (size_t)out / LEFT_OUT;
    *full = sums[left_out];
    free(sums);
    return DONE;
}

/* ---- all layers ------------------------------------------------------------------------ */

static int widest(int a, int b) { return a > b ? a : b; }

static bool take_memory(const plan *p, integer_net *n)
{
    for (int l = 0; l < p->layers; l++) {
        n->widest_list = widest(n->widest_list, p->layer[l].inputs);
        n->widest_sum = widest(n->widest_sum, p->layer[l].outputs);
        if (l + 1 < p->layers) n->widest_value = widest(n->widest_value, p->layer[l].outputs);
    }
    n->memory.sum = malloc((size_t)n->widest_sum * sizeof *n->memory.sum);
    n->memory.list = malloc((size_t)n->widest_list * sizeof *n->memory.list);
    n->memory.value = malloc((size_t)n->widest_value + 1);
    return n->memory.sum && n->memory.list && n->memory.value;
}

static int make_layers(const plan *p, const pln_data *train, const integer_options *how, integer_net *n)
{
    double input_unit = 1 / 255.0;
    int code = DONE;

    for (int l = 0; l < p->layers && code == DONE; l++) {
        const plan_layer *from = &p->layer[l];
        const bool last = l + 1 == p->layers, learns = last && how->learns;
        double full;

        n->layers = l + 1;
        code = quantise(from, l + 1, learns, input_unit, &n->layer[l]);
        if (code == DONE && !layout_make(&n->layer[l], from->inputs, from->outputs, how->goal, learns, &n->edge[l]))
            code = complain(FAILED, "no memory left");
        if (code != DONE) break;
        full = 1 / n->layer[l].unit;
        if (last) {
            n->edge[l].limit = from->activation == PLN_RELU ? INT32_MAX : from->activation == PLN_HARDSIGM ? (int32_t)fmin(fmax(rint(full), 1), INT32_MAX) : 0;
            break;
        }
        if (from->activation == PLN_RELU) code = reach(n, l, train, &full);
        full = fmax(full, 1);
        set_scale(&n->layer[l], full, &n->edge[l]);
        input_unit = full * n->layer[l].unit / 255;
    }
    return code;
}

/* Products of a sample: of inputs that are not zero, with weights that are there. */
static void count_products(const pln_data *train, integer_net *n)
{
    static int sample[INTEGER_SAMPLES];
    const int count = integer_samples(train, false, sample);

    for (int l = 0; l < n->layers; l++) {
        const pln_edge_layer *edge = &n->edge[l];
        double products = 0;
        for (int k = 0; k < count; k++) {
            const int active = pln_edge_infer(n->edge, l, &n->edge[l], sample_of(train, sample[k]), &n->memory);
            for (int a = 0; a < active; a++) {
                const int i = n->memory.list[a];
                if (!edge->start) products += edge->outputs;
                for (size_t s = (size_t)i; edge->start && s + 1 < n->layer[l].starts; s += (size_t)edge->inputs + 1)
                    products += edge->start[s + 1] - edge->start[s];
            }
        }
        n->layer[l].products = products / count;
    }
}

/* ---- what outputs mean ----------------------------------------------------------------- */

static int take_association(const prediction *p, integer_net *n)
{
    const int outputs = n->edge[n->layers - 1].outputs;
    const int32_t *of = p->decoder->association + (ptrdiff_t)p->how[0].association * outputs;
    double most = bound(&n->layer[n->layers - 1], n->edge[n->layers - 1].inputs, (size_t)outputs);
    int largest_class = 0;

    n->unit = malloc((size_t)outputs);
    n->units = calloc((size_t)n->classes, sizeof *n->units);
    if (!n->unit || !n->units) return complain(FAILED, "no memory left");
    for (int j = 0; j < outputs; j++) {
        n->unit[j] = (uint8_t)(of[j] < 0 ? PLN_EDGE_NO_CLASS : of[j]);
        if (of[j] >= 0) largest_class = widest(largest_class, ++n->units[of[j]]);
    }
    if (n->edge[n->layers - 1].limit == 0) most = INT32_MAX;
    else if (n->learns) most = n->edge[n->layers - 1].limit;         /* weights can grow */
    else most = fmin(most, n->edge[n->layers - 1].limit);
    while (ldexp(most, -n->shift) * largest_class > INT32_MAX) n->shift++;
    return DONE;
}

static int take_classes(const prediction *p, integer_net *n)
{
    n->by = p->how[0].by;
    n->classes = p->decoder->classes;
    n->score = calloc((size_t)n->classes, sizeof *n->score);
    if (!n->score) return complain(FAILED, "no memory left");
    if (n->by == PLN_BY_ASSOCIATION) return take_association(p, n);
    n->block = n->edge[n->layers - 1].outputs / n->classes;
    return DONE;
}

/* ---- learning -------------------------------------------------------------------------- */

static int check_learning(const plan *p, const prediction *q, const pln_fit *fit, const integer_options *how)
{
    const plan_layer *top = &p->layer[p->layers - 1];

    if (q->how[0].by != PLN_BY_ASSOCIATION || top->activation != PLN_HARDSIGM)
        return complain(BAD_INPUT, "only a last layer with hardsigm, trained without labels, can go on learning on a device");
    if (p->layers > 1 && top[-1].activation != PLN_HARDSIGM)
        return complain(BAD_INPUT, "for the last layer to go on learning on a device, the one below must have hardsigm, too");
    if (fit->self.winners > PLN_EDGE_WINNERS || fit->self.winners > top->outputs)
        return complain(BAD_INPUT, "a device can learn with up to %d winners, and not more than there are outputs: the training had %d", PLN_EDGE_WINNERS, fit->self.winners);
    if (fit->self.gamma > 1) return complain(BAD_INPUT, "a device can learn with a gamma of up to 1, and the training had %g", (double)fit->self.gamma);
    if (!(how->rate > 0 && how->rate <= most_rate)) return complain(MISUSED, "--rate must be above 0 and at most %.7g", most_rate);
    return DONE;
}

/* A number that follows from all weights. */
static uint32_t identify(const integer_net *n)
{
    uint32_t h = 2166136261u;

    for (int l = 0; l < n->layers; l++) {
        const pln_edge_layer *edge = &n->edge[l];
        const size_t weights = (size_t)edge->inputs * edge->outputs;
        for (size_t k = 0; k < weights; k++) h = (h ^ (uint8_t)n->layer[l].weight[k]) * 16777619u;
        for (int j = 0; j < edge->outputs; j++) h = (h ^ (uint32_t)n->layer[l].bias[j]) * 16777619u;
        h = (h ^ edge->inputs) * 16777619u;
    }
    return h;
}

/* A device sees one sample at a time, for which a moving average of a tenth serves. */
static void set_rule(const pln_fit *fit, const integer_options *how, integer_net *n)
{
    const double eta = fit->self.sequential ? (double)fit->self.eta : 0.1;

    n->learns = true;
    n->network = identify(n);
    n->rule = (pln_edge_rule){ .rate = (int32_t)fmax(rint(ldexp(how->rate, 24)), 1), .gamma = (int32_t)rint(ldexp((double)fit->self.gamma, 15)),
                               .eta = (int32_t)fmin(fmax(rint(ldexp(eta, 16)), 1), 65535), .winners = (uint8_t)fit->self.winners,
                               .fraction = (uint8_t)lrint(-log2(n->layer[n->layers - 1].unit * 255)) };
}

int integer_make(const run *r, const prediction *p, const config *c, const pln_data *train, const integer_options *how, integer_net *n)
{
    plan from = { .layers = 0 };
    pln_net *net = NULL;                 /* with all its tensors, which a model does not have */
    int code = past_load(p->ctx, r, how->best ? "best.safetensors" : "model.safetensors", false, &net);

    *n = (integer_net){ .layers = 0 };
    if (code == DONE) code = plan_make(net, p->decoder, p->how[0].by, &from);
    if (code == DONE && pln_data_get_type(train) != PLN_BYTES) code = complain(BAD_INPUT, "the data are floats, and the runtime takes bytes");
    if (code == DONE && pln_data_features(train) != from.layer[0].inputs)
        code = complain(BAD_INPUT, "the network has %d inputs, and the samples of the data have %d values", from.layer[0].inputs, pln_data_features(train));
    if (code == DONE && how->learns) code = check_learning(&from, p, &c->e.fit, how);
    if (code == DONE && !take_memory(&from, n)) code = complain(FAILED, "no memory left");
    if (code == DONE) code = make_layers(&from, train, how, n);
    if (code == DONE && how->learns) set_rule(&c->e.fit, how, n);
    if (code == DONE) code = take_classes(p, n);
    if (code == DONE) count_products(train, n);
    plan_free(&from);
    pln_net_free(net);
    return code;
}

void integer_free(integer_net *n)
{
    for (int l = 0; l < n->layers; l++) {
        free(n->layer[l].weight), free(n->layer[l].bias), free(n->layer[l].laid);
        free(n->layer[l].place), free(n->layer[l].start);
    }
    free(n->memory.sum), free(n->memory.list), free(n->memory.value);
    free(n->unit), free(n->units), free(n->score);
}

/* ---- what it says ---------------------------------------------------------------------- */

int integer_class(const integer_net *n, const uint8_t *x)
{
    pln_edge_infer(n->edge, n->layers - 1, &n->edge[n->layers - 1], x, &n->memory);
    if (n->by == PLN_BY_OUTPUTS) return pln_edge_by_outputs(n->memory.sum, n->classes, n->block);
    return pln_edge_by_association(n->memory.sum, n->edge[n->layers - 1].outputs, n->unit, n->units, n->classes, n->shift, n->score);
}

double integer_accuracy(const integer_net *n, const pln_data *data, const int *index, const int32_t *truth, int count)
{
    int right = 0;

    for (int k = 0; k < count; k++) right += integer_class(n, sample_of(data, index[k])) == truth[k];
    return count ? (double)right / count : 0;
}

/* ---- what a device needs ---------------------------------------------------------------- */

size_t integer_flash(const integer_net *n)
{
    size_t bytes = 0;

    for (int l = 0; l < n->layers; l++) {
        const integer_layer *i = &n->layer[l];
        bytes += i->laid_count + (i->place ? i->laid_count : 0) + i->starts * sizeof *i->start + n->edge[l].outputs * sizeof *i->bias;
    }
    if (n->unit) bytes += n->edge[n->layers - 1].outputs + (size_t)n->classes * sizeof *n->units;
    return bytes;
}

size_t integer_ram(const integer_net *n)
{
    const pln_edge_layer *top = &n->edge[n->layers - 1];
    size_t bytes = 4 * (size_t)n->widest_sum + 2 * (size_t)n->widest_list + (size_t)n->widest_value;

    if (n->unit) bytes += 4 * (size_t)n->classes;
    if (n->learns) bytes += (size_t)top->inputs * top->outputs + 12 * (size_t)top->outputs + 4;
    return (bytes + 3) / 4 * 4;
}
