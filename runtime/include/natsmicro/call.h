/*
 * Call: one call in progress, on either side, and what sees all calls: hooks and events.
 *
 * Generated code has typed calls, such as Lab__V1__LabClient__CountUp. Each is a struct with the
 * one member `base`, which the functions here take: natsmicro_call_cancel(call->base). A unary call
 * has no natsmicro_call on the client, except in hooks: its context says what there is to read.
 *
 * How long a call lives. On a client, from the function that opens it until its `close`. On a
 * server, until the handler returns, or, if it detached the call, until natsmicro_call_finish.
 * After that no thread may use the call. Strings and bytes that these functions return belong to
 * the call and live as long, unless their comment says otherwise.
 *
 * Threads. Any number of threads may send messages of a stream, while one receives: each message is
 * whole, and those of one thread stay in order. A blob is many messages, so one thread at a time
 * sends blobs, sets headers, and ends the direction. Where several threads send, the error of the
 * last send is that of any of them: natsmicro_call_error_message and the like read it only while
 * none of them sends. natsmicro_call_cancel and the functions that
 * only read may be called from any thread. None of these functions blocks, except
 * natsmicro_call_finish.
 */
#ifndef NATSMICRO_CALL_H
#define NATSMICRO_CALL_H

#include <natsmicro/status.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct natsmicro_call natsmicro_call;

/* ---- both sides ---- */

/*
 * Gives the call up: functions that wait for it return CANCELLED, later ones return it at once, and
 * the peer is told soon. Does nothing when the call is over. The call must still be closed
 * (client), or its handler return (server). Never blocks; any thread.
 */
void natsmicro_call_cancel(natsmicro_call *call);

/*
 * Returns OK while the call goes on, and then what it ended with: END after a complete stream, else
 * an error. On a server it is OK until the call is failed, cancelled or out of time; that the
 * caller's messages have ended, and how, is what recv returns.
 */
natsmicro_status natsmicro_call_status(natsmicro_call *call);

/*
 * Return the error's code as it travels ("NOT_FOUND", or a service's own "QUOTA_EXCEEDED"), and its
 * text; "" without an error. The error is the one that ended the call. While the call goes on, it
 * is the one of the last send, or of a function that sets a header or error data, if that failed:
 * then code, text and data live until the next of these, or until a client's recv returns END.
 */
const char *natsmicro_call_error_code(natsmicro_call *call);
const char *natsmicro_call_error_message(natsmicro_call *call);

/*
 * Returns the bytes that came with the same error, and their number in *length; NULL and 0 without
 * any.
 */
const void *natsmicro_call_error_data(natsmicro_call *call, size_t *length);

/*
 * Returns a header of the peer: the first value of that name, whatever its case, or NULL. On a
 * server these are the request's headers. On a client they are the response headers, which come
 * with the first message, with the acknowledgement of the opening, or with the end.
 *
 * The library checks the values that it sends, but not those that it receives, of headers and of
 * trailers: a peer may send any bytes except NUL and line feed, also control characters and what is
 * no UTF-8. Check a value before you show or store it. The same holds for an error's code and text.
 */
const char *natsmicro_call_header(natsmicro_call *call, const char *name);

/*
 * Gives the peer's headers one by one: sets *name and *value to the header at `index`, from 0, and
 * returns true. Returns false, and sets neither, when there are no more.
 */
bool natsmicro_call_header_at(natsmicro_call *call, size_t index, const char **name,
                              const char **value);

/*
 * Client: returns a trailer, which is a header of the stream's end: the first value of that name,
 * whatever its case, or NULL. Trailers are there once recv has returned END or an error. The
 * response of a client stream is one message, so its headers and trailers cannot be told apart:
 * this function and natsmicro_call_header find both.
 */
const char *natsmicro_call_trailer(natsmicro_call *call, const char *name);

/*
 * Client: gives the trailers one by one, as natsmicro_call_header_at gives headers. Those that came
 * with a stream's only message, or with its end where no message came, are among the headers.
 */
bool natsmicro_call_trailer_at(natsmicro_call *call, size_t index, const char **name,
                               const char **value);

/*
 * Sets a header for the peer, in place of earlier ones of that name. Both strings are copied. On a
 * server it is a response header, and goes with the response or with the first message of the
 * stream, so set it before those. On a client it is a request header, and can be set in a `before`
 * hook only.
 *
 * Returns OK; INVALID_ARGUMENT or RESOURCE_EXHAUSTED as natsmicro_context_set_header does;
 * RESOURCE_EXHAUSTED also when the headers would be more than max_header_bytes of the options;
 * FAILED_PRECONDITION: too late. natsmicro_call_error_message names the header and the reason. A
 * handler or hook may return the status, and its call fails with that text. Where one thread sends
 * and another receives, this is for the one that sends.
 */
