/*
 * Answer: the last message of a service: the one response of a call or the error instead of it, or
 * the end of a stream.
 */
#ifndef NM_TRANSPORT_PLAIN_ANSWER_H
#define NM_TRANSPORT_PLAIN_ANSWER_H

#include "transport/plain/state.h"
#include "wire/outgoing.h"

/* The table's. */
natsmicro_status nm_plain_answer(nm_stream *stream, const void *message, size_t length,
                                 nm_error *error);

/* An error as the answer of a client stream. */
void nm_plain_answer_error(nm_stream *stream, const nm_error *failure);

/* The end of a server or bidirectional stream, which is composed already. */
void nm_plain_answer_end(nm_stream *stream, const nm_outgoing *end);

/* Under the lock: whether the answer still needs the inbox, which it closes itself then. */
bool nm_plain_answer_is_pending(const nm_stream *stream);

/* Under the lock: the broker's 503. True: it was for the answer. */
bool nm_plain_answer_unheard(nm_stream *stream);

/* Under the lock: something came from the caller, who goes on, and may listen again. */
void nm_plain_answer_peer_came(nm_stream *stream);

/* Under the lock: the caller's End has come, be it one that gives up. */
void nm_plain_answer_end_came(nm_stream *stream);

/* The table's. */
void nm_plain_answer_fence(nm_stream *stream, bool passed);

/* The timer of a call that has an answer. */
void nm_plain_answer_timer(nm_stream *stream);

/* Between calls. */
void nm_plain_answer_reset(nm_stream *stream);

#endif
