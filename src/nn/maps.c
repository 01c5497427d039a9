/* maps.c - networks of maps: their builders, and the memory of their passes
 *
 * A signal is needed from the layer that writes it to the last one that reads
 * it.  In training all values are kept for the way back, and their gradients
 * come and go; in evaluation the values come and go.  What comes and goes takes
 * the first slot that is free, which is as large as its largest tenant. */

#include "nn/net.h"

#include "base/check.h"
#include "base/shape.h"

#include <math.h>
#include <string.h>

/* ---- builders ------------------------------------------------------------------ */

const plni_signal *plni_map_of(const pln_net *net, int signal)
{
    return signal ? &net->layer[signal - 1].map : &net->image;
}

static void begin(pln_net *net, int steps, int channels, int height, int width, bool frames)
{
    const plni_extent extent = { channels, height, width };

    if (steps < 1 || steps > PLN_MAX_TIME) plni_refuse(net, PLN_ERR_ARG, "there must be 1..64 time steps", steps);
    else if (channels < 1 || channels > PLN_MAX_CHANNELS)
        plni_refuse(net, PLN_ERR_ARG, "an image must have 1..4096 channels", channels);
    else if (height < 1 || width < 1 || (double)height * width * channels * steps > PLN_MAX_UNITS)
        plni_refuse(net, PLN_ERR_ARG, "an image must have 1..1048576 values", (double)height * width * channels);
    if (net->error) return;
    pln_net_input(net, (frames ? steps : 1) * channels * height * width);
    if (net->error) return;
    net->steps = steps;
    net->image = plni_map(extent, PLNI_VALUES, false);
    net->image.steps = frames ? steps : 1;
    net->branch = -1;
}

void pln_net_image(pln_net *net, int steps, int channels, int height, int width)
{
    begin(net, steps, channels, height, width, false);
}

void pln_net_frames(pln_net *net, int steps, int channels, int height, int width)
{
    begin(net, steps, channels, height, width, true);
}

void pln_net_normalise(pln_net *net, const pln_normalise *n)
{
    if (net->error || !net->steps || net->count) {
        plni_refuse(net, PLN_ERR_STATE, "inputs are normalised right after the image", 0);
        return;
    }
    if (n->channels != net->image.extent.channels || n->channels > PLN_MAX_COLOURS)
        plni_refuse(net, PLN_ERR_SHAPE, "there must be a mean and a deviation for each channel, 16 at most", n->channels);
    for (int c = 0; !net->error && c < n->channels; c++)
        if (!isfinite(n->mean[c]) || !(n->deviation[c] > 0 && n->deviation[c] < 1e6f))
            plni_refuse(net, PLN_ERR_ARG, "a mean must be finite and a deviation positive", (double)n->deviation[c]);
    if (!net->error) net->normalise = *n;
}

pln_normalise pln_net_normalised(const pln_net *net) { return net->normalise; }

void pln_net_poisson(pln_net *net)
{
    if (net->error || !net->steps || net->count || net->image.steps > 1) {
        plni_refuse(net, PLN_ERR_STATE, "a still image is coded right after it is described", 0);
        return;
    }
    net->poisson = true;
    net->image.steps = net->steps;
}

bool pln_net_is_poisson(const pln_net *net) { return net->poisson; }

/* The signal that the next layer begins at. */
static int next_signal(const pln_net *net) { return net->branch >= 0 ? net->branch : net->count; }

static plni_layer *append_map(pln_net *net, const plni_layer_ops *ops)
{
    const int from = next_signal(net);
    plni_layer *layer;

    if (!net->error && !net->steps) plni_refuse(net, PLN_ERR_STATE, "this layer wants a network of maps", 0);
    if (!net->error && plni_map_of(net, from)->extent.channels == 0)
        plni_refuse(net, PLN_ERR_SHAPE, "nothing can follow the read-out", 0);
    layer = plni_append(net, ops);
    if (!layer) return NULL;
    layer->from = from;
    layer->tap = -1;
    layer->inputs = plni_map_of(net, from)->units;
    net->branch = -1;
    return layer;
}

