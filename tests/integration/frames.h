/*
 * Frames: a peer of reliable streams that a test drives frame by frame, right or wrong: a caller of
 * a service, or a service for one method.
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
    char address[256];         /* of the other side; taken from what arrives */
    natsSubscription *listens; /* of a service: where it listens */
    natsMsg *opening;          /* of a service: the opening that it has taken */
    natsMsg *last;             /* what `frame` points into */
    nm_frame frame;            /* the last that has arrived */
    bool is_first;             /* it had the header of a first frame */
    uint8_t bytes[256 * 1024]; /* the frame that is being made */
    uint8_t *end;
    nm_digest digest; /* over the messages that were put */
} frame_peer;

/* As a caller: opens a call, and waits for the service's first frame, which is in `frame` then. */
void peer_open(frame_peer *self, natsConnection *connection, const char *subject, const char *offer,
               const void *request, size_t length);

/* As a service: listens on a subject; then takes an opening. */
void peer_listen(frame_peer *self, natsConnection *connection, const char *subject);
void peer_accept(frame_peer *self);

void peer_close(frame_peer *self);

/* ---- making a frame: begin, put, send ---- */

void frame_begin(frame_peer *self);
void frame_put_message(frame_peer *self, const void *data, size_t length);
/* Puts an end with a status (NULL: OK) and the digest of all messages that were put, plus `off`. */
void frame_put_end(frame_peer *self, const char *status, uint64_t off);
void frame_put_control(frame_peer *self, nm_frame_control control);

/* Sends the frame. With `with_reply` our inbox is the NATS reply. */
void frame_send(frame_peer *self, bool with_reply);

/* Sends it with any NATS reply, or as the first frame of a service. */
void frame_send_with(frame_peer *self, const char *reply, bool first);

/* Sends these bytes as a frame. */
void frame_send_bytes(frame_peer *self, const void *data, size_t length, bool with_reply);

void frame_send_reset(frame_peer *self, const char *status);

/* ---- what arrives ---- */

/* Waits for the next frame. The test fails if none comes, or if a message comes that is none. */
void peer_next(frame_peer *self);

/* Wait for such a frame, and skip others. */
void peer_next_ack(frame_peer *self, uint64_t ack);
void peer_next_reset(frame_peer *self, const char *status);

/* Returns whether only acknowledgements come until a message through the broker has come back. */
bool peer_hears_nothing(frame_peer *self);

#endif
