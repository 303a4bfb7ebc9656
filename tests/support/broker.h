/*
 * Broker: a nats-server for one test, on a free port of 127.0.0.1 and with a folder of its own, so
 * that tests can run at the same time. It can be paused, killed and started again.
 *
 * All functions may be called from any thread, one at a time for one broker. When one of them
 * fails, the machine is not fit for the test: the program says why and aborts. NATS_SERVER in the
 * environment names another program than nats-server.
 */
#ifndef SUPPORT_BROKER_H
#define SUPPORT_BROKER_H

#include <stddef.h>
#include <sys/types.h>

typedef struct broker broker;

typedef struct broker_options {
    size_t max_payload; /* bytes; 0 is nats-server's default, 1 MiB */
    const char *config; /* more lines for its configuration file, or NULL */
    /* A file whose lines are added to it too, such as "docs/guide/permissions.conf"; or NULL. */
    const char *config_file;
} broker_options;

/* Starts a broker; when it returns, clients can connect. `options` may be NULL. */
broker *broker_start(const broker_options *options);

/* Returns "nats://127.0.0.1:<port>". The string belongs to the broker and stays the same. */
const char *broker_url(const broker *self);

/* Returns its current process, to be looked at, not to be signalled. */
pid_t broker_process(const broker *self);

/* Returns how many subscriptions the broker has now, with its own. */
size_t broker_subscriptions(const broker *self);

/* Writes the version that the broker reports, such as "2.9.10". */
void broker_version(const broker *self, char *version, size_t size);

/* Ends the broker in any state, removes its folder and frees it. NULL is allowed. */
void broker_stop(broker *self);

/* Kills the broker with SIGKILL: its connections break without a word. */
void broker_kill(broker *self);

/*
 * Ends the broker, unless it was killed, and starts it again on the same port. Returns when it
 * accepts connections.
 */
void broker_restart(broker *self);

/* Stops the broker with SIGSTOP: connections stay open, but nothing moves. */
void broker_pause(broker *self);

/* Lets a paused broker go on, with SIGCONT. */
void broker_resume(broker *self);

#endif
