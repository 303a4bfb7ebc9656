/*
 * Context: what a caller sets before a call (timeout, headers) and reads after it (error, response
 * headers). Optional everywhere: NULL means the defaults.
 *
 * A context belongs to one call at a time. It may be used for one call after another; what the
 * last call left in it is replaced when the next one starts. None of its functions blocks, and it
 * is not locked: one thread at a time.
 */
#ifndef NATSMICRO_CONTEXT_H
#define NATSMICRO_CONTEXT_H

#include <natsmicro/status.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct natsmicro_context natsmicro_context;

/* Makes a context; destroy it with natsmicro_context_destroy. OK or RESOURCE_EXHAUSTED (memory). */
natsmicro_status natsmicro_context_new(natsmicro_context **context);

/* Frees a context and all that was read from it. NULL is allowed. Not while a call uses it. */
void natsmicro_context_destroy(natsmicro_context *context);

/*
 * Bounds the whole call, streams included, in milliseconds from its start: what is left until a
 * deadline of the caller's own. Negative: that has passed, and the call is DEADLINE_EXCEEDED at
 * once, with nothing sent. More than 146 years: no limit. 0 takes it away: then the client's
 * timeout, the endpoint's, the service's, or 5000 ms bound a unary call and the opening of a client
 * or bidirectional stream. The opening of a server stream waits for nothing; its first message is
 * waited for like every other, within the idle timeout.
 */
void natsmicro_context_set_timeout(natsmicro_context *context, int64_t timeout_ms);

/*
 * Bounds the silence of a stream's peer, in milliseconds: when nothing comes from it for that long
 * while somebody waits, the call ends with UNAVAILABLE. A peer of this library that lives is never
 * silent: it answers probes however long its handler takes, so only a context's timeout bounds
 * that. One of another implementation is when it sends no message. 0 is the client's default, -1 is
 * no limit.
 */
void natsmicro_context_set_idle_timeout(natsmicro_context *context, int64_t idle_timeout_ms);

/*
 * Whether the call's stream is to be a plain one, although both sides know reliable streams. False
 * is the client's default.
 */
void natsmicro_context_set_plain_streams(natsmicro_context *context, bool plain);

/*
 * Sets a request header; a header of that name (whatever its case) is replaced. Both strings are
 * copied. INVALID_ARGUMENT: the name is not an RFC 7230 token, is reserved (Nats-*, Natsmicro-*,
 * Reply-To, Status, Description), or the value is not UTF-8, holds a control byte but tab, or is
 * blank (empty, or spaces and tabs only: nats.c cannot read a message with such a header), or
 * begins or ends with a space or tab (which would be lost on its way).
 * RESOURCE_EXHAUSTED: memory.
 */
natsmicro_status natsmicro_context_set_header(natsmicro_context *context, const char *name,
                                              const char *value);

/*
 * As natsmicro_context_set_header, but keeps what is there: one more value of that name. A few:
 * reading and writing many values of one name costs nats.c time that grows with the square of their
 * number.
 */
natsmicro_status natsmicro_context_add_header(natsmicro_context *context, const char *name,
                                              const char *value);

/* Takes away all request headers. */
void natsmicro_context_clear_headers(natsmicro_context *context);

/*
 * What the last call ended with (a stream: its opening), OK before the first. The strings belong to
 * the context and live until its next call: the code as it travelled ("NOT_FOUND",
 * "QUOTA_EXCEEDED") and the text; "" where there was none.
 */
natsmicro_status natsmicro_context_status(const natsmicro_context *context);
const char *natsmicro_context_error_code(const natsmicro_context *context);
const char *natsmicro_context_error_message(const natsmicro_context *context);

/* The bytes that came with the error, or NULL; *length gets their number. The context's. */
const void *natsmicro_context_error_data(const natsmicro_context *context, size_t *length);

/*
 * A response header of the last call by name (whatever its case; the first of several), or NULL.
 * The string is the context's and lives until its next call.
 */
const char *natsmicro_context_response_header(const natsmicro_context *context, const char *name);

/*
 * The index-th response header, from 0: true and its name and value (the context's), or false when
 * there are fewer.
 */
bool natsmicro_context_response_header_at(const natsmicro_context *context, size_t index,
                                          const char **name, const char **value);

#ifdef __cplusplus
}
#endif

#endif
