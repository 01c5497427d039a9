/* chart.h - small charts side by side as one SVG file */
#ifndef CLI_CHART_H
#define CLI_CHART_H

#include "command.h"

#include <stdio.h>

typedef struct chart {
    FILE  *file;              /* writes to text */
    char  *text;
    size_t size;
    int    panels, at;        /* how many there will be, and the one under way */
    double x0, x1, y0, y1;    /* what its axes show */
} chart;

/* Begins a picture of so many panels, 1 or more, in rows of three.  False if memory is short; chart_end is called in
 * any case. */
bool chart_begin(chart *c, const char *title, int panels);

/* The next panel, with axes over these ranges; a range without width is made wider. */
void chart_panel(chart *c, const char *title, const char *x_axis, const char *y_axis, double x0, double x1, double y0, double y1);

/* What is drawn in it, in one of four colours: a bar from the lower edge, a point, an upright line, a line through
 * points, of which those that are no numbers are left out, and the name of a colour. */
void chart_bar(const chart *c, double x0, double x1, double y);
void chart_point(const chart *c, double x, double y);
void chart_mark(const chart *c, double x);
void chart_line(const chart *c, int colour, const double *x, const double *y, int n);
void chart_name(const chart *c, int colour, const char *name);

/* Ends the picture: c->text [c->size], to be freed by free; false if memory was short, and then there is none. */
bool chart_end(chart *c);

#endif
