/* folder.c - the folder of an exported network: sources, runtime, a Makefile, an example */

#define _POSIX_C_SOURCE 200809L

#include "export/folder.h"

#include "export/packages.h"
#include "export/sources.h"
#include "run/run.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static bool has_dense(const integer_net *n)
{
    for (int l = 0; l < n->layers; l++)
        if (!n->edge[l].start) return true;
    return false;
}

static bool has_sparse(const integer_net *n)
{
    for (int l = 0; l < n->layers; l++)
        if (n->edge[l].start) return true;
    return false;
}

static bool always(const integer_net *n) { return n != NULL; }
static bool learns(const integer_net *n) { return n->learns; }

/* The runtime's files, when each is needed, and the bytes of its code, which tests/edge measures on a Cortex-M3. */
static const struct {
    const char          *name;
    const unsigned char *text;
    const size_t        *size;
    bool               (*needed)(const integer_net *n);
    int                  code;
} runtime[] = {
    { "pln_edge.h",        edge_header, &edge_header_size, always,     0    },
    { "pln_edge_list.c",   edge_list,   &edge_list_size,   always,     176  },
    { "pln_edge_infer.c",  edge_infer,  &edge_infer_size,  always,     272  },
    { "pln_edge_decide.c", edge_decide, &edge_decide_size, always,     224  },
    { "pln_edge_dense.c",  edge_dense,  &edge_dense_size,  has_dense,  352  },
    { "pln_edge_sparse.c", edge_sparse, &edge_sparse_size, has_sparse, 384  },
    { "pln_edge_learn.c",  edge_learn,  &edge_learn_size,  learns,     1040 },
    { "pln_edge_keep.c",   edge_keep,   &edge_keep_size,   learns,     848  },
};

enum { RUNTIME = sizeof runtime / sizeof runtime[0] };

/* Of the calls of NAME.c and of a layer in its tables.  A chain of calls needs no more stack than the frames of all functions
 * in sum, here on whichever of the processors of tests/edge has the largest. */
enum { OWN_CODE = 56, LAYER_CODE = 36, LEARN_CODE = 192, STACK = 384, LEARN_STACK = 1056 };

static int code_bytes(const integer_net *n)
{
    int bytes = OWN_CODE + n->layers * LAYER_CODE + (n->learns ? LEARN_CODE : 0);

    for (int f = 0; f < RUNTIME; f++)
        if (runtime[f].needed(n)) bytes += runtime[f].code;
    return bytes;
}

/* ---- the report ------------------------------------------------------------------------ */

static json_t *layer_report(const integer_net *n, int l)
{
    const integer_layer *i = &n->layer[l];
    const pln_edge_layer *r = &n->edge[l];
    const json_int_t all = (json_int_t)r->inputs * r->outputs;

    return json_pack("{s:i, s:i, s:I, s:I, s:I, s:I, s:s, s:f}", "inputs", r->inputs, "outputs", r->outputs, "weights", all, "nonzero",
                     (json_int_t)i->nonzero, "dense_bytes", (json_int_t)i->dense_bytes, "sparse_bytes", (json_int_t)i->sparse_bytes,
                     "kept_as", r->start ? "sparse" : "dense", "multiply_adds", i->products);
}

json_t *folder_report(const integer_net *n, const emit_names *names, const folder_accuracy *a, const pln_decoder *decoder)
{
    const json_int_t constants = (json_int_t)integer_flash(n), code = code_bytes(n);
    json_t *report = json_pack("{s:s, s:s, s:I, s:I, s:I, s:I, s:i}", "planaria", pln_version(), "name", names->lower, "flash_bytes", constants + code,
                               "constant_bytes", constants, "code_bytes", code, "ram_bytes", (json_int_t)integer_ram(n),
                               "stack_bytes", n->learns ? LEARN_STACK : STACK);
    json_t *layers = json_array(), *classes = json_array();

    for (int l = 0; l < n->layers; l++) json_array_append_new(layers, layer_report(n, l));
    for (int c = 0; c < n->classes; c++) {
        json_t *name = decoder->names ? json_string(decoder->names[c]) : NULL;
        json_array_append_new(classes, name ? name : json_integer(c));
    }
    json_object_set_new(report, "layers", layers);
    json_object_set_new(report, "classes", classes);
    json_object_set_new(report, "learns", json_boolean(n->learns));
    json_object_set_new(report, "compared_on", json_integer(a->count));
    json_object_set_new(report, "accuracy_float", a->count ? json_real(a->of_floats) : json_null());
    json_object_set_new(report, "accuracy_int8", a->count ? json_real(a->of_integers) : json_null());
    return report;
}

