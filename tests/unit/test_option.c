/* test_option.c - option tables: every type, the ends of ranges, paths, texts that read back */

#include "context.h"

#include "planaria.h"

typedef struct inner { int units; float share; } inner;
typedef struct thing {
    int    whole, word;
    float  number;
    double precise, single;
    bool   yes, there;
    char   text[8], texts[16];
    int    texts_count, whole_count, number_count, inner_count;
    int    wholes[3];
    float  numbers[3];
    inner  list[2], section;
} thing;

static const char *const words[] = { "", "one", "two", NULL };

static void double_whole(void *object) { ((thing *)object)->whole *= 2; }

static const pln_option inner_options[] = {
    { "units", PLN_OPTION_INT, offsetof(inner, units), 1, 9, 0, PLN_OPTION_NEEDED, .help = "" },
    { "share", PLN_OPTION_FLOAT, offsetof(inner, share), 0, 1, -1, PLN_OPTION_BELOW, .help = "a share" },
    { 0 }
};
static const pln_option more_options[] = {
    { "word", PLN_OPTION_WORD, offsetof(thing, word), .usual = 1, .words = words, .then = double_whole },
    { "number", PLN_OPTION_FLOAT, offsetof(thing, number), 0, 1, 0.5, PLN_OPTION_ABOVE, .help = "" },
    { "unused", PLN_OPTION_INT, offsetof(thing, whole), .help = "" },
    { 0 }
};
static const pln_option options[] = {
    { "whole", PLN_OPTION_INT, offsetof(thing, whole), -3, 12, 4, PLN_OPTION_ZERO | PLN_OPTION_ASIDE, .help = "" },
    { "word number", PLN_OPTION_ALSO, 0, .options = more_options },
    { "precise", PLN_OPTION_DOUBLE, offsetof(thing, precise), .help = "" },
    { "single", PLN_OPTION_DOUBLE, offsetof(thing, single), .flags = PLN_OPTION_SINGLE },
    { "yes", PLN_OPTION_BOOL, offsetof(thing, yes), .help = "" },
    { "text", PLN_OPTION_TEXT, offsetof(thing, text), .most = 8 },
    { "texts", PLN_OPTION_TEXTS, offsetof(thing, texts), .count = offsetof(thing, texts_count), .most = 16 },
    { "wholes", PLN_OPTION_INTS, offsetof(thing, wholes), 1, 5, .count = offsetof(thing, whole_count), .most = 3 },
    { "numbers", PLN_OPTION_FLOATS, offsetof(thing, numbers), .count = offsetof(thing, number_count), .most = 3 },
    { "list", PLN_OPTION_LIST, offsetof(thing, list), .options = inner_options, .count = offsetof(thing, inner_count),
      .size = sizeof(inner), .most = 2 },
    { "section", PLN_OPTION_SECTION, offsetof(thing, section), .flags = PLN_OPTION_MARKED, .options = inner_options,
      .count = offsetof(thing, there) },
    { 0 }
};


static thing usual(void)
{
    thing t;

    memset(&t, 0, sizeof t);
    pln_option_defaults(options, &t);
    return t;
}

