/*
 * Bystander: a client in a process of its own that has nothing to do with an attack. It makes small
 * unary calls, keeps lines going to and fro on a reliable stream, and reads short plain streams,
 * all the time. What it sees of an attack is what a user would.
 */
#ifndef TORTURE_BYSTANDER_H
#define TORTURE_BYSTANDER_H

#include "support/scenario.h"

/* How long things took, in microseconds. */
typedef struct latencies {
    unsigned long count;
    unsigned long median;
    unsigned long p99;
    unsigned long longest;
} latencies;

/* What happened since they were last asked for. */
typedef struct bystander_figures {
    latencies calls;
    latencies lines; /* from their sending until they are back */
    latencies plain; /* whole plain streams, from their opening to their end */
    unsigned long failed_calls;
    unsigned long failed_plain;
    char why[256]; /* the last failure of a call or plain stream */
} bystander_figures;

/* In the second process: runs until it is told to end. Returns what main must return. */
int bystander_main(const char *url);

/* Starts the process. Returns once a call and a line of the stream have come back. */
void bystander_start(child *self, const char *url);

/* Asks for its figures. The test fails if it does not answer. */
void bystander_read(child *self, bystander_figures *figures);

/*
 * Ends the process. The test fails unless its reliable stream is still there, and ends regularly
 * with nothing lost.
 */
void bystander_stop(child *self);

#endif
