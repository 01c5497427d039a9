/* message.c - one sentence on stderr, and an exit code */

#include "command.h"
#include "plain.h"

#include <stdarg.h>
#include <stdio.h>

/* A longer sentence is cut: it has room for three paths. */
enum { SENTENCE = 3 * 4096 };

static void print_sentence(const char *kind, const char *format, va_list args)
{
    char text[SENTENCE];

    vsnprintf(text, sizeof text, format, args);
    fputs(kind, stderr);
    plain_print(stderr, text);
    fputc('\n', stderr);
}

int complain(int code, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    print_sentence("planaria: ", format, args);
    va_end(args);
    return code;
}

void remark(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    print_sentence("note: ", format, args);
    va_end(args);
}

int complain_status(const pln_ctx *ctx, pln_status status)
{
    const int code = status == PLN_ERR_FORMAT ? BAD_INPUT
                     : status == PLN_ERR_ARG || status == PLN_ERR_SHAPE ? BAD_INPUT
                     : FAILED;

    return complain(code, "%s", *pln_error(ctx) ? pln_error(ctx) : pln_status_text(status));
}

int complain_file(const pln_ctx *ctx, pln_status status, const char *path)
{
    if (status == PLN_ERR_MEMORY) return complain_status(ctx, status);
    return complain(BAD_INPUT, "%s: %s", path, *pln_error(ctx) ? pln_error(ctx) : pln_status_text(status));
}