static long long whole(const json_t *of, const char *key) { return (long long)json_integer_value(json_object_get(of, key)); }

void folder_show(const json_t *report)
{
    const json_t *layer;
    size_t l;

    printf("layer      inputs  outputs    weights   not zero  bytes dense  bytes sparse  kept as  multiply-adds a sample\n");
    json_array_foreach(json_object_get(report, "layers"), l, layer)
        printf("dense %-4zu %6lld %8lld %10lld %10lld %12lld %13lld  %-7s %15.0f\n", l + 1, whole(layer, "inputs"), whole(layer, "outputs"),
               whole(layer, "weights"), whole(layer, "nonzero"), whole(layer, "dense_bytes"), whole(layer, "sparse_bytes"),
               json_string_value(json_object_get(layer, "kept_as")), json_real_value(json_object_get(layer, "multiply_adds")));
    printf("\nflash %10lld bytes, of which %lld are code (Cortex-M3, gcc -O2)\nRAM   %10lld bytes, and the input\nstack %10lld bytes at most\n",
           whole(report, "flash_bytes"), whole(report, "code_bytes"), whole(report, "ram_bytes"), whole(report, "stack_bytes"));
    if (whole(report, "compared_on"))
        printf("\naccuracy on %lld training samples that no scale is from: float %.2f %%, int8 %.2f %%\n", whole(report, "compared_on"),
               100 * json_real_value(json_object_get(report, "accuracy_float")), 100 * json_real_value(json_object_get(report, "accuracy_int8")));
}

/* ---- files ----------------------------------------------------------------------------- */

static void put_makefile(FILE *to, const emit_names *n)
{
    fprintf(to, "# Builds the example and the parity check; `cc -O2 *.c` builds the latter without this file.\n"
                "CFLAGS ?= -O2 -std=c99 -Wall -Wextra -Wconversion -pedantic\n\n"
                "SOURCES := $(filter-out %s_check.c,$(wildcard *.c))\n\n"
                "all: example/main %s_check\n\n"
                "check: %s_check\n\t./%s_check\n\n"
                "%s_check: %s_check.c $(SOURCES) *.h\n\t$(CC) $(CFLAGS) -o $@ $< $(SOURCES)\n\n"
                "example/main: example/main.c $(SOURCES) *.h\n\t$(CC) $(CFLAGS) -I. -o $@ $< $(SOURCES)\n\n"
                "clean:\n\trm -f %s_check example/main\n\n.PHONY: all check clean\n",
            n->lower, n->lower, n->lower, n->lower, n->lower, n->lower, n->lower);
}

static void put_example(FILE *to, const integer_net *net, const emit_names *n)
{
    fprintf(to, "/* Reads samples of %d bytes from stdin and prints the class of each. */\n\n#include \"%s.h\"\n\n#include <stdio.h>\n\n"
                "int main(void)\n{\n    static %s_state state;\n    static uint8_t x[%s_INPUTS];\n\n    %s_init(&state);\n"
                "    while (fread(x, 1, sizeof x, stdin) == sizeof x) printf(\"%%d\\n\", %s_infer(&state, x));\n    return 0;\n}\n",
            net->edge[0].inputs, n->lower, n->lower, n->upper, n->lower, n->lower);
}

