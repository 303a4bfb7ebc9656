/*
 * Stream: the wire's side of one call, as the rooms above see it. This header is the door between
 * `call/` and `transport/`: nobody above looks inside a stream or takes its lock.
 *
 * The verbs never wait for the peer. One that cannot go on returns WOULD_BLOCK and is then owed an
 * on_ready of its owner; waiting, and flushing what was published, is the owner's part. They may be
 * held up by nats.c while it writes to a broker that stands still (its write deadline bounds that).
 *
 *
 * The life of a call
 *
 *   listening   The inbox has a subject, and messages to it reach the stream.
 *   opened      The transport is chosen, and it is known where messages go.
 *   sending     Our direction. It is open until it is closed.
 *   receiving   The peer's direction. It is open until it has ended; what came before the end is
 *               still read after it.
 *   over        Nothing is sent or read any more. What has not been read is dropped.
 *
 *   event                        who                      what follows
 *   --------------------------   ----------------------   ---------------------------------------
 *   open                         client                   listening, then opened by the answer
 *   accept                       server's worker          listening and opened
 *   accept, where it waits       server's delivery        the same; the caller may send nothing yet
 *   admit                        server's worker          it may
 *   close_send                   client's sender          sending is closed
 *   answer                       handler                  sending is closed, the call is finished
 *   finish                       worker, after handler    the same; nobody reads any more
 *   the peer's End               dispatch thread          receiving has ended with END
 *   the peer's error             dispatch thread          client: receiving has ended with it
 *                                                         server: over, with it
 *   a loss, a broken message     dispatch thread          receiving has ended with DATA_LOSS,
 *                                                         INVALID_ARGUMENT or INTERNAL
 *   nobody listens (503)         dispatch, service        client, first answer: receiving has ended
 *                                                         with UNAVAILABLE; else after the gone
 *                                                         limit, and on a plain stream at once if
 *                                                         something is lost: client: the same;
 *                                                         server: over
 *   abort: a cancel, a limit,    any thread               over on this side, with a status; the
 *   a closed connection                                   peer does not know yet
 *   cancel                       who may be held up       the peer is told, and the call is over
 *   close                        the last user            not listening: strays are answered
 *   the last reference goes      who gives it back        on_unreferenced
 *
 * The first end of a direction counts, and the first abort. A sender returns what the call was
 * aborted with, or on a client how the peer's direction ended. A receiver returns what came before
 * the end, then how it ended.
 *
 * The plain transport publishes a service's answer or END until it is heard (plain/answer.c). The
 * reliable transport keeps an end until it is acknowledged. So a server's inbox may go on listening
 * after the handler's return; the stream then closes it itself. A server that drains hastens the
 * timer of each stream, which sees that and waits no longer than it must.
 */
#ifndef NM_TRANSPORT_STREAM_H
#define NM_TRANSPORT_STREAM_H

#include "base/headers.h"
#include "link/link.h"
#include "transport/types.h"

/* ---- totals ---- */

/* Fills the metrics of a client or a server; `reliable` is set in them. */
void nm_stream_totals_read(nm_stream_totals *totals, natsmicro_stream_metrics *metrics);

/* ---- making and beginning ---- */

/* A stream to be begun as often as one likes. NULL: no memory. */
nm_stream *nm_stream_new(const nm_stream_owner *callbacks, void *owner);
void nm_stream_free(nm_stream *stream);

/* What a stream must know of a call. Strings stay the caller's. */
typedef struct nm_stream_setup {
    nm_link *link;
    const nm_stream_settings *settings;
    natsmicro_method_kind kind;
    bool is_server;
    bool plain;               /* client: no reliable stream is offered */
    int64_t known_limit;      /* client: the service is told of a shorter time for the call, ns */
    const char *method;       /* full name, for texts */
    const char *subject;      /* where the call is opened */
    int64_t began;            /* ns: when the call was made, or its opening came */
    uint64_t window_messages; /* of a reliable stream: what the peer may send ahead of the reader */
} nm_stream_setup;

