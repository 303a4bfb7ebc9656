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

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

typedef struct broker broker;

typedef struct broker_options {
    size_t max_payload; /* bytes; 0 is nats-server's default, 1 MiB */
    bool jetstream;     /* with JetStream, in the broker's folder */
    const char *domain; /* of its JetStream, or NULL */
    const char *config; /* more lines for its configuration file, or NULL */
    /* A file whose lines are added to it too, such as "docs/guide/permissions.conf"; or NULL. */
    const char *config_file;
    const char *program; /* in place of nats-server, or NULL; it counts from the broker's start */
} broker_options;

/* Starts a broker; when it returns, clients can connect. `options` may be NULL. */
broker *broker_start(const broker_options *options);

/* Returns "nats://127.0.0.1:<port>". The string belongs to the broker and stays the same. */
const char *broker_url(const broker *self);

/* Writes the URL with a user, "name:password". */
void broker_url_for(const broker *self, const char *user, char *url, size_t size);

/* Returns its current process, to be looked at, not to be signalled. */
pid_t broker_process(const broker *self);

/* Returns how many subscriptions the broker has now, with its own. */
size_t broker_subscriptions(const broker *self);

/*
 * Returns the number that follows `key` on a page of its monitoring, such as "/varz"; -1: the page
 * has no such key. If `after` is not NULL, the key is looked for behind it.
 */
long broker_figure(const broker *self, const char *page, const char *after, const char *key);

/* Returns how many different values a key with a string has on a page of its monitoring. */
int broker_count_values(const broker *self, const char *page, const char *key);

/* Writes the version that the broker reports, such as "2.9.10". */
void broker_version(const broker *self, char *version, size_t size);

/* Whether its version is older, such as than 2.11. */
bool broker_is_older(const broker *self, int major, int minor);

/* Ends the broker in any state, removes its folder and frees it. NULL is allowed. */
void broker_stop(broker *self);

/* Kills the broker with SIGKILL: its connections break without a word. */
void broker_kill(broker *self);

/*
 * Ends the broker, unless it was killed, and starts it again on the same port. Returns when it
 * accepts connections.
 */
void broker_restart(broker *self);

/* Writes its configuration anew. It counts from the next start, or after a broker_reload. */
void broker_set_config(broker *self, const broker_options *options);

/* Has the broker read its configuration again, with SIGHUP, which it does some time later. */
void broker_reload(broker *self);

/*
 * Takes the broker out of service with SIGUSR2, its lame duck mode: it takes no new connections,
 * closes those that it has one after the other, as fast as its configuration says, and ends.
 */
void broker_retire(broker *self, int64_t timeout_ms);

/* Stops the broker with SIGSTOP: connections stay open, but nothing moves. */
void broker_pause(broker *self);

/* Lets a paused broker go on, with SIGCONT. */
void broker_resume(broker *self);

#endif