/* One setting, what becomes of it, and what the whole then looks like or the sentence says. */
static void test_set(void **state)
{
    static const struct { const char *path, *text; pln_status status; const char *says; } cases[] = {
        { "whole", "12", PLN_OK, "{\"whole\":12}" },
        { "WHOLE", "-3", PLN_OK, "{\"whole\":-3}" },
        { "whole", "0", PLN_OK, "{}" },
        { "whole", "13", PLN_ERR_ARG, "whole is 13; it must be -3..12" },
        { "whole", "-4", PLN_ERR_ARG, "whole is -4; it must be -3..12" },
        { "whole", "99999999999", PLN_ERR_ARG, "whole is 99999999999; it must be -3..12" },
        { "whole", "1e1", PLN_ERR_FORMAT, "whole is '1e1'; it must be a whole number, written in digits" },
        { "whole", "07", PLN_ERR_FORMAT, "whole is '07'; it must be a whole number, written in digits" },
        { "whole", "", PLN_ERR_FORMAT, "whole is ''; it must be a whole number, written in digits" },
        { "number", "1", PLN_OK, "{\"number\":1}" },
        { "number", "1e-7", PLN_OK, "{\"number\":1e-07}" },
        { "number", "0", PLN_ERR_ARG, "number is 0; it must be above 0 and at most 1" },
        { "number", "nan", PLN_ERR_FORMAT, "number is 'nan'; it must be a number such as 0.5 or 5e-4" },
        { "number", "0,4", PLN_ERR_FORMAT, "number is '0,4'; it must be a number such as 0.5 or 5e-4" },
        { "number", "1e99", PLN_ERR_FORMAT, "number is '1e99'; it must be a number such as 0.5 or 5e-4" },
        { "precise", "0.1", PLN_OK, "{\"precise\":0.1}" },
        { "precise", "0.30000000000000004", PLN_OK, "{\"precise\":0.30000000000000004}" },
        { "precise", "1e300", PLN_OK, "{\"precise\":1e+300}" },
        { "single", "0.1", PLN_OK, "{\"single\":0.1}" },
        { "single", "1e300", PLN_ERR_FORMAT, "single is '1e300'; it must be a number such as 0.5 or 5e-4" },
        { "yes", "On", PLN_OK, "{\"yes\":true}" },
        { "yes", "maybe", PLN_ERR_FORMAT, "yes is 'maybe'; it must be true or false" },
        { "word", "TWO", PLN_OK, "{\"whole\":8,\"word\":\"two\"}" },
        { "word", "", PLN_ERR_FORMAT, "word is ''; it must be one of one, two" },
        { "word", "three", PLN_ERR_FORMAT, "word is 'three'; it must be one of one, two" },
        { "text", "a\"b\n\xc3\xa4", PLN_OK, "{\"text\":\"a\\\"b\\u000a\\u00e4\"}" },
        { "text", "12345678", PLN_ERR_ARG, "text is too long: it may have 7 characters" },
        { "wholes", "[1, 5]", PLN_OK, "{\"wholes\":[1, 5]}" },
        { "wholes", "3", PLN_OK, "{\"wholes\":[3]}" },
        { "wholes", "[]", PLN_OK, "{}" },
        { "wholes", "[1, 6]", PLN_ERR_ARG, "wholes is 6; it must be 1..5" },
        { "wholes", "[1,1,1,1]", PLN_ERR_ARG, "wholes has too many items: there may be 3" },
        { "numbers", "[0.5,-2]", PLN_OK, "{\"numbers\":[0.5, -2]}" },
        { "section.share", "0.5", PLN_OK, "{\"section\":{\"units\":0,\"share\":0.5}}" },
        { "section.share", "1", PLN_ERR_ARG, "section.share is 1; it must be at least 0 and below 1" },
        { "section", "1", PLN_ERR_FORMAT, "there is no option 'section' that takes a value" },
        { "list.0.units", "1", PLN_ERR_FORMAT, "there is no option 'list.0.units' that takes a value" },
        { "unused", "1", PLN_ERR_FORMAT, "there is no option 'unused' that takes a value" },
        { "whole.x", "1", PLN_ERR_FORMAT, "there is no option 'whole.x' that takes a value" },
    };

    (void)state;
    for (int i = 0; i < TEST_COUNT(cases); i++) {
        thing t = usual(), before = t;
        char text[256];
        const pln_status status = pln_option_set(ctx, options, &t, cases[i].path, cases[i].text);
        pln_option_print(options, &t, PLN_PRINT_JSON, text, sizeof text);
        if (status != cases[i].status) fail_msg("%s=%s: %s", cases[i].path, cases[i].text, pln_status_text(status));
        if (status == PLN_OK) {
            assert_string_equal(text, cases[i].says);
        } else {
            assert_string_equal(pln_error(ctx), cases[i].says);
            assert_string_equal(pln_error_path(ctx), cases[i].path);
            assert_memory_equal(&t, &before, sizeof t);
        }
    }
    assert_int_equal(pln_option_set(ctx, options, &(thing){ .whole = 0 }, "whole", "5"), PLN_OK);
    assert_true(pln_ctx_allocations(ctx) == 0);
}

