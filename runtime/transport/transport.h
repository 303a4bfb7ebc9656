/*
 * Transport: how a call's messages travel. It is a table of functions over a stream, so that a call
 * is the same whatever carries it. `stream.h` says what each verb means; this table has what that
 * leaves to a transport. No function waits. All are called with the lock free, unless it says so.
 */
#ifndef NM_TRANSPORT_TRANSPORT_H
#define NM_TRANSPORT_TRANSPORT_H

#include "transport/state.h"

/* Verbs of a caller's side. */
typedef struct nm_client_verbs {
    /* Under the lock: OK; WOULD_BLOCK; or what ended the call. NULL: opened once decided. */
    natsmicro_status (*try_opened)(nm_stream *stream);
    natsmicro_status (*close_send)(nm_stream *stream, nm_error *error);
    /* `why` is filled in. */
    void (*cancel)(nm_stream *stream, const nm_error *why);
} nm_client_verbs;

/* Verbs of a service's side. */
typedef struct nm_server_verbs {
    natsmicro_status (*answer)(nm_stream *stream, const void *message, size_t length,
                               nm_error *error);
    void (*finish)(nm_stream *stream, const nm_error *failure);
    void (*cancel)(nm_stream *stream, const nm_error *failure);
} nm_server_verbs;

struct nm_transport {
    /* A service's headers are those of a NATS message, which max_header_bytes limits. */
    bool limits_headers;
    nm_client_verbs client;
    nm_server_verbs server;
    natsmicro_status (*try_send)(nm_stream *stream, const nm_bytes *pieces, size_t count,
                                 bool *lone, nm_error *error);
    /* NULL: this transport has no places. */
    bool (*send_in_place)(nm_stream *stream, nm_write write, const void *message);
    /* Under the lock. NULL: it always can. */
    bool (*can_send)(nm_stream *stream);
    size_t (*max_message)(nm_stream *stream);
    natsmicro_status (*try_recv)(nm_stream *stream, nm_span *span);
    int64_t (*keepalive)(nm_stream *stream, nm_readiness readiness, bool first, int64_t now);
    /* Client, under the lock: the answer to the offer has been taken. NULL: nothing to do. */
    void (*on_decided)(nm_stream *stream);
    /* Under the lock: what the transport knows more of a call. */
    void (*read_metrics)(nm_stream *stream, natsmicro_stream_metrics *metrics);
    /* A message to the inbox, which is the transport's now. On the link's dispatch thread. */
    void (*on_message)(nm_stream *stream, natsMsg *message);
    /* On the link's service thread. */
    void (*on_timer)(nm_stream *stream);
    /* As an inbox's. NULL: this transport asks for no fences. */
    void (*on_fence)(nm_stream *stream, bool passed);
};

#endif
