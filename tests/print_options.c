/* print_options.c - the options of configurations as rows in Markdown, for tools/check_options.py */

#include "config/config.h"

#include <stdio.h>
#include <stdlib.h>

int main(void)
{
    const size_t size = pln_option_document(config_options, NULL, 0);
    char *text = malloc(size + 1);

    if (!text) return EXIT_FAILURE;
    (void)pln_option_document(config_options, text, size + 1);
    fputs(text, stdout);
    free(text);
    return EXIT_SUCCESS;
}
