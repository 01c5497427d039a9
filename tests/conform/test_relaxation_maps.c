/* test_relaxation_maps.c - convolutions that relax, against plain loops in double precision: the states at rest,
 * the contrast of two phases, and that this is the gradient of the cost where the network rests */

#include "base/rng.h"
#include "inside.h"
#include "context.h"

enum { BATCH = 3, OUTPUTS = 5, MOST_POOLS = 2, MOST_LEVELS = 4, SWEEPS = 400 };


/* ---- networks ------------------------------------------------------------- */

typedef struct window { int size, stride, pad; } window;

/* A level: a convolution of so many filters with its window and pools of means, or where the window is 0 a dense layer. */
typedef struct level_of { int units; window conv, pool[MOST_POOLS]; } level_of;

typedef struct shape { int channels, height, width; } shape;

/* Sizes on both sides of how channels are padded; windows that overlap, step over places and see padding; dense layers
 * of few and of many units over maps, and right on the image. */
static const struct { shape image; level_of level[MOST_LEVELS]; } nets[] = {
    { { 1, 9, 7 }, { { 5, { 3, 1, 1 }, { { 2, 2, 0 } } }, { 18, { 2, 1, 1 }, { { 3, 2, 1 } } }, { .units = OUTPUTS } } },
    { { 3, 8, 8 }, { { 17, { 3, 2, 1 }, { { 0, 0, 0 } } }, { .units = 70 }, { .units = OUTPUTS } } },
    { { 2, 6, 6 }, { { 4, { 5, 1, 2 }, { { 2, 2, 0 }, { 3, 3, 0 } } }, { .units = OUTPUTS } } },
    { { 2, 5, 5 }, { { .units = 12 }, { .units = OUTPUTS } } },
    { { 1, 10, 10 }, { { 6, { 3, 1, 0 }, { { 2, 2, 0 } } }, { 7, { 3, 1, 1 }, { { 0, 0, 0 } } },
                       { 9, { 3, 1, 0 }, { { 2, 1, 0 } } }, { .units = OUTPUTS } } },
};

static int levels_of(int which)
{
    int levels = 0;

    while (levels < MOST_LEVELS && nets[which].level[levels].units > 0) levels++;
    return levels;
}

static int places(shape s) { return s.height * s.width; }
static int size_of(shape s) { return s.channels * places(s); }

static int out_side(int side, window w) { return (side + 2 * w.pad - w.size) / w.stride + 1; }

static shape behind(shape in, int channels, window w)
{
    return (shape){ channels, out_side(in.height, w), out_side(in.width, w) };
}

/* ---- the same once more, in plain loops ------------------------------------ */

/* States are [sample][channel][y][x]. */
typedef struct plain_level {
    level_of of;
    shape    in, product, pooled[MOST_POOLS], out;
    int      weights;
    double  *w, *b, *s, *kept;         /* kept: states of another phase */
    bool    *off;                      /* masked */
} plain_level;

typedef struct plain {
    int         levels;
    double     *x;
    plain_level level[MOST_LEVELS];
    double      t[BATCH * OUTPUTS];
} plain;

static void plain_new(plain *p, int which)
{
    shape in = nets[which].image;

    *p = (plain){ .levels = levels_of(which), .x = calloc((size_t)(BATCH * size_of(in)), sizeof(double)) };
    for (int l = 0; l < p->levels; l++) {
        plain_level *v = &p->level[l];
        v->of = nets[which].level[l];
        v->in = in;
        if (v->of.conv.size == 0) v->of.conv = (window){ 0, 1, 0 };
        v->product = v->of.conv.size ? behind(in, v->of.units, v->of.conv) : (shape){ v->of.units, 1, 1 };
        v->out = v->product;
        for (int k = 0; k < MOST_POOLS && v->of.pool[k].size; k++)
            v->out = v->pooled[k] = behind(v->out, v->out.channels, v->of.pool[k]);
        v->weights = v->of.units * (v->of.conv.size ? in.channels * v->of.conv.size * v->of.conv.size : size_of(in));
        v->w = calloc((size_t)v->weights, sizeof(double));
        v->b = calloc((size_t)v->of.units, sizeof(double));
        v->s = calloc((size_t)(BATCH * size_of(v->out)), sizeof(double));
        v->kept = calloc((size_t)(BATCH * size_of(v->out)), sizeof(double));
        v->off = calloc((size_t)(BATCH * size_of(v->out)), sizeof(bool));
        in = v->out;
    }
}

