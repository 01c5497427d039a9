/* pln/net.h - compose, initialise and run a network
 *
 * A network is a list of layers.  Builders remember their first error, so a
 * whole network can be written down and asked once whether it is sound:
 *
 *     pln_net *net = pln_net_new(ctx);
 *     pln_net_input(net, 28 * 28);
 *     pln_net_dropout(net, 0.3f);
 *     pln_net_dense(net, 2000);
 *     pln_net_activation(net, PLN_HARDSIGM);
 *     PLN_TRY(pln_net_ready(net));
 *     PLN_TRY(pln_net_initialise(net, PLN_GLOROT, seed));
 *
 * Parameters are seen as weight [out][in] and bias [out]; how they lie in
 * memory is not part of the interface.
 */
#ifndef PLN_NET_H
#define PLN_NET_H

#include "pln/data.h"
#include "pln/spike.h"
#include "pln/tensor.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { PLN_MAX_LAYERS = 256, PLN_MAX_UNITS = 1 << 20, PLN_MAX_BATCH = 4096, PLN_MAX_SHARDS = 64, PLN_MAX_STEPS = 10000,
       PLN_MAX_TIME = 64, PLN_MAX_CHANNELS = 4096 };

typedef struct pln_net pln_net;

/* Every activation once: A(name, text); formulas in theory 2.6.
 *
 *     identity   x                         derivative 1
 *     relu       max(x, 0)                 1 if x > 0
 *     hardsigm   clamp(x, 0, 1)            1 if 0 <= x <= 1, ends included
 *     sigmoid    1 / (1 + exp(-x))         s (1 - s)
 *     tanh       0.5 + 0.5 tanh x          0.5 (1 - tanh^2 x)
 *     softmax    exp x_i / sum_j exp x_j   the whole Jacobian
 *     wta        in images: u = relu(x - mean of the channel's places), then
 *                relu(u - mean of the place's channels); the whole Jacobian
 *
 * In images softmax is over the channels of each place. */
#define PLN_ACTIVATION_LIST(A)                                           \
    A(IDENTITY, "x") A(RELU, "relu") A(HARDSIGM, "hardsigm")             \
    A(SIGMOID, "sigmoid") A(TANH, "tanh") A(SOFTMAX, "softmax") A(WTA, "wta")

typedef enum pln_activation {
#define PLNI_ACTIVATION(name, text) PLN_##name,
    PLN_ACTIVATION_LIST(PLNI_ACTIVATION)
#undef PLNI_ACTIVATION
    PLN_ACTIVATION_COUNT
} pln_activation;

/* "relu" for PLN_RELU, and back; false if no activation has that name. */
PLN_API const char *pln_activation_name(pln_activation activation);
PLN_API bool        pln_activation_find(const char *name, pln_activation *found);

/* First weights (theory 2.5, 12.6).
 *
 *     glorot   uniform on [-a, a], a = 0.5 sqrt(6 / (in + out)); biases 0
 *     fan_in   uniform on [-a, a], a = 1 / sqrt(in); biases likewise
 *     kaiming  normal with standard deviation sqrt(2 / (filters k^2)) in
 *              convolutions, 0.01 in dense layers; biases 0; for networks of maps
 *
 * Norms begin with gamma 1, beta 0, mean 0 and variance 1. */
typedef enum pln_init { PLN_GLOROT, PLN_FAN_IN, PLN_KAIMING } pln_init;

/* An empty network, or NULL if memory is short.  Freed before its context. */
PLN_API pln_net *pln_net_new(pln_ctx *ctx);
PLN_API void     pln_net_free(pln_net *net);

/* Builders, in order from input to output; input comes first and once. */
PLN_API void pln_net_input(pln_net *net, int units);
PLN_API void pln_net_dense(pln_net *net, int units);
PLN_API void pln_net_activation(pln_net *net, pln_activation activation);

/* Inverted dropout: in training each value is dropped with probability p, the
 * others are divided by 1 - p; in evaluation nothing happens.  0 <= p < 1. */
PLN_API void pln_net_dropout(pln_net *net, float p);

