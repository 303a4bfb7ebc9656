/*
 * Transport: how a call's messages travel. A table of functions over a stream, so that a call is
 * the same whatever carries it. `plain` speaks to every implementation of the protocol.
 *
 * What each function may do: `open`, `send`, `close_send`, `answer`, `finish` and `recv` may block,
 * within the stream's deadline and the connection's write deadline; `on_message` and `on_timer` run
 * on the link's threads and must not wait.
 */
#ifndef NM_TRANSPORT_TRANSPORT_H
#define NM_TRANSPORT_TRANSPORT_H

#include "base/buffer.h"
#include "base/bytes.h"
#include "transport/stream.h"
#include "wire/incoming.h"

/* What is shorter can be written in place: its length takes one byte. */
#define NM_SHORT_MESSAGE 128

struct nm_transport {
    /*
     * Client: publishes the opening, waits for its acknowledgement where messages are to be sent.
     */
    natsmicro_status (*open)(nm_stream *stream, const void *request, size_t length);

    /*
     * Server: takes the addresses from the opening and acknowledges it where the pattern wants it.
     */
    natsmicro_status (*accept)(nm_stream *stream, const nm_incoming *opening, nm_error *error);

    /* One message of a streaming direction, given in pieces, which are joined on their way out. */
    natsmicro_status (*send)(nm_stream *stream, const nm_bytes *pieces, size_t count,
                             nm_error *error);

    /*
     * A short message written in place. `reserve`: room behind the last message, to be filled and
     * committed at once, as the stream's lock is held; without data where there is none right now,
     * and nothing to commit. `commit`: what was written; NULL: nothing. NULL: not what this
     * transport can do.
     */
    nm_buffer (*reserve)(nm_stream *stream);
    void (*commit)(nm_stream *stream, const nm_buffer *message);

    /* Whether send would not wait for room. NULL: it never does. */
    bool (*can_send)(nm_stream *stream);

    /* The largest message that the next send can take, as the connection is now. */
    size_t (*max_message)(nm_stream *stream);

    /* Client: our direction is complete. */
    natsmicro_status (*close_send)(nm_stream *stream, nm_error *error);

    /* Server, unary and client-stream: the one response. */
    natsmicro_status (*answer)(nm_stream *stream, const void *message, size_t length,
                               nm_error *error);

    /* Server: the end of the call. `failure` OK: complete. After an answer it only ends. */
    void (*finish)(nm_stream *stream, const nm_error *failure);

    /* Server: the end of a call whose handler still runs, or of which not even the end is heard. */
    void (*abandon)(nm_stream *stream, const nm_error *failure);

    /*
     * The next message of the peer: OK and a span that lives until the next recv; END; or an error,
     * which is in stream->error then.
     */
    natsmicro_status (*recv)(nm_stream *stream, nm_span *span);

    /*
     * Client: tells the peer that the call is given up, with the status it was aborted with, and
     * why.
     */
    void (*give_up)(nm_stream *stream);

    /* Under the stream's lock: what the transport knows more of a call. NULL: nothing. */
    void (*read_metrics)(nm_stream *stream, natsmicro_stream_metrics *metrics);

    /*
     * Between two calls: gives back what the last one left in the transport's state. NULL: nothing.
     */
    void (*reset)(nm_stream *stream);

    void (*on_message)(nm_stream *stream, natsMsg *message);
    void (*on_timer)(nm_stream *stream);
};

/* Speaks the protocol of docs/wire-protocol.md as every implementation does. */
extern const nm_transport nm_plain_transport;

/* Ordered, complete, bounded in memory: between two sides that know it. */
extern const nm_transport nm_reliable_transport;

/* Client: offers a reliable stream and becomes one of the two by the answer. */
extern const nm_transport nm_offer_transport;

/*
 * Server: takes the caller's offer of a reliable stream, if it makes one. OK, and the stream's
 * transport is the one that goes on; RESOURCE_EXHAUSTED.
 */
natsmicro_status nm_transport_choose(nm_stream *stream, const nm_incoming *opening,
                                     nm_error *error);

/*
 * Server: refuses an opening that makes no call, where the caller can hear it: on the opening's
 * NATS reply, else its Reply-To. Otherwise it is dropped, counted and reported.
 */
void nm_plain_refuse(nm_link *link, const nm_stream_settings *settings, natsmicro_method_kind kind,
                     const nm_incoming *opening, const char *method, const nm_error *error);

/* The link's on_stray: a message to an inbox that is gone. */
void nm_transport_on_stray(nm_link *link, natsMsg *message, void *settings);

#endif
