/*
 * Run: see run.h.
 */
#include "messages/run.h"

#include "request/pool.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

/* ---- pipes ---- */

enum { STANDARD_STREAMS = 3 };

/* A pipe for each standard stream of the child; -1: closed. */
typedef struct gen_pipes {
    int ours[STANDARD_STREAMS];
    int theirs[STANDARD_STREAMS];
} gen_pipes;

static void close_end(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

static void close_ends(int *fds)
{
    for (int i = 0; i < STANDARD_STREAMS; i++)
        close_end(&fds[i]);
}

/* The child gets its ends by dup2 alone. With a copy of ours it would never see its input end. */
static bool open_pipe(int *ours, int *theirs, bool we_write)
{
    int ends[2];
    if (pipe(ends) != 0)
        return false;
    *ours = ends[we_write];
    *theirs = ends[!we_write];
    return fcntl(*ours, F_SETFD, FD_CLOEXEC) == 0 && fcntl(*theirs, F_SETFD, FD_CLOEXEC) == 0 &&
           fcntl(*ours, F_SETFL, O_NONBLOCK) == 0;
}

static bool open_pipes(gen_pipes *pipes)
{
    bool opened = true;
    for (int i = 0; i < STANDARD_STREAMS; i++)
        pipes->ours[i] = pipes->theirs[i] = -1;
    for (int i = 0; opened && i < STANDARD_STREAMS; i++)
        opened = open_pipe(&pipes->ours[i], &pipes->theirs[i], i == STDIN_FILENO);
    return opened;
}

/* ---- starting ---- */

/* Writing to a child that is gone must not end this process; the child is to have the default. */
static int set_signals(posix_spawnattr_t *attributes)
{
    sigset_t defaults;
    sigemptyset(&defaults);
    sigaddset(&defaults, SIGPIPE);
    signal(SIGPIPE, SIG_IGN);
    int error = posix_spawnattr_setsigdefault(attributes, &defaults);
    return error != 0 ? error : posix_spawnattr_setflags(attributes, POSIX_SPAWN_SETSIGDEF);
}

/* Starts the child with its ends of the pipes as its standard streams. Returns an errno. */
static int spawn(const char *program, const gen_pipes *pipes, const posix_spawnattr_t *attributes,
                 pid_t *child)
{
    posix_spawn_file_actions_t actions;
    int error = posix_spawn_file_actions_init(&actions);
    if (error != 0)
        return error;
    for (int i = 0; error == 0 && i < STANDARD_STREAMS; i++)
        error = posix_spawn_file_actions_adddup2(&actions, pipes->theirs[i], i);
    char *arguments[] = {(char *)(uintptr_t)program, NULL};
    if (error == 0)
        error = posix_spawnp(child, program, &actions, attributes, arguments, environ);
    posix_spawn_file_actions_destroy(&actions);
    return error;
}

static int start(const char *program, const gen_pipes *pipes, pid_t *child)
{
    posix_spawnattr_t attributes;
    int error = posix_spawnattr_init(&attributes);
    if (error != 0)
        return error;
    error = set_signals(&attributes);
    if (error == 0)
        error = spawn(program, pipes, &attributes, child);
    posix_spawnattr_destroy(&attributes);
    return error;
}

/* ---- talking ---- */

static bool may_try_again(void)
{
    return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR;
}

/* Writes what the pipe takes now. Closes it after the last byte, or if nobody reads. */
static void write_some(int *fd, const char **input, size_t *length)
{
    ssize_t written = *length == 0 ? 0 : write(*fd, *input, *length);
    if (written > 0) {
        *input += written;
        *length -= (size_t)written;
    }
    if (*length == 0 || (written < 0 && !may_try_again()))
        close_end(fd);
}

/* Reads what the pipe holds now. Closes it at its end. */
static void read_some(int *fd, nm_buffer *bytes)
{
    char piece[65536];
    ssize_t length = read(*fd, piece, sizeof(piece));
    if (length > 0)
        nm_buffer_append(bytes, piece, (size_t)length);
    else if (length == 0 || !may_try_again())
        close_end(fd);
    if (bytes->failed)
        gen_out_of_memory();
}

/* Returns 0 once the child has closed its ends of both pipes that it writes to, else an errno. */
static int talk(gen_pipes *pipes, const char *input, size_t length, gen_ended *ended)
{
    while (pipes->ours[STDOUT_FILENO] >= 0 || pipes->ours[STDERR_FILENO] >= 0) {
        struct pollfd polled[STANDARD_STREAMS];
        for (int i = 0; i < STANDARD_STREAMS; i++)
            polled[i] = (struct pollfd){.fd = pipes->ours[i],
                                        .events = i == STDIN_FILENO ? POLLOUT : POLLIN};
        if (poll(polled, STANDARD_STREAMS, -1) < 0) {
            if (errno == EINTR)
                continue;
            return errno;
        }
        if (polled[STDIN_FILENO].revents != 0)
            write_some(&pipes->ours[STDIN_FILENO], &input, &length);
        if (polled[STDOUT_FILENO].revents != 0)
            read_some(&pipes->ours[STDOUT_FILENO], &ended->output);
        if (polled[STDERR_FILENO].revents != 0)
            read_some(&pipes->ours[STDERR_FILENO], &ended->errors);
    }
    return 0;
}

static int wait_for(pid_t child, gen_ended *ended)
{
    int status;
    while (waitpid(child, &status, 0) < 0) {
        if (errno != EINTR)
            return errno;
    }
    ended->signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
    ended->exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 0;
    return 0;
}

gen_ended gen_run(const char *program, const void *input, size_t length)
{
    gen_ended ended = {.output = NM_BUFFER_INIT, .errors = NM_BUFFER_INIT};
    pid_t child = 0;
    gen_pipes pipes;
    ended.start_error = open_pipes(&pipes) ? start(program, &pipes, &child) : errno;
    close_ends(pipes.theirs);
    if (ended.start_error == 0) {
        int talk_error = talk(&pipes, input, length, &ended);
        close_ends(pipes.ours); /* a child that still reads sees the end, and ends */
        ended.start_error = wait_for(child, &ended);
        if (talk_error != 0)
            ended.start_error = talk_error;
    }
    close_ends(pipes.ours);
    return ended;
}
