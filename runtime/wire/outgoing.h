/*
 * Outgoing: a message to publish, composed from meaning. No I/O.
 */
#ifndef NM_WIRE_OUTGOING_H
#define NM_WIRE_OUTGOING_H

#include "base/bytes.h"
#include "base/error.h"
#include "base/headers.h"

#include <nats/nats.h>
#include <stdint.h>

/* What a message is to carry; zero and NULL leave a part out. */
typedef struct nm_outgoing {
    const char *subject;
    const char *reply;
    const void *data;
    size_t length;
    const nm_bytes *pieces; /* the payload in pieces, `length` bytes together, instead of `data` */
    size_t n_pieces;
    bool has_sequence;
    uint64_t sequence;
    bool end;
    const char *reply_to;
    const char *stream_inbox;
    const char *control;        /* NM_CONTROL_… */
    const char *stream;         /* of a reliable stream: an offer, or the version */
    const nm_error *error;      /* its code, text and, as payload, data (over `data`) */
    size_t text_limit;          /* bytes of the error's text; 0: NM_ERROR_TEXT_LIMIT */
    const nm_headers *headers;  /* the user's */
    const nm_headers *trailers; /* more of them */
} nm_outgoing;

/* Composes the message; destroy it with natsMsg_Destroy. nats.c's statuses. */
natsStatus nm_outgoing_compose(natsMsg **message, const nm_outgoing *outgoing);

/* Whether it needs headers at all: if not, natsConnection_PublishRequest does without a natsMsg. */
bool nm_outgoing_has_headers(const nm_outgoing *outgoing);

/* How many bytes its headers take in a message, for the check against max_payload. */
size_t nm_outgoing_headers_length(const nm_outgoing *outgoing);

/* A number as its header has it; returns where in the buffer it begins. */
#define NM_SEQUENCE_SIZE sizeof("18446744073709551615")
const char *nm_format_sequence(uint64_t sequence, char buffer[NM_SEQUENCE_SIZE]);

/* Error texts on the wire are cut to this. */
#define NM_ERROR_TEXT_LIMIT 1024

#endif