static void finish(plni_layer *layer, plni_extent out, plni_form form, int steps)
{
    layer->map = plni_map(out, form, true);
    layer->map.steps = steps;
    layer->outputs = layer->map.units;
    if (layer->ops->shape) layer->ops->shape(layer);
}

/* Values of a map over all steps; more could not be counted. */
static const double MOST_VALUES = 1 << 28;

static void add_conv(pln_net *net, plni_extent out, int kernel_height, int kernel_width, int stride, int pad, bool full)
{
    const double values = (double)plni_round_up(out.channels, 16) * out.height * out.width * net->steps;
    plni_layer *layer;
    const plni_signal *x;

    if (values > MOST_VALUES) plni_refuse(net, PLN_ERR_ARG, "a map must have fewer values, channels padded to sixteen", values);
    layer = append_map(net, &plni_conv_ops);
    if (!layer) return;
    x = plni_map_of(net, layer->from);
    layer->conv = (plni_conv){ x->extent, out, x->depth, (int)plni_round_up(out.channels, 16), kernel_height,
                               kernel_width, stride, pad };
    layer->bias = true;
    layer->full = full;
    finish(layer, out, PLNI_VALUES, x->steps);
}

/* Remembers that a window is larger than what it is to move over. */
static void refuse_size(pln_net *net, int layer, const char *what, int size, int height, int width, const char *image)
{
    if (net->error) return;
    net->error = plni_fail(net->ctx, PLN_ERR_SHAPE, "network: layer %d: %s of %dx%d is larger than %s %dx%d", layer,
                           what, size, size, image, height, width);
}

void pln_net_conv(pln_net *net, int filters, int kernel, int stride, int pad)
{
    plni_extent out;

    if (filters < 1 || filters > PLN_MAX_CHANNELS)
        plni_refuse(net, PLN_ERR_ARG, "a convolution must have 1..4096 filters", filters);
    if (kernel < 1 || kernel > 31) plni_refuse(net, PLN_ERR_ARG, "a kernel's side must be 1..31", kernel);
    if (stride < 1 || stride > 16) plni_refuse(net, PLN_ERR_ARG, "the stride must be 1..16", stride);
    if (pad < 0 || pad >= kernel) plni_refuse(net, PLN_ERR_ARG, "the padding must be less than the kernel's side", pad);
    if (net->error || !net->steps) {
        plni_refuse(net, PLN_ERR_STATE, "this layer wants a network of maps", 0);
        return;
    }
    out = plni_conv_extent(plni_map_of(net, next_signal(net))->extent, filters, kernel, kernel, stride, pad);
    if (out.height < 1 || out.width < 1) {
        const plni_extent in = plni_map_of(net, next_signal(net))->extent;
        refuse_size(net, net->count + 1, "a kernel", kernel, in.height + 2 * pad, in.width + 2 * pad,
                    "an image that is, with its padding,");
    }
    add_conv(net, out, kernel, kernel, stride, pad, false);
}

void plni_maps_dense(pln_net *net, int units)
{
    const plni_extent in = plni_map_of(net, next_signal(net))->extent;

    if (units > PLN_MAX_CHANNELS) plni_refuse(net, PLN_ERR_ARG, "a dense layer of maps has 1..4096 units", units);
    add_conv(net, (plni_extent){ units, 1, 1 }, in.height, in.width, 1, 0, true);
}

/* How far a cell has been built. */
typedef enum stage { NORM, SUM, NEURON, POOL } stage;

static stage stage_of(const plni_layer *layer)
{
    return layer->cell.pool ? POOL : layer->cell.fires ? NEURON : layer->tap >= 0 ? SUM : NORM;
}

/* Whether somebody reads the layer's output already. */
static bool is_read(const pln_net *net, int signal)
{
    for (int l = 0; l < net->count; l++)
        if (net->layer[l].from == signal || net->layer[l].tap == signal) return true;
    return false;
}