/* ---- maps: networks over images and time ----------------------------------
 *
 * After pln_net_image the network works on maps: images of channels x height x
 * width, over T time steps.  Its layers are convolutions, dense layers, norms,
 * neurons, pools and sums, and a read-out on top:
 *
 *     pln_net_image(net, 4, 1, 28, 28);            // T = 4, one channel
 *     pln_net_conv(net, 16, 3, 1, 1);
 *     pln_net_norm(net, &norm);
 *     pln_net_lif(net, &neuron);
 *     pln_net_pool(net, PLN_POOL_AVERAGE, 2);
 *     pln_net_dense(net, 10);
 *     pln_net_readout(net, PLN_READOUT_MEAN, 1);
 *
 * A sample is a still image, which all steps see (what comes before the first
 * neuron is then computed once), or with pln_net_frames an image for each step.
 * Samples are rows [step][y][x][channel]; parameters are seen as the literature
 * has them: weight [filter][channel][ky][kx] of a convolution, [out][in] of a
 * dense layer with in = (channel, y, x), weight, bias, running_mean and
 * running_var [channel] of a norm.  A layer right below a norm
 * has no bias, unless another layer reads it by then. */
PLN_API void pln_net_image(pln_net *net, int steps, int channels, int height, int width);
PLN_API void pln_net_frames(pln_net *net, int steps, int channels, int height, int width);

/* What a network of maps does first with its inputs, in training and evaluation:
 * x = (x - mean) / deviation for each channel of the image; right after
 * pln_net_image or pln_net_frames. */
PLN_API void          pln_net_normalise(pln_net *net, const pln_normalise *normalise);
PLN_API pln_normalise pln_net_normalised(const pln_net *net);          /* 0 channels: none */

/* Poisson coding, right after pln_net_image and pln_net_normalise: in each step an
 * input is 1 with the probability of its value, which must be in 0..1, else 0; a
 * function of (seed, epoch, sample, step, place), so of the sample alone outside
 * training (theory 12.4). */
PLN_API void pln_net_poisson(pln_net *net);
PLN_API bool pln_net_is_poisson(const pln_net *net);

PLN_API void pln_net_conv(pln_net *net, int filters, int kernel, int stride, int pad);
PLN_API void pln_net_norm(pln_net *net, const pln_norm *norm);
PLN_API void pln_net_lif(pln_net *net, const pln_neuron *neuron);
PLN_API void pln_net_pool(pln_net *net, pln_pool kind, int size);      /* size 0: the whole image */

/* The same with a stride of 1..size and a padding of 0..size / 2, at most the image's side, behind
 * any layer of images.  A mean counts the padding as zeros, a maximum never takes it.  A maximum's
 * side is at most 15. */
PLN_API void pln_net_pool_window(pln_net *net, pln_pool kind, int size, int stride, int pad);
/* pln_net_dropout, too, behind neurons and their pool: one mask for all steps. */

/* Adds the output of layer `layer` (0-based; pln_net_layers() - 1 is the last one so
 * far, -1 the network's input).  Shapes must match; an output without time steps is
 * added at every step.  After pln_net_branch the next layer reads that output instead
 * of the last layer's. */
PLN_API void pln_net_add(pln_net *net, int layer);
PLN_API void pln_net_branch(pln_net *net, int layer);

/* At the top: turns the outputs over time into classes, each the mean of `votes`
 * neighbouring outputs.  Outputs that are an image, votes that do not divide them, and
 * membranes (PLN_READOUT_LAST, PLN_READOUT_MEMBRANE) above outputs below which no
 * neuron fires are refused. */
PLN_API void pln_net_readout(pln_net *net, pln_readout_kind kind, int votes);

/* A builder of a whole network in the literature's short form, right after pln_net_image,
 * pln_net_normalise and pln_net_poisson, up to its read-out:
 *
 *     16C3-16C3-AP2-32C3/2-64R3-GAP-FC128-FC10
 *
 *     nCk    n filters of k x k, k odd, as much padding as keeps the image's size;
 *            nCk/s with stride s
 *     APk    average over k x k; MPk maximum; GAP average over the image
 *     DOn    in training n per cent of the spikes are dropped, the same at all steps
 *     FCn    n units joined with all
 *     nRk    a residual block of two convolutions, neurons after the sum
 *     nPk    the same with norm and neurons before each convolution; the stream
 *            carries values, so such a block follows a C or another P
 *
 * Every C and FC but the last is followed by norm and neurons.  The error names the part
 * that does not fit. */
PLN_API void pln_net_describe(pln_net *net, const char *text, const pln_spiking *how);

/* Whether a text is such a network, and how many units its last layer has; else PLN_ERR_ARG. */
PLN_API PLN_MUST_CHECK pln_status pln_notation_check(pln_ctx *ctx, const char *text, int *outputs);

