/* completion.c - scripts that complete the words of the command in shells
 *
 * What an option takes is told by how its help calls it: DIR is a folder, KEY=VALUE a key of a configuration.  What a
 * command takes besides follows from its usage in the same way; words in small letters stand for themselves. */

#include "completion.h"

#include "config/config.h"
#include "options.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

enum { FOLDERS = 1, FILES = 2, PRESETS = 4, KEYS = 8 };

/* What is said of one word of a usage: "CONFIG", "[NAME]", "list". */
static unsigned kind_of(const char *word, size_t length)
{
    static const struct { const char *word; unsigned kind; } known[] = {
        { "DIR", FOLDERS }, { "FOLDER", FOLDERS }, { "RUN", FOLDERS }, { "FILE", FILES }, { "MODEL", FILES }, { "CONFIG", FILES },
        { "SWEEP", FILES }, { "INPUT", FILES }, { "PRESET", PRESETS }, { "KEY=VALUE", KEYS },
    };

    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (strlen(known[i].word) == length && strncmp(known[i].word, word, length) == 0) return known[i].kind;
    return 0;
}

/* The next word of a usage from *at on, and its length; NULL behind the last. */
static const char *next_word(const char **at, size_t *length)
{
    const char *begin = *at + strspn(*at, " |[].,");

    *length = strcspn(begin, " |[].,");
    *at = begin + *length;
    return *length ? begin : NULL;
}

static unsigned kinds_of(const char *usage)
{
    unsigned kinds = 0;
    size_t length;

    for (const char *word; usage && (word = next_word(&usage, &length)) != NULL;) kinds |= kind_of(word, length);
    return kinds & FILES ? kinds & ~(unsigned)FOLDERS : kinds;       /* files are looked for in folders, too */
}

/* The words that stand for themselves, each behind a blank. */
static void print_words(const char *usage)
{
    size_t length;

    for (const char *word; (word = next_word(&usage, &length)) != NULL;)
        if (islower((unsigned char)*word)) printf(" %.*s", (int)length, word);
}

/* Text in single quotes, inside of which `marks` have a backslash in front. */
static void print_quoted(const char *text, const char *marks, const char *quote)
{
    for (; *text; text++) {
        if (*text == '\'') fputs(quote, stdout);
        else if (strchr(marks, *text)) printf("\\%c", *text);
        else putchar(*text);
    }
}

static void see_key(void *user, const pln_option_line *line)
{
    (void)user;
    if (strcmp(line->values, "section") != 0 && strncmp(line->path, "layers.", 7) != 0) printf(" %s=", line->path);
}

/* The keys of configurations, each behind a blank. */
static void print_keys(void)
{
    pln_option_each(config_options, see_key, NULL);
}

/* The names of the commands, each behind a blank. */
static void print_names(const subcommand *commands, int count)
{
    for (int i = 0; i < count; i++) printf(" %s", commands[i].name);
}

static bool is_option(const struct poptOption *row)
{
    return row->longName || row->shortName;
}

static bool is_end(const struct poptOption *row)
{
    return !row->longName && !row->shortName && !row->argInfo;
}

/* ---- bash ------------------------------------------------------------------------ */

static void bash_kinds(unsigned kinds)
{
    if (kinds & FOLDERS) fputs(" kinds=d", stdout);
    if (kinds & FILES) fputs(" kinds=f", stdout);
    if (kinds & PRESETS) fputs(" words=\"$(planaria presets 2>/dev/null | sed -n 's/^\\([^ ][^ ]*\\).*/\\1/p')\"", stdout);
    if (kinds & KEYS) fputs(" words=$keys", stdout);
}

static void bash_see(void *user, const char *usage, const char *purpose, const struct poptOption *table)
{
    const subcommand *c = user;
    const struct poptOption *row;

    (void)purpose;
    for (row = table; !is_end(row); row++) {
        if (!is_option(row) || !row->argDescrip) continue;
        if (row->longName) printf("    '%s --%s'", c->name, row->longName);
        if (row->shortName) printf("%s'%s -%c'", row->longName ? "|" : "    ", c->name, row->shortName);
        fputs(")", stdout);
        bash_kinds(kinds_of(row->argDescrip));
        fputs(" ;;\n", stdout);
    }
    printf("    '%s '*) options=\"--help", c->name);
    for (row = table; !is_end(row); row++) {
        if (row->longName) printf(" --%s", row->longName);
        if (row->shortName) printf(" -%c", row->shortName);
    }
    fputs("\" words='", stdout);
    print_words(usage);
    fputs("'", stdout);
    bash_kinds(kinds_of(usage));
    fputs(" ;;\n", stdout);
}