static void plain_free(plain *p)
{
    free(p->x);
    for (int l = 0; l < p->levels; l++) {
        plain_level *v = &p->level[l];
        free(v->w), free(v->b), free(v->s), free(v->kept), free(v->off);
    }
}

/* Visits every pair of an input and an output that a weight joins: y from x, x from y, or g from both. */
typedef enum product { UP, DOWN, GRADIENT } product;

static void multiply(const plain_level *v, product what, double *x, double *y, double *g)
{
    const window k = v->of.conv;
    const int taps = k.size ? k.size * k.size : places(v->in);

    for (int f = 0; f < v->of.units; f++)
        for (int o = 0; o < places(v->product); o++)
            for (int c = 0; c < v->in.channels; c++)
                for (int t = 0; t < taps; t++) {
                    const int iy = k.size ? o / v->product.width * k.stride + t / k.size - k.pad : t / v->in.width;
                    const int ix = k.size ? o % v->product.width * k.stride + t % k.size - k.pad : t % v->in.width;
                    if (iy < 0 || iy >= v->in.height || ix < 0 || ix >= v->in.width) continue;
                    const int from = (c * v->in.height + iy) * v->in.width + ix, to = f * places(v->product) + o;
                    const int at = (f * v->in.channels + c) * taps + t;
                    if (what == UP) y[to] += v->w[at] * x[from];
                    if (what == DOWN) x[from] += v->w[at] * y[to];
                    if (what == GRADIENT) g[at] += x[from] * y[to];
                }
}

/* Means of windows, or their transpose. */
static void pool(shape in, shape out, window k, double *x, double *y, bool down)
{
    for (int c = 0; c < in.channels; c++)
        for (int o = 0; o < places(out); o++)
            for (int t = 0; t < k.size * k.size; t++) {
                const int iy = o / out.width * k.stride + t / k.size - k.pad, ix = o % out.width * k.stride + t % k.size - k.pad;
                if (iy < 0 || iy >= in.height || ix < 0 || ix >= in.width) continue;
                double *from = x + (c * in.height + iy) * in.width + ix, *to = y + c * places(out) + o;
                if (down) *from += *to / (k.size * k.size);
                else *to += *from / (k.size * k.size);
            }
}

/* P (W x + b) of one sample. */
static void drive_up(const plain_level *v, double *x, double *drive)
{
    double *at = calloc((size_t)size_of(v->product), sizeof *at);
    shape in = v->product;

    for (int i = 0; i < size_of(in); i++) at[i] = v->b[i / places(in)];
    multiply(v, UP, x, at, NULL);
    for (int k = 0; k < MOST_POOLS && v->of.pool[k].size; k++) {
        double *next = calloc((size_t)size_of(v->pooled[k]), sizeof *next);
        pool(in, v->pooled[k], v->of.pool[k], at, next, false);
        free(at);
        at = next, in = v->pooled[k];
    }
    memcpy(drive, at, (size_t)size_of(in) * sizeof *drive);
    free(at);
}

/* P^T s of one sample, which is freed by free. */
static double *spread(const plain_level *v, const double *s)
{
    int k = 0;
    double *at = calloc((size_t)size_of(v->out), sizeof *at);

    memcpy(at, s, (size_t)size_of(v->out) * sizeof *at);
    while (k < MOST_POOLS && v->of.pool[k].size) k++;
    while (k-- > 0) {
        const shape in = k ? v->pooled[k - 1] : v->product;
        double *next = calloc((size_t)size_of(in), sizeof *next);
        pool(in, v->pooled[k], v->of.pool[k], next, at, true);
        free(at);
        at = next;
    }
    return at;
}

/* One level of one sample at the minimum of the energy given its neighbours; the largest change. */
static double set_level(plain *p, int l, int sample, double beta)
{
    plain_level *v = &p->level[l];
    const int n = size_of(v->out);
    double *below = l ? p->level[l - 1].s + sample * size_of(v->in) : p->x + sample * size_of(v->in), moved = 0;
    double *drive = calloc((size_t)n, sizeof *drive), *s = v->s + sample * n;

    drive_up(v, below, drive);
    if (l + 1 < p->levels) {
        plain_level *above = v + 1;
        double *y = spread(above, above->s + sample * size_of(above->out));
        multiply(above, DOWN, drive, y, NULL);
        free(y);
    }
    for (int i = 0; i < n; i++) {
        const double to = l + 1 < p->levels ? drive[i] : (drive[i] + beta * p->t[sample * n + i]) / (1 + beta);
        const double next = v->off[sample * n + i] ? 0 : fmin(fmax(to, 0), 1);
        moved = fmax(moved, fabs(next - s[i]));
        s[i] = next;
    }
    free(drive);
    return moved;
}

