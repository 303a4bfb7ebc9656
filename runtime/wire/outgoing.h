/*
 * Outgoing: composes a message to publish from its meaning. No I/O; any thread.
 */
#ifndef NM_WIRE_OUTGOING_H
#define NM_WIRE_OUTGOING_H

#include "base/bytes.h"
#include "base/error.h"
#include "base/headers.h"

#include <nats/nats.h>
#include <stdint.h>

/* The parts of a message; zero and NULL leave one out. All belong to the caller. */
typedef struct nm_outgoing {
    const char *subject;
    const char *reply;
    const void *data;
    size_t length;
    const nm_bytes *pieces; /* instead of `data`: the payload in pieces, `length` bytes together */
    size_t n_pieces;
    bool has_sequence;
    uint64_t sequence;
    bool end;
    const char *reply_to;
    const char *stream_inbox;
    const char *control;        /* NM_CONTROL_… */
    const char *stream;         /* the value of NM_HEADER_STREAM: an offer, or the version */
    int64_t timeout_ms;         /* that of NM_HEADER_TIMEOUT */
    const char *service;        /* the token of the service, of NM_HEADER_SERVICE */
    const nm_error *error;      /* code and text; its data, if any, replaces `data` as payload */
    bool numeric_code;          /* the error's code, if it is a built-in one */
    size_t text_limit;          /* most bytes of the error's text; 0: NM_ERROR_TEXT_LIMIT */
    const nm_headers *headers;  /* the user's */
    const nm_headers *trailers; /* more of them */
} nm_outgoing;

/* Composes a message, to be destroyed with natsMsg_Destroy. Returns nats.c's statuses. */
natsStatus nm_outgoing_compose(natsMsg **message, const nm_outgoing *outgoing);

/* Whether the message has headers. One without can be published without a natsMsg. */
bool nm_outgoing_has_headers(const nm_outgoing *outgoing);

/* The size of all its headers, which counts for max_payload. */
size_t nm_outgoing_headers_length(const nm_outgoing *outgoing);

/* The size of one header in it. */
size_t nm_outgoing_header_length(const char *name, const char *value);

/* Writes a number as its header has it, at the end of the buffer; returns where it begins. */
#define NM_SEQUENCE_SIZE sizeof("18446744073709551615")
const char *nm_format_sequence(uint64_t sequence, char buffer[NM_SEQUENCE_SIZE]);

/* Error texts are cut to this many bytes on the wire. */
#define NM_ERROR_TEXT_LIMIT 1024

#endif
