/* page.h - a page of HTML that needs no other file: text, tables, pictures, charts */
#ifndef CLI_PAGE_H
#define CLI_PAGE_H

#include "command.h"

#include <jansson.h>
#include <stdio.h>

/* Markup comes from this program alone; whatever else is shown goes through page_text. */
typedef struct page {
    FILE   *file;             /* writes to text */
    char   *text;
    size_t  size;
    json_t *charts;
} page;

/* Whether a file begins as a page does, or is empty: whether nothing but a page is lost by writing over it. */
bool page_is(const char *path);

/* Begins a page with a title.  False if memory is short; page_end is called in any case. */
bool page_begin(page *p, const char *title);

/* Markup as it is. */
void page_markup(const page *p, const char *markup);

/* Text, of which nothing is taken for markup. */
void page_text(const page *p, const char *text);
__attribute__((format(printf, 2, 3)))
void page_print(const page *p, const char *format, ...);

/* "<tag>text</tag>". */
void page_element(const page *p, const char *tag, const char *text);

/* A section with a heading, up to the next one or the end. */
void page_section(const page *p, const char *id, const char *title);

/* A table in a box that scrolls by itself, with these heads, up to a NULL; cells and rows; its end. */
void page_table(const page *p, const char *const *heads);
void page_row(const page *p);
__attribute__((format(printf, 2, 3)))
void page_cell(const page *p, const char *format, ...);
/* A number, right-aligned; of a JSON value scaled, or "-" where there is none. */
void page_count(const page *p, long long count);
void page_number(const page *p, const json_t *value, const char *format, double scale);
void page_table_end(const page *p);

/* A picture in the page: "image/png". */
void page_image(const page *p, const char *type, const void *bytes, size_t size, const char *of);

/* A chart, drawn by report.js, which says what the object has; takes it over. */
void page_chart(page *p, json_t *chart);

/* Ends the page: p->text [p->size], to be freed by free; false if memory was short, and then there is none. */
bool page_end(page *p);

#endif
