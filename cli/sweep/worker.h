/* worker.h - processes that run 'planaria train' */
#ifndef CLI_WORKER_H
#define CLI_WORKER_H

#include "command.h"

#include <sys/types.h>

/* Starts this program with the arguments (argv[0] is its name); what it says is
 * appended to the file `log`.  It keeps `lock` open, so that what is locked by
 * that stays so until the last of them has ended, and it is killed if this
 * process ends before it.  Ctrl-C at a terminal does not reach it.  Complains
 * and returns an exit code. */
int worker_start(const char *const *argv, const char *log, int lock, pid_t *pid);

/* Looks whether one of the processes has ended, without waiting: its number, with
 * *code its exit code (128 + N after signal N), or 0. */
pid_t worker_ended(int *code);

#endif
