/* rungs.c - which trials go how far, and the processes that do it
 *
 * A rung is a number of epochs.  All trials of a rung are finished before the
 * best of them go on to the next, so the choice depends on no order of time. */

#define _POSIX_C_SOURCE 200809L

#include "progress.h"
#include "sweep/sweep.h"
#include "sweep/worker.h"
#include "watch.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

/* A process at work on a trial, one seed after the other. */
typedef struct slot {
    int    pid;                  /* 0: free */
    int    trial, seed;
    double sum, started;
} slot;

/* One rung under way. */
typedef struct stage {
    sweep *w;
    int    rung, threads;
    int   *open, opens, next;    /* trials without a result at this rung */
    slot  *slots;
    int    busy;
} stage;

/* ---- a result -------------------------------------------------------------- */

static void tell(const sweep *w, const outcome *o, int rung, int exit_code)
{
    const sweep_config *c = w->f.c;
    char **settings;

    progress_clear();
    if (o->failed) {
        fprintf(stderr, "trial %4d  failed with exit code %d; trial-%04d/log.txt says why\n", o->trial, exit_code, o->trial);
        return;
    }
    if (w->json) return;
    settings = trial_settings(c, o->trial);
    fprintf(stderr, "trial %4d  rung %d of %d  %5d epochs  %s %6.2f %%  %8.1f s ", o->trial, rung + 1, w->rungs,
            o->epochs, sweep_metric_name(c), 100 * o->metric, o->seconds);
    for (int s = 0; settings && settings[s]; s++) fprintf(stderr, " %s", settings[s]);
    fputc('\n', stderr);
    trial_settings_free(settings);
}

static int keep(stage *g, slot *s, bool failed, int exit_code)
{
    sweep *w = g->w;
    const outcome o = { .trial = s->trial, .epochs = w->epochs[g->rung], .failed = failed,
                        .metric = s->sum / w->f.c->seeds_per_trial, .seconds = watch_seconds() - s->started };
    int code = store_keep(w->store, &o, failed ? "failed" : g->rung + 1 == w->rungs ? "done" : "open");

    s->pid = 0;
    g->busy--;
    if (code == DONE) code = sweep_write_lines(w);
    if (code != DONE) return code;
    *sweep_result(w, o.trial, g->rung) = o;
    tell(w, &o, g->rung, exit_code);
    return DONE;
}

/* ---- processes ------------------------------------------------------------- */

static int start(stage *g, slot *s, int trial, int seed)
{
    s->trial = trial;
    s->seed = seed;
    return trial_start(g->w, trial, seed, g->w->epochs[g->rung], g->threads, &s->pid);
}

static int start_next(stage *g, slot *s)
{
    int code = trial_prepare(g->w, g->open[g->next]);

    s->sum = 0;
    s->started = watch_seconds();
    if (code == DONE) code = start(g, s, g->open[g->next], 0);
    if (code != DONE) {
        s->pid = 0;
        return code;
    }
    g->next++;
    g->busy++;
    return DONE;
}

/* Whether somebody ended the process: that says nothing about its settings. */
static bool ended_from_outside(int exit_code)
{
    return exit_code == 128 + SIGKILL || exit_code == 128 + SIGTERM || exit_code == 128 + SIGINT || exit_code == 128 + SIGHUP;
}

/* After a process has ended: the next seed, or the result.  While all are being
 * stopped only what has finished by itself counts. */
static int proceed(stage *g, slot *s, int exit_code, bool stopping)
{
    double figure = 0;

    if (exit_code == DONE && trial_figure(g->w, s->trial, s->seed, &figure)) {
        s->sum += figure;
        if (s->seed + 1 == g->w->f.c->seeds_per_trial) return keep(g, s, false, DONE);
        if (!stopping && start(g, s, s->trial, s->seed + 1) == DONE) return DONE;
    } else if (!stopping && ended_from_outside(exit_code)) {
        (void)complain(FAILED, "the process of trial %d was ended from outside, by signal %d; the same command goes on",
                       s->trial, exit_code - 128);
    } else if (!stopping) {
        return keep(g, s, true, exit_code);
    }
    s->pid = 0;
    g->busy--;
    return stopping ? DONE : FAILED;
}