static void put_learning_example(FILE *to, const integer_net *net, const emit_names *n)
{
    fprintf(to, "/* Reads samples of %d bytes from stdin, prints the class of each and learns from it.  What was learned is kept in\n"
                " * a file, if one is named, from one call to the next: it may be empty at first. */\n\n"
                "#include \"%s.h\"\n\n#include <stdio.h>\n\n"
                "static void put(void *user, const uint8_t *bytes, int count) { (void)fwrite(bytes, 1, (size_t)count, (FILE *)user); }\n\n",
            net->edge[0].inputs, n->lower);
    fprintf(to, "int main(int argc, char **argv)\n{\n    static %s_state state;\n    static uint8_t x[%s_INPUTS], saved[%s_KEPT + 1];\n"
                "    FILE *file = argc > 1 ? fopen(argv[1], \"rb\") : NULL;\n\n    %s_init(&state);\n    if (file) {\n"
                "        const size_t size = fread(saved, 1, sizeof saved, file);\n\n        fclose(file);\n"
                "        if (size > 0 && %s_restore(&state, saved, (uint32_t)size) != PLN_EDGE_RESTORED) return 1;\n    }\n",
            n->lower, n->upper, n->upper, n->lower, n->lower);
    fprintf(to, "    while (fread(x, 1, sizeof x, stdin) == sizeof x) printf(\"%%d\\n\", %s_learn(&state, x));\n"
                "    file = argc > 1 ? fopen(argv[1], \"wb\") : NULL;\n    if (!file) return argc > 1;\n"
                "    %s_save(&state, put, file);\n    return fclose(file) != 0;\n}\n", n->lower, n->lower);
}

static void put_readme(FILE *to, const integer_net *net, const emit_names *n, const json_t *report)
{
    fprintf(to, "# %s\n\nA network in integers, written by planaria %s. It is plain C99: all sources of this folder compile by themselves, without an\n"
                "option, for any processor of 32 bits.\n\n"
                "| file | what it is |\n|---|---|\n| `%s.h` | the calls: start here |\n| `%s.c` | weights |\n"
                "| `%s_check.c` | a program that ends with 0 if this processor computes, bit for bit, what the exporter did |\n"
                "| `pln_edge.h`, `pln_edge_*.c` | the runtime |\n| `example/main.c` | classes of samples on stdin |\n"
                "| `library.properties`, `examples/` | make this folder a library of Arduino |\n"
                "| `zephyr/` | makes it a module of Zephyr: `-DZEPHYR_EXTRA_MODULES=` and the path of this folder |\n"
                "| `report.json` | sizes, layers, classes, accuracies |\n\n", n->lower, pln_version(), n->lower, n->lower, n->lower);
    fprintf(to, "`make check` runs the check on this machine; `cc -O2 *.c` builds it, too. A firmware takes all `.c` files but the check.\n\n"
                "It needs %lld bytes of flash, of which %lld are code (Cortex-M3, gcc -O2), a state of %lld bytes in RAM beside the %d bytes of a sample, and at\n"
                "most %lld bytes of stack. It calls no function of a C library. gcc may make calls of `memcpy` and `memset` out of loops; where there are\n"
                "none, compile by `-ffreestanding -fno-tree-loop-distribute-patterns`.\n",
            whole(report, "flash_bytes"), whole(report, "code_bytes"), whole(report, "ram_bytes"), net->edge[0].inputs, whole(report, "stack_bytes"));
    if (net->learns)
        fprintf(to, "\n`%s_learn` changes the weights of the last layer by one sample, in the state. They start as exported, by `%s_init`. `%s_save` hands out\n"
                    "what was learned as %d bytes, for flash or a file, and `%s_restore` takes them back, unless they are damaged; `planaria import` makes a model of them.\n",
                n->lower, n->lower, n->lower, (int)pln_edge_kept(&net->edge[net->layers - 1]), n->lower);
}

/* What writes a file; false if memory is short. */
typedef struct writing {
    const integer_net *n;
    const emit_names  *names;
    const uint8_t     *samples;
    const json_t      *report;
} writing;

static bool make_header(FILE *to, const writing *w)   { emit_header(to, w->n, w->names); return true; }
static bool make_source(FILE *to, const writing *w)   { emit_source(to, w->n, w->names); return true; }
static bool make_check(FILE *to, const writing *w)    { return emit_check(to, w->n, w->names, w->samples); }
static bool make_makefile(FILE *to, const writing *w) { put_makefile(to, w->names); return true; }
static bool make_readme(FILE *to, const writing *w)   { put_readme(to, w->n, w->names, w->report); return true; }

