/*
 * Negotiate: how a call begins, and over which transport it goes on. A client's stream offers the
 * reliable transport with its opening, unless it is to be plain. The first answer decides, for
 * good.
 */
#ifndef NM_TRANSPORT_NEGOTIATE_H
#define NM_TRANSPORT_NEGOTIATE_H

#include "transport/stream.h"
#include "wire/incoming.h"

/*
 * Client: publishes the opening. OK: where messages are to be sent, nm_stream_try_opened tells when
 * they may be. A failure aborts the call.
 */
natsmicro_status nm_stream_open(nm_stream *stream, const void *request, size_t length);

/*
 * Server: for how long after its opening a caller waits for the whole call, as the opening says
 * (ns); NM_NEVER: it does not say.
 */
int64_t nm_stream_caller_limit(natsmicro_method_kind kind, const nm_incoming *opening);

/*
 * Server: whether the headers of an opening can be read. INVALID_ARGUMENT: all of them, or one that
 * is the protocol's own, cannot.
 */
natsmicro_status nm_stream_check_opening(const nm_incoming *opening, nm_error *error);

/*
 * Server: whether the opening makes a reliable stream, which can be accepted before there is a
 * worker for it. An opening without an offer, or of a unary call, is accepted by the worker.
 */
bool nm_stream_may_wait(const nm_stream_settings *settings, natsmicro_method_kind kind,
                        const nm_incoming *opening);

/*
 * Server: takes the caller's offer if it makes one, its addresses and its headers, and acknowledges
 * the opening where the pattern wants it; flush then. `waits`: a reliable stream is accepted with a
 * window of 0, and lives on until a worker admits it. INVALID_ARGUMENT: a subject that may not be
 * published to; RESOURCE_EXHAUSTED.
 */
natsmicro_status nm_stream_accept(nm_stream *stream, natsMsg *message, const nm_incoming *opening,
                                  bool waits, nm_error *error);

/* Server: the worker of a stream that has waited is there: its caller may send. Flush then. */
void nm_stream_admit(nm_stream *stream);

/*
 * Server: refuses an opening that makes no call, where the caller can hear it: on the opening's
 * NATS reply, else its Reply-To. Otherwise it is dropped, counted and reported.
 */
void nm_stream_refuse(nm_link *link, const nm_stream_settings *settings, natsmicro_method_kind kind,
                      const nm_incoming *opening, const char *method, const nm_error *error);

#endif