static void bash_print(const subcommand *commands, int count)
{
    fputs("# bash completion of planaria, as 'planaria help --completion bash' prints it\n_planaria()\n{\n"
          "    local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]} options= words= kinds= keys='", stdout);
    print_keys();
    fputs("'\n    [ \"$word\" = '=' ] && word= && before='='\n"
          "    [ \"$before\" = '=' ] && before=${COMP_WORDS[COMP_CWORD-2]}\n"
          "    [ \"$COMP_CWORD\" = 1 ] && before=\n"
          "    case \"$([ \"$COMP_CWORD\" = 1 ] || echo \"${COMP_WORDS[1]}\") $before\" in\n"
          "    ' ') options='--help --version' words='help", stdout);
    print_names(commands, count);
    fputs("' ;;\n    'help --man') words='configuration", stdout);
    print_names(commands, count);
    fputs("' ;;\n    'help --completion') words='bash zsh fish' ;;\n    'help '*) options='--man --completion' words='", stdout);
    print_names(commands, count);
    fputs("' ;;\n", stdout);
    for (int i = 0; i < count; i++) options_describe(commands[i].run, bash_see, (void *)(uintptr_t)&commands[i]);
    fputs("    esac\n"
          "    case $word in -*) words=$options kinds= ;; esac\n"
          "    mapfile -t COMPREPLY < <(compgen ${kinds:+-$kinds} -W \"$words\" -- \"$word\")\n"
          "    [ -n \"$kinds\" ] && compopt -o filenames 2>/dev/null\n"
          "    case ${COMPREPLY[0]-} in *=) compopt -o nospace 2>/dev/null ;; esac\n"
          "    return 0\n}\ncomplete -F _planaria planaria\n", stdout);
}

/* ---- zsh ------------------------------------------------------------------------- */

static void zsh_action(unsigned kinds)
{
    if (kinds & PRESETS) fputs("_planaria_presets", stdout);
    else if (kinds & KEYS) fputs("_planaria_keys", stdout);
    else if (kinds & FILES) fputs("_files", stdout);
    else if (kinds & FOLDERS) fputs("_files -/", stdout);
}

static void zsh_see(void *user, const char *usage, const char *purpose, const struct poptOption *table)
{
    const subcommand *c = user;
    const char *at = usage;
    size_t length;

    (void)purpose;
    printf("    (%s) _arguments '--help[show what it takes]'", c->name);
    for (; !is_end(table); table++) {
        if (!is_option(table)) continue;
        const bool repeats = (table->argInfo & POPT_ARG_MASK) == POPT_ARG_ARGV;
        if (table->longName) printf(" \\\n        '%s--%s%s[", repeats ? "*" : "", table->longName, table->argDescrip ? "=" : "");
        else printf(" \\\n        '%s-%c%s[", repeats ? "*" : "", table->shortName, table->argDescrip ? "+" : "");
        print_quoted(table->descrip ? table->descrip : "", "[]:\\", "'\\''");
        putchar(']');
        if (table->argDescrip) {
            putchar(':');
            print_quoted(table->argDescrip, "[]:\\", "'\\''");
            putchar(':');
            zsh_action(kinds_of(table->argDescrip));
        }
        putchar('\'');
    }
    fputs(" \\\n        '*:", stdout);
    print_quoted(usage, "[]:\\", "'\\''");
    putchar(':');
    const char *word = next_word(&at, &length);
    if (word && islower((unsigned char)*word)) {
        putchar('(');
        print_words(usage);
        fputs(" )", stdout);
    } else {
        zsh_action(kinds_of(usage));
    }
    fputs("' ;;\n", stdout);
}