static bool make_example(FILE *to, const writing *w)
{
    (w->n->learns ? put_learning_example : put_example)(to, w->n, w->names);
    return true;
}

static bool make_arduino(FILE *to, const writing *w)  { packages_arduino(to, w->names); return true; }
static bool make_sketch(FILE *to, const writing *w)   { packages_sketch(to, w->n, w->names); return true; }
static bool make_module(FILE *to, const writing *w)   { packages_zephyr_module(to, w->names); return true; }

static bool make_cmake(FILE *to, const writing *w)
{
    const char *sources[RUNTIME];
    int count = 0;

    for (int f = 1; f < RUNTIME; f++)                    /* behind the header */
        if (runtime[f].needed(w->n)) sources[count++] = runtime[f].name;
    packages_zephyr_cmake(to, w->names, sources, count);
    return true;
}

static bool make_report(FILE *to, const writing *w)
{
    const bool sound = json_dumpf(w->report, to, JSON_INDENT(1) | JSON_REAL_PRECISION(10)) == 0;
    fputc('\n', to);
    return sound;
}

static int write_made(const run *folder, const char *name, bool (*make)(FILE *, const writing *), const writing *w)
{
    char *text = NULL;
    size_t size = 0;
    FILE *to = open_memstream(&text, &size);
    bool sound = to && make(to, w);
    int code;

    if (to && ferror(to)) sound = false;
    if (to && fclose(to) != 0) sound = false;
    code = sound ? run_write(folder, name, text, size) : complain(FAILED, "no memory left");
    free(text);
    return code;
}

int folder_make(const char *path)
{
    if (mkdir(path, 0777) == 0) return DONE;
    if (errno != EEXIST) return complain(FAILED, "cannot make the folder %s: %s", path, strerror(errno));
    return dataset_is_empty(path) ? DONE : complain(FAILED, "--out: %s is there already and not empty: name a new folder", path);
}

/* Folders below it, and the files whose names are the same whatever the network is called. */
static const char *const below[] = { "example", "examples", "examples/classify", "zephyr" };
static const struct {
    const char *name;
    bool      (*make)(FILE *, const writing *);
} made[] = {
    { "Makefile", make_makefile },
    { "README.md", make_readme },
    { "example/main.c", make_example },
    { "library.properties", make_arduino },
    { "examples/classify/classify.ino", make_sketch },
    { "zephyr/module.yml", make_module },
    { "zephyr/CMakeLists.txt", make_cmake },
    { "report.json", make_report },
};

enum { FOLDERS = sizeof below / sizeof *below, MADE = sizeof made / sizeof *made };

int folder_write(const char *path, const integer_net *n, const emit_names *names, const uint8_t *samples, const json_t *report)
{
    const writing w = { n, names, samples, report };
    char name[EMIT_NAME + 16];
    run folder = { .lock = -1 };
    int code;

    if (snprintf(folder.folder, sizeof folder.folder, "%s", path) >= (int)sizeof folder.folder) return complain(FAILED, "the path of --out is too long");
    code = folder_make(path);
    for (int f = 0; f < RUNTIME && code == DONE; f++)
        if (runtime[f].needed(n)) code = run_write(&folder, runtime[f].name, (const char *)runtime[f].text, *runtime[f].size);
    snprintf(name, sizeof name, "%s.h", names->lower);
    if (code == DONE) code = write_made(&folder, name, make_header, &w);
    snprintf(name, sizeof name, "%s.c", names->lower);
    if (code == DONE) code = write_made(&folder, name, make_source, &w);
    snprintf(name, sizeof name, "%s_check.c", names->lower);
    if (code == DONE) code = write_made(&folder, name, make_check, &w);
    for (int k = 0; k < FOLDERS && code == DONE; k++) code = folder_make(run_path(&folder, below[k]));
    for (int f = 0; f < MADE && code == DONE; f++) code = write_made(&folder, made[f].name, made[f].make, &w);
    return code;
}