/* Any layer by the name of its kind, "conv", and a JSON object of its options,
 * {"filters": 16, "kernel": 3}; NULL for none.  pln_layer_options lists them for a kind; NULL
 * if there is no such kind. */
PLN_API void pln_net_layer_from(pln_net *net, const char *kind, const char *options);
PLN_API const pln_option *pln_layer_options(const char *kind);

/* How outputs follow from inputs.  A feed-forward network computes one layer
 * after the other.  A network for equilibrium propagation relaxes: its units are
 * driven from below and from above until they rest (theory 4.2, 4.3), by
 *
 *     euler    `steps` steps of length dt, all units at once
 *     block    each layer in turn set to the exact minimum of the energy given
 *              its neighbours, up and down, until no unit moves by more than
 *              `tolerance`, or each has been set `steps` times
 *
 * Taken until they rest both end in the same states; Euler steps that end before
 * that leave out a share of the way (theory 4.2).  Where the
 * drive is constant (one layer; one hidden layer under a softmax) both take their
 * closed form. */
typedef enum pln_dynamics_kind { PLN_FEEDFORWARD, PLN_EULER, PLN_BLOCK } pln_dynamics_kind;

typedef struct pln_dynamics {
    pln_dynamics_kind kind;
    int   steps;               /* T of Euler steps, or most sweeps;
                                  1..PLN_MAX_STEPS                        */
    float dt;                  /* euler, and under a softmax: 0 < dt < 1  */
    float tolerance;           /* block: >= 0                             */
} pln_dynamics;

/* Feed-forward; for the others 60 steps, dt 0.2, tolerance 1e-4. */
PLN_API pln_dynamics pln_dynamics_default(void);

/* relaxation, steps, dt, tolerance. */
PLN_API extern const pln_option pln_dynamics_options[];

/* A builder: the network is to relax.  That takes dense layers and convolutions,
 * each with hardsigm behind it (at the top, over a hidden layer, also softmax,
 * which then is a read-out without feedback in the free phase) and perhaps
 * dropout in front, which here is a mask of zeros and ones in training and
 * nothing in evaluation (theory 2.4).  Between a convolution and its hardsigm
 * there may be pools of means, which are linear as it is (theory 4.8); pools of
 * maxima are not, and are refused, as are branches and steps of time. */
PLN_API void         pln_net_relax(pln_net *net, const pln_dynamics *how);
PLN_API pln_dynamics pln_net_dynamics(const pln_net *net);

/* PLN_OK while what the builders were told is sound, else their first error. */
PLN_API pln_status pln_net_status(const pln_net *net);

/* Checks what the builders were told, plans and takes the memory.
 *
 * Returns the builders' first error, PLN_ERR_SHAPE for a network without input
 * or dense layer, one that cannot relax as it is to, or one of maps that does not end
 * in a read-out or has a layer that nothing reads, PLN_ERR_ARG for dynamics
 * out of range, PLN_ERR_MEMORY. */
PLN_API PLN_MUST_CHECK pln_status pln_net_ready(pln_net *net);

/* The bytes that pln_net_ready would take or has taken, of a compact network (pln/prune.h) those of its lists too; 0 for
 * an unsound net.  Masks and what is listed of them are not counted. */
PLN_API size_t pln_net_bytes(const pln_net *net);

/* Of these the bytes of weights and statistics, once it is ready; the others are for activations and for work. */
PLN_API size_t pln_net_weight_bytes(const pln_net *net);

/* Sets all parameters from (seed, layer, parameter): same seed, same bits.
 *
 * Returns PLN_ERR_STATE before pln_net_ready, PLN_ERR_SHAPE if convolutions are to be
 * pruned and there are none (pln/prune.h), PLN_ERR_MEMORY. */
PLN_API PLN_MUST_CHECK
pln_status pln_net_initialise(pln_net *net, pln_init init, uint64_t seed);

PLN_API int pln_net_inputs(const pln_net *net);
PLN_API int pln_net_outputs(const pln_net *net);

/* Layers as they were built, input not counted. */
typedef enum pln_layer_kind {
    PLN_DENSE, PLN_CONV, PLN_NORM, PLN_ADD, PLN_LIF, PLN_ACTIVATION, PLN_POOL, PLN_DROPOUT, PLN_READOUT
} pln_layer_kind;

enum { PLN_NO_LAYER = -2 };

