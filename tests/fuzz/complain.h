/* complain.h - in place of the command's: formats the sentence, prints nothing */
#ifndef COMPLAIN_H
#define COMPLAIN_H

#include "command.h"

#include <stdarg.h>
#include <stdio.h>

int complain(int code, const char *format, ...)
{
    char text[1024];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    if (code == DONE) __builtin_trap();
    return code;
}

int complain_status(const pln_ctx *ctx, pln_status status)
{
    (void)ctx;
    (void)status;
    return FAILED;
}

#endif