/* The last cell if the next stage can be its, else a new one. */
static plni_layer *cell_for(pln_net *net, stage next)
{
    plni_layer *layer = net->count ? &net->layer[net->count - 1] : NULL;
    const plni_signal *x;

    if (!net->error && net->branch < 0 && layer && layer->ops == &plni_cell_ops && stage_of(layer) < next) return layer;
    layer = append_map(net, &plni_cell_ops);
    if (!layer) return NULL;
    x = plni_map_of(net, layer->from);
    if (x->form != PLNI_VALUES || layer->from == 0)
        plni_refuse(net, PLN_ERR_SHAPE,
                    layer->from ? "a norm, sum, neuron or pool must follow a convolution, a dense layer or a norm"
                                : "a network of maps begins with a convolution or a dense layer", 0);
    layer->conv.in = x->extent;
    return net->error ? NULL : layer;
}

/* The cell's output, after a stage has been added. */
static void finish_cell(pln_net *net, plni_layer *layer)
{
    const plni_cell *c = &layer->cell;
    const int window = c->pool ? c->window : 1, steps = c->fires ? net->steps : plni_map_of(net, layer->from)->steps;
    const plni_extent in = layer->conv.in, out = { in.channels, in.height / window, in.width / window };
    const bool adds = c->pool == PLN_POOL_AVERAGE || layer->drop > 0;
    const plni_form form = !c->fires ? PLNI_VALUES : adds ? PLNI_SUMS : PLNI_SPIKES;

    finish(layer, out, form, steps);
    layer->map.unit = 1 / (float)(c->pool == PLN_POOL_AVERAGE ? window * window : 1);
}

void pln_net_norm(pln_net *net, const pln_norm *norm)
{
    const bool read = is_read(net, next_signal(net));
    plni_layer *layer;

    if ((int)norm->kind < 0 || norm->kind > PLN_NORM_STEP) plni_refuse(net, PLN_ERR_ARG, "no such norm", norm->kind);
    if (!(norm->scale > 0 && norm->scale < 1e6f))
        plni_refuse(net, PLN_ERR_ARG, "a norm's scale must be positive", (double)norm->scale);
    if (net->error || norm->kind == PLN_NORM_NONE) return;
    layer = append_map(net, &plni_cell_ops);
    if (!layer) return;
    if (plni_map_of(net, layer->from)->form != PLNI_VALUES || layer->from == 0) {
        plni_refuse(net, PLN_ERR_SHAPE, "a norm must follow a convolution, a dense layer or a sum", 0);
        return;
    }
    if (layer->from && layer->from == net->count - 1 && !read) layer[-1].bias = false;
    layer->conv.in = plni_map_of(net, layer->from)->extent;
    layer->cell.norm = *norm;
    finish_cell(net, layer);
}

static int signal_for(pln_net *net, int layer)
{
    if (layer < -1 || layer >= net->count) plni_refuse(net, PLN_ERR_ARG, "there is no such layer", layer);
    return layer + 1;
}

void pln_net_branch(pln_net *net, int layer)
{
    const int signal = signal_for(net, layer);

    if (!net->error) net->branch = signal;
}

void pln_net_add(pln_net *net, int from)
{
    const int signal = signal_for(net, from);
    plni_layer *layer;
    const plni_signal *tap;

    if (net->branch < 0 && signal == net->count) net->branch = signal;       /* no cell reads itself */
    layer = net->error ? NULL : cell_for(net, SUM);
    if (!layer) return;
    tap = plni_map_of(net, signal);
    if (memcmp(&tap->extent, &layer->conv.in, sizeof tap->extent) != 0 ||
        (tap->steps > 1 && plni_map_of(net, layer->from)->steps == 1) ||
        tap->depth % 16)
        plni_refuse(net, PLN_ERR_SHAPE, "what is added must have the same channels, size and time steps, or be still", from);
    if (net->error) return;
    layer->tap = signal;
    finish_cell(net, layer);
}

void pln_net_lif(pln_net *net, const pln_neuron *neuron)
{
    plni_layer *layer;

    if (!net->error && pln_neuron_check(net->ctx, neuron) != PLN_OK) net->error = PLN_ERR_ARG;
    layer = net->error ? NULL : cell_for(net, NEURON);
    if (!layer) return;
    layer->cell.fires = true;
    layer->cell.neuron = *neuron;
    finish_cell(net, layer);
}