typedef struct pln_layer_info {
    pln_layer_kind kind;
    const char    *name;            /* of the kind: "conv"                  */
    int            inputs, outputs;
    size_t         parameters;      /* numbers in parameter tensors         */
    int            from, addend;    /* layers that are its inputs; -1: the network's input;
                                       addend PLN_NO_LAYER: none            */
    bool           branched;        /* from was chosen by pln_net_branch    */
    int            stream;          /* equal for layers that are run together, place by
                                       place: from a norm, sum or neuron on */
    pln_activation activation;      /* of an activation                     */
    float          drop;            /* of dropout                           */
    /* of networks of images */
    int            channels, height, width, steps;      /* of what it gives */
    int            kernel, stride, pad;                 /* of a convolution; also of a pool */
    bool           bias;
    pln_norm       norm;
    bool           fires;           /* of neurons                           */
    pln_neuron     neuron;
    long           neurons;
    pln_pool       pool;
    int            window;
    pln_readout_kind readout;
    int            votes;
    double         macs;            /* multiply-adds a step with all weights,
                                       padding counted                      */
} pln_layer_info;

PLN_API int            pln_net_layers(const pln_net *net);
PLN_API pln_layer_info pln_net_layer(const pln_net *net, int layer);

/* The algorithm of a product with the weights of a convolution or dense layer of maps
 * where `density`, 0..1, of the layer's inputs are not zero, and for the
 * gradient of the inputs `density` of the deltas at its output: forward, that gradient, and that of
 * the weights.  "patches" takes any, "winograd" dense 3x3, "events" visits those that are active.  Behind a norm
 * and behind surrogates that are not compact no delta is zero, whatever `density`.  NULL for layers without weights and
 * for networks without maps. */
typedef enum pln_product { PLN_FORWARD, PLN_INPUT_GRADIENT, PLN_WEIGHT_GRADIENT } pln_product;

PLN_API const char *pln_net_algorithm(const pln_net *net, int layer, pln_product product, double density);

/* Parameter tensors, numbered 0..count-1 in the order of the layers: weight
 * [out][in], then bias [out], of each dense layer, likewise those of convolutions and
 * norms.  name is "0.weight" with the number of the layer among those that have any. */
typedef struct pln_parameter_info {
    char name[24];
    int  rank, dim[PLN_MAX_RANK];
    bool kept;                      /* a statistic: kept and not learned */
} pln_parameter_info;

PLN_API int                pln_net_parameters(const pln_net *net);
PLN_API pln_parameter_info pln_net_parameter(const pln_net *net, int parameter);

/* Copies one parameter out of the network or into it.  t has its shape.
 *
 * Returns PLN_ERR_ARG for a number out of range, PLN_ERR_SHAPE, PLN_ERR_STATE
 * before pln_net_ready; set also PLN_ERR_NAN if a value is not finite, and then
 * the network is as before. */
PLN_API PLN_MUST_CHECK
pln_status pln_net_get(const pln_net *net, int parameter, pln_tensor *t);
PLN_API PLN_MUST_CHECK
pln_status pln_net_set(pln_net *net, int parameter, const pln_tensor *t);

/* Copies all parameters of another network into this one, and its masks (pln/prune.h); what else
 * the layers are, neurons and steps of time, may differ.
 *
 * Returns PLN_ERR_STATE before pln_net_ready of either and for a compact network, PLN_ERR_SHAPE with the
 * first layer whose parameters have other shapes, and then the network is as before.  PLN_ERR_NAN if a
 * number of the other is not finite, PLN_ERR_MEMORY: some tensors are copied then. */
PLN_API PLN_MUST_CHECK
pln_status pln_net_copy(pln_net *net, const pln_net *from);

/* The same of those layers alone whose tensors have the same names and shapes in both networks, and are as
 * many: copied [pln_net_parameters(net)] becomes 1 for each tensor that was copied, else 0.
 *
 * Errors are those of pln_net_copy but for PLN_ERR_SHAPE; after them `copied` has no meaning. */
PLN_API PLN_MUST_CHECK
pln_status pln_net_copy_fitting(pln_net *net, const pln_net *from, uint8_t *copied);

/* Outputs in evaluation mode: x [batch][inputs] gives y [batch][outputs].  Any
 * batch, also 0; y must not overlap x.  Allocates nothing.
 *
 * Returns PLN_ERR_STATE before pln_net_ready, PLN_ERR_SHAPE, PLN_ERR_ARG if Poisson
 * coding is shown a value outside of 0..1. */
PLN_API PLN_MUST_CHECK
pln_status pln_net_forward(pln_net *net, const pln_tensor *x, pln_tensor *y);

#ifdef __cplusplus
}
#endif
#endif
