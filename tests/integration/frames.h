/*
 * Frames: a peer that speaks reliable streams by hand, frame by frame, right or wrong: a caller of
 * a service, or a service for one method. What is wrong about a frame is left to the tests.
 */
#ifndef INTEGRATION_FRAMES_H
#define INTEGRATION_FRAMES_H

#include "integration/raw.h"
#include "wire/digest.h"
#include "wire/frame.h"

#define OFFER_HEADER "Natsmicro-Stream"
#define AN_OFFER     "1; messages=65536; bytes=4194304"

typedef struct frame_peer {
    natsConnection *connection;
    char inbox[128];
    natsSubscription *arrives;
    char address[256];         /* the other side's; taken from what arrives */
    natsSubscription *listens; /* a service's */
    natsMsg *opening;          /* that it has taken */
    natsMsg *last;             /* what `frame` points into */
    nm_frame frame;            /* the last that has arrived */
    bool is_first;             /* it had the header */
    uint8_t bytes[256 * 1024]; /* the frame that is being made */
    uint8_t *end;
    nm_digest digest; /* of the messages that were put */
} frame_peer;

/* A caller: opens, and has the service's first frame in `frame`. */
void peer_open(frame_peer *self, natsConnection *connection, const char *subject, const char *offer,
               const void *request, size_t length);

/* A service: listens on a subject; then takes an opening. */
void peer_listen(frame_peer *self, natsConnection *connection, const char *subject);
void peer_accept(frame_peer *self);

void peer_close(frame_peer *self);

/* ---- making a frame: begin, put, send ---- */

void frame_begin(frame_peer *self);
void frame_put_message(frame_peer *self, const void *data, size_t length);
/* An end with a status (NULL: OK) and the digest of all that was put, plus `off`. */
void frame_put_end(frame_peer *self, const char *status, uint64_t off);
void frame_put_control(frame_peer *self, nm_frame_control control);

/* Sends it; `with_reply`: with our inbox. */
void frame_send(frame_peer *self, bool with_reply);

/* The same, with any reply, or as the first one of a service. */
void frame_send_with(frame_peer *self, const char *reply, bool first);

/* These bytes as a frame. */
void frame_send_bytes(frame_peer *self, const void *data, size_t length, bool with_reply);

void frame_send_reset(frame_peer *self, const char *status);

/* ---- what arrives ---- */

/* The next frame; the test fails when none comes, or what comes is none. */
void peer_next(frame_peer *self);

/* Waits for a frame that is so; passes over others. */
void peer_next_ack(frame_peer *self, uint64_t ack);
void peer_next_reset(frame_peer *self, const char *status);

/* Whether nothing but acknowledgements comes until an echo through the broker is back. */
bool peer_hears_nothing(frame_peer *self);

#endif