void pln_net_pool(pln_net *net, pln_pool kind, int size)
{
    plni_layer *layer = net->count ? &net->layer[net->count - 1] : NULL;

    if (kind != PLN_POOL_AVERAGE && kind != PLN_POOL_MAX) plni_refuse(net, PLN_ERR_ARG, "no such pool", kind);
    if (net->error) return;
    if (!layer || layer->ops != &plni_cell_ops || !layer->cell.fires || layer->cell.pool || layer->drop > 0 || net->branch >= 0) {
        plni_refuse(net, PLN_ERR_SHAPE, "a pool must follow neurons", 0);
        return;
    }
    if (size == 0 && layer->conv.in.height == layer->conv.in.width) size = layer->conv.in.height;
    if (size > layer->conv.in.height || size > layer->conv.in.width)
        refuse_size(net, net->count, "a pool", size, layer->conv.in.height, layer->conv.in.width, "an image of");
    else if (size < 1 || size > 15)
        plni_refuse(net, PLN_ERR_SHAPE, "a pool's side must be 1..15, and a pool of the whole image wants a square", size);
    if (net->error) return;
    layer->cell.pool = kind;
    layer->cell.window = size;
    finish_cell(net, layer);
}

/* Dropped spikes are sums that are 0; without a pool the windows have one place. */
void plni_maps_dropout(pln_net *net, float p)
{
    plni_layer *layer = net->count ? &net->layer[net->count - 1] : NULL;

    if (net->error) return;
    if (!layer || layer->ops != &plni_cell_ops || !layer->cell.fires || layer->drop > 0 || net->branch >= 0) {
        plni_refuse(net, PLN_ERR_SHAPE, "dropout in a network of maps must follow neurons", (double)p);
        return;
    }
    if (p <= 0) return;
    layer->drop = p;
    if (!layer->cell.pool) {
        layer->cell.pool = PLN_POOL_AVERAGE;
        layer->cell.window = 1;
    }
    finish_cell(net, layer);
}

void pln_net_readout(pln_net *net, pln_readout_kind kind, int votes)
{
    plni_layer *layer;

    if ((int)kind < 0 || kind > PLN_READOUT_MEMBRANE) plni_refuse(net, PLN_ERR_ARG, "no such read-out", kind);
    layer = net->error ? NULL : append_map(net, &plni_readout_ops);
    if (!layer) return;
    const plni_signal *x = plni_map_of(net, layer->from);
    if (plni_positions(x->extent) != 1)
        plni_refuse(net, PLN_ERR_SHAPE, "a read-out wants one place, not an image", plni_positions(x->extent));
    if (kind != PLN_READOUT_MEAN && x->steps != net->steps)
        plni_refuse(net, PLN_ERR_SHAPE, "a membrane reads out what changes over time; here no neuron fires below it", x->steps);
    if (votes < 1 || x->units % votes) plni_refuse(net, PLN_ERR_SHAPE, "the votes must divide the outputs", votes);
    if (net->error) return;
    layer->readout = kind;
    layer->votes = votes;
    layer->outputs = x->units / votes;
}

pln_status plni_maps_check(pln_net *net)
{
    const plni_layer *last = &net->layer[net->count - 1];

    if (last->ops != &plni_readout_ops)
        return plni_fail(net->ctx, PLN_ERR_SHAPE, "network: a network of maps ends with a read-out");
    for (int l = 0; l < net->count; l++) {
        plni_layer *layer = &net->layer[l];
        if (layer->ops->shape) layer->ops->shape(layer);           /* biases may have gone */
        layer->adds = layer->tap == layer->from;            /* what is added to itself comes back twice */
        layer->tap_adds = false;
        for (int above = l + 1; above < net->count; above++) {
            const plni_layer *reader = &net->layer[above];
            layer->adds |= reader->from == layer->from || reader->tap == layer->from;
            layer->tap_adds |= layer->tap >= 0 && (reader->from == layer->tap || reader->tap == layer->tap);
        }
        if (l < net->count - 1 && !is_read(net, l + 1))
            return plni_fail(net->ctx, PLN_ERR_SHAPE, "network: nothing reads what layer %d gives", l + 1);
    }
    return PLN_OK;
}

