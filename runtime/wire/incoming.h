/*
 * Incoming: what a received message says, read out of its headers once, by wire/header_block. Names
 * are read whatever their case. No I/O; hostile headers are the rule.
 */
#ifndef NM_WIRE_INCOMING_H
#define NM_WIRE_INCOMING_H

#include "base/bytes.h"
#include "base/error.h"
#include "base/headers.h"
#include "wire/header_block.h"

#include <nats/nats.h>
#include <stdint.h>

/*
 * Room for the protocol's own words in one message: two inboxes, which are refused when they are
 * longer than a subject may be, a code and an offer. More make the message malformed.
 */
#define NM_INCOMING_WORDS 4096

/*
 * Subject, reply, data and error text lie in the natsMsg and live as long as it. The strings that
 * were read from headers lie in `words`, so an nm_incoming must not be copied.
 */
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
    const char *malformed;    /* NULL, or why its headers were refused: error_code is set, too */
    const char *error_code;   /* NULL: no error. Of either spelling; "" when only a text came */
    nm_bytes error_text;      /* data NULL: none. As it came, perhaps over several lines */
    const char *control;      /* Natsmicro-Control, or NULL */
    const char *stream;       /* Natsmicro-Stream, or NULL */
    const char *timeout;      /* Natsmicro-Timeout, or NULL */
    const char *service;      /* Natsmicro-Service, or NULL */
    int64_t timeout_ms;       /* the same as a number; 0: it is not there, or no such number */

    char words[NM_INCOMING_WORDS]; /* not cleared: that would cost more than reading a message */
} nm_incoming;

/*
 * Reads a received message, in one pass over its headers and without an allocation. No headers, or
 * only Nats-Stream-Seq, is the hot path of a stream.
 *
 * Headers that cannot be read, or that are longer than `limit` bytes, make the message malformed:
 * all of them are refused, and the message counts as an error.
 */
void nm_incoming_read(nm_incoming *incoming, natsMsg *message, size_t limit);

/*
 * Whether it is what JetStream answers to a publisher: {"stream":"ORDERS","seq":1}, or an error of
 * it. No message of protobuf begins so: it would be a group. `stream` gets its stream's name.
 */
bool nm_incoming_is_of_jetstream(const nm_incoming *incoming, nm_bytes *stream);

/* Whether it is the broker's 503: nobody listened to what we sent. */
bool nm_incoming_is_no_responders(natsMsg *message);

/*
 * Appends the peer's headers but the protocol's to `headers`, in their order; none of a malformed
 * message. Returns false if memory is short; some may have been appended then.
 */
bool nm_incoming_user_headers(natsMsg *message, size_t limit, nm_headers *headers);

/* The error of a message that has one, data included, into `error`; returns its status. */
natsmicro_status nm_incoming_error(const nm_incoming *incoming, nm_error *error);

/* Bytes of a received message in front of its payload: subject, reply and headers. */
static inline size_t nm_message_front(natsMsg *message)
{
    return nm_header_block_front(natsMsg_GetSubject(message), natsMsg_GetReply(message),
                                 natsMsg_GetData(message));
}

#endif
