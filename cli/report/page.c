/* page.c - a page of HTML that needs no other file: text, tables, pictures, charts */

#define _POSIX_C_SOURCE 200809L

#include "report/page.h"

#include "report/assets.h"

#include <sha256.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

enum { DIGEST = SHA256_DIGEST_LENGTH, LINE = 2048 };

/* ---- text ------------------------------------------------------------------------ */

void page_markup(const page *p, const char *markup)
{
    fputs(markup, p->file);
}

void page_text(const page *p, const char *text)
{
    for (; *text; text++)
        switch (*text) {
        case '&': fputs("&amp;", p->file); break;
        case '<': fputs("&lt;", p->file); break;
        case '>': fputs("&gt;", p->file); break;
        case '"': fputs("&quot;", p->file); break;
        case '\'': fputs("&#39;", p->file); break;
        case '\n': case '\t': fputc(*text, p->file); break;
        default: fputc((unsigned char)*text < ' ' ? ' ' : *text, p->file);
        }
}

static void print_text(const page *p, const char *format, va_list args)
{
    char line[LINE];

    vsnprintf(line, sizeof line, format, args);
    page_text(p, line);
}

void page_print(const page *p, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    print_text(p, format, args);
    va_end(args);
}

void page_element(const page *p, const char *tag, const char *text)
{
    fprintf(p->file, "<%s>", tag);
    page_text(p, text);
    fprintf(p->file, "</%s>\n", tag);
}

void page_section(const page *p, const char *id, const char *title)
{
    fprintf(p->file, "</section>\n<section id=\"%s\">\n", id);
    page_element(p, "h2", title);
}

/* ---- tables ---------------------------------------------------------------------- */

void page_table(const page *p, const char *const *heads)
{
    fputs("<div class=\"wide\"><table>\n<thead><tr>", p->file);
    for (; *heads; heads++) page_element(p, "th", *heads);
    fputs("</tr></thead>\n<tbody><tr hidden>", p->file);
}

void page_row(const page *p)
{
    fputs("</tr>\n<tr>", p->file);
}

void page_cell(const page *p, const char *format, ...)
{
    va_list args;

    fputs("<td>", p->file);
    va_start(args, format);
    print_text(p, format, args);
    va_end(args);
    fputs("</td>", p->file);
}

void page_count(const page *p, long long count)
{
    fprintf(p->file, "<td class=\"number\">%lld</td>", count);
}

void page_number(const page *p, const json_t *value, const char *format, double scale)
{
    char text[64] = "–";

    if (json_is_number(value)) snprintf(text, sizeof text, format, json_number_value(value) * scale);
    fputs("<td class=\"number\">", p->file);
    page_text(p, text);
    fputs("</td>", p->file);
}

void page_table_end(const page *p)
{
    fputs("</tr></tbody></table></div>\n", p->file);
}

/* ---- pictures and charts --------------------------------------------------------- */

static void print_base64(FILE *file, const unsigned char *bytes, size_t size)
{
    static const char digit[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

    for (size_t i = 0; i < size; i += 3) {
        const unsigned b = (unsigned)bytes[i] << 16 | (i + 1 < size ? (unsigned)bytes[i + 1] << 8 : 0) | (i + 2 < size ? bytes[i + 2] : 0U);
        fputc(digit[b >> 18], file);
        fputc(digit[b >> 12 & 63], file);
        fputc(i + 1 < size ? digit[b >> 6 & 63] : '=', file);
        fputc(i + 2 < size ? digit[b & 63] : '=', file);
    }
}

void page_image(const page *p, const char *type, const void *bytes, size_t size, const char *of)
{
    fprintf(p->file, "<img src=\"data:%s;base64,", type);
    print_base64(p->file, bytes, size);
    fputs("\" alt=\"", p->file);
    page_text(p, of);
    fputs("\">", p->file);
}

void page_chart(page *p, json_t *chart)
{
    fprintf(p->file, "<figure class=\"chart\"><figcaption>");
    page_text(p, json_string_value(json_object_get(chart, "title")));
    fprintf(p->file, "</figcaption><div><canvas data-chart=\"%zu\" role=\"img\"></canvas></div></figure>\n", json_array_size(p->charts));
    json_array_append_new(p->charts, chart);
}

/* The charts as a block of data; inside of it nothing can end a script. */
static void print_charts(const page *p)
{
    char *text = json_dumps(p->charts, JSON_COMPACT | JSON_ENSURE_ASCII | JSON_REAL_PRECISION(6));

    fputs("<script type=\"application/json\" id=\"charts\">", p->file);
    for (const char *c = text ? text : "[]"; *c; c++)
        if (*c == '<' || *c == '>' || *c == '&') fprintf(p->file, "\\u%04x", (unsigned)*c);
        else fputc(*c, p->file);
    fputs("</script>\n", p->file);
    free(text);
}

/* ---- the page -------------------------------------------------------------------- */

/* " 'sha256-...'": a browser runs these scripts and no other. */
static void print_digest(const page *p, const unsigned char *script, size_t size)
{
    uint8_t digest[DIGEST];
    SHA2_CTX state;

    if (size == 0) return;
    SHA256Init(&state);
    SHA256Update(&state, script, size);
    SHA256Final(digest, &state);
    fputs(" 'sha256-", p->file);
    print_base64(p->file, digest, sizeof digest);
    fputc('\'', p->file);
}

/* How each page begins. */
static const char beginning[] = "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
                                "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
                                "<meta name=\"color-scheme\" content=\"light dark\">\n"
                                "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src";

bool page_is(const char *path)
{
    char text[sizeof beginning - 1];
    FILE *file = fopen(path, "rb");
    const size_t size = file ? fread(text, 1, sizeof text, file) : 0;
    const bool is = file && (size == 0 || (size == sizeof text && memcmp(text, beginning, sizeof text) == 0));

    if (file) fclose(file);
    return is;
}

bool page_begin(page *p, const char *title)
{
    *p = (page){ .charts = json_array() };
    p->file = open_memstream(&p->text, &p->size);
    if (!p->file) return false;
    fputs(beginning, p->file);
    print_digest(p, report_chart, report_chart_size);
    print_digest(p, report_script, report_script_size);
    fputs("\">\n<link rel=\"icon\" href=\"data:,\">\n", p->file);
    page_element(p, "title", title);
    fprintf(p->file, "<style>\n%s</style>\n</head>\n<body>\n<main>\n<section>\n", (const char *)report_style);
    page_element(p, "h1", title);
    return true;
}

bool page_end(page *p)
{
    if (p->file) {
        fputs("</section>\n</main>\n", p->file);
        print_charts(p);
        if (report_chart_size) fprintf(p->file, "<script>%s</script>\n", (const char *)report_chart);
        fprintf(p->file, "<script>%s</script>\n</body>\n</html>\n", (const char *)report_script);
    }
    const bool sound = p->file && !ferror(p->file);
    json_decref(p->charts);
    if (p->file && fclose(p->file) == 0 && sound) return true;
    free(p->text);
    p->text = NULL;
    return false;
}
