/*
 * Call: one live RPC, on either side.
 *
 * Generated code hands out typed calls, such as Lab__V1__LabClient__CountUp, each a struct with one
 * member, `base`; the functions here take that: natsmicro_call_cancel(call->base).
 *
 * A call may be used by two threads at once, one that sends and one that receives;
 * natsmicro_call_cancel by any. Closing or finishing it is the last thing anyone does with it.
 * Strings and bytes that a call hands out live as long as the call, but for those of a send that
 * failed by itself: until the next send. Nothing here waits but natsmicro_call_finish; a call is
 * never NULL.
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
 * Ends the call from any thread: waiting functions of it return CANCELLED, the peer is told.
 * It never blocks, and does nothing once the call is over. The call must still be closed (client)
 * or its handler return (server).
 */
void natsmicro_call_cancel(natsmicro_call *call);

/* OK while the call lives; what it ended with afterwards (END after a complete stream). */
natsmicro_status natsmicro_call_status(natsmicro_call *call);

/*
 * The error's code as it travels ("NOT_FOUND", "QUOTA_EXCEEDED"); "" while there is none. Of what
 * ended the call; else of the last send that failed by itself (code, text and data), until the next
 * one or the client's END.
 */
const char *natsmicro_call_error_code(natsmicro_call *call);

/* The error's text; "" while there is none. */
const char *natsmicro_call_error_message(natsmicro_call *call);

/* The bytes that came with the error, or NULL; *length gets their number. */
const void *natsmicro_call_error_data(natsmicro_call *call, size_t *length);

/*
 * A header of the peer by name (whatever its case; the first of several), or NULL: on a server the
 * request's, on a client the response's, there once the first message or the acknowledgement has
 * come.
 */
const char *natsmicro_call_header(natsmicro_call *call, const char *name);

/* The index-th header of the peer, from 0: true with name and value, or false. */
bool natsmicro_call_header_at(natsmicro_call *call, size_t index, const char **name,
                              const char **value);

/*
 * Client: a trailer by name, or NULL: a header on the stream's end, there once `recv` has returned
 * END or an error. A client stream's answer is one message: its headers are found here, too, and
 * its trailers by natsmicro_call_header.
 */
const char *natsmicro_call_trailer(natsmicro_call *call, const char *name);

/*
 * Sets a header that goes to the peer. On a server, a response header: it rides on the response or
 * on the stream's first message, so it must be set before those. On a client, in a `before` hook
 * only, a request header. Replaces one of the same name; both strings are copied.
 * OK; INVALID_ARGUMENT and RESOURCE_EXHAUSTED: as natsmicro_context_set_header;
 * FAILED_PRECONDITION: too late.
 */
natsmicro_status natsmicro_call_set_header(natsmicro_call *call, const char *name,
                                           const char *value);

/* The method's full name, "lab.v1.Lab.CountUp". */
const char *natsmicro_call_method(natsmicro_call *call);

/* The subject that the call was sent to, "lab.v1.count_up". */
const char *natsmicro_call_subject(natsmicro_call *call);

/* Milliseconds until the call's deadline, 0 when it has passed, -1 when there is none. */
int64_t natsmicro_call_remaining_ms(natsmicro_call *call);

/* What a stream has done so far, or all reliable streams of a server. */
typedef struct natsmicro_stream_metrics {
    bool reliable;              /* a reliable stream; if not, only messages are counted */
    uint64_t messages_sent;     /* not counting what was sent again */
    uint64_t bytes_sent;        /* the messages' own */
    uint64_t messages_received; /* not counting repeats; read or not */
    uint64_t bytes_received;    /* with 2 to 6 bytes a message of what carried them */
    uint64_t retransmitted;     /* messages that were sent again */
    uint64_t stalls;            /* how often a send found no room at the peer */
    uint64_t
        round_trip_ns; /* of the last message that was timed, with the peer's delay; 0: unknown */
} natsmicro_stream_metrics;

/* Reads a call's metrics, on either side. Does not block; any thread. */
void natsmicro_call_get_metrics(natsmicro_call *call, natsmicro_stream_metrics *metrics);

/* ---- servers ---- */

/*
 * Fails the call and returns `status`, so that a handler can end with `return
 * natsmicro_call_fail(call->base, NATSMICRO_NOT_FOUND, "no %s", name)`. The text is made as printf
 * does; an empty text is replaced by the code's name. The caller is told when the handler returns;
 * the first failure wins. A status that is no error (OK, END, WOULD_BLOCK) counts as INTERNAL. When
 * the call has been answered or failed before, FAILED_PRECONDITION.
 */
