/*
 * See scenario.h.
 */
#include "support/scenario.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

void assert_status_at(natsmicro_status expected, natsmicro_status actual, const char *expression,
                      const char *file, int line)
{
    if (actual == expected)
        return;
    print_error("%s\n    is %s, expected %s\n", expression, natsmicro_status_name(actual),
                natsmicro_status_name(expected));
    _fail(file, line);
}

void assert_between_at(int64_t value, int64_t low, int64_t high, const char *expression,
                       const char *file, int line)
{
    if (value >= low && value <= high)
        return;
    print_error("%s\n    is %lld, expected %lld to %lld\n", expression, (long long)value,
                (long long)low, (long long)high);
    _fail(file, line);
}

/* ---- connections ---- */

#define CONNECT_TRIES 5

static natsConnection *connect_with(const char *url, bool no_echo)
{
    natsOptions *options = NULL;
    natsConnection *connection = NULL;
    natsStatus status = natsOptions_Create(&options);
    if (status == NATS_OK && natsmicro_options_prepare(options) != NATSMICRO_OK)
        status = NATS_ERR;
    if (status == NATS_OK)
        status = natsOptions_SetURL(options, url);
    if (status == NATS_OK)
        status = natsOptions_SetNoEcho(options, no_echo);
    /*
     * On a busy machine the broker's first PING can come before its PONG, which is an error for
     * nats.c.
     */
    for (int i = 0; status == NATS_OK && connection == NULL && i < CONNECT_TRIES; i++) {
        natsStatus connected = natsConnection_Connect(&connection, options);
        if (connected != NATS_PROTOCOL_ERROR || i == CONNECT_TRIES - 1)
            status = connected;
    }
    natsOptions_Destroy(options);
    if (status != NATS_OK)
        support_die("cannot connect to %s: %s", url, natsStatus_GetText(status));
    return connection;
}

natsConnection *connect_to_url(const char *url)
{
    return connect_with(url, false);
}

natsConnection *connect_to(const broker *where)
{
    return connect_to_url(broker_url(where));
}

natsConnection *connect_without_echo(const broker *where)
{
    return connect_with(broker_url(where), true);
}

natsConnection *connect_plain(const broker *where)
{
    natsConnection *connection = NULL;
    natsStatus status = natsConnection_ConnectTo(&connection, broker_url(where));
    if (status != NATS_OK)
        support_die("cannot connect to %s: %s", broker_url(where), natsStatus_GetText(status));
    return connection;
}

/* ---- events ---- */

void latch_init(latch *self)
{
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_mutex_init(&self->lock, NULL);
    pthread_cond_init(&self->changed, &attributes);
    pthread_condattr_destroy(&attributes);
    self->count = 0;
}

void latch_destroy(latch *self)
{
    pthread_cond_destroy(&self->changed);
    pthread_mutex_destroy(&self->lock);
}

void latch_open(latch *self)
{
    pthread_mutex_lock(&self->lock);
    self->count++;
    pthread_cond_broadcast(&self->changed);
    pthread_mutex_unlock(&self->lock);
}

bool latch_wait(latch *self, int64_t timeout_ms)
{
    return latch_wait_count(self, 1, timeout_ms);
}

bool latch_wait_count(latch *self, int count, int64_t timeout_ms)
{
    int64_t deadline_ms = now_ms() + timeout_ms;
    struct timespec deadline = {(time_t)(deadline_ms / 1000), (long)(deadline_ms % 1000) * 1000000};
    int error = 0;
    pthread_mutex_lock(&self->lock);
    while (self->count < count && error == 0)
        error = pthread_cond_timedwait(&self->changed, &self->lock, &deadline);
    bool reached = self->count >= count;
    pthread_mutex_unlock(&self->lock);
    return reached;
}

int latch_count(latch *self)
{
    pthread_mutex_lock(&self->lock);
    int count = self->count;
    pthread_mutex_unlock(&self->lock);
    return count;
}

void pass_ms(int64_t ms)
{
    const struct timespec time = {(time_t)(ms / 1000), (long)(ms % 1000) * 1000000};
    nanosleep(&time, NULL);
}

bool eventually(bool (*condition)(void *data), void *data, int64_t timeout_ms)
{
    int64_t deadline = now_ms() + timeout_ms;
    while (!condition(data)) {
        if (now_ms() >= deadline)
            return false;
        pass_ms(1);
    }
    return true;
}

/* ---- a second process ---- */

void child_start(child *self, const char *mode, const char *argument)
{
    char program[1024];
    ssize_t length = readlink("/proc/self/exe", program, sizeof(program) - 1);
    if (length < 0)
        support_die("cannot find this program: %s", strerror(errno));
    program[length] = '\0';
    int ends[2];
    if (pipe(ends) != 0)
        support_die("cannot make a pipe: %s", strerror(errno));
    char *arguments[] = {program, (char *)mode, (char *)argument, NULL};
    self->pid = process_start(program, arguments, ends[1], -1);
    self->out = ends[0];
    close(ends[1]);
}

/* Reads byte by byte, so that what follows the line stays in the pipe for the next call. */
bool child_line(child *self, char *line, size_t size, int64_t timeout_ms)
{
    int64_t deadline = now_ms() + timeout_ms;
    size_t length = 0;
    for (;;) {
        struct pollfd readable = {self->out, POLLIN, 0};
        int64_t left = deadline - now_ms();
        if (left < 0 || poll(&readable, 1, (int)left) == 0)
            return false;
        char byte;
        ssize_t got = read(self->out, &byte, 1);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return false;
        if (byte == '\n')
            break;
        if (length + 1 < size)
            line[length++] = byte;
    }
    line[length] = '\0';
    return true;
}

static int child_ended(child *self, int wait_status)
{
    close(self->out);
    self->pid = 0;
    return WIFEXITED(wait_status) ? WEXITSTATUS(wait_status) : -1;
}

void child_kill(child *self)
{
    int wait_status = 0;
    if (self->pid == 0)
        return;
    process_signal(self->pid, SIGKILL);
    if (!process_wait(self->pid, 10000, &wait_status))
        support_die("process %ld outlives SIGKILL", (long)self->pid);
    child_ended(self, wait_status);
}

int child_stop(child *self, int64_t timeout_ms)
{
    if (self->pid == 0)
        return -1;
    process_signal(self->pid, SIGTERM);
    return child_wait(self, timeout_ms);
}

int child_wait(child *self, int64_t timeout_ms)
{
    int wait_status = 0;
    if (self->pid == 0)
        return -1;
    if (process_wait(self->pid, timeout_ms, &wait_status))
        return child_ended(self, wait_status);
    child_kill(self);
    return -1;
}

/* ---- both kinds of streams ---- */

static bool plain;

bool streams_are_plain(void)
{
    return plain;
}

int run_on_plain_streams(int (*run)(void))
{
    plain = true;
    printf("# over plain streams\n");
    fflush(stdout);
    int failed = run();
    plain = false;
    return failed;
}

int run_on_both_streams(int (*run)(void))
{
    int failed = run_on_plain_streams(run);
    printf("# over reliable streams\n");
    fflush(stdout);
    return failed + run();
}