/* From the states as they are until nothing moves. */
static void plain_relax(plain *p, double beta)
{
    double moved = 1;
    int sweeps = 0;

    for (; moved > 1e-14 && sweeps < SWEEPS; sweeps++) {
        moved = 0;
        for (int l = 0; l < p->levels; l++)
            for (int s = 0; s < BATCH; s++) moved = fmax(moved, set_level(p, l, s, beta));
    }
    assert_true(sweeps < SWEEPS);
}

static void plain_start(plain *p)
{
    for (int l = 0; l < p->levels; l++)
        memset(p->level[l].s, 0, (size_t)(BATCH * size_of(p->level[l].out)) * sizeof(double));
}

static void plain_keep(plain *p)
{
    for (int l = 0; l < p->levels; l++)
        memcpy(p->level[l].kept, p->level[l].s, (size_t)(BATCH * size_of(p->level[l].out)) * sizeof(double));
}

/* The batch mean of 1/2 |t - s|^2 at rest. */
static double plain_cost(plain *p)
{
    const double *y = p->level[p->levels - 1].s;
    double sum = 0;

    plain_start(p);
    plain_relax(p, 0);
    for (int i = 0; i < BATCH * OUTPUTS; i++) sum += 0.5 * (p->t[i] - y[i]) * (p->t[i] - y[i]);
    return sum / BATCH;
}

/* scale times s_(l-1) against P^T s_l, of the states s, or of those that are kept. */
static void add_product(plain *p, int l, bool kept, double scale, double *g, double *bias)
{
    plain_level *v = &p->level[l];

    for (int s = 0; s < BATCH; s++) {
        double *below = l ? (kept ? v[-1].kept : v[-1].s) + s * size_of(v->in) : p->x + s * size_of(v->in);
        double *y = spread(v, (kept ? v->kept : v->s) + s * size_of(v->out));
        for (int i = 0; i < size_of(v->product); i++) y[i] *= scale;
        multiply(v, GRADIENT, below, y, g);
        for (int i = 0; i < size_of(v->product); i++) bias[i / places(v->product)] += y[i];
        free(y);
    }
}

/* The contrast of a symmetric nudge for the weights [weights] and biases of level l. */
static void plain_contrast(plain *p, int l, double beta, double *g, double *bias)
{
    plain_start(p);
    plain_relax(p, 0);
    plain_relax(p, -beta);
    plain_keep(p);
    plain_relax(p, beta);
    memset(g, 0, (size_t)p->level[l].weights * sizeof *g);
    memset(bias, 0, (size_t)p->level[l].of.units * sizeof *bias);
    add_product(p, l, false, -1 / (2 * beta * BATCH), g, bias);
    add_product(p, l, true, 1 / (2 * beta * BATCH), g, bias);
}

/* ---- both side by side ------------------------------------------------------ */

typedef struct bench {
    pln_net *net;
    inside  *in;
    plain    p;
    shape    image;
    float    t[BATCH * OUTPUTS];
} bench;

/* Images are [y][x][channel]. */
static void fill(void *arg, int s)
{
    const bench *b = arg;
    const int n = places(b->image);

    for (int c = 0; c < b->image.channels; c++)
        for (int i = 0; i < n; i++)
            inside_input_row(b->in, 0, s)[i * b->image.channels + c] = (float)b->p.x[(s * b->image.channels + c) * n + i];
}

static void build(pln_net *net, int which, const pln_dynamics *how, float drop)
{
    const shape image = nets[which].image;

    pln_net_image(net, 1, image.channels, image.height, image.width);
    for (int l = 0; l < levels_of(which); l++) {
        const level_of *of = &nets[which].level[l];
        if (drop > 0) pln_net_dropout(net, drop);
        if (of->conv.size) pln_net_conv(net, of->units, of->conv.size, of->conv.stride, of->conv.pad);
        else pln_net_dense(net, of->units);
        for (int k = 0; k < MOST_POOLS && of->pool[k].size; k++)
            pln_net_pool_window(net, PLN_POOL_AVERAGE, of->pool[k].size, of->pool[k].stride, of->pool[k].pad);
        pln_net_activation(net, PLN_HARDSIGM);
    }
    pln_net_relax(net, how);
}

