/* fuzz_checkpoint.c - checkpoints of one small run: taken over whole or not at all
 *
 * An input that begins with '~' is a true checkpoint of this run with some bytes
 * changed: three bytes for each, the place in two and the new value; with '^' it
 * is one of the same run with a mask.  It stays useful when the form of
 * checkpoints changes.  Other inputs are files (box.h). */

#define _GNU_SOURCE

#include "box.h"
#include "quiet.h"

#include "planaria.h"

#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum { INPUTS = 2, UNITS = 3, SAMPLES = 5, NUMBERS = 2 * UNITS * INPUTS + UNITS };

static void must(pln_status status)
{
    if (status != PLN_OK) abort();
}

/* The run that the corpus belongs to: Adam, so that there are moments too. */
static pln_trainer *make_run(pln_ctx *ctx, pln_net *net, const pln_data *set, bool masked)
{
    float ones[UNITS * INPUTS] = { 1, 0, 1, 1, 0, 1 };
    const pln_tensor mask = { ones, 2, { UNITS, INPUTS } };
    pln_fit fit = pln_fit_default();
    pln_trainer *t;

    pln_net_input(net, INPUTS);
    pln_net_dense(net, UNITS);
    pln_net_activation(net, PLN_HARDSIGM);
    must(pln_net_ready(net));
    must(pln_net_initialise(net, PLN_GLOROT, 1));
    if (masked) must(pln_net_set_mask(net, 0, &mask));
    fit.epochs = 3;
    fit.batch = 2;
    fit.optim.kind = PLN_ADAM;
    fit.rate[0] = 0.01f;
    must(pln_trainer_new(ctx, net, NULL, set, NULL, 0, &fit, &t));
    return t;
}

/* Weights, biases and the mask of the weights, outside of which they are 0. */
static void get_numbers(const pln_net *net, float *numbers)
{
    float *mask = numbers + UNITS * INPUTS + UNITS;
    pln_tensor w = { numbers, 2, { UNITS, INPUTS } }, b = { numbers + UNITS * INPUTS, 1, { UNITS } };
    pln_tensor m = { mask, 2, { UNITS, INPUTS } };

    must(pln_net_get(net, 0, &w));
    must(pln_net_get(net, 1, &b));
    must(pln_net_get_mask(net, 0, &m));
    for (int i = 0; i < UNITS * INPUTS; i++)
        if (mask[i] == 0 && numbers[i] != 0) abort();
}

/* A refused file has changed nothing; after an accepted one training goes on. */
static void try_load(pln_ctx *ctx, const char *path, const pln_data *set, bool masked)
{
    pln_net *net = pln_net_new(ctx);
    pln_trainer *t = make_run(ctx, net, set, masked);
    float before[NUMBERS], after[NUMBERS];
    char *user = NULL;

    must(pln_trainer_step(t, 1, NULL));
    get_numbers(net, before);
    const pln_status status = pln_trainer_load(t, path, &user);
    if (status == PLN_OK) {
        if (!user || pln_trainer_batch(t) >= pln_trainer_batches(t)) abort();
        while (pln_trainer_epoch(t) < 3 && pln_trainer_step(t, 2, NULL) == PLN_OK) get_numbers(net, after);
    } else {
        get_numbers(net, after);
        if (status != PLN_ERR_FORMAT || user || memcmp(before, after, sizeof before) != 0) abort();
        if (pln_trainer_epoch(t) != 0 || pln_trainer_batch(t) != 1) abort();
    }
    pln_text_free(ctx, user);
    pln_trainer_free(t);
    pln_net_free(net);
}

/* The bytes of a checkpoint inside the first epoch; never freed. */
static uint8_t *save_run(pln_ctx *ctx, const pln_data *set, bool masked, size_t *size)
{
    pln_net *net = pln_net_new(ctx);
    pln_trainer *t = make_run(ctx, net, set, masked);
    char path[64];
    struct stat about;
    uint8_t *bytes;
    FILE *file;

    snprintf(path, sizeof path, "/tmp/fuzz-checkpoint-%d", (int)getpid());
    must(pln_trainer_step(t, 2, NULL));
    must(pln_trainer_save(t, path, "user"));
    file = fopen(path, "rb");
    if (!file || fstat(fileno(file), &about) != 0) abort();
    *size = (size_t)about.st_size;
    bytes = malloc(*size);
    if (!bytes || fread(bytes, 1, *size, file) != *size) abort();
    fclose(file);
    (void)remove(path);
    pln_trainer_free(t);
    pln_net_free(net);
    return bytes;
}

/* The file that an input stands for; freed by free. */
static uint8_t *make_file(const uint8_t *data, size_t size, uint8_t *const *saved,
                          const size_t *sizes, size_t *length)
{
    const int masked = size > 0 && data[0] == '^';
    const size_t saved_size = sizes[masked];
    uint8_t *bytes;

    if (size == 0 || (data[0] != '~' && !masked)) return box_make(data, size, length);
    bytes = malloc(saved_size);
    if (!bytes) abort();
    memcpy(bytes, saved[masked], saved_size);
    for (size_t i = 1; i + 2 < size; i += 3)
        bytes[((size_t)data[i] << 8 | data[i + 1]) % saved_size] = data[i + 2];
    *length = saved_size;
    return bytes;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint8_t samples[SAMPLES * INPUTS] = { 1, 0, 200, 30, 0, 90, 255, 255, 7, 0 };
    static const int shape[] = { INPUTS };
    static pln_ctx *ctx;
    static pln_data *set;
    static int file = -1;
    static char path[64];
    static uint8_t *saved[2];
    static size_t sizes[2];
    size_t length;

    if (!ctx) {
        ctx = pln_ctx_new(NULL);
        if (!ctx) abort();
        must(pln_data_bind(ctx, samples, SAMPLES, 1, shape, NULL, &set));
        file = memfd_create("fuzz", 0);
        snprintf(path, sizeof path, "/proc/self/fd/%d", file);
        for (int masked = 0; masked < 2; masked++) saved[masked] = save_run(ctx, set, masked, &sizes[masked]);
    }
    uint8_t *box = make_file(data, size, saved, sizes, &length);
    if (file < 0 || ftruncate(file, 0) != 0 || pwrite(file, box, length, 0) != (ssize_t)length) abort();
    const size_t bytes = pln_ctx_bytes(ctx);
    for (int masked = 0; masked < 2; masked++) try_load(ctx, path, set, masked);
    if (pln_ctx_bytes(ctx) != bytes) abort();
    free(box);
    return 0;
}
