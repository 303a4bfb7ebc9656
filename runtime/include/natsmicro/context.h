/*
 * Context: what a caller sets before a call (timeouts, headers) and reads after it (error, response
 * headers). Wherever a context is asked for, NULL means the defaults.
 *
 * A context serves one call at a time, and any number of calls one after the other. What was set
 * stays set; what the last call left is replaced when the next one starts. A unary call uses the
 * context until it returns. A stream uses it only until the function that opens it has returned.
 *
 * None of these functions blocks. A context has no lock: use it from one thread at a time. Strings
 * and bytes that it returns belong to it, and live until its next call or its destruction.
 */
#ifndef NATSMICRO_CONTEXT_H
#define NATSMICRO_CONTEXT_H

#include <natsmicro/call.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct natsmicro_context natsmicro_context;

/*
 * Makes a context in *context; free it with natsmicro_context_destroy. Returns OK, or
 * RESOURCE_EXHAUSTED when memory is short, and *context is NULL then.
 */
natsmicro_status natsmicro_context_new(natsmicro_context **context) NATSMICRO_MUST_USE;

/*
 * Frees a context and everything that was read from it. No call may be using it. NULL is allowed.
 */
void natsmicro_context_destroy(natsmicro_context *context);

/* ---- set before a call ---- */

/*
 * Bounds the whole call, in milliseconds from its start. The call ends with DEADLINE_EXCEEDED when
 * the time is up, even in the middle of a stream. A service of this library is told, and so is its
 * handler.
 *
 * A negative timeout says that a deadline of your own has passed already: the call fails with
 * DEADLINE_EXCEEDED at once, and nothing is sent. More than 146 years is no limit.
 *
 * 0, the default, sets no limit of this kind. Then a stream may take any time, and a unary call,
 * and the opening of a client stream or bidirectional stream, have the client's timeout_ms; without
 * that the method's timeout in the proto, the service's, or 5000 ms. The opening of a server stream
 * waits for nothing; its first message is awaited as all others are, within the idle timeout.
 */
void natsmicro_context_set_timeout(natsmicro_context *context, int64_t timeout_ms);

/*
 * Bounds how long a stream's peer may be silent, in milliseconds, before the call ends with
 * UNAVAILABLE. On a plain stream only the time counts in which a function waits for the peer. 0,
 * the default, takes what natsmicro_client_options says; -1 is no limit.
 *
 * A peer that uses this library answers probes while it lives, so it is not silent however long its
 * handler takes; only natsmicro_context_set_timeout bounds a slow handler. A peer of another
 * implementation is silent while it sends no message.
 */
void natsmicro_context_set_idle_timeout(natsmicro_context *context, int64_t idle_timeout_ms);

/*
 * True: the call's stream is a plain one even if the service knows reliable streams. False, the
 * default: as plain_streams in natsmicro_client_options says.
 */
void natsmicro_context_set_plain_streams(natsmicro_context *context, bool plain);

/*
 * Sets a request header, in place of all earlier ones of that name; the case of names does not
 * count. Both strings are copied. Returns OK, RESOURCE_EXHAUSTED when memory is short, or
 * INVALID_ARGUMENT when
 *
 * - the name is not made of letters, digits and !#$%&'*+-.^_`|~ (an RFC 7230 token);
 * - the name belongs to the protocol: Nats-*, Natsmicro-*, Reply-To, Status, Description;
 * - the value is not UTF-8, or holds a control character other than tab;
 * - the value is empty or blank, because nats.c cannot read a message with such a header;
 * - the value begins or ends with a space or tab, which would be lost on its way.
 *
 * A failure is the context's error until its next call, and natsmicro_context_error_message names
 * the header and the reason.
 */
natsmicro_status natsmicro_context_set_header(natsmicro_context *context, const char *name,
                                              const char *value);

/*
 * Adds a request header, and keeps earlier ones of that name. Returns what
 * natsmicro_context_set_header returns. Keep the values of one name few: the time that nats.c takes
 * for them grows with the square of their number.
 */
natsmicro_status natsmicro_context_add_header(natsmicro_context *context, const char *name,
                                              const char *value);

/* Removes all request headers. */
void natsmicro_context_clear_headers(natsmicro_context *context);

/* What natsmicro_context_follow takes over, as bits. */
typedef enum natsmicro_follow {
    /*
     * W3C Trace Context: `traceparent` and `tracestate`, so that the calls of a handler are parts
     * of its caller's trace. Taken from natsmicro_call_set_trace, else from the request's headers;
     * a traceparent that is not valid counts as none. They take the place of the context's own.
     */
    NATSMICRO_FOLLOW_TRACE = 1,
    /*
     * The time that is left: it becomes the context's timeout, or none if the served call has no
     * deadline.
     */
    NATSMICRO_FOLLOW_DEADLINE = 2
} natsmicro_follow;

/*
 * Has the next calls with this context follow a served call: `what` is one or both of the above,
 * joined by |. The state of the served call is copied now, from whatever thread its handler makes
 * calls in.
 *
 * Returns OK; FAILED_PRECONDITION: the call is a client's; RESOURCE_EXHAUSTED: no memory. A failure
 * is the context's error until its next call.
 */
natsmicro_status natsmicro_context_follow(natsmicro_context *context, natsmicro_call *call,
                                          unsigned what);

/* ---- read after a call ---- */

/*
 * Returns what the last unary call, or the last opening of a stream, returned; OK before the first.
 * A header that could not be set since then takes its place. What a stream ends with later is read
 * from the call: natsmicro_call_status.
 */
natsmicro_status natsmicro_context_status(const natsmicro_context *context);

/*
 * What a peer sends is not checked: the error's code and text and the values of headers may hold
 * any bytes except NUL and line feed. Check them before you show or store them.
 */

/*
 * Returns the error's code as it travelled ("NOT_FOUND", or a service's own "QUOTA_EXCEEDED"); ""
 * without an error.
 */
const char *natsmicro_context_error_code(const natsmicro_context *context);

/* Returns the error's text; "" without an error. */
const char *natsmicro_context_error_message(const natsmicro_context *context);

/*
 * Returns the bytes that came with the error, and their number in *length; NULL and 0 without any.
 */
const void *natsmicro_context_error_data(const natsmicro_context *context, size_t *length);

/*
 * Returns a response header of the last unary call, or of a stream that could not be opened: the
 * first value of that name, whatever its case, or NULL. Headers of an open stream are read from the
 * call: natsmicro_call_header.
 */
const char *natsmicro_context_response_header(const natsmicro_context *context, const char *name);

/*
 * Gives the response headers one by one: sets *name and *value to the header at `index`, from 0,
 * and returns true. Returns false, and sets neither, when there are no more.
 */
bool natsmicro_context_response_header_at(const natsmicro_context *context, size_t index,
                                          const char **name, const char **value);

#ifdef __cplusplus
}
#endif

#endif
