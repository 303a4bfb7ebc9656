/*
 * Liveness: whether the peer of a stream is there, where no message of the stream tells: probes,
 * their answers, and the sign of life of a server that has nothing to send yet.
 */
#ifndef NM_TRANSPORT_PLAIN_LIVENESS_H
#define NM_TRANSPORT_PLAIN_LIVENESS_H

#include "transport/plain/state.h"

/* Under the lock: the peer named its inbox, by a NATS reply; only an allowed one is kept. */
void nm_plain_learn_peer(nm_stream *stream, const char *inbox);

/* The table's: ends a wait that has come to a limit, and probes a peer whose inbox is known. */
int64_t nm_plain_keepalive(nm_stream *stream, nm_readiness readiness, bool first, int64_t now);

/* Says that we are there. Without a NATS reply: an answer is never answered. */
void nm_plain_answer_probe(nm_stream *stream);

/*
 * A server stream is not acknowledged, so until its first message the caller knows no inbox to
 * probe, and the server does not notice that the caller is gone. The timer sees to both.
 */
void nm_plain_announce_later(nm_stream *stream);
void nm_plain_announce(nm_stream *stream);

#endif
