/*
 * What the files of the plain transport share. The plain protocol has no acknowledgements; what it
 * has to notice loss and death by is the numbers of messages and the broker's 503:
 *
 * - The first message, then one a second, and the end carry our inbox as NATS reply. When the
 *   peer's inbox is gone, the broker answers 503 there.
 * - A peer that does the same has thereby named its own inbox (`peer_control`): while we only wait,
 *   a probe to it does the asking, and its answer tells that it lives.
 */
#ifndef NM_TRANSPORT_PLAIN_H
#define NM_TRANSPORT_PLAIN_H

#include "transport/publish.h"
#include "transport/transport.h"
#include "wire/names.h"
#include "wire/outgoing.h"

/* How often a message asks whether the peer is there. */
#define NM_PLAIN_ASK_INTERVAL (1000 * NM_NS_PER_MS)

/* ---- plain_open.c ---- */
/* Publishes the opening; `offer`: of a reliable stream, or NULL. */
natsmicro_status nm_plain_publish_opening(nm_stream *stream, const void *request, size_t length,
                                          const char *offer);
/* Waits until the opening is answered: with an acknowledgement, or with an end. */
natsmicro_status nm_plain_wait_for_acknowledgement(nm_stream *stream);
natsmicro_status nm_plain_open(nm_stream *stream, const void *request, size_t length);
void nm_plain_give_up(nm_stream *stream);

/* ---- plain_accept.c ---- */
natsmicro_status nm_plain_accept(nm_stream *stream, const nm_incoming *opening, nm_error *error);

/* ---- plain_alive.c ---- */
/* Under the lock: the peer named its inbox, by a NATS reply; only an allowed one is kept. */
void nm_plain_learn_peer(nm_stream *stream, const char *inbox);
/* With the lock free: asks a peer whose inbox is known. */
void nm_plain_probe(nm_stream *stream);
void nm_plain_answer_probe(nm_stream *stream);
/* Server-stream, server: says that it is there, a second later and on until its first message. */
void nm_plain_announce_later(nm_stream *stream);
void nm_plain_announce(nm_stream *stream);

/* ---- plain_receive.c ---- */
void nm_plain_on_message(nm_stream *stream, natsMsg *message);

/* ---- plain_answer.c ---- */
natsmicro_status nm_plain_answer(nm_stream *stream, const void *message, size_t length,
                                 nm_error *error);
/* An error as the answer of a client-stream. */
void nm_plain_answer_error(nm_stream *stream, const nm_error *failure);
/*
 * With the lock free: whether the inbox has to go on listening for its sake; it closes it itself
 * then.
 */
bool nm_plain_answer_is_pending(nm_stream *stream);
/* Under the lock: the broker's 503; true when it was for the answer. */
bool nm_plain_answer_unheard(nm_stream *stream);
/* Under the lock: the caller's End has come. */
void nm_plain_answer_end_came(nm_stream *stream);
/* With the lock free: the fence is back. */
void nm_plain_answer_fence(nm_stream *stream);
void nm_plain_answer_timer(nm_stream *stream);

#endif
