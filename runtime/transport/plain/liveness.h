/*
 * Liveness: whether the peer of a stream is there, where no message of the stream tells: probes,
 * their answers, and the sign of life of a server that has nothing to send yet.
 */
#ifndef NM_TRANSPORT_PLAIN_LIVENESS_H
#define NM_TRANSPORT_PLAIN_LIVENESS_H

#include "transport/plain/state.h"
#include "wire/incoming.h"

/* Under the lock: the peer named its inbox, by a NATS reply; only an allowed one is kept. */
void nm_plain_learn_peer(nm_stream *stream, const char *inbox);

/* The table's: ends a wait that has come to a limit, and probes a peer whose inbox is known. */
int64_t nm_plain_keepalive(nm_stream *stream, nm_readiness readiness, bool first, int64_t now);

/*
 * Says that we are there, and repeats the number of a probe if all messages up to it have come.
 * Without a NATS reply: an answer is never answered.
 */
void nm_plain_answer_probe(nm_stream *stream, const nm_incoming *asked);

/*
 * A server stream is not acknowledged, so until its first message the caller knows no inbox to
 * probe, and the server does not notice that the caller is gone. The timer sees to both; under the
 * lock it is set for the first time. `since` (ns): when the opening came, or the last word went.
 */
void nm_plain_announce_later(nm_stream *stream, int64_t since);
void nm_plain_announce(nm_stream *stream);

/*
 * Server: ends a stream when the time is over that its caller waits for it, or has the timer look
 * again then.
 */
void nm_plain_watch_deadline(nm_stream *stream);

/* Under the lock: something came from the peer. */
void nm_plain_peer_lives(nm_stream *stream);

/* Under the lock: the peer says that our messages up to this number have come. */
void nm_plain_peer_has(nm_stream *stream, uint64_t number);

/*
 * Under the lock: the broker's 503, to a message after the opening. Ends the call if something is
 * lost with it; else the gone limit runs. `reconnects`: nm_link_reconnects, whose lock comes first.
 */
void nm_plain_nobody_listens(nm_stream *stream, uint64_t reconnects);

/* The timer's: ends a call at the gone limit, and asks again before. */
void nm_plain_watch(nm_stream *stream);

#endif
