/* quiet.h - the head of every fuzz target; of the command's, also its messages without a sound */
#ifndef QUIET_H
#define QUIET_H

#include <stddef.h>
#include <stdint.h>

/* What libFuzzer and replay.c call. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* With command.h included before: in place of message.c, so that a sentence is formatted, for
 * the sanitizers, and not printed. */
#ifdef CLI_COMMAND_H

#include <stdarg.h>
#include <stdio.h>

int complain(int code, const char *format, ...)
{
    char text[1024];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    return code;
}

void remark(const char *format, ...)
{
    char text[1024];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
}

int complain_status(const pln_ctx *ctx, pln_status status)
{
    (void)ctx;
    (void)status;
    return FAILED;
}

int complain_file(const pln_ctx *ctx, pln_status status, const char *path)
{
    (void)path;
    return complain_status(ctx, status);
}

#endif
#endif