static int collect(stage *g, bool stopping)
{
    int exit_code, code = DONE;
    pid_t pid;

    while (code == DONE && (pid = worker_ended(&exit_code)) > 0)
        for (int i = 0; i < g->w->workers; i++)
            if (g->slots[i].pid == (int)pid) {
                code = proceed(g, &g->slots[i], exit_code, stopping);
                break;
            }
    return code;
}

static void stop_all(const stage *g)
{
    for (int i = 0; i < g->w->workers; i++)
        if (g->slots[i].pid > 0) (void)kill(g->slots[i].pid, SIGINT);
}

static void show(const stage *g)
{
    const int done = g->next - g->busy;
    char text[96];

    snprintf(text, sizeof text, "rung %d of %d, %d of %d trials, %d under way", g->rung + 1, g->w->rungs, done,
             g->opens, g->busy);
    progress_show((double)done / g->opens, -1, text);
}

/* Trains the open trials of the rung; whatever happens, no process is left. */
static int run_open(stage *g)
{
    const struct timespec pause = { .tv_nsec = 20000000 };
    bool stopping = false;
    int code = DONE, more;

    while (g->busy > 0 || (!stopping && g->next < g->opens)) {
        for (int i = 0; i < g->w->workers && code == DONE && !stopping && !watch_interrupted(); i++)
            if (g->slots[i].pid == 0 && g->next < g->opens) code = start_next(g, &g->slots[i]);
        if (!stopping && (watch_interrupted() || code != DONE)) {
            stopping = true;
            stop_all(g);
        }
        more = collect(g, stopping);
        if (code == DONE) code = more;
        show(g);
        if (g->busy > 0) (void)nanosleep(&pause, NULL);
    }
    progress_clear();
    if (code == DONE && watch_interrupted()) code = complain(INTERRUPTED, "interrupted; the same command goes on");
    return code;
}

/* ---- rungs ----------------------------------------------------------------- */

/* Trials without a result are run; those given up have none to come. */
static int climb(sweep *w, int rung, const int *members, int count)
{
    const int processors = pln_processors();
    stage g = { .w = w, .rung = rung, .open = malloc(sizeof *g.open * (size_t)count),
                .slots = calloc((size_t)w->workers, sizeof *g.slots) };
    int code = DONE, used;

    if (!g.open || !g.slots) {
        code = complain(FAILED, "no memory left");
    } else {
        for (int m = 0; m < count; m++)
            if (sweep_result(w, members[m], rung)->trial == 0) g.open[g.opens++] = members[m];
        used = g.opens < w->workers ? g.opens : w->workers;
        g.threads = used > 0 && processors > used ? processors / used : 1;
        if (g.opens > 0) code = run_open(&g);
    }
    free(g.open);
    free(g.slots);
    return code;
}

static int by_number(const void *a, const void *b)
{
    const int x = *(const int *)a, y = *(const int *)b;
    return (x > y) - (x < y);
}

/* Leaves those that go on to the next rung in members, in ascending order. */
static int choose(sweep *w, int rung, int *members, int *count)
{
    const int wanted = sweep_survivors(w->f.c, *count);
    const int ranked = sweep_rank(w, rung, members);
    int code = DONE;

    if (ranked < 0) return complain(FAILED, "no memory left");
    *count = ranked < wanted ? ranked : wanted;
    for (int m = *count; m < ranked && code == DONE; m++) code = store_set_state(w->store, members[m], "dropped");
    qsort(members, (size_t)*count, sizeof *members, by_number);
    return code;
}

int sweep_run(sweep *w)
{
    int count = w->f.c->trials, code = DONE;
    int *members = malloc(sizeof *members * (size_t)count);

    if (!members) return complain(FAILED, "no memory left");
    for (int m = 0; m < count; m++) members[m] = m + 1;
    for (int rung = 0; rung < w->rungs && code == DONE && count > 0; rung++) {
        code = climb(w, rung, members, count);
        if (code == DONE && rung + 1 < w->rungs) code = choose(w, rung, members, &count);
    }
    free(members);
    return code;
}