/* What is in a struct is checked as what is in a text. */
static void test_check(void **state)
{
    thing t = usual();

    (void)state;
    assert_int_equal(pln_option_check(ctx, options, &t, "a"), PLN_OK);
    t.inner_count = 1;
    t.list[0] = (inner){ 1, 2 };
    assert_int_equal(pln_option_check(ctx, options, &t, "a"), PLN_ERR_ARG);
    assert_string_equal(pln_error_path(ctx), "a.list.0.share");
    t.list[0] = (inner){ 0, 0 };
    assert_int_equal(pln_option_check(ctx, options, &t, ""), PLN_ERR_ARG);
    assert_string_equal(pln_error(ctx), "list.0.units is 0; it must be 1..9");
    t = usual();
    t.word = 3;
    assert_int_equal(pln_option_check(ctx, options, &t, ""), PLN_ERR_ARG);
    t = usual();
    t.precise = NAN;
    assert_int_equal(pln_option_check(ctx, options, &t, ""), PLN_ERR_ARG);
    assert_string_equal(pln_error(ctx), "precise is nan; it must be a finite number");
    t = usual();
    t.number_count = 4;
    assert_int_equal(pln_option_check(ctx, options, &t, ""), PLN_ERR_ARG);
    assert_int_equal(pln_neuron_check(ctx, &(pln_neuron){ .tau = 2 }), PLN_ERR_ARG);      /* leaves another path */
    assert_string_equal(pln_error_path(ctx), "spiking.threshold");
}

static void test_read(void **state)
{
    static const struct { const char *json, *says, *path; } cases[] = {
        { "{\"number\": 0.25, \"precise\": 0.1, \"whole\": 3}", NULL, NULL },
        { "{\"list\": [{\"units\": 2}, {\"units\": 3, \"share\": 0}], \"texts\": [\"a\", \"\", \"b c\"], \"wholes\": [1]}", NULL, NULL },
        { "{\"section\": {\"units\": 2}, \"yes\": true, \"numbers\": []}", NULL, NULL },
        { "{\"wole\": 3}", "there is no key 'wole' here; did you mean 'whole'?", "wole" },
        { "{\"section\": {\"flux\": 3}}", "there is no key 'flux' in section; there are units, share", "section.flux" },
        { "{\"section\": {}}", "the key 'units' is missing in section", "section" },
        { "{\"list\": [{\"units\": 1}, {}]}", "the key 'units' is missing in list.1", "list.1" },
        { "{\"list\": [{\"units\": 1}, {\"units\": 1}, {\"units\": 1}]}", "list has too many items: there may be 2", "list" },
        { "{\"section\": 3}", "section is one value; it must be a section of keys, such as 'units: ...'", "section" },
        { "{\"wholes\": 3}", "wholes must be a list, such as [3]", "wholes" },
        { "{\"whole\": [3]}", "whole is a list; it must be one value", "whole" },
        { "{\"numbers\": [1, [2]]}", "numbers.1 is a list; it must be one value", "numbers.1" },
        { "{\"whole\": 1, \"WHOLE\": 2}", "the key 'whole' stands twice in the file; leave one out", "WHOLE" },
        { "{\"texts\": [\"0123456789\", \"0123456789\"]}", "texts is too long: it may have 15 characters", "texts" },
    };

    (void)state;
    for (int i = 0; i < TEST_COUNT(cases); i++) {
        thing t, again;
        char text[512], text_again[512];
        memset(&t, 0, sizeof t);
        memset(&again, 0, sizeof again);
        const pln_status status = pln_option_read_json(ctx, options, &t, cases[i].json);
        if ((status == PLN_OK) != !cases[i].says) fail_msg("%s: %s", cases[i].json, pln_error(ctx));
        if (cases[i].says) {
            assert_string_equal(pln_error(ctx), cases[i].says);
            assert_string_equal(pln_error_path(ctx), cases[i].path);
            continue;
        }
        assert_true(pln_option_print(options, &t, PLN_PRINT_JSON, text, sizeof text) == strlen(text));
        assert_int_equal(pln_option_read_json(ctx, options, &again, text), PLN_OK);
        pln_option_print(options, &again, PLN_PRINT_JSON, text_again, sizeof text_again);
        assert_string_equal(text, text_again);
    }
    assert_int_equal(pln_option_read_json(ctx, options, &(thing){ .whole = 0 }, "[1]"), PLN_ERR_FORMAT);
    assert_true(pln_ctx_bytes(ctx) == 0);
}

