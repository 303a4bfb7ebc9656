/*
 * Chunk: one message of a chunked method, sent and received without copying its bytes, and what all
 * helpers of chunked.h share: the size of a chunk, progress, how failures end a call.
 */
#ifndef NM_CHUNKED_CHUNK_H
#define NM_CHUNKED_CHUNK_H

#include "call/call.h"
#include "natsmicro/chunked.h"

/*
 * Check that this side of the call sends, or receives, chunks: OK, or FAILED_PRECONDITION with a
 * text. They also forget the error of an earlier helper that left the call as it was.
 */
natsmicro_status nm_chunk_check_sends(natsmicro_call *call);
natsmicro_status nm_chunk_check_receives(natsmicro_call *call);

/*
 * The size of one chunk: the one asked for, or if that is 0 the option's, cut to what fits into one
 * message.
 */
size_t nm_chunk_size(natsmicro_call *call, size_t chunk_size);

/* Sends pieces as one chunk, or as several if they do not fit into one message. */
natsmicro_status nm_chunk_send(natsmicro_call *call, const nm_bytes *pieces, size_t count);

/* Receives the next bytes, at least one with OK; they live until the next receive. */
natsmicro_status nm_chunk_recv(natsmicro_call *call, const uint8_t **data, size_t *length);

/* Does the same, but copies at most `size` bytes; *length is 0 unless OK. */
natsmicro_status nm_chunk_read(natsmicro_call *call, void *buffer, size_t size, size_t *length);

/* ---- progress ---- */

typedef struct nm_progress {
    natsmicro_call *call;
    natsmicro_progress callback;
    void *user_data;
    uint64_t done;
    uint64_t total;
} nm_progress;

/* If `total` is NATSMICRO_TOTAL_UNKNOWN, what natsmicro_chunked_expect was told is taken. */
nm_progress nm_progress_begin(natsmicro_call *call, natsmicro_progress callback, void *user_data,
                              uint64_t total);

/* Counts `length` bytes more. CANCELLED: the callback returned false, and the call has ended. */
natsmicro_status nm_progress_add(nm_progress *progress, size_t length);

/* The blob is complete: calls the callback if there was no chunk to call it for. */
natsmicro_status nm_progress_end(nm_progress *progress);

/* ---- sources and sinks ---- */

/*
 * A source: fills the buffer; *length is 0 at the end. When it fails it has already given the call
 * up, so that the error's text is its own.
 */
typedef natsmicro_status (*nm_chunk_fill)(void *source, uint8_t *buffer, size_t size,
                                          size_t *length);

/* Sends what the source gives until its end. */
natsmicro_status nm_chunk_send_from(nm_progress *progress, nm_chunk_fill fill, void *source,
                                    size_t chunk_size);

/* A sink: takes all the bytes. When it fails it has already given the call up. */
typedef natsmicro_status (*nm_chunk_take)(void *sink, const uint8_t *data, size_t length);

/* Passes to the sink what is received, until the peer's end, and returns OK then. */
natsmicro_status nm_chunk_recv_to(nm_progress *progress, nm_chunk_take take, void *sink);

#endif