/* Begins a call, with one reference and no limits. */
void nm_stream_begin(nm_stream *stream, const nm_stream_setup *setup);

/* Frees what is left of a call that has no reference any more. */
void nm_stream_reset(nm_stream *stream);

/*
 * The opening, and the answer of a unary call, are waited for until `open_deadline` (ns), the whole
 * call until `deadline`, and a peer that is silent for `idle_limit` (ns) counts as gone. NM_NEVER:
 * no limit.
 */
void nm_stream_set_limits(nm_stream *stream, int64_t open_deadline, int64_t deadline,
                          int64_t idle_limit);

/* The limits of a call that another one makes. */
void nm_stream_copy_limits(nm_stream *stream, const nm_stream *from);

/* Brings the open_deadline forward, and returns what it was, for nm_stream_set_opening. */
int64_t nm_stream_hasten_opening(nm_stream *stream, int64_t open_deadline);
void nm_stream_set_opening(nm_stream *stream, int64_t open_deadline);

/* The latest end of a wait (ns): the call's deadline; of a unary call the opening's if earlier. */
int64_t nm_stream_wait_deadline(const nm_stream *stream);

/* Gives the inbox a subject and listens there. False: no memory or randomness. */
bool nm_stream_listen(nm_stream *stream);

/*
 * The call's id for the log: a client's once it listens, a server's once it was accepted; else "".
 * Borrowed.
 */
const char *nm_stream_id(const nm_stream *stream);

void nm_stream_reference(nm_stream *stream);
/* False: the last reference is gone already. */
bool nm_stream_try_reference(nm_stream *stream);
void nm_stream_unreference(nm_stream *stream);

/*
 * The owner of a stream that listens on the link, with the link's reference; NULL: none does. Only
 * where nothing but streams listens there.
 */
void *nm_stream_take_any(nm_link *link);

/* ---- opening ---- */

/* Client: whether messages may be sent: OK, WOULD_BLOCK, or what ended the call. */
natsmicro_status nm_stream_try_opened(nm_stream *stream);

/* ---- messages out ---- */

/*
 * One message of a streaming direction, given in pieces, which are joined on their way out. OK,
 * and *lone tells whether to flush at once; WOULD_BLOCK: the peer has no room; RESOURCE_EXHAUSTED:
 * too large, or no memory; FAILED_PRECONDITION: the direction is closed; or what ended the call.
 */
natsmicro_status nm_stream_try_send(nm_stream *stream, const nm_bytes *pieces, size_t count,
                                    bool *lone, nm_error *error);

/*
 * The fast path of a short message: `write` puts it right after the last one of a frame that is
 * being filled. It runs under the stream's lock. False: there is no room now, or `write` said so;
 * the message takes the other way.
 */
bool nm_stream_send_in_place(nm_stream *stream, nm_write write, const void *message);

/* Whether messages can be sent in place at all. */
bool nm_stream_has_places(nm_stream *stream);

/* Whether try_send would not return WOULD_BLOCK. */
bool nm_stream_can_send(nm_stream *stream);

/* OK, or why nothing can be sent, however wide the window. Fills `error`, which may be NULL. */
natsmicro_status nm_stream_check_send(nm_stream *stream, nm_error *error);

/* The largest message that the next try_send can take, as the connection is now. */
size_t nm_stream_max_message(nm_stream *stream);

/* Client: our direction is complete. Flush after it. */
natsmicro_status nm_stream_close_send(nm_stream *stream, nm_error *error);
bool nm_stream_send_is_closed(nm_stream *stream);

/*
 * Server, unary and client streams: the one response. Flush after it. RESOURCE_EXHAUSTED: too
 * large, or no memory: nothing has gone out, and the call can still fail.
 */
natsmicro_status nm_stream_answer(nm_stream *stream, const void *message, size_t length,
                                  nm_error *error);

/* ---- messages in ---- */

/* OK and a message; WOULD_BLOCK; END; or what ended the call or the peer's direction. */
natsmicro_status nm_stream_try_recv(nm_stream *stream, nm_span *span);