/* In the order of the table, whatever that of the settings: `word` doubles what `whole` says. */
static void test_order(void **state)
{
    static const pln_setting settings[] = { { "number", PLN_SETTING_VALUE, "1", 1 }, { "word", PLN_SETTING_VALUE, "one", 2 },
                                            { "whole", PLN_SETTING_VALUE, "3", 3 } };
    thing t;

    (void)state;
    assert_int_equal(pln_option_read(ctx, options, &t, settings, 3), PLN_OK);
    assert_int_equal(t.whole, 6);
    pln_neuron n = pln_neuron_default();
    assert_int_equal(pln_option_set(ctx, pln_neuron_options, &n, "surrogate", "sigmoid"), PLN_OK);
    assert_true(n.sharpness == pln_surrogate_usual(PLN_SURROGATE_SIGMOID));
}

static void see_line(void *user, const pln_option_line *line)
{
    static const pln_option_line wanted[] = {
        { "units", "whole number, 1..9", "", "", true }, { "share", "number, at least 0 and below 1", "", "a share", false } };
    int *next = user;

    assert_in_range(*next, 0, 1);
    assert_string_equal(line->path, wanted[*next].path);
    assert_string_equal(line->values, wanted[*next].values);
    assert_string_equal(line->usual, wanted[*next].usual);
    assert_string_equal(line->help, wanted[*next].help);
    assert_int_equal(line->needed, wanted[(*next)++].needed);
}

static void test_print(void **state)
{
    static const char *const yaml = "whole: 5\ntext: \"\\u2028\\U0001f642\"\ntexts: [a, b]\nlist:\n  - units: 1\n"
                                    "    share: 0.5\n  - units: 2\nsection:\n  units: 7\n";
    thing t = usual();
    char text[512], small[8];

    (void)state;
    t.whole = 5;
    t.there = true;
    t.section.units = 7;
    strcpy(t.text, "\xe2\x80\xa8\xf0\x9f\x99\x82");
    memcpy(t.texts, "a\0b", 4);
    t.texts_count = 2;
    t.inner_count = 2;
    t.list[0] = (inner){ 1, 0.5f };
    t.list[1] = (inner){ 2, -1 };
    assert_true(pln_option_print(options, &t, PLN_PRINT_YAML, text, sizeof text) == strlen(yaml));
    assert_string_equal(text, yaml);
    assert_true(pln_option_print(options, &t, PLN_PRINT_YAML, small, sizeof small) == strlen(yaml));
    assert_true(memcmp(small, yaml, 7) == 0 && small[7] == 0);
    pln_option_print(options, &t, PLN_PRINT_IDENTITY, text, sizeof text);
    assert_null(strstr(text, "whole"));
    assert_non_null(strstr(text, "\"section\":{\"units\":7}"));
    pln_option_document(inner_options, text, sizeof text);
    assert_string_equal(text, "| **`units`** | whole number, 1..9 | |  |\n| `share` | number, at least 0 and below 1 | | a share |\n");
    int lines = 0;
    pln_option_each(inner_options, see_line, &lines);
    assert_int_equal(lines, 2);
}