static void set_parameter(pln_net *net, int parameter, const double *from)
{
    const pln_parameter_info info = pln_net_parameter(net, parameter);
    pln_tensor t = { .rank = info.rank };

    memcpy(t.dim, info.dim, sizeof t.dim);
    t.data = test_zeros((size_t)pln_tensor_count(&t));
    for (ptrdiff_t i = 0; i < pln_tensor_count(&t); i++) t.data[i] = (float)from[i];
    assert_int_equal(pln_net_set(net, parameter, &t), PLN_OK);
    free(t.data);
}

/* Biases that keep most states inside 0..1, and numbers that float32 has exactly. */
static void set_up(bench *b, int which, const pln_dynamics *how, float drop)
{
    *b = (bench){ .net = pln_net_new(ctx), .image = nets[which].image };
    plain_new(&b->p, which);
    build(b->net, which, how, drop);
    assert_int_equal(pln_net_ready(b->net), PLN_OK);
    assert_int_equal(pln_net_parameters(b->net), 2 * b->p.levels);
    for (int l = 0; l < b->p.levels; l++) {
        plain_level *v = &b->p.level[l];
        const float reach = 1.2f / sqrtf((float)(v->weights / v->of.units));
        for (int i = 0; i < v->weights; i++) v->w[i] = (double)(reach * (test_uniform() - 0.5f));
        for (int i = 0; i < v->of.units; i++) v->b[i] = (double)(0.35f + 0.2f * (test_uniform() - 0.5f));
        set_parameter(b->net, 2 * l, v->w);
        set_parameter(b->net, 2 * l + 1, v->b);
    }
    for (int i = 0; i < BATCH * size_of(b->image); i++) b->p.x[i] = (double)test_uniform();
    for (int i = 0; i < BATCH * OUTPUTS; i++) b->p.t[i] = (double)(b->t[i] = test_uniform());
    b->in = inside_new(b->net, BATCH, true);
    for (uint32_t s = 0; s < BATCH; s++) inside_number(b->in, (int)s, s);
    inside_seed(b->in, 7);
}

static void tear_down(bench *b)
{
    inside_free(b->in);
    pln_net_free(b->net);
    plain_free(&b->p);
}

static void phase(bench *b, float beta) { (void)inside_relax(b->in, 600, beta, b->t, 0); }

/* State i of level l, [channel][y][x], as the network has it: where in its row. */
static int place_of(const bench *b, int l, int i)
{
    const shape out = b->p.level[l].out;
    const inside_signal *map = inside_state(b->in, l + 1);

    return map->row ? i : i % places(out) * map->depth + i / places(out);
}

static double largest_difference(const bench *b)
{
    double largest = 0;

    for (int l = 0; l < b->p.levels; l++) {
        const plain_level *v = &b->p.level[l];
        const inside_signal *s = inside_state(b->in, l + 1);
        const int n = size_of(v->out);
        for (int i = 0; i < BATCH * n; i++)
            largest = fmax(largest, fabs(v->s[i] - (double)*inside_at(s, i / n, place_of(b, l, i % n))));
    }
    return largest;
}

static const pln_dynamics euler = { PLN_EULER, 600, 0.2f, 0 }, block = { PLN_BLOCK, 600, 0.2f, 1e-7f };

/* What the masks drawn for the network leave out, of the input too. */
static void take_masks(bench *b, float drop, float output_drop)
{
    for (int l = -1; l < b->p.levels; l++) {
        const int n = l < 0 ? size_of(b->image) : size_of(b->p.level[l].out);
        const int keep_from = plni_keep_from(l + 1 == b->p.levels ? output_drop : drop);
        for (int i = 0; i < BATCH * n; i++) {
            const uint16_t *bits = inside_mask(b->in, l + 1, i / n);
            if (l >= 0) b->p.level[l].off[i] = bits[place_of(b, l, i % n)] < keep_from;
            else if (bits[i % n % places(b->image) * b->image.channels + i % n / places(b->image)] < keep_from) b->p.x[i] = 0;
        }
    }
}