natsmicro_status natsmicro_call_set_header(natsmicro_call *call, const char *name,
                                           const char *value);

/*
 * Returns a header for the peer that has been set and has not gone out, by the context, hooks,
 * interceptors or the handler: the first value of that name, whatever its case, or NULL. It lives
 * until one of that name is set. For the thread that sets headers.
 */
const char *natsmicro_call_own_header(natsmicro_call *call, const char *name);

/* Returns the method's full name, "lab.v1.Lab.CountUp". */
const char *natsmicro_call_method(natsmicro_call *call);

/* Returns the subject that the call was opened on, "lab.v1.count_up". */
const char *natsmicro_call_subject(natsmicro_call *call);

/*
 * Returns the milliseconds until the call's deadline: 0 when it has passed, -1 without a deadline.
 * A handler has the least of the service's timeout and of what the caller's context or client
 * options set, if the caller uses this library. It counts from when the request came to the server.
 */
int64_t natsmicro_call_remaining_ms(natsmicro_call *call);

/* ---- data of yours ---- */

/*
 * Attaches data to the call, such as the name of its caller that a hook or interceptor has found
 * out, in place of what was there. `free_data` frees it: when something takes its place, or when
 * the call is over, after the `after` hook; also the data of a call that was refused or detached,
 * and always once. Both may be NULL. Handlers, hooks and interceptors share this place; data of
 * different makers has a key each, below. Any thread.
 */
void natsmicro_call_set_user(natsmicro_call *call, void *data, void (*free_data)(void *data));

/* Returns the data that natsmicro_call_set_user has attached, or NULL. Any thread. */
void *natsmicro_call_user(natsmicro_call *call);

/*
 * Do the same for any number of data, each under a key: an address of your own, such as that of a
 * static variable. Returns OK; RESOURCE_EXHAUSTED: no memory, and the data stays yours.
 */
natsmicro_status natsmicro_call_set_value(natsmicro_call *call, const void *key, void *data,
                                          void (*free_data)(void *data));
void *natsmicro_call_value(natsmicro_call *call, const void *key);

/*
 * What a stream has done so far. Of a plain stream only messages are counted; all else is 0.
 */
typedef struct natsmicro_stream_metrics {
    bool reliable;              /* a reliable stream, not a plain one */
    uint64_t messages_sent;     /* each once, however often it was sent again */
    uint64_t bytes_sent;        /* of these messages alone */
    uint64_t messages_received; /* each once, whether it has been read or not */
    uint64_t bytes_received;    /* of these, with 2 to 6 bytes that each takes in its frame */
    uint64_t retransmitted;     /* messages that were sent again */
    uint64_t stalls;            /* how often a send found no room at the peer, and waited */
    /* The last round trip that was measured, in nanoseconds, with the peer's delay; 0: none yet. */
    uint64_t round_trip_ns;
} natsmicro_stream_metrics;

/* Fills *metrics. Never blocks; any thread. */
void natsmicro_call_get_metrics(natsmicro_call *call, natsmicro_stream_metrics *metrics);

/* ---- servers ---- */

/*
 * Sets what natsmicro_context_follow passes on in place of the request's trace: for an interceptor
 * that makes a span of the call. `tracestate` may be NULL. Both are copied. Returns OK;
 * INVALID_ARGUMENT: the traceparent is not valid, or the tracestate cannot be sent;
 * RESOURCE_EXHAUSTED: no memory.
 */
natsmicro_status natsmicro_call_set_trace(natsmicro_call *call, const char *traceparent,
                                          const char *tracestate);

/*
 * Fails the call and returns `status`, so that a handler can end with
 *
 *     return natsmicro_call_fail(call->base, NATSMICRO_NOT_FOUND, "no %s", name);
 *
 * The text is made as printf makes it; where it is empty, the caller reads the code's name instead.
 * At most 1024 bytes of it travel. The caller is told when the handler returns, and whatever the
 * handler returns then does not count. OK, END and WOULD_BLOCK are no failures: INTERNAL is taken
 * instead.
 *
 * The first failure counts: when the call was answered or failed before, this function changes
 * nothing and returns FAILED_PRECONDITION. A `before` hook may use it as well, on a client too.
 */