void plni_maps_info(const pln_net *net, int number, pln_layer_info *info)
{
    const plni_layer *layer = &net->layer[number];
    const plni_extent out = layer->map.extent;

    info->channels = out.channels;
    info->height = out.height;
    info->width = out.width;
    info->steps = layer->map.steps;
    info->kernel = layer->conv.kernel_height;
    info->stride = layer->conv.stride;
    info->pad = layer->conv.pad;
    info->bias = layer->bias;
    info->norm = layer->cell.norm;
    info->fires = layer->cell.fires;
    info->neuron = layer->cell.neuron;
    info->pool = layer->cell.pool;
    info->window = layer->cell.window;
    info->readout = layer->readout;
    info->votes = layer->votes;
    if (layer->ops == &plni_conv_ops)
        info->macs = (double)layer->conv.kernel_height * layer->conv.kernel_width * layer->conv.in.channels *
                     out.channels * plni_positions(out);
    if (layer->cell.fires) info->neurons = (long)layer->conv.in.channels * plni_positions(layer->conv.in);
}

/* Whether many deltas at a signal can be zero: everybody who reads it fires, by a compact
 * surrogate, without a norm, which would take off means. */
static bool has_zero_deltas(const pln_net *net, int signal)
{
    for (int l = 0; l < net->count; l++) {
        const plni_layer *layer = &net->layer[l];
        const bool compact = layer->cell.fires && layer->cell.norm.kind == PLN_NORM_NONE &&
                             pln_surrogate_compact(layer->cell.neuron.surrogate);
        if ((layer->from == signal || layer->tap == signal) && !compact) return false;
    }
    return true;
}

const char *pln_net_algorithm(const pln_net *net, int number, pln_product product, double density)
{
    static const plni_conv_pass passes[] = { [PLN_FORWARD] = PLNI_CONV_FORWARD, [PLN_INPUT_GRADIENT] = PLNI_CONV_BACKWARD,
                                             [PLN_WEIGHT_GRADIENT] = PLNI_CONV_GRADIENT };
    const plni_layer *layer = number >= 0 && number < net->count ? &net->layer[number] : NULL;

    if (!layer || layer->ops != &plni_conv_ops || (int)product < 0 || product > PLN_WEIGHT_GRADIENT) return NULL;
    if (product == PLN_INPUT_GRADIENT && !has_zero_deltas(net, number + 1)) density = 1;
    return plni_conv_choose(&layer->conv, passes[product], plni_map_of(net, layer->from)->form, density)->name;
}

/* ---- memory ---------------------------------------------------------------------- */

/* Memory that signals take in turn. */
typedef struct slots {
    size_t bytes[PLN_MAX_LAYERS + 1];
    bool   taken[PLN_MAX_LAYERS + 1];
    void  *memory[PLN_MAX_LAYERS + 1];
    int    count;
} slots;

static int move_in(slots *s, size_t bytes)
{
    int i = 0;

    while (i < s->count && s->taken[i]) i++;
    if (i == s->count) s->count++;
    s->taken[i] = true;
    if (s->bytes[i] < bytes) s->bytes[i] = bytes;
    return i;
}

/* What signal i looks like, over a batch; gradients are always values. */
static plni_signal look(const pln_net *net, int i, bool gradient)
{
    plni_signal map = *plni_map_of(net, i);

    if (!gradient) return map;
    const int steps = map.steps;
    map = plni_map(map.extent, PLNI_VALUES, i > 0);
    map.steps = steps;
    return map;
}

static size_t bytes_of(const pln_net *net, int i, bool gradient, int batch)
{
    const plni_signal map = look(net, i, gradient);
    return plni_map_bytes(&map, batch * map.steps);
}

static int last_reader(const pln_net *net, int signal)
{
    for (int l = net->count - 1; l >= 0; l--)
        if (net->layer[l].from == signal || net->layer[l].tap == signal) return l;
    return -1;
}