/* In both phases by both relaxations, with and without masks; what pads channels stays 0. */
static void test_states(void **state)
{
    static const float drops[] = { 0, 0.3f };

    (void)state;
    for (int i = 0; i < 4 * TEST_COUNT(nets); i++) {
        const int which = i / 4;
        const float drop = drops[i % 2];
        bench b;

        if (!test_tries(i)) continue;
        set_up(&b, which, i % 4 < 2 ? &euler : &block, drop);
        inside_enter(b.in, drop, fill, &b);
        if (drop > 0) take_masks(&b, drop, drop);
        phase(&b, 0);
        plain_relax(&b.p, 0);
        assert_true(largest_difference(&b) < 2e-5);
        phase(&b, 0.3f);
        plain_relax(&b.p, (double)0.3f);
        assert_true(largest_difference(&b) < 2e-5);
        for (int l = 1; l <= b.p.levels; l++)
            if (!inside_state(b.in, l)->row) assert_true(inside_padding_is_zero(inside_state(b.in, l), BATCH));
        tear_down(&b);
    }
}

/* Evaluation has no masks, also on the memory of training, where activity is measured. */
static void test_evaluation(void **state)
{
    bench b;

    (void)state;
    set_up(&b, 0, &block, 0.3f);
    inside_evaluate(b.in);
    inside_enter(b.in, 0, fill, &b);
    phase(&b, 0);
    plain_relax(&b.p, 0);
    assert_true(largest_difference(&b) < 2e-5);
    tear_down(&b);
}

/* The network's contrast for level l (from 0), of a symmetric nudge. */
static void contrast(bench *b, int l, float beta, float *g, float *bias)
{
    float *into = test_zeros(inside_level_size(b->in, l + 1));

    inside_enter(b->in, 0, fill, b);
    phase(b, 0);
    inside_keep_phase(b->in);
    phase(b, -beta);
    inside_swap_phases(b->in);
    phase(b, beta);
    inside_compare_phases(b->in);
    inside_contrast(b->in, l + 1, true, -1 / (2 * beta * BATCH), into);
    inside_parameter(b->net, 2 * l, into, g);
    inside_parameter(b->net, 2 * l + 1, into, bias);
    free(into);
}

/* The largest difference of n numbers in relation to the largest of those wanted. */
static double error_of(const float *got, const double *wanted, int n)
{
    double error = 0, size = 0;

    for (int i = 0; i < n; i++) {
        error = fmax(error, fabs((double)got[i] - wanted[i]));
        size = fmax(size, fabs(wanted[i]));
    }
    assert_true(size > 1e-4);
    return error / size;
}

/* Every number of every level, at the same beta: what differs is that states of float32 are compared. */
static void test_contrast(void **state)
{
    const float beta = 0.25f;

    (void)state;
    for (int i = 0; i < 2 * TEST_COUNT(nets); i++) {
        bench b;

        if (!test_tries(i)) continue;
        set_up(&b, i / 2, i % 2 ? &euler : &block, 0);
        for (int l = 0; l < b.p.levels; l++) {
            plain_level *v = &b.p.level[l];
            double *wanted = calloc((size_t)v->weights, sizeof *wanted), *bias = calloc((size_t)v->of.units, sizeof *bias);
            float *g = test_zeros((size_t)v->weights), *c = test_zeros((size_t)v->of.units);
            contrast(&b, l, beta, g, c);
            plain_contrast(&b.p, l, (double)beta, wanted, bias);
            assert_true(error_of(g, wanted, v->weights) < 1e-3);
            assert_true(error_of(c, bias, v->of.units) < 1e-3);
            free(wanted), free(bias), free(g), free(c);
        }
        tear_down(&b);
    }
}

/* Slope of the cost by one number, which central differences take in double precision. */
static double slope_of(plain *p, double *number)
{
    const double kept = *number, step = 1e-5;

    *number = kept + step;
    const double above = plain_cost(p);
    *number = kept - step;
    const double below = plain_cost(p);
    *number = kept;
    return (above - below) / (2 * step);
}

/* Back-propagation through the network at rest gives the slopes of its cost: the contrast of ever smaller nudges is
 * these, in plain loops to six digits; of the network's float32 at the smallest beta that is not noise, to half a per cent. */
