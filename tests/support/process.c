/*
 * See process.h.
 */
#include "support/process.h"

#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* The highest descriptor that a child closes because it has inherited it. */
#define HIGHEST_DESCRIPTOR 4096

int64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void support_die(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    fflush(stdout);
    fputs("test support: ", stderr);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    va_end(arguments);
    abort();
}

/* Between fork and exec: only what a signal handler may call, because other threads may exist. */
static void become(const char *path, char *const arguments[], int out, int err)
{
    if (out >= 0)
        dup2(out, STDOUT_FILENO);
    if (err >= 0)
        dup2(err, STDERR_FILENO);
    for (int descriptor = STDERR_FILENO + 1; descriptor < HIGHEST_DESCRIPTOR; descriptor++)
        close(descriptor);
    execv(path, arguments);
    _exit(127);
}

pid_t process_start(const char *path, char *const arguments[], int out, int err)
{
    fflush(stdout);
    pid_t pid = fork();
    if (pid < 0)
        support_die("cannot fork: %s", strerror(errno));
    if (pid == 0)
        become(path, arguments, out, err);
    return pid;
}

bool process_wait(pid_t pid, int64_t timeout_ms, int *wait_status)
{
    const struct timespec pause = {0, 1000000};
    int64_t deadline = now_ms() + timeout_ms;
    for (;;) {
        pid_t ended = waitpid(pid, wait_status, WNOHANG);
        if (ended == pid)
            return true;
        if (ended < 0 && errno != EINTR)
            support_die("cannot wait for process %ld: %s", (long)pid, strerror(errno));
        if (now_ms() >= deadline)
            return false;
        nanosleep(&pause, NULL);
    }
}

void process_signal(pid_t pid, int signal_number)
{
    if (kill(pid, signal_number) != 0)
        support_die("cannot signal process %ld: %s", (long)pid, strerror(errno));
}

void process_stop(pid_t pid)
{
    process_signal(pid, SIGSTOP);
    int status = 0;
    if (waitpid(pid, &status, WUNTRACED) != pid || !WIFSTOPPED(status))
        support_die("process %ld did not stop: %s", (long)pid, strerror(errno));
}
