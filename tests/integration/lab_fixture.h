/*
 * Lab fixture: the lab service on a broker of its own, with handlers that tests can hold, release and
 * ask how they ended. What is tested with it is left to the programs.
 *
 * The handlers:
 *   ping      echoes; `fail` fails with NOT_FOUND; the payload "wait" waits to be released
 *   count_up  sends `count` numbers, endless when negative; fails before number `fail_at`
 *   sum       adds up; the value -1 fails at once with ABORTED; -2 waits to be released first
 *   chat      echoes; the text "flood" sends without an end
 */
#ifndef INTEGRATION_LAB_FIXTURE_H
#define INTEGRATION_LAB_FIXTURE_H

#include "support/scenario.h"

#include "lab/v1/lab.nats-c.h"

#include <stdatomic.h>

typedef struct lab_fixture {
    broker *where;
    natsConnection *connection; /* the server's */
    natsmicro_server *server;
    latch entered;         /* a handler began, or (endless ones) has sent something */
    latch released;        /* lets waiting handlers go on */
    latch ended;           /* a handler returned */
    atomic_int status;     /* what the last one returned */
    latch refused_subject; /* events of these kinds */
    latch dropped;
} lab_fixture;

extern const Lab__V1__LabHandlers lab_fixture_handlers;

/* Empties the latches; for a program that serves without the rest. */
void lab_fixture_init(lab_fixture *self);

/* Starts broker and service; `options` may be NULL, on_error is the fixture's. */
void lab_fixture_start(lab_fixture *self, const natsmicro_server_options *options);

/* Releases whoever waits and ends all. */
void lab_fixture_stop(lab_fixture *self);

/* on_error: counts events in the fixture that `user_data` is. */
void lab_fixture_on_error(const natsmicro_event *event, void *user_data);

/* A client on a connection; the test fails when there is none. */
Lab__V1__LabClient *lab_fixture_client(natsConnection *connection);

/* A working unary call; its status. */
natsmicro_status lab_fixture_ping(Lab__V1__LabClient *client, natsmicro_context *context);

#endif
