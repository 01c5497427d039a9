/* store.c - what is known of a sweep's trials, in an SQLite file */

#include "sweep/store.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct store {
    sqlite3 *db;
    char     path[4096];
};

static int fail(const store *s)
{
    const int error = sqlite3_errcode(s->db) & 0xff;

    return complain(error == SQLITE_NOTADB || error == SQLITE_CORRUPT || error == SQLITE_ERROR ? BAD_INPUT : FAILED,
                    "%s: %s", s->path, s->db ? sqlite3_errmsg(s->db) : "no memory left");
}

static int execute(store *s, const char *sql)
{
    return sqlite3_exec(s->db, sql, NULL, NULL, NULL) == SQLITE_OK ? DONE : fail(s);
}

int store_open(const char *path, store **opened)
{
    store *s = calloc(1, sizeof *s);

    *opened = s;
    if (!s) return complain(FAILED, "no memory left");
    snprintf(s->path, sizeof s->path, "%s", path);
    if (sqlite3_open(path, &s->db) != SQLITE_OK) return fail(s);
    (void)sqlite3_busy_timeout(s->db, 10000);
    return execute(s, "BEGIN IMMEDIATE;"
                      "CREATE TABLE IF NOT EXISTS sweep(identity TEXT NOT NULL);"
                      "CREATE TABLE IF NOT EXISTS trial(id INTEGER PRIMARY KEY, settings TEXT NOT NULL,"
                      " state TEXT NOT NULL);"
                      "CREATE TABLE IF NOT EXISTS result(trial INTEGER NOT NULL REFERENCES trial(id),"
                      " epochs INTEGER NOT NULL, metric REAL, seconds REAL NOT NULL, PRIMARY KEY(trial, epochs));"
                      "COMMIT");
}

void store_close(store *s)
{
    if (s) (void)sqlite3_close(s->db);
    free(s);
}

/* A statement, or NULL after a complaint. */
static sqlite3_stmt *prepare(store *s, const char *sql, int *code)
{
    sqlite3_stmt *statement = NULL;

    *code = sqlite3_prepare_v2(s->db, sql, -1, &statement, NULL) == SQLITE_OK ? DONE : fail(s);
    return statement;
}

/* Runs a statement that returns no rows, and ends it. */
static int finish(store *s, sqlite3_stmt *statement)
{
    const int code = sqlite3_step(statement) == SQLITE_DONE ? DONE : fail(s);

    (void)sqlite3_finalize(statement);
    return code;
}

int store_claim(store *s, const char *identity)
{
    int code, found;
    sqlite3_stmt *find = prepare(s, "SELECT identity FROM sweep", &code), *add;

    if (code != DONE) return code;
    found = sqlite3_step(find);
    if (found == SQLITE_ROW) {
        const unsigned char *known = sqlite3_column_text(find, 0);
        if (!known || strcmp((const char *)known, identity) != 0)
            code = complain(BAD_INPUT, "%s belongs to another sweep: its file, base, data, --limit or number of trials differ; "
                            "name another folder by --out", s->path);
    } else if (found != SQLITE_DONE) {
        code = fail(s);
    }
    (void)sqlite3_finalize(find);
    if (code != DONE || found == SQLITE_ROW) return code;
    add = prepare(s, "INSERT INTO sweep VALUES(?)", &code);
    if (code != DONE) return code;
    (void)sqlite3_bind_text(add, 1, identity, -1, SQLITE_TRANSIENT);
    return finish(s, add);
}

int store_add_trial(store *s, int trial, const char *settings)
{
    int code;
    sqlite3_stmt *add = prepare(s, "INSERT OR IGNORE INTO trial VALUES(?, ?, 'open')", &code);

    if (code != DONE) return code;
    (void)sqlite3_bind_int(add, 1, trial);
    (void)sqlite3_bind_text(add, 2, settings, -1, SQLITE_TRANSIENT);
    return finish(s, add);
}

int store_set_state(store *s, int trial, const char *state)
{
    int code;
    sqlite3_stmt *set = prepare(s, "UPDATE trial SET state = ? WHERE id = ?", &code);

    if (code != DONE) return code;
    (void)sqlite3_bind_text(set, 1, state, -1, SQLITE_TRANSIENT);
    (void)sqlite3_bind_int(set, 2, trial);
    return finish(s, set);
}

static int add_result(store *s, const outcome *o)
{
    int code;
    sqlite3_stmt *add = prepare(s, "INSERT OR REPLACE INTO result VALUES(?, ?, ?, ?)", &code);

    if (code != DONE) return code;
    (void)sqlite3_bind_int(add, 1, o->trial);
    (void)sqlite3_bind_int(add, 2, o->epochs);
    if (o->failed) (void)sqlite3_bind_null(add, 3);
    else           (void)sqlite3_bind_double(add, 3, o->metric);
    (void)sqlite3_bind_double(add, 4, o->seconds);
    return finish(s, add);
}

int store_keep(store *s, const outcome *o, const char *state)
{
    int code = execute(s, "BEGIN IMMEDIATE");

    if (code != DONE) return code;
    code = add_result(s, o);
    if (code == DONE) code = store_set_state(s, o->trial, state);
    if (code == DONE) code = execute(s, "COMMIT");
    if (code != DONE) (void)sqlite3_exec(s->db, "ROLLBACK", NULL, NULL, NULL);
    return code;
}

int store_each(store *s, void (*see)(const outcome *o, const char *settings, void *user), void *user)
{
    int code, step;
    sqlite3_stmt *all = prepare(s, "SELECT trial, epochs, metric, seconds, settings FROM result"
                                   " JOIN trial ON trial.id = result.trial ORDER BY epochs, trial", &code);

    if (code != DONE) return code;
    while ((step = sqlite3_step(all)) == SQLITE_ROW) {
        const outcome o = { .trial = sqlite3_column_int(all, 0), .epochs = sqlite3_column_int(all, 1),
                            .failed = sqlite3_column_type(all, 2) == SQLITE_NULL,
                            .metric = sqlite3_column_double(all, 2), .seconds = sqlite3_column_double(all, 3) };
        const unsigned char *settings = sqlite3_column_text(all, 4);
        see(&o, settings ? (const char *)settings : "{}", user);
    }
    if (step != SQLITE_DONE) code = fail(s);
    (void)sqlite3_finalize(all);
    return code;
}
