/* flavour.c - trains two small networks through dense products; for flavours.py
 *
 *     flavour THREADS
 *
 * prints a number that stands for all weights, how OpenBLAS was built to run (0 alone, 1 on
 * threads of its own, 2 on OpenMP), how many threads it would take, how many there are at the
 * end, and how many OpenMP would take now and would have taken before (0: it is not there).
 * Where OpenBLAS runs alone, it also forks again and again while a second thread computes; it
 * fails if a child cannot train. */

#define _POSIX_C_SOURCE 200809L

#include "planaria.h"

#include <dirent.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

extern int openblas_get_parallel(void) __attribute__((weak));
extern int openblas_get_num_threads(void) __attribute__((weak));
extern int omp_get_max_threads(void) __attribute__((weak));

enum { SAMPLES = 128, CHANNELS = 8, SIDE = 16, PIXELS = CHANNELS * SIDE * SIDE, CLASSES = 10 };

static uint8_t pixels[SAMPLES * PIXELS];
static int32_t labels[SAMPLES];

static void check(pln_ctx *ctx, pln_status status)
{
    if (status == PLN_OK) return;
    fprintf(stderr, "flavour: %s\n", pln_error(ctx));
    exit(1);
}

static int threads_alive(void)
{
    DIR *tasks = opendir("/proc/self/task");
    int count = -2;                                      /* . and .. */

    while (tasks && readdir(tasks)) count++;
    if (tasks) closedir(tasks);
    return count;
}

static void build(pln_net *net, bool maps)
{
    const pln_norm norm = { PLN_NORM_JOINT, 1 };
    const pln_neuron neuron = pln_neuron_default();

    if (maps) {
        pln_net_image(net, 2, CHANNELS, SIDE, SIDE);
        pln_net_conv(net, 64, 4, 2, 1);                  /* patches: no other way for this kernel */
        pln_net_norm(net, &norm);
        pln_net_lif(net, &neuron);
        pln_net_dense(net, CLASSES);
        pln_net_readout(net, PLN_READOUT_MEAN, 1);
    } else {
        pln_net_input(net, PIXELS);
        pln_net_dense(net, 600);
        pln_net_activation(net, PLN_TANH);
        pln_net_dense(net, CLASSES);
    }
}

/* FNV-1a over the bytes of all parameters. */
static uint64_t hash_of(pln_ctx *ctx, const pln_net *net, uint64_t hash)
{
    for (int p = 0; p < pln_net_parameters(net); p++) {
        const pln_parameter_info info = pln_net_parameter(net, p);
        pln_tensor t = { .rank = info.rank };
        memcpy(t.dim, info.dim, sizeof t.dim);
        const size_t bytes = (size_t)pln_tensor_count(&t) * sizeof(float);
        t.data = malloc(bytes);
        if (!t.data) exit(1);
        check(ctx, pln_net_get(net, p, &t));
        for (size_t i = 0; i < bytes; i++) hash = (hash ^ ((const unsigned char *)t.data)[i]) * UINT64_C(1099511628211);
        free(t.data);
    }
    return hash;
}

static uint64_t train(pln_ctx *ctx, bool maps, uint64_t hash)
{
    const int image[] = { CHANNELS, SIDE, SIDE };
    pln_fit fit = pln_fit_default();
    pln_net *net = pln_net_new(ctx);
    pln_trainer *trainer;
    pln_data *data;

    fit.target = PLN_TARGET_LABELS;
    fit.loss = PLN_CROSS_ENTROPY;
    fit.batch = 64;
    fit.epochs = 2;
    build(net, maps);
    check(ctx, pln_net_ready(net));
    check(ctx, pln_net_initialise(net, PLN_GLOROT, 1));
    check(ctx, pln_data_bind(ctx, pixels, SAMPLES, 3, image, labels, &data));
    check(ctx, pln_trainer_new(ctx, net, NULL, data, NULL, 0, &fit, &trainer));
    while (pln_trainer_epoch(trainer) < fit.epochs) check(ctx, pln_trainer_step(trainer, 1, NULL));
    hash = hash_of(ctx, net, hash);
    pln_trainer_free(trainer);
    pln_data_free(data);
    pln_net_free(net);
    return hash;
}

/* ---- fork --------------------------------------------------------------------- */

enum { CHILDREN = 20, PATIENCE = 60 };

static atomic_bool enough;

static void train_once(void)
{
    pln_ctx *ctx = pln_ctx_new(&(pln_ctx_options){ .threads = 1 });

    if (!ctx) exit(1);
    (void)train(ctx, false, 0);
    pln_ctx_free(ctx);
}

static void *train_on(void *arg)
{
    while (!enough) train_once();
    return arg;
}

static void fork_meanwhile(void)
{
    pthread_t other;

    if (pthread_create(&other, NULL, train_on, NULL) != 0) exit(1);
    for (int i = 0, code; i < CHILDREN; i++) {
        const pid_t child = fork();
        if (child == 0) {
            alarm(PATIENCE);
            train_once();
            _exit(0);
        }
        if (child < 0 || waitpid(child, &code, 0) != child || !WIFEXITED(code) || WEXITSTATUS(code) != 0) {
            fprintf(stderr, "flavour: child %d does not train\n", i);
            exit(1);
        }
    }
    enough = true;
    pthread_join(other, NULL);
}

int main(int argc, char **argv)
{
    const int before = omp_get_max_threads ? omp_get_max_threads() : 0;
    pln_ctx_options how = pln_ctx_options_default();
    uint32_t state = 1;
    uint64_t hash = UINT64_C(14695981039346656037);
    pln_ctx *ctx;

    how.threads = argc == 2 ? atoi(argv[1]) : -1;
    ctx = pln_ctx_new(&how);
    if (!ctx) {
        fprintf(stderr, "usage: flavour THREADS\n");
        return 2;
    }
    for (int s = 0; s < SAMPLES; s++) labels[s] = s % CLASSES;
    for (int i = 0; i < SAMPLES * PIXELS; i++) pixels[i] = (uint8_t)(1 + (state = state * 1664525 + 1013904223) % 255);
    hash = train(ctx, false, hash);
    hash = train(ctx, true, hash);
    if (openblas_get_parallel && openblas_get_parallel() == 0) fork_meanwhile();
    printf("%016" PRIx64 " %d %d %d %d %d\n", hash, openblas_get_parallel ? openblas_get_parallel() : 0,
           openblas_get_num_threads ? openblas_get_num_threads() : 1, threads_alive(),
           omp_get_max_threads ? omp_get_max_threads() : 0, before);
    pln_ctx_free(ctx);
    return 0;
}