/* What a word brings along is printed where it was changed, also to what it is without the word. */
static void test_print_what_words_bring(void **state)
{
    pln_neuron neuron = pln_neuron_default(), again;
    pln_spiking spiking = pln_spiking_default(), more;
    char text[512];

    (void)state;
    neuron.surrogate = PLN_SURROGATE_SIGMOID;
    neuron.sharpness = 2;
    pln_option_print(pln_neuron_options, &neuron, PLN_PRINT_JSON, text, sizeof text);
    assert_string_equal(text, "{\"surrogate\":\"sigmoid\",\"sharpness\":2}");
    assert_int_equal(pln_option_read_json(ctx, pln_neuron_options, &again, text), PLN_OK);
    assert_true(again.sharpness == 2);
    spiking.preset = 4;                                          /* tet: tau 2, a triangle, inputs that do not decay */
    assert_true(pln_neuron_find("tet", &spiking.neuron));
    spiking.neuron.decay_input = true;
    spiking.neuron.surrogate = PLN_SURROGATE_ATAN;
    spiking.neuron.sharpness = 2;
    pln_option_print(pln_spiking_options, &spiking, PLN_PRINT_JSON, text, sizeof text);
    assert_non_null(strstr(text, "\"decay_input\":true,\"surrogate\":\"atan\""));
    assert_null(strstr(text, "threshold"));
    assert_int_equal(pln_option_read_json(ctx, pln_spiking_options, &more, text), PLN_OK);
    assert_true(more.neuron.decay_input && more.neuron.surrogate == PLN_SURROGATE_ATAN && more.neuron.sharpness == 2 && more.neuron.tau == 2);
}

/* The tables of the library describe what the defaults are. */
static void test_tables(void **state)
{
    const pln_neuron neuron = pln_neuron_default();
    const pln_fit fit = pln_fit_default();
    const pln_ep ep = pln_ep_default();
    pln_dynamics how = pln_dynamics_default();
    char text[256];

    (void)state;
    pln_option_print(pln_neuron_options, &neuron, PLN_PRINT_JSON, text, sizeof text);
    assert_string_equal(text, "{}");
    assert_int_equal(pln_option_check(ctx, pln_fit_options, &fit, "train"), PLN_OK);
    assert_int_equal(pln_option_check(ctx, pln_ep_options, &ep, "train.ep"), PLN_OK);
    how.kind = PLN_EULER;
    assert_int_equal(pln_option_check(ctx, pln_dynamics_options, &how, "train.ep"), PLN_OK);
    pln_option_print(pln_fit_options, &fit, PLN_PRINT_IDENTITY, text, sizeof text);
    assert_string_equal(text, "{\"epochs\":1,\"batch\":16,\"rate\":[1],\"schedule\":{\"start\":1,\"end\":1,\"ratio\":1,\"length\":1},"
                              "\"winners\":1,\"gamma\":0.5,\"eta\":0.6}");
}

/* Kinds of things of which each item is one, with its values in the same place. */
typedef struct either { bool is[3]; int before; double values[2]; } either;
typedef struct many { either item[4]; int count; } many;
typedef struct circle { float radius; int word; } circle;
typedef struct square { int side; int turned; } square;

static const pln_option circle_options[] = {
    { "radius", PLN_OPTION_FLOAT, offsetof(circle, radius), 0, 5, 0, PLN_OPTION_NEEDED | PLN_OPTION_ABOVE, .help = "of it" },
    { "word", PLN_OPTION_WORD, offsetof(circle, word), .usual = 2, .words = words, .help = "for it" },
    { 0 }
};
static const pln_option square_options[] = {
    { "side", PLN_OPTION_INT, offsetof(square, side), 1, 9, 3, .help = "of it" },
    { 0 }
};
static const pln_option rest_options[] = {
    { "width", PLN_OPTION_INT, offsetof(square, side), 1, 9, 0, PLN_OPTION_NEEDED, .help = "of it" },
    { "height", PLN_OPTION_INT, offsetof(square, turned), 1, 9, 0, PLN_OPTION_NEEDED, .help = "of it" },
    { 0 }
};
enum { BRIEF = PLN_OPTION_MARKED | PLN_OPTION_BRIEF };
static const pln_option either_options[] = {
    { "circle", PLN_OPTION_SECTION, offsetof(either, values), .flags = BRIEF, .options = circle_options, .count = offsetof(either, is) },
    { "square", PLN_OPTION_SECTION, offsetof(either, values), .flags = BRIEF, .options = square_options,
      .count = offsetof(either, is) + sizeof(bool) },
    { "rest", PLN_OPTION_SECTION, offsetof(either, values), .flags = BRIEF, .options = rest_options,
      .count = offsetof(either, is) + 2 * sizeof(bool) },
    { "before", PLN_OPTION_INT, offsetof(either, before), 0, 9, 7, .help = "" },
    { 0 }
};
static const pln_option many_options[] = {
    { "item", PLN_OPTION_LIST, offsetof(many, item), .options = either_options, .count = offsetof(many, count), .size = sizeof(either), .most = 4 },
    { 0 }
};

