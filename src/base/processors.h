/* processors.h - the processors that this process may use */
#ifndef PLNI_PROCESSORS_H
#define PLNI_PROCESSORS_H

#include <stdbool.h>

enum { PLNI_MAX_THREADS = 256 };

typedef struct plni_processors {
    int  allowed;      /* that the scheduler may run it on (affinity)                    */
    bool rationed;     /* its control group grants less time than they have              */
    int  threads;      /* worth starting, 1..PLNI_MAX_THREADS; heeds OMP_NUM_THREADS too */
} plni_processors;

plni_processors plni_processors_find(void);

/* The time that the control groups of this process grant, in processors; INFINITY
 * if they set no bound.  Files are looked for below root: "", or a test's. */
double plni_processors_quota(const char *root);

/* Threads worth starting on so many processors within such a quota.  `wish` is the
 * text of OMP_NUM_THREADS, or NULL; only its first number counts. */
int plni_processors_threads(int allowed, double quota, const char *wish);

#endif
