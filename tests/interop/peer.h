/*
 * Peer: a program in another language that calls the lab service or is one. INTEROP_PEERS names the
 * folder of these programs; `make interop` makes it.
 */
#ifndef INTEROP_PEER_H
#define INTEROP_PEER_H

#include "support/scenario.h"

/* How long a peer may take for all that it is to do. */
#define PEER_PATIENCE_MS 200000

/*
 * A broker that bears a blob on its way to a peer that is slow to read: plain streams have no flow
 * control.
 */
broker *patient_broker(void);

/*
 * Starts the peer `name` with "call", "serve", "discover", "call-json" or "serve-json"; what it prints
 * goes to standard error.
 */
pid_t peer_start(const char *name, const char *verb, const broker *where);

/* Waits for its end; fails the test unless it ends well. */
void peer_succeeds(pid_t pid);

/* SIGKILL, and waits until it is gone. */
void peer_kill(pid_t pid);

/* ---- programs that do one thing and print what came of it ---- */

/*
 * Runs a program below the folder of the peers and waits for its end. Returns what it printed,
 * without the last newline, which lives until the next call; fails the test unless it ends well.
 * The arguments end with NULL.
 */
const char *program_prints(const char *name, char *const arguments[]);

/* Does so with a peer, the verb, the broker's URL and more arguments. */
#define peer_prints(name, verb, ...) \
    program_prints((name), (char *[]){(char *)(name), (char *)(verb), __VA_ARGS__, NULL})

/* The newest nats-server, for broker_options. */
const char *newest_broker(void);

#endif
