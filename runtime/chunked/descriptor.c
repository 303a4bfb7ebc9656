/*
 * See descriptor.h.
 *
 * A write to a closed pipe raises SIGPIPE, and one beyond the file size limit SIGXFSZ, both in the
 * thread that writes. So they are blocked around each write, and one that a write has raised is
 * removed again. A signal that was pending before belongs to the program, and stays pending.
 */
#include "chunked/descriptor.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* A wait for a descriptor checks this often whether the call has ended. */
#define LOOK_INTERVAL_MS 100

/* ---- errors ---- */

static natsmicro_status status_of_errno(int number)
{
    switch (number) {
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
    case ENOMEM:
    case EMFILE:
    case ENFILE:
        return NATSMICRO_RESOURCE_EXHAUSTED;
    case EACCES:
    case EPERM:
    case EROFS:
        return NATSMICRO_PERMISSION_DENIED;
    case ENOENT:
        return NATSMICRO_NOT_FOUND;
    case EBUSY:
        return NATSMICRO_FAILED_PRECONDITION;
    case EPIPE:
    case ECONNRESET:
        return NATSMICRO_ABORTED;
    case EISDIR:
    case ENOTDIR:
    case EINVAL:
    case ENAMETOOLONG:
    case ELOOP:
    case EBADF:
        return NATSMICRO_INVALID_ARGUMENT;
    default:
        return NATSMICRO_INTERNAL;
    }
}

natsmicro_status nm_errno_error(nm_error *error, const char *name, int number)
{
    char text[128];
    if (strerror_r(number, text, sizeof(text)) != 0)
        text[0] = '\0';
    if (name[0] == '\0')
        name = "\"\"";
    nm_error_set(error, status_of_errno(number), "%s: %s", name, text);
    nm_error_hide(error, strlen(name) + strlen(": "));
    return status_of_errno(number);
}

/* Ends the call with the error that the system gave. */
static natsmicro_status give_up(natsmicro_call *call, const char *name, int number)
{
    nm_error error = NM_ERROR_INIT;
    nm_errno_error(&error, name, number);
    return nm_call_give_up_with(call, &error);
}

natsmicro_status nm_descriptor_of(nm_descriptor *descriptor, natsmicro_call *call, int fd,
                                  const char *name)
{
    struct stat about;
    if (fstat(fd, &about) != 0)
        return nm_errno_error(&call->send_error, name, errno);
    if (S_ISDIR(about.st_mode))
        return nm_errno_error(&call->send_error, name, EISDIR);
    nm_descriptor_kind kind = S_ISREG(about.st_mode)    ? NM_DESCRIPTOR_FILE
                              : S_ISSOCK(about.st_mode) ? NM_DESCRIPTOR_SOCKET
                                                        : NM_DESCRIPTOR_OTHER;
    *descriptor = (nm_descriptor){call, fd, kind, name};
    return NATSMICRO_OK;
}

/* ---- waiting ---- */

static bool is_ready(const nm_descriptor *self, short event, int timeout_ms)
{
    struct pollfd wait = {.fd = self->fd, .events = event};
    return poll(&wait, 1, timeout_ms) > 0;
}

/*
 * Returns OK while the call goes on. A side that sends is done also when the service has answered.
 * A side that receives is not done when the peer has ended: messages may still wait to be read.
 */
static natsmicro_status look_at_call(natsmicro_call *call, bool sends)
{
    if (nm_now() >= nm_stream_wait_deadline(call->stream))
        return nm_call_give_up(call, NATSMICRO_DEADLINE_EXCEEDED, "%s: the deadline passed",
                               call->method->full_name);
    return sends ? nm_call_check_send(call) : nm_stream_aborted(call->stream);
}

/* Waits until the descriptor is ready or the call is over. */
static natsmicro_status wait_for(const nm_descriptor *self, short event)
{
    natsmicro_status status = NATSMICRO_OK;
    while (status == NATSMICRO_OK && !is_ready(self, event, LOOK_INTERVAL_MS))
        status = look_at_call(self->call, event == POLLIN);
    return status;
}

