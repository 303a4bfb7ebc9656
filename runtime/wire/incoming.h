/*
 * Incoming: what a received message says, read out of its headers once. Names are read whatever
 * their case. No I/O; hostile headers are the rule.
 *
 * Strings and bytes belong to the natsMsg and live as long as it.
 */
#ifndef NM_WIRE_INCOMING_H
#define NM_WIRE_INCOMING_H

#include "base/error.h"
#include "base/headers.h"
#include "wire/header_block.h"

#include <nats/nats.h>
#include <stdint.h>

typedef struct nm_incoming {
    const char *subject;
    const char *reply; /* the NATS reply, or NULL */
    const uint8_t *data;
    size_t length;

    bool no_responders; /* the broker's 503: nobody listened to what we sent */
    bool end;           /* Nats-Stream-End: true, exactly */
    bool has_sequence;  /* Nats-Stream-Seq is there and a number */
    bool bad_sequence;  /* it is there and no number from 0 to 2^63-1 */
    uint64_t sequence;
    const char *reply_to;     /* Reply-To, or NULL */
    const char *stream_inbox; /* Nats-Stream-Inbox, or NULL */
    bool malformed;           /* its headers cannot be read: error_code says so, too */
    const char *error_code;   /* NULL: no error. Of either spelling; "" when only a text came */
    const char *error_text;   /* NULL or text */
    const char *control;      /* Natsmicro-Control, or NULL */
    const char *stream;       /* Natsmicro-Stream, or NULL */
} nm_incoming;

/*
 * Reads a message. The fast case, no headers or only Nats-Stream-Seq, is the hot path of a stream:
 * one pass over the headers' names, no copy. A message without headers must not allocate.
 */
void nm_incoming_read(nm_incoming *incoming, natsMsg *message);

/* Whether it is the broker's 503: nobody listened to what we sent. */
bool nm_incoming_is_no_responders(natsMsg *message);

/* The peer's headers but the protocol's, appended to `headers`. False when memory is short. */
bool nm_incoming_user_headers(natsMsg *message, nm_headers *headers);

/* The error of a message that has one, data included, into `error`; returns its status. */
natsmicro_status nm_incoming_error(const nm_incoming *incoming, nm_error *error);

/* Bytes of a received message in front of its payload: subject, reply and headers. */
static inline size_t nm_message_front(natsMsg *message)
{
    return nm_header_block_front(natsMsg_GetSubject(message), natsMsg_GetReply(message),
                                 natsMsg_GetData(message));
}

#endif