static void test_gradient(void **state)
{
    (void)state;
    for (int which = 0; which < TEST_COUNT(nets); which++) {
        bench b;

        if (!test_tries(which)) continue;
        set_up(&b, which, &block, 0);
        for (int l = 0; l < b.p.levels; l++) {
            plain_level *v = &b.p.level[l];
            double *fine = calloc((size_t)v->weights, sizeof *fine), *bias = calloc((size_t)v->of.units, sizeof *bias);
            float *g = test_zeros((size_t)v->weights), *c = test_zeros((size_t)v->of.units);
            double size = 0, error = 0, plain_error = 0;
            plain_contrast(&b.p, l, 1e-4, fine, bias);
            contrast(&b, l, 0.02f, g, c);
            for (int i = 0; i < v->weights; i += 1 + v->weights / 10) {
                const double slope = slope_of(&b.p, &v->w[i]);
                size = fmax(size, fabs(slope));
                plain_error = fmax(plain_error, fabs(slope - fine[i]));
                error = fmax(error, fabs(slope - (double)g[i]));
            }
            for (int i = 0; i < v->of.units; i += 1 + v->of.units / 3) {
                const double slope = slope_of(&b.p, &v->b[i]);
                size = fmax(size, fabs(slope));
                plain_error = fmax(plain_error, fabs(slope - bias[i]));
                error = fmax(error, fabs(slope - (double)c[i]));
            }
            assert_true(size > 1e-4);
            assert_true(plain_error < 1e-6 * size);
            assert_true(error < 0.005 * size);
            free(fine), free(bias), free(g), free(c);
        }
        tear_down(&b);
    }
}

/* ---- what is refused --------------------------------------------------------- */

static void check_refused(pln_net *net, const char *why)
{
    pln_net_relax(net, &block);
    assert_int_equal(pln_net_ready(net), PLN_ERR_SHAPE);
    if (!strstr(pln_error(ctx), "relax") || !strstr(pln_error(ctx), why)) fail_msg("%s", pln_error(ctx));
    pln_net_free(net);
}

static void test_refused(void **state)
{
    static const char *const why[] = { "take a pool of kind average", "hardsigm", "dropout", "convolution", "convolution",
                                       "convolution", "none is read twice" };

    (void)state;
    for (int what = 0; what < TEST_COUNT(why); what++) {
        const pln_norm norm = { .kind = PLN_NORM_JOINT, .scale = 1 };
        pln_net *net = pln_net_new(ctx);
        pln_net_image(net, 1, 1, 6, 6);
        pln_net_conv(net, 4, 3, 1, 1);
        if (what == 0) pln_net_pool(net, PLN_POOL_MAX, 2);
        if (what == 2) pln_net_dropout(net, 0.5f), pln_net_pool(net, PLN_POOL_AVERAGE, 2);     /* a mask of what is no state */
        if (what == 3) pln_net_norm(net, &norm);
        pln_net_activation(net, what == 1 ? PLN_RELU : PLN_HARDSIGM);
        if (what == 4) pln_net_pool(net, PLN_POOL_AVERAGE, 2);                                 /* of states, not of drives */
        if (what == 5) pln_net_conv(net, 4, 3, 1, 1);                                          /* two products in a row */
        if (what == 6) pln_net_conv(net, 4, 3, 1, 1), pln_net_activation(net, PLN_HARDSIGM), pln_net_branch(net, 1),
                       pln_net_conv(net, 4, 3, 1, 1), pln_net_add(net, 3), pln_net_activation(net, PLN_HARDSIGM);
        pln_net_dense(net, 3);
        pln_net_activation(net, PLN_HARDSIGM);
        check_refused(net, why[what]);
    }
    pln_net *net = pln_net_new(ctx);
    pln_net_frames(net, 4, 1, 6, 6);
    pln_net_conv(net, 4, 3, 1, 1), pln_net_activation(net, PLN_HARDSIGM);
    pln_net_dense(net, 3), pln_net_readout(net, PLN_READOUT_MEAN, 1);
    check_refused(net, "4 time steps");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_states), cmocka_unit_test(test_evaluation), cmocka_unit_test(test_contrast),
        cmocka_unit_test(test_gradient), cmocka_unit_test(test_refused),
    };
    return cmocka_run_group_tests(tests, context_set_up, context_tear_down);
}
