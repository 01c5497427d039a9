/* chart.c - small charts side by side as one SVG file */

#define _POSIX_C_SOURCE 200809L

#include "run/chart.h"

#include <math.h>
#include <stdlib.h>

/* Sizes in pixels. */
enum { ROW = 3, WIDTH = 310, HEIGHT = 200, LEFT = 62, TOP = 30, RIGHT = 18, BOTTOM = 38, HEAD = 34 };
enum { INNER_WIDTH = WIDTH - LEFT - RIGHT, INNER_HEIGHT = HEIGHT - TOP - BOTTOM };

static const char *const colours[] = { "#3465a4", "#c4551a", "#4e8a2f", "#75507b" };

static void write_text(FILE *file, const char *text)
{
    for (; *text; text++)
        switch (*text) {
        case '&': fputs("&amp;", file); break;
        case '<': fputs("&lt;", file); break;
        case '>': fputs("&gt;", file); break;
        default:  fputc((unsigned char)*text < ' ' ? ' ' : *text, file);
        }
}

static void write_label(FILE *file, double x, double y, const char *more, const char *text)
{
    fprintf(file, "<text x=\"%.1f\" y=\"%.1f\"%s>", x, y, more);
    write_text(file, text);
    fputs("</text>\n", file);
}

bool chart_begin(chart *c, const char *title, int panels)
{
    const int columns = panels < ROW ? panels : ROW, rows = (panels + ROW - 1) / ROW;

    *c = (chart){ .panels = panels, .at = -1 };
    c->file = open_memstream(&c->text, &c->size);
    if (!c->file) return false;
    fprintf(c->file, "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" font-family=\"sans-serif\" font-size=\"11\">\n"
            "<rect width=\"100%%\" height=\"100%%\" fill=\"white\"/>\n", columns * WIDTH, HEAD + rows * HEIGHT);
    write_label(c->file, LEFT, 22, " font-size=\"14\"", title);
    return true;
}

static int left_of(const chart *c) { return c->at % ROW * WIDTH + LEFT; }
static int top_of(const chart *c) { return HEAD + c->at / ROW * HEIGHT + TOP; }

static double across(const chart *c, double x) { return left_of(c) + (x - c->x0) / (c->x1 - c->x0) * INNER_WIDTH; }

static double down(const chart *c, double y) { return top_of(c) + (c->y1 - y) / (c->y1 - c->y0) * INNER_HEIGHT; }

static void widen(double *from, double *to)
{
    if (*to - *from > 1e-9 * (fabs(*from) + fabs(*to))) return;
    *from -= 0.5, *to += 0.5;
}

static void write_ticks(const chart *c)
{
    char number[32];

    for (int i = 0; i <= 2; i++) {
        const double x = c->x0 + (c->x1 - c->x0) * i / 2, y = c->y0 + (c->y1 - c->y0) * i / 2;
        snprintf(number, sizeof number, "%.3g", x);
        write_label(c->file, across(c, x), top_of(c) + INNER_HEIGHT + 13, " text-anchor=\"middle\"", number);
        snprintf(number, sizeof number, "%.3g", y);
        write_label(c->file, left_of(c) - 5, down(c, y) + 4, " text-anchor=\"end\"", number);
    }
}

void chart_panel(chart *c, const char *title, const char *x_axis, const char *y_axis, double x0, double x1, double y0, double y1)
{
    char turned[96];

    c->at++;
    widen(&x0, &x1), widen(&y0, &y1);
    c->x0 = x0, c->x1 = x1, c->y0 = y0, c->y1 = y1;
    fprintf(c->file, "<rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" fill=\"none\" stroke=\"#888\"/>\n", left_of(c), top_of(c),
            INNER_WIDTH, INNER_HEIGHT);
    write_label(c->file, left_of(c), top_of(c) - 8, " font-weight=\"bold\"", title);
    write_label(c->file, left_of(c) + INNER_WIDTH / 2.0, top_of(c) + INNER_HEIGHT + 28, " text-anchor=\"middle\"", x_axis);
    snprintf(turned, sizeof turned, " text-anchor=\"middle\" transform=\"rotate(-90 %d %.1f)\"", left_of(c) - 48,
             top_of(c) + INNER_HEIGHT / 2.0);
    write_label(c->file, left_of(c) - 48, top_of(c) + INNER_HEIGHT / 2.0, turned, y_axis);
    write_ticks(c);
}

void chart_bar(const chart *c, double x0, double x1, double y)
{
    fprintf(c->file, "<rect x=\"%.2f\" y=\"%.2f\" width=\"%.2f\" height=\"%.2f\" fill=\"%s\"/>\n", across(c, x0), down(c, y),
            across(c, x1) - across(c, x0), down(c, c->y0) - down(c, y), colours[0]);
}

void chart_point(const chart *c, double x, double y)
{
    fprintf(c->file, "<circle cx=\"%.2f\" cy=\"%.2f\" r=\"2\" fill=\"%s\" fill-opacity=\"0.6\"/>\n", across(c, x), down(c, y), colours[0]);
}

void chart_mark(const chart *c, double x)
{
    fprintf(c->file, "<line x1=\"%.2f\" y1=\"%d\" x2=\"%.2f\" y2=\"%d\" stroke=\"%s\"/>\n", across(c, x), top_of(c), across(c, x),
            top_of(c) + INNER_HEIGHT, colours[1]);
}

void chart_line(const chart *c, int colour, const double *x, const double *y, int n)
{
    fprintf(c->file, "<polyline fill=\"none\" stroke-width=\"1.5\" stroke=\"%s\" points=\"", colours[colour]);
    for (int i = 0; i < n; i++)
        if (isfinite(y[i])) fprintf(c->file, "%.2f,%.2f ", across(c, x[i]), down(c, y[i]));
    fputs("\"/>\n", c->file);
    for (int i = 0; i < n; i++)
        if (isfinite(y[i]))
            fprintf(c->file, "<circle cx=\"%.2f\" cy=\"%.2f\" r=\"2\" fill=\"%s\"/>\n", across(c, x[i]), down(c, y[i]), colours[colour]);
}

void chart_name(const chart *c, int colour, const char *name)
{
    char more[64];

    snprintf(more, sizeof more, " text-anchor=\"end\" fill=\"%s\"", colours[colour]);
    write_label(c->file, left_of(c) + INNER_WIDTH - 4, top_of(c) + 14 + 14 * colour, more, name);
}

bool chart_end(chart *c)
{
    bool sound = c->file != NULL;

    if (sound) fputs("</svg>\n", c->file);
    if (sound) sound = !ferror(c->file);
    if (c->file) sound = fclose(c->file) == 0 && sound;
    c->file = NULL;
    if (!sound) {
        free(c->text);
        c->text = NULL;
    }
    return sound;
}
