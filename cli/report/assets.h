/* assets.h - what a page brings along: its style, its script, and Chart.js where it was there at build time */
#ifndef CLI_ASSETS_H
#define CLI_ASSETS_H

#include <stddef.h>

/* Each with a zero behind it. */
extern const unsigned char report_style[], report_script[], report_chart[];
extern const size_t        report_style_size, report_script_size, report_chart_size;

#endif