static void reads(const char *from, const char *back, const char *yaml)
{
    many m, again;
    char text[1024];

    if (pln_option_read_json(ctx, many_options, &m, from) != PLN_OK) fail_msg("%s", pln_error(ctx));
    assert_int_equal(pln_option_check(ctx, many_options, &m, ""), PLN_OK);
    (void)pln_option_print(many_options, &m, PLN_PRINT_JSON, text, sizeof text);
    assert_string_equal(text, back);
    assert_int_equal(pln_option_read_json(ctx, many_options, &again, text), PLN_OK);
    (void)pln_option_print(many_options, &again, PLN_PRINT_YAML, text, sizeof text);
    assert_string_equal(text, yaml);
}

static void is_wrong(const char *from, pln_status status, const char *why)
{
    many m;
    pln_status found = pln_option_read_json(ctx, many_options, &m, from);

    if (found == PLN_OK) found = pln_option_check(ctx, many_options, &m, "");
    assert_int_equal(found, status);
    assert_string_equal(pln_error(ctx), why);
}

static void test_brief(void **state)
{
    char text[2048];
    pln_setting_kind kind;
    many m;

    (void)state;
    reads("{\"item\": [{\"circle\": 2.5}, {\"circle\": {\"word\": \"one\", \"radius\": 1}}, {\"square\": {}, \"before\": 3}, {\"square\": 4}]}",
          "{\"item\":[{\"circle\":2.5},{\"circle\":{\"radius\":1,\"word\":\"one\"}},{\"square\":3,\"before\":3},{\"square\":4}]}",
          "item:\n  - circle: 2.5\n  - circle:\n      radius: 1\n      word: one\n  - square: 3\n    before: 3\n  - square: 4\n");
    reads("{\"item\": [{\"rest\": {\"width\": 2, \"height\": 3}}, {\"square\": \"\"}]}",
          "{\"item\":[{\"rest\":{\"width\":2,\"height\":3}},{\"square\":3}]}", "item:\n  - rest:\n      width: 2\n      height: 3\n  - square: 3\n");
    is_wrong("{\"item\": [{\"circle\": 6}]}", PLN_ERR_ARG, "item.0.circle is 6; it must be above 0 and at most 5");
    is_wrong("{\"item\": [{\"circle\": {\"radius\": 6}}]}", PLN_ERR_ARG, "item.0.circle.radius is 6; it must be above 0 and at most 5");
    is_wrong("{\"item\": [{\"circle\": {}}]}", PLN_ERR_FORMAT, "the key 'radius' is missing in item.0.circle");
    is_wrong("{\"item\": [{\"circle\": \"\"}]}", PLN_ERR_FORMAT,
             "item.0.circle is empty; it must be one value, or a section of keys, such as 'radius: ...'");
    is_wrong("{\"item\": [{\"rest\": 2}]}", PLN_ERR_FORMAT, "item.0.rest is one value; it must be a section, such as {width: 2, height: ...}");
    is_wrong("{\"item\": [{\"circle\": [1]}]}", PLN_ERR_FORMAT,
             "item.0.circle is a list; it must be a section of keys, such as 'radius: ...'");
    is_wrong("{\"item\": [{\"circle\": 1, \"square\": 2}]}", PLN_ERR_ARG, "item.0 has both 'circle' and 'square'; leave one out");
    assert_int_equal(pln_option_read_json(ctx, many_options, &m, "{\"item\": [{\"circle\": 1}]}"), PLN_OK);
    assert_true(pln_option_find(many_options, &m, "item.0.circle", &kind) && kind == PLN_SETTING_VALUE);
    assert_true(pln_option_find(many_options, &m, "item.0.circle.word", &kind) && kind == PLN_SETTING_VALUE);
    assert_false(pln_option_find(many_options, &m, "item.0.square", &kind));
    assert_int_equal(pln_option_set(ctx, many_options, &m, "item.0.circle", "3"), PLN_OK);
    (void)pln_option_print(many_options, &m, PLN_PRINT_JSON, text, sizeof text);
    assert_string_equal(text, "{\"item\":[{\"circle\":3}]}");
    pln_option_defaults(many_options, &m);
    m.count = 1;
    memset(&m.item[0], 0, sizeof m.item[0]);
    assert_int_equal(pln_option_set(ctx, many_options, &m, "item.0.square", "10"), PLN_ERR_ARG);
    assert_int_equal(pln_option_set(ctx, many_options, &m, "item.0.circle.radius", "6"), PLN_ERR_ARG);
    assert_false(m.item[0].is[0] || m.item[0].is[1]);            /* as before */
    memset(m.item[0].values, 0x11, sizeof m.item[0].values);     /* of something else */
    assert_int_equal(pln_option_set(ctx, many_options, &m, "item.0.circle.radius", "3"), PLN_OK);
    assert_true(m.item[0].is[0]);
    assert_int_equal(pln_option_check(ctx, many_options, &m, ""), PLN_OK);
    (void)pln_option_document(many_options, text, sizeof text);
    assert_non_null(strstr(text, "| `item.circle` | number, above 0 and at most 5 | | its `radius`, or a section of: |\n| **`item.circle.radius`**"));
    assert_non_null(strstr(text, "| `item.square` | whole number, 1..9 | 3 | of it |\n| `item.rest`"));
}