static void zsh_print(const subcommand *commands, int count)
{
    fputs("#compdef planaria\n# zsh completion of planaria, as 'planaria help --completion zsh' prints it\n_planaria_presets()\n{\n"
          "    local -a names\n"
          "    names=(${(f)\"$(planaria presets 2>/dev/null | sed -n 's/^\\([^ ][^ ]*\\).*/\\1/p')\"})\n"
          "    compadd -a names\n    _files\n}\n_planaria_keys()\n{\n    compadd -S '' --", stdout);
    print_keys();
    fputs("\n}\n_planaria()\n{\n    local -a commands\n    commands=('help:show what a command takes'", stdout);
    for (int i = 0; i < count; i++) {
        printf("\n        '%s:", commands[i].name);
        print_quoted(commands[i].purpose, ":\\", "'\\''");
        putchar('\'');
    }
    fputs(")\n    if (( CURRENT == 2 )); then\n        _describe command commands\n        return\n    fi\n"
          "    local name=$words[2]\n    shift words\n    (( CURRENT-- ))\n    case $name in\n", stdout);
    for (int i = 0; i < count; i++) options_describe(commands[i].run, zsh_see, (void *)(uintptr_t)&commands[i]);
    fputs("    (help) (( CURRENT == 2 )) && _describe command commands ;;\n    esac\n}\n_planaria \"$@\"\n", stdout);
}

/* ---- fish ------------------------------------------------------------------------ */

static void fish_values(unsigned kinds)
{
    if (kinds & PRESETS) fputs(" -a '(__planaria_presets)'", stdout);
    if (kinds & KEYS) fputs(" -a '(__planaria_keys)'", stdout);
    if (kinds & FOLDERS) fputs(" -a '(__fish_complete_directories)'", stdout);
}

static void fish_see(void *user, const char *usage, const char *purpose, const struct poptOption *table)
{
    const subcommand *c = user;

    (void)purpose;
    for (; !is_end(table); table++) {
        if (!is_option(table)) continue;
        const unsigned kinds = table->argDescrip ? kinds_of(table->argDescrip) : 0;
        printf("complete -c planaria -n '__fish_seen_subcommand_from %s'", c->name);
        if (table->longName) printf(" -l %s", table->longName);
        if (table->shortName) printf(" -s %c", table->shortName);
        if (table->argDescrip) fputs(kinds & FILES ? " -r -F" : " -x", stdout);
        fish_values(kinds);
        fputs(" -d '", stdout);
        print_quoted(table->descrip ? table->descrip : "", "\\", "\\'");
        fputs("'\n", stdout);
    }
    const unsigned kinds = kinds_of(usage);
    printf("complete -c planaria -n '__fish_seen_subcommand_from %s'%s", c->name, kinds & FILES ? " -F" : "");
    fish_values(kinds);
    fputs(" -a '", stdout);
    print_words(usage);
    fputs("'\n", stdout);
}

static void fish_print(const subcommand *commands, int count)
{
    fputs("# fish completion of planaria, as 'planaria help --completion fish' prints it\nfunction __planaria_presets\n"
          "    planaria presets 2>/dev/null | string match -r '^[^ ]+'\nend\nfunction __planaria_keys\n    printf '%s\\n'", stdout);
    print_keys();
    fputs("\nend\ncomplete -c planaria -f\ncomplete -c planaria -n __fish_use_subcommand -l help -d 'list the commands'\n"
          "complete -c planaria -n __fish_use_subcommand -l version -d 'print the version'\n"
          "complete -c planaria -n __fish_use_subcommand -a help -d 'show what a command takes'\n", stdout);
    for (int i = 0; i < count; i++) {
        printf("complete -c planaria -n __fish_use_subcommand -a %s -d '", commands[i].name);
        print_quoted(commands[i].purpose, "\\", "\\'");
        printf("'\ncomplete -c planaria -n '__fish_seen_subcommand_from help' -a %s\n", commands[i].name);
    }
    for (int i = 0; i < count; i++) options_describe(commands[i].run, fish_see, (void *)(uintptr_t)&commands[i]);
}

bool completion_print(const char *shell, const subcommand *commands, int count)
{
    static const struct { const char *name; void (*print)(const subcommand *commands, int count); } shells[] = {
        { "bash", bash_print }, { "zsh", zsh_print }, { "fish", fish_print },
    };

    for (size_t i = 0; i < sizeof shells / sizeof shells[0]; i++)
        if (strcmp(shell, shells[i].name) == 0) {
            shells[i].print(commands, count);
            return true;
        }
    return false;
}