static bool must_wait(int number)
{
    return number == EAGAIN || number == EWOULDBLOCK;
}

/* ---- reading ---- */

/* Whether a read would return at once. */
static bool may_read_on(const nm_descriptor *self)
{
    return self->kind == NM_DESCRIPTOR_FILE || is_ready(self, POLLIN, 0);
}

natsmicro_status nm_descriptor_read(void *descriptor, uint8_t *buffer, size_t size, size_t *length)
{
    nm_descriptor *self = descriptor;
    *length = 0;
    do {
        if (*length == 0 && self->kind != NM_DESCRIPTOR_FILE) {
            natsmicro_status status = wait_for(self, POLLIN);
            if (status != NATSMICRO_OK)
                return status;
        }
        ssize_t got = read(self->fd, buffer + *length, size - *length);
        if (got == 0)
            break;
        if (got > 0)
            *length += (size_t)got;
        else if (errno != EINTR && !must_wait(errno))
            return give_up(self->call, self->name, errno);
    } while (*length == 0 || (*length < size && may_read_on(self)));
    return NATSMICRO_OK;
}

/* ---- writing ---- */

typedef struct held_signals {
    sigset_t before;
    bool pipe_pending;
    bool size_pending;
} held_signals;

static void hold_signals(held_signals *held)
{
    sigset_t both;
    sigemptyset(&both);
    sigaddset(&both, SIGPIPE);
    sigaddset(&both, SIGXFSZ);
    pthread_sigmask(SIG_BLOCK, &both, &held->before);
    sigset_t pending;
    sigemptyset(&pending);
    sigpending(&pending);
    held->pipe_pending = sigismember(&pending, SIGPIPE) == 1;
    held->size_pending = sigismember(&pending, SIGXFSZ) == 1;
}

static void take_away(int number)
{
    static const struct timespec at_once = {0, 0};
    sigset_t one;
    sigemptyset(&one);
    sigaddset(&one, number);
    while (sigtimedwait(&one, NULL, &at_once) < 0 && errno == EINTR) {
    }
}

static void release_signals(const held_signals *held, int error)
{
    if (error == EPIPE && !held->pipe_pending)
        take_away(SIGPIPE);
    if (error == EFBIG && !held->size_pending)
        take_away(SIGXFSZ);
    pthread_sigmask(SIG_SETMASK, &held->before, NULL);
}

/*
 * Writes once, without a wait for a peer: a socket is told not to wait, and a pipe or terminal that
 * is ready takes PIPE_BUF bytes. Returns the bytes written, or -1 with errno.
 */
static ssize_t write_some(const nm_descriptor *self, const uint8_t *data, size_t length)
{
    if (self->kind == NM_DESCRIPTOR_SOCKET)
        return send(self->fd, data, length, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (self->kind == NM_DESCRIPTOR_OTHER && length > PIPE_BUF)
        length = PIPE_BUF;
    held_signals held;
    hold_signals(&held);
    ssize_t written = write(self->fd, data, length);
    int error = written < 0 ? errno : 0;
    release_signals(&held, error);
    errno = error;
    return written;
}

natsmicro_status nm_descriptor_write(void *descriptor, const uint8_t *data, size_t length)
{
    nm_descriptor *self = descriptor;
    while (length > 0) {
        if (self->kind != NM_DESCRIPTOR_FILE) {
            natsmicro_status status = wait_for(self, POLLOUT);
            if (status != NATSMICRO_OK)
                return status;
        }
        ssize_t written = write_some(self, data, length);
        if (written > 0) {
            data += written;
            length -= (size_t)written;
        } else if (written < 0 && errno != EINTR && !must_wait(errno))
            return give_up(self->call, self->name, errno);
    }
    return NATSMICRO_OK;
}