/*
 * For an owner that waits for `readiness`: ends a call whose limits have passed, and asks a peer
 * that is silent for a sign of life. Returns when to call again at the latest (ns). `first`: the
 * wait begins now.
 */
int64_t nm_stream_keepalive(nm_stream *stream, nm_readiness readiness, bool first);

/* Destroys a message, together with others, as each destruction may wake a thread of nats.c. */
void nm_stream_recycle(nm_stream *stream, natsMsg *message);

/* ---- ends ---- */

/*
 * Server: the handler has returned, and nobody reads any more. `failure` OK: the call is complete.
 * After an answer it only ends. Flush after it.
 */
void nm_stream_finish(nm_stream *stream, const nm_error *failure);

/*
 * The call is over on this side: its sender and receiver return the status. The first abort counts.
 * Returns what the call was aborted with.
 */
natsmicro_status nm_stream_abort(nm_stream *stream, natsmicro_status status, const char *format,
                                 ...) NATSMICRO_PRINTF(3, 4);
/* The same with an error that has been filled in already; takes what it holds. */
natsmicro_status nm_stream_abort_with(nm_stream *stream, nm_error *error);

/*
 * Aborts a call that is still going on. False: it was aborted, finished, or on a client answered to
 * its end before. Such a call keeps its outcome; only a handler that reads on after its answer
 * reads no further.
 */
bool nm_stream_abort_unless_ended(nm_stream *stream, natsmicro_status status, const char *text);

/*
 * Tells the peer that this side has ended the call, a service also while the handler runs. `why`
 * NULL: what the call was aborted with, or CANCELLED. A second one does nothing.
 */
void nm_stream_cancel(nm_stream *stream, const nm_error *why);

/* OK, and the owner is owed an on_ready with NM_ABORTED; or what the call was aborted with. */
natsmicro_status nm_stream_await_abort(nm_stream *stream);

/* Has on_timer called at `due` (ns) at the latest, on the link's service thread. */
void nm_stream_hasten_timer(nm_stream *stream, int64_t due);

/* No message reaches the stream any more, and no timer fires. May be called again. */
void nm_stream_close(nm_stream *stream);

/* ---- the outcome ---- */

/* The status that the call was aborted with; OK: it was not. */
natsmicro_status nm_stream_aborted(nm_stream *stream);

/* How the peer's direction ended; OK: it has not. */
natsmicro_status nm_stream_input_end(nm_stream *stream);

/* The error of the abort, else of the peer's end; status OK: there is none. Borrowed. */
const nm_error *nm_stream_error(nm_stream *stream);

void nm_stream_read_metrics(nm_stream *stream, natsmicro_stream_metrics *metrics);

/* ---- headers ---- */

/* Ours. FAILED_PRECONDITION: they have gone out; RESOURCE_EXHAUSTED. Both fill `error`. */
natsmicro_status nm_stream_set_header(nm_stream *stream, const char *name, const char *value,
                                      nm_error *error);
natsmicro_status nm_stream_set_trailer(nm_stream *stream, const char *name, const char *value,
                                       nm_error *error);

/* Ours that has not gone out. Borrowed; NULL: there is none. */
const char *nm_stream_own_header(nm_stream *stream, const char *name);

/* Client, before the opening: copies of these, or of another stream's. False: no memory. */
bool nm_stream_add_headers(nm_stream *stream, const nm_headers *headers);
bool nm_stream_add_headers_of(nm_stream *stream, nm_stream *from);

/* The peer's. Borrowed. */
const char *nm_stream_header(nm_stream *stream, const char *name);
const char *nm_stream_trailer(nm_stream *stream, const char *name);
bool nm_stream_header_at(nm_stream *stream, size_t index, const char **name, const char **value);
bool nm_stream_trailer_at(nm_stream *stream, size_t index, const char **name, const char **value);

/* Client: moves the response's headers out, or in from where they were moved to. */
void nm_stream_take_headers(nm_stream *stream, nm_headers *to);
void nm_stream_put_headers(nm_stream *stream, nm_headers *from);

#endif