/* Words of others' tables may be long, and many. */
static void see_long(void *user, const pln_option_line *line)
{
    assert_string_equal(line->path, "word");
    assert_int_equal(strlen(line->usual), 100);
    assert_int_equal(strlen(line->values), 1023);
    *(int *)user += 1;
}

static void test_long_words(void **state)
{
    static char word[101];
    const char *wide[21] = { NULL };
    const pln_option table[] = { { "word", PLN_OPTION_WORD, 0, .words = wide, .help = "long" }, { 0 } };
    int lines = 0;

    (void)state;
    memset(word, 'w', 100);
    for (int i = 0; i < 20; i++) wide[i] = word;
    pln_option_each(table, see_long, &lines);
    assert_int_equal(lines, 1);
    assert_true(pln_option_document(table, NULL, 0) > 1123);
}

/* The decimal of a float, and of what is none the number itself. */
static void test_decimal(void **state)
{
    (void)state;
    assert_true(pln_decimal((double)0.7f) == 0.7);
    assert_true(pln_decimal((double)0.95f) == 0.95);
    assert_true(pln_decimal((double)1e-7f) == 1e-7);
    assert_true(pln_decimal((double)0.9999999f) == 0.9999999);
    assert_true(pln_decimal(0.7) == 0.7);
    assert_true(pln_decimal(1 / 3.0) == 1 / 3.0);
    assert_true(pln_decimal(0) == 0);
    assert_true(isnan(pln_decimal(NAN)));
    assert_true(isinf(pln_decimal(INFINITY)));
    for (int i = 1; i < 1000; i++) assert_true(pln_decimal((double)((float)i / 1000)) == i / 1000.0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_set), cmocka_unit_test(test_check), cmocka_unit_test(test_read),
        cmocka_unit_test(test_order), cmocka_unit_test(test_print), cmocka_unit_test(test_print_what_words_bring),
        cmocka_unit_test(test_tables), cmocka_unit_test(test_brief), cmocka_unit_test(test_long_words),
        cmocka_unit_test(test_decimal),
    };
    return cmocka_run_group_tests(tests, context_set_up, context_tear_down);
}
