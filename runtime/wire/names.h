/*
 * Names: all header names and fixed values of the protocol, which stand nowhere else, and the rules
 * for names and values of headers. All functions are pure.
 */
#ifndef NM_WIRE_NAMES_H
#define NM_WIRE_NAMES_H

#include "base/buffer.h"
#include "base/bytes.h"
#include "base/error.h"
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
#define NM_HEADER_STATUS       "Status"      /* another spelling of Nats-Service-Error-Code */
#define NM_HEADER_DESCRIPTION  "Description" /* another spelling of Nats-Service-Error */

/*
 * Messages that only this library knows; none is a message of a stream. "probe" goes to the NATS
 * reply of the peer's last message and asks for "alive"; a 503 instead says that nobody listens.
 */
#define NM_HEADER_CONTROL "Natsmicro-Control"
#define NM_CONTROL_PROBE  "probe"
#define NM_CONTROL_ALIVE  "alive"

/* How long the caller waits from when its request comes on: 1 to NM_TIMEOUT_LIMIT milliseconds. */
#define NM_HEADER_TIMEOUT "Natsmicro-Timeout"
#define NM_TIMEOUT_LIMIT  (INT64_C(1) << 31)

/*
 * The service's token of a call, on what a plain stream begins and ends with: tells the messages of
 * two services apart that have got one opening.
 */
#define NM_HEADER_SERVICE "Natsmicro-Service"

/* Marks the opening of a reliable stream, and the service's messages until one is acknowledged. */
#define NM_HEADER_STREAM "Natsmicro-Stream"

/* Whether it is a token of RFC 7230. */
bool nm_header_name_is_valid(const char *name);

/* Whether the protocol has it: Nats-*, Natsmicro-*, Reply-To, Status, Description, in any case. */
bool nm_header_bytes_are_reserved(nm_bytes name);

static inline bool nm_header_name_is_reserved(const char *name)
{
    return nm_header_bytes_are_reserved((nm_bytes){name, strlen(name)});
}

/* Whether it is UTF-8 without control characters other than tab. */
bool nm_header_value_is_valid(const char *value);

/*
 * Whether it is empty or only spaces and tabs. nats.c cannot read a message with such a header: it
 * fails, or takes the next header for the value.
 */
bool nm_header_value_is_blank(const char *value);

/*
 * Checks a header that a user sets. Returns OK, or INVALID_ARGUMENT with the reason in *why, a
 * static text.
 */
natsmicro_status nm_header_check(const char *name, const char *value, const char **why);

/*
 * Does the same, and fills `error`, which may be NULL, with a text that names the header. A fault
 * in the name may be anywhere in it, so at most 64 bytes of it are shown.
 */
natsmicro_status nm_header_check_named(const char *name, const char *value, nm_error *error);

/*
 * Appends an error's text to `out` in a form that a header may carry: control bytes become spaces,
 * bytes that are not UTF-8 become '?'. It is cut to `limit` bytes, but not within a character.
 */
void nm_text_for_header(nm_buffer *out, const char *text, size_t limit);

#endif