natsmicro_status natsmicro_call_fail(natsmicro_call *call, natsmicro_status status,
                                     const char *format, ...) NATSMICRO_PRINTF(3, 4);

/*
 * Attaches bytes to the error that the call fails with, before or after natsmicro_call_fail. They
 * are copied, and replace earlier ones; without a failure they are not sent. Returns OK;
 * INVALID_ARGUMENT: with about 512 bytes for headers they are larger than the broker's max_payload;
 * RESOURCE_EXHAUSTED: no memory.
 */
natsmicro_status natsmicro_call_set_error_data(natsmicro_call *call, const void *data,
                                               size_t length);

/*
 * Sets a trailer: a header of the stream's end, in place of earlier ones of that name. A unary call
 * and a client stream have one response, and trailers go with it. Both strings are copied.
 *
 * Returns what natsmicro_call_set_header returns; FAILED_PRECONDITION: the call has ended, or is a
 * client's. Trailers that do not fit into max_payload are left out of a stream's end and of a
 * failure, and on_error hears of it (PUBLISH_FAILED). The same goes for a failure whose own headers
 * leave them no room in max_header_bytes.
 */
natsmicro_status natsmicro_call_set_trailer(natsmicro_call *call, const char *name,
                                            const char *value);

/*
 * Returns whether the server drains: natsmicro_server_stop was called, and running calls have
 * drain_timeout_ms from then on to finish. The handler of a stream without an end of its own should
 * ask now and then, and return; one that waits in recv is told, see drain_ends_silent_streams. Each
 * question takes the lock of the server, so do not ask for every message of a fast stream. False on
 * a client.
 */
bool natsmicro_call_is_draining(natsmicro_call *call);

/*
 * Lets the call go on after its handler has returned, to be answered from another thread, and frees
 * the worker. Call and request live until natsmicro_call_finish, which must be called exactly once:
 * until then the call counts for max_calls, and the server cannot be destroyed. What the handler
 * returns does not count any more.
 *
 * Returns OK, or FAILED_PRECONDITION when the handler has returned or the call is detached already.
 */
natsmicro_status natsmicro_call_detach(natsmicro_call *call);

/*
 * Ends a detached call. `status` means what it means as a handler's return: OK or END for a
 * complete answer, an error to fail. The call is gone afterwards. Any thread. Runs the `after`
 * hook, and may block while the end is written, at most for the connection's write deadline.
 */
void natsmicro_call_finish(natsmicro_call *call, natsmicro_status status);

/* ---- hooks ---- */

/*
 * Functions that see each call of a client or server, streams too: the place for logs, metrics and
 * access checks. Each may be NULL. Calls run in many threads, so hooks do as well. A request that
 * is refused before it becomes a call, because it is malformed, too many wait, or its time is over
 * before a worker is free, has no hooks.
 *
 * A hook may use the functions above, except natsmicro_call_detach and natsmicro_call_finish. It
 * must not send, receive, reply or close.
 */
typedef struct natsmicro_hooks {
    /*
     * Runs before the request is sent, in the thread that makes the call (client), or before the
     * handler runs, in its thread (server). OK lets the call go on. Any other status refuses it:
     * the call fails with that status (with INTERNAL if it is END or WOULD_BLOCK), and
     * natsmicro_call_fail can give it a text.
     */
    natsmicro_status (*before)(natsmicro_call *call, void *user_data);
    /*
     * Runs once after the end of each call, also when `before` refused it. `status` is what the
     * call ended with, OK if it was complete. `duration_ns` counts from the call's opening
     * (client), or from when the request came (server). On a client it runs in the thread that
     * makes a unary call, closes a stream or destroys the client; on a server in the thread of the
     * handler, or of natsmicro_call_finish.
     */
    void (*after)(natsmicro_call *call, natsmicro_status status, int64_t duration_ns,
                  void *user_data);
    /* Passed to both. */
    void *user_data;
} natsmicro_hooks;

/* ---- events ---- */

