/* worker.c - processes that run 'planaria train' */

#define _GNU_SOURCE

#include "sweep/worker.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

static void block(sigset_t *before)
{
    sigset_t both;

    sigemptyset(&both);
    sigaddset(&both, SIGINT);
    sigaddset(&both, SIGTERM);
    sigprocmask(SIG_BLOCK, &both, before);
}

/* In the child: only what is safe between fork and exec. */
static void become(const char *const *argv, int log, int lock, pid_t parent, const sigset_t *mask)
{
    const int nothing = open("/dev/null", O_RDONLY);

    (void)setpgid(0, 0);
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) _exit(FAILED);
    (void)dup2(nothing, STDIN_FILENO);
    (void)dup2(log, STDOUT_FILENO);
    (void)dup2(log, STDERR_FILENO);
    (void)fcntl(lock, F_SETFD, 0);
    signal(SIGINT, SIG_DFL);
    signal(SIGTERM, SIG_DFL);
    sigprocmask(SIG_SETMASK, mask, NULL);
    (void)execv("/proc/self/exe", (char *const *)(uintptr_t)argv);
    _exit(FAILED);
}

/* A signal that comes for the child before it is another program would be lost in
 * our handler, so the two are held back meanwhile. */
int worker_start(const char *const *argv, const char *log, int lock, pid_t *pid)
{
    const int file = open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
    const pid_t parent = getpid();
    sigset_t before;
    int error;

    if (file < 0) return complain(FAILED, "cannot write %s: %s", log, strerror(errno));
    fflush(NULL);
    block(&before);
    *pid = fork();
    error = errno;
    if (*pid == 0) become(argv, file, lock, parent, &before);
    sigprocmask(SIG_SETMASK, &before, NULL);
    close(file);
    return *pid > 0 ? DONE : complain(FAILED, "cannot start a process: %s", strerror(error));
}

pid_t worker_ended(int *code)
{
    int status;
    const pid_t pid = waitpid(-1, &status, WNOHANG);

    if (pid <= 0) return 0;
    *code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    return pid;
}
