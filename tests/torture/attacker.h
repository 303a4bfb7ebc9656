/*
 * Attacker: a program in the same account that means harm. It speaks to the broker over a bare
 * socket, so that it can send what no client library would, as fast as the broker takes it.
 */
#ifndef TORTURE_ATTACKER_H
#define TORTURE_ATTACKER_H

#include "base/bytes.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

typedef struct attacker {
    int socket;
} attacker;

/* Connects to a broker at "nats://127.0.0.1:<port>". The test fails if it cannot. */
void attacker_connect(attacker *self, const char *url);
void attacker_disconnect(attacker *self);

/* Sends bytes. The test fails if the broker has closed the connection. */
void attacker_send(attacker *self, const void *bytes, size_t length);

/* Waits until the broker has taken all that was sent. The test fails if it has refused any. */
void attacker_settle(attacker *self);

/*
 * Writes a message as the broker's protocol has it. `reply` may be NULL; without headers, their
 * length is 0.
 */
void put_message(FILE *out, const char *subject, const char *reply, nm_bytes headers,
                 nm_bytes payload);

#endif