/* What on_error hears of. None of it ends the program, and most of it no call can report. */
typedef enum natsmicro_event_kind {
    /* A request that could not be answered, or a malformed frame, was dropped. */
    NATSMICRO_EVENT_DROPPED = 1,
    /* A peer named a subject that we do not publish to. */
    NATSMICRO_EVENT_REFUSED_SUBJECT = 2,
    /* Messages of a plain stream came faster than they were read, and it ends with DATA_LOSS. */
    NATSMICRO_EVENT_SLOW_CONSUMER = 3,
    /* A call was refused because too many others run and wait. */
    NATSMICRO_EVENT_OVERLOADED = 4,
    /* nats.c did not take a message, or some headers or data had to be left out of one. */
    NATSMICRO_EVENT_PUBLISH_FAILED = 5,
    /* Nobody listened to the answer, or the end, of a plain stream until its deadline. */
    NATSMICRO_EVENT_UNHEARD = 6,
    /* A client or server could not be made, or a service could not be added. */
    NATSMICRO_EVENT_SETUP_FAILED = 7,
    /*
     * Messages came faster than this process could take them, so its connection dropped some: at
     * most one event a second for each subscription, with the number in its text. Reliable streams
     * send theirs again.
     */
    NATSMICRO_EVENT_QUEUE_FULL = 8,
    /* A client was destroyed before all its calls were closed. */
    NATSMICRO_EVENT_OPEN_CALLS = 9,
    /* natsmicro_server_run was called on a server that no service was added to. */
    NATSMICRO_EVENT_NO_SERVICES = 10,
    /*
     * A request's time was over, or its caller gone, before a worker was free for it, so its
     * handler did not run. A caller that is there is answered DEADLINE_EXCEEDED.
     */
    NATSMICRO_EVENT_EXPIRED = 11,
    /*
     * The broker does not let this user subscribe to the subject: of our inboxes, where answers and
     * streams come, of discovery, or of a method. It comes within seconds of the subscription, and
     * once. nats.c keeps only its last error, so of several refusals at once not all may be told.
     */
    NATSMICRO_EVENT_NOT_PERMITTED = 12,
    /*
     * Calls begin to wait for a worker, because as many run as may: with the method of the first,
     * and how many run and wait. At most one event a second, and none while others wait already.
     */
    NATSMICRO_EVENT_CALLS_WAITING = 13,
    /*
     * A response was not stored as its method's kv_store or object_store says, or a bucket could
     * not be made, or has other settings than the option names. The text names bucket, key and
     * reason. The response goes out all the same.
     */
    NATSMICRO_EVENT_STORE_FAILED = 14
} natsmicro_event_kind;

/*
 * Returns the name of a kind without its prefix, for a log: "DROPPED", … "STORE_FAILED". A number
 * that is no kind is "UNKNOWN". The string is static. Never blocks; any thread.
 */
const char *natsmicro_event_kind_name(natsmicro_event_kind kind);

typedef struct natsmicro_event {
    natsmicro_event_kind kind;
    const char *subject; /* the subject that it is about, or "" */
    const char *method;  /* the method's full name, or "" */
    const char *text;    /* what happened, for a log */
} natsmicro_event;

/*
 * Hears of events. It runs in a thread of the library or in one that calls it, in several at once:
 * it must return soon, and must not call a function that blocks. The event and its strings live
 * until it returns. `user_data` is on_error_data of the options.
 *
 * SETUP_FAILED comes before the function that failed returns, in its thread. It does not come when
 * the `size` of the options is wrong, because on_error cannot be read then, nor when a service is
 * added to a server that is NULL.
 */
typedef void (*natsmicro_on_error)(const natsmicro_event *event, void *user_data);

/* ---- the log ---- */

/*
 * What a client or a server logs to stderr, by the option `log`. Each level has what those before
 * it have.
 *
 * A line has the time in UTC, the level, the subject, the call's id, which is the same on both
 * sides, and a text; "-" where there is no subject or call. It is written at once, in one piece.
 * What is not printable ASCII, as a peer may send it, is written as \xNN.
 */
typedef enum natsmicro_log_level {
    /*
     * As the environment says when the client or server is made: NATSMICRO_LOG is error, info or
     * debug. Without it nothing is logged. Any other value is named in one line, and ignored.
     */
    NATSMICRO_LOG_DEFAULT = 0,
    /* Nothing, whatever the environment says. */
    NATSMICRO_LOG_OFF = 1,
    /* Events, also without an on_error. */
    NATSMICRO_LOG_ERROR = 2,
    /* The beginning and the end of each call, its status and duration; refused requests. */
    NATSMICRO_LOG_INFO = 3,
    /*
     * How each call goes on: whether its stream is a reliable or a plain one, what is sent again,
     * that the broker says nobody listens (503); reconnects of the connection, within a second.
     */
    NATSMICRO_LOG_DEBUG = 4
} natsmicro_log_level;

#ifdef __cplusplus
}
#endif

#endif