/* The slot of every value in evaluation: from the layer that writes to the last
 * that reads it. */
static void place_values(const pln_net *net, int batch, slots *s, int *slot)
{
    slot[0] = move_in(s, bytes_of(net, 0, false, batch));
    for (int l = 0; l < net->count - 1; l++) {
        slot[l + 1] = move_in(s, bytes_of(net, l + 1, false, batch));
        for (int i = 0; i <= l; i++)
            if (last_reader(net, i) == l) s->taken[slot[i]] = false;
    }
}

/* And of every gradient: from the last reader, which writes it first, down to the
 * layer whose output it is of. */
static void place_gradients(const pln_net *net, int batch, slots *s, int *slot)
{
    for (int l = net->count - 1; l >= 0; l--) {
        for (int i = net->layer[l].tap > 0 ? 2 : 1; i > 0; i--) {
            const int signal = i == 2 ? net->layer[l].tap : net->layer[l].from;
            if (signal > 0 && last_reader(net, signal) == l) slot[signal] = move_in(s, bytes_of(net, signal, true, batch));
        }
        if (l < net->count - 1) s->taken[slot[l + 1]] = false;
    }
}

static plni_signal *bind(const pln_net *net, int i, bool gradient, void *memory, plni_arena *arena)
{
    plni_signal *kept = plni_arena_take(arena, sizeof *kept);

    if (!kept) return NULL;
    *kept = look(net, i, gradient);
    plni_map_bind(kept, memory);
    return kept;
}

/* Signals of all layers but the top, which is a row a sample. */
static void take_signals(const pln_net *net, const plni_pass *pass, bool gradient, bool in_turn, plni_signal **signal,
                         plni_arena *arena)
{
    slots s = { 0 };
    int slot[PLN_MAX_LAYERS + 1] = { 0 };

    if (in_turn && gradient) place_gradients(net, pass->batch, &s, slot);
    else if (in_turn) place_values(net, pass->batch, &s, slot);
    for (int i = 0; i < s.count; i++) s.memory[i] = plni_arena_take(arena, s.bytes[i]);
    for (int i = gradient ? 1 : 0; i < net->count; i++) {
        void *memory = in_turn ? s.memory[slot[i]] : plni_arena_take(arena, bytes_of(net, i, gradient, pass->batch));
        signal[i] = bind(net, i, gradient, memory, arena);
    }
    signal[net->count] = plni_pass_signal(arena, pass->batch, pln_net_outputs(net), false);
}

/* One scratch for all products, as large as the largest needs it. */
static void take_scratch(const pln_net *net, plni_pass *pass, plni_arena *arena)
{
    for (int l = 0; l < net->count; l++) {
        const plni_layer *layer = &net->layer[l];
        if (layer->ops != &plni_conv_ops) continue;
        plni_conv_scratch_widen(&pass->scratch,
                                plni_conv_scratch_need(&layer->conv, pass->batch * pass->steps, pass->training));
    }
    plni_conv_scratch_place(net->ctx, &pass->scratch, arena);
}

void plni_maps_plan(const pln_net *net, plni_pass *pass, plni_arena *arena)
{
    plni_signal *value[PLN_MAX_LAYERS + 1] = { 0 }, *gradient[PLN_MAX_LAYERS + 1] = { 0 };

    pass->steps = net->steps;
    take_scratch(net, pass, arena);
    take_signals(net, pass, false, !pass->training, value, arena);
    if (pass->training) take_signals(net, pass, true, true, gradient, arena);
    for (int l = 0; l < net->count; l++) {
        const plni_layer *layer = &net->layer[l];
        void *state = layer->ops->plan ? layer->ops->plan(layer, pass, arena) : NULL;
        if (!pass->at) continue;
        pass->at[l] = (plni_station){ .x = value[layer->from], .y = value[l + 1], .dx = gradient[layer->from],
                                      .dy = gradient[l + 1], .state = state,
                                      .tap = layer->tap >= 0 ? value[layer->tap] : NULL,
                                      .dtap = layer->tap >= 0 ? gradient[layer->tap] : NULL };
    }
}
