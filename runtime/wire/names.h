/*
 * The words of the wire: every header name and fixed value is written here and nowhere else, and
 * what a name, a value or a text may hold.
 */
#ifndef NM_WIRE_NAMES_H
#define NM_WIRE_NAMES_H

#include "base/buffer.h"
#include "natsmicro/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define NM_HEADER_REPLY_TO     "Reply-To"
#define NM_HEADER_STREAM_INBOX "Nats-Stream-Inbox"
#define NM_HEADER_STREAM_SEQ   "Nats-Stream-Seq"
#define NM_HEADER_STREAM_END   "Nats-Stream-End"
#define NM_HEADER_ERROR        "Nats-Service-Error"
#define NM_HEADER_ERROR_CODE   "Nats-Service-Error-Code"
#define NM_HEADER_STATUS       "Status"      /* the other spelling of the error's code */
#define NM_HEADER_DESCRIPTION  "Description" /* and of its text */

/*
 * Between two sides of this library only, on an inbox that a message's NATS reply named: "probe"
 * asks for "alive" (a 503 tells that the peer is gone); "fence", sent to oneself behind an answer,
 * tells that a 503 for the answer would have come by now. Never a message of a stream.
 */
#define NM_HEADER_CONTROL "Natsmicro-Control"
#define NM_CONTROL_PROBE  "probe"
#define NM_CONTROL_ALIVE  "alive"
#define NM_CONTROL_FENCE  "fence"

/* Reliable streams: on their opening, and on what comes from a service that has not been heard. */
#define NM_HEADER_STREAM "Natsmicro-Stream"

/* An RFC 7230 token. */
bool nm_header_name_is_valid(const char *name);

/* The protocol's own: Nats-*, Natsmicro-*, Reply-To, Status, Description, whatever the case. */
bool nm_header_name_is_reserved(const char *name);

/* No byte below 0x20 but tab, no 0x7f; valid UTF-8. */
bool nm_header_value_is_valid(const char *value);

/*
 * Nothing but spaces and tabs. nats.c cannot read a message that has such a header: it fails, or
 * takes the next header for the value.
 */
bool nm_header_value_is_blank(const char *value);

/*
 * Checks a header that a user sets: NATSMICRO_OK, or INVALID_ARGUMENT with the reason in *why (a
 * static text).
 */
natsmicro_status nm_header_check(const char *name, const char *value, const char **why);

/*
 * An error text as a header may carry it: appended to `out`; CR, LF and other control bytes become
 * spaces, bytes that are no UTF-8 become '?', at most `limit` bytes, never cut inside a character.
 */
void nm_text_for_header(nm_buffer *out, const char *text, size_t limit);

#endif
