/*
 * Interrupt: see interrupt.h.
 */
#include "invoke/interrupt.h"

#include "text/report.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

static struct {
    pthread_mutex_t lock;
    natsmicro_call *call;
    bool calling;
    atomic_bool interrupted;
    int wake[2]; /* a pipe: what is in it ends all waits */
} state = {.lock = PTHREAD_MUTEX_INITIALIZER, .wake = {-1, -1}};

void cmd_stop_reading(void)
{
    /* A full pipe wakes as well. */
    ssize_t written = write(state.wake[1], "", 1);
    (void)written;
}

static void interrupt(void)
{
    pthread_mutex_lock(&state.lock);
    if (!state.calling || atomic_load(&state.interrupted))
        _exit(CMD_INTERRUPTED);
    atomic_store(&state.interrupted, true);
    natsmicro_call_cancel(state.call);
    pthread_mutex_unlock(&state.lock);
    cmd_stop_reading();
}

static void *take_signals(void *signals)
{
    int number;
    while (sigwait(signals, &number) == 0)
        interrupt();
    return NULL;
}

void cmd_catch_interrupts(void)
{
    static sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGTERM);
    if (pipe(state.wake) != 0 || pthread_sigmask(SIG_BLOCK, &signals, NULL) != 0)
        return;
    pthread_t thread;
    if (pthread_create(&thread, NULL, take_signals, &signals) == 0)
        pthread_detach(thread);
    else
        pthread_sigmask(SIG_UNBLOCK, &signals, NULL);
}

void cmd_begin_calls(void)
{
    pthread_mutex_lock(&state.lock);
    state.calling = true;
    pthread_mutex_unlock(&state.lock);
}

void cmd_end_calls(void)
{
    pthread_mutex_lock(&state.lock);
    state.calling = false;
    pthread_mutex_unlock(&state.lock);
}

void cmd_set_call(natsmicro_call *call)
{
    pthread_mutex_lock(&state.lock);
    state.call = call;
    if (atomic_load(&state.interrupted))
        natsmicro_call_cancel(call);
    pthread_mutex_unlock(&state.lock);
}

bool cmd_was_interrupted(void)
{
    return atomic_load(&state.interrupted);
}

bool cmd_wait_readable(int fd)
{
    struct pollfd waits[] = {{fd, POLLIN, 0}, {state.wake[0], POLLIN, 0}};
    while (poll(waits, 2, -1) < 0) {
        if (errno != EINTR)
            return false;
    }
    return waits[1].revents == 0;
}
