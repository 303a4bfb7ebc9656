/*
 * Broker: a nats-server of the test's own, on a free port of 127.0.0.1 and with a folder of its
 * own, so that tests can run beside each other. It can be paused, killed and started again.
 *
 * All functions may be called from any thread, one at a time for one broker. What fails here is
 * the test's surroundings: the program says why and aborts. NATS_SERVER in the environment names
 * another program than nats-server.
 */
#ifndef SUPPORT_BROKER_H
#define SUPPORT_BROKER_H

#include <stddef.h>
#include <sys/types.h>

typedef struct broker broker;

typedef struct broker_options {
    size_t max_payload; /* bytes; 0 is nats-server's default, 1 MiB */
    const char *config; /* more lines for its configuration file, or NULL */
} broker_options;

/* Starts a broker; when it returns, clients can connect. `options` may be NULL. */
broker *broker_start(const broker_options *options);

/* "nats://127.0.0.1:<port>"; the broker's, and the same for all its life. */
const char *broker_url(const broker *self);

/* The process that it is right now; to look at, not to signal. */
pid_t broker_process(const broker *self);

/* How many subscriptions the broker holds right now, its own included. */
size_t broker_subscriptions(const broker *self);

/* Ends it in whatever state it is, removes its folder and frees it. NULL is allowed. */
void broker_stop(broker *self);

/* SIGKILL: connections break, nothing is said. */
void broker_kill(broker *self);

/*
 * Ends it unless it was killed, and starts it on the same port. Returns when it takes connections.
 */
void broker_restart(broker *self);

/* SIGSTOP: connections stay open and nothing moves. */
void broker_pause(broker *self);

/* SIGCONT, after broker_pause. */
void broker_resume(broker *self);

#endif