natsmicro_status natsmicro_call_fail(natsmicro_call *call, natsmicro_status status,
                                     const char *format, ...) NATSMICRO_PRINTF(3, 4);

/*
 * Attaches bytes to the error, before or after natsmicro_call_fail; they are copied and replace
 * earlier ones. OK; INVALID_ARGUMENT: more than the connection's max_payload allows;
 * RESOURCE_EXHAUSTED: memory.
 */
natsmicro_status natsmicro_call_set_error_data(natsmicro_call *call, const void *data,
                                               size_t length);

/*
 * Sets a trailer: a header on the stream's end. On a unary call and a client-stream it goes with
 * the response. As natsmicro_call_set_header otherwise. What max_payload leaves no room for is left
 * out of the end of a stream, and of a failure, and on_error hears of it (PUBLISH_FAILED).
 */
natsmicro_status natsmicro_call_set_trailer(natsmicro_call *call, const char *name,
                                            const char *value);

/*
 * Whether the server drains: natsmicro_server_stop was called, and running calls have
 * drain_timeout_ms left to finish. A handler of a stream without an end of its own asks now and
 * then, and returns. False on a client. Any thread, until the handler's return or
 * natsmicro_call_finish; does not block, and takes the server's lock: not for each of a million
 * messages.
 */
bool natsmicro_call_is_draining(natsmicro_call *call);

/*
 * Keeps call and request alive after the handler's return, to go on from another thread, and frees
 * the worker. The handler's return value is then ignored. Exactly one natsmicro_call_finish must
 * follow, or the server cannot be destroyed. FAILED_PRECONDITION: not called from the handler, or
 * twice.
 */
natsmicro_status natsmicro_call_detach(natsmicro_call *call);

/*
 * Ends a detached call as a handler's return would, with the same meaning of `status`. The call
 * must not be touched afterwards. May block while the end is written (the connection's write
 * deadline).
 */
void natsmicro_call_finish(natsmicro_call *call, natsmicro_status status);

/* ---- hooks ---- */

/*
 * Hooks see every call of a client or a server, streams too. Each may be NULL. They run in the
 * thread that makes the call or runs the handler.
 */
typedef struct natsmicro_hooks {
    /*
     * Before the request is sent (client) or the handler runs (server). Anything but OK refuses the
     * call with that status (INTERNAL where it is no failure's); natsmicro_call_fail gives it a
     * text.
     */
    natsmicro_status (*before)(natsmicro_call *call, void *user_data);
    /* After the end, with what the call ended with (OK for a complete one) and how long it took. */
    void (*after)(natsmicro_call *call, natsmicro_status status, int64_t duration_ns,
                  void *user_data);
    void *user_data;
} natsmicro_hooks;

/* What on_error hears of: nothing of it ends the program, some of it no call can report. */
typedef enum natsmicro_event_kind {
    NATSMICRO_EVENT_DROPPED = 1,         /* a request that cannot be answered, a malformed frame */
    NATSMICRO_EVENT_REFUSED_SUBJECT = 2, /* a subject from the peer that we do not publish to */
    NATSMICRO_EVENT_SLOW_CONSUMER = 3,   /* messages came faster than they were read */
    NATSMICRO_EVENT_OVERLOADED = 4,      /* a call was refused: most calls run and wait */
    NATSMICRO_EVENT_PUBLISH_FAILED = 5,  /* nats.c would not take a message, or not all of it */
    NATSMICRO_EVENT_UNHEARD = 6,         /* an answer that nobody listened to until the deadline */
    NATSMICRO_EVENT_SETUP_FAILED = 7     /* no client, server or service was made, and why */
} natsmicro_event_kind;

typedef struct natsmicro_event {
    natsmicro_event_kind kind;
    const char *subject; /* the subject it is about, or "" */
    const char *method;  /* the method's full name, or "" */
    const char *text;    /* what happened, for a log */
} natsmicro_event;

/*
 * Hears of events. Runs in one of the library's threads: return soon, call nothing that waits. Of
 * SETUP_FAILED it hears once before the function that makes a client, makes a server or adds a
 * service returns other than OK, in the same thread; but not of options of a size that is not
 * right, as then on_error cannot be read, nor of a server that is NULL. The event and its strings
 * live until it returns.
 */
typedef void (*natsmicro_on_error)(const natsmicro_event *event, void *user_data);

#ifdef __cplusplus
}
#endif

#endif
