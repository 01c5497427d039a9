/* command.h - what the subcommands share: exit codes and messages */
#ifndef CLI_COMMAND_H
#define CLI_COMMAND_H

#include "planaria.h"

/* Exit codes, as scripts know them. */
enum { DONE = 0, FAILED = 1, MISUSED = 2, BAD_INPUT = 3, INTERRUPTED = 130 };

/* Prints "planaria: " and a sentence on stderr, with '?' for control characters, and returns code. */
__attribute__((format(printf, 2, 3)))
int complain(int code, const char *format, ...);

/* Prints "note: " and a sentence likewise. */
__attribute__((format(printf, 1, 2)))
void remark(const char *format, ...);

/* The same with the last error of the context; the code follows from status. */
int complain_status(const pln_ctx *ctx, pln_status status);

/* The same of a file that was read: it is bad input unless memory was short. */
int complain_file(const pln_ctx *ctx, pln_status status, const char *path);

/* A subcommand, as 'planaria --help' lists it. */
typedef struct subcommand {
    const char *name;
    int       (*run)(int argc, const char **argv);
    const char *purpose;
} subcommand;

/* Each subcommand gets the arguments from its own name on. */
int command_train(int argc, const char **argv);
int command_prune(int argc, const char **argv);
int command_sweep(int argc, const char **argv);
int command_eval(int argc, const char **argv);
int command_predict(int argc, const char **argv);
int command_features(int argc, const char **argv);
int command_inspect(int argc, const char **argv);
int command_report(int argc, const char **argv);
int command_export(int argc, const char **argv);
int command_import(int argc, const char **argv);
int command_presets(int argc, const char **argv);
int command_data(int argc, const char **argv);

#endif
