/* main.c - the planaria command: subcommands, help, exit codes */

#define _POSIX_C_SOURCE 200809L

#include "likeness.h"
#include "manual.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const subcommand commands[] = {
    { "train",   command_train,   "train a network, from a configuration file or a preset" },
    { "prune",   command_prune,   "train while weights are left out, and measure what is gained" },
    { "sweep",   command_sweep,   "search settings by many trainings, on validation samples" },
    { "eval",    command_eval,    "measure a trained run again, also with fewer labels" },
    { "report",  command_report,  "write what trainings have come to as a page of HTML" },
    { "predict", command_predict, "say which class samples are of, by a trained run" },
    { "features", command_features, "write what a layer makes of samples as an array" },
    { "inspect", command_inspect, "show what is in a run folder or a safetensors file" },
    { "export",  command_export,  "write a network as C for small chips" },
    { "import",  command_import,  "take what a chip has learned into a run" },
    { "presets", command_presets, "list the configurations that come with planaria" },
    { "data",    command_data,    "list, describe, check and download data sets" },
};

enum { COMMANDS = sizeof commands / sizeof commands[0] };

static void print_help(FILE *to)
{
    fputs("Usage: planaria COMMAND ...\n\n"
          "Brain-inspired learning: networks that set their own targets.\n\n", to);
    for (int i = 0; i < COMMANDS; i++)
        fprintf(to, "  %-9s %s\n", commands[i].name, commands[i].purpose);
    fputs("\n'planaria COMMAND --help' tells more.  A first run:\n\n"
          "  planaria train planaria/fashion-few-labels\n\n"
          "'planaria help --man' prints man pages, 'planaria help --completion bash' (or zsh,\n"
          "fish) what completes these words in a shell.\n\n"
          "Exit codes: 0 done, 1 failed, 2 wrong use, 3 bad input, 130 interrupted\n"
          "after writing a checkpoint.\n", to);
}

/* The library wants OpenBLAS to compute in the thread that calls, but OpenBLAS starts
 * threads of its own when it is loaded: in vain, and where memory is limited it cannot, and
 * then never ends.  It also may not know a processor that is newer, and computes several times
 * slower there.  Both are settled before it is loaded: so the command starts itself once more. */
static void start_with_blas_settled(const char **argv)
{
    const char *threads = getenv("OPENBLAS_NUM_THREADS"), *core = pln_blas_advice();
    const bool many = !threads || strcmp(threads, "1") != 0;

    if (!many && !core) return;
    if ((!many || setenv("OPENBLAS_NUM_THREADS", "1", 1) == 0) && (!core || setenv("OPENBLAS_CORETYPE", core, 1) == 0))
        (void)execv("/proc/self/exe", (char *const *)(uintptr_t)argv);
}

/* Where descriptors 0, 1 or 2 are closed, as daemons and job runners leave them, the next file that is opened would be
 * taken for one of them: a log would receive what is meant for a terminal.  What is opened in their place refuses
 * every use. */
static void hold_descriptors(void)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY) != fd) _exit(FAILED);
}

static int run_command(const char *name, int argc, const char **argv)
{
    likeness near = likeness_of(name);

    for (int i = 0; i < COMMANDS; i++) {
        if (strcmp(name, commands[i].name) == 0) return commands[i].run(argc, argv);
        likeness_offer(&near, commands[i].name, commands[i].name);
    }
    if (*near.hint) return complain(MISUSED, "there is no command '%s'; did you mean %s?", name, near.hint);
    return complain(MISUSED, "there is no command '%s'; try 'planaria --help'", name);
}

static int run(int argc, const char **argv)
{
    const bool helps = argc > 1 && strcmp(argv[1], "help") == 0;

    if (argc < 2) {
        print_help(stderr);
        return MISUSED;
    }
    if (helps && argc > 2 && argv[2][0] == '-') return manual_help(argc - 2, argv + 2, commands, COMMANDS);
    if (helps && argc > 2) {
        const char *help[] = { argv[2], "--help", NULL };
        return run_command(argv[2], 2, help);
    }
    if (helps || strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
        print_help(stdout);
        return DONE;
    }
    if (strcmp(argv[1], "--version") == 0) {
        printf("planaria %s\n", pln_version());
        return DONE;
    }
    return run_command(argv[1], argc - 1, argv + 1);
}

/* A result that nobody could read is none.  A file that may not grow further is
 * an error of write, which cleans up, and not the end of the process. */
int main(int argc, const char **argv)
{
    bool written;
    int code;

    signal(SIGXFSZ, SIG_IGN);
    hold_descriptors();
    start_with_blas_settled(argv);
    code = run(argc, argv);
    errno = 0;
    written = fflush(stdout) == 0 && !ferror(stdout);     /* in this order: what is left fails once more, and says why */
    if (!written && code == DONE) code = complain(FAILED, "cannot write to stdout%s%s", errno ? ": " : "", errno ? strerror(errno) : "");
    return code;
}
