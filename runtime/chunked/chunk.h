/*
 * Chunk: one message of a chunked method, sent from where its bytes are and received where they
 * came, and what all helpers do around it: how large a chunk is, how far they are, how they fail.
 */
#ifndef NM_CHUNKED_CHUNK_H
#define NM_CHUNKED_CHUNK_H

#include "call/call.h"
#include "natsmicro/chunked.h"

/*
 * Whether this side of the call sends (or receives) chunks: OK, or FAILED_PRECONDITION with a text.
 * Drops what an earlier helper failed with locally.
 */
natsmicro_status nm_chunk_check_sends(natsmicro_call *call);
natsmicro_status nm_chunk_check_receives(natsmicro_call *call);

/*
 * The bytes of one chunk: what was asked for, else the option's, cut to what one message can take.
 */
size_t nm_chunk_size(natsmicro_call *call, size_t chunk_size);

/* Sends pieces as one chunk, or, where one message cannot take them, as several. */
natsmicro_status nm_chunk_send(natsmicro_call *call, const nm_bytes *pieces, size_t count);

/* The next bytes, never none with OK; they live until the next receive. */
natsmicro_status nm_chunk_recv(natsmicro_call *call, const uint8_t **data, size_t *length);

/* Copies out of it; *length is 0 unless OK. */
natsmicro_status nm_chunk_read(natsmicro_call *call, void *buffer, size_t size, size_t *length);

/* ---- progress ---- */

typedef struct nm_progress {
    natsmicro_call *call;
    natsmicro_progress callback;
    void *user_data;
    uint64_t done;
    uint64_t total;
} nm_progress;

/* `total` may be NATSMICRO_TOTAL_UNKNOWN: then it is what the call was told to expect. */
nm_progress nm_progress_begin(natsmicro_call *call, natsmicro_progress callback, void *user_data,
                              uint64_t total);

/* So many bytes more. CANCELLED: the callback wants no more; the call has ended. */
natsmicro_status nm_progress_add(nm_progress *progress, size_t length);

/* All is done: a callback that has not been told of a chunk is told of the empty blob. */
natsmicro_status nm_progress_end(nm_progress *progress);

/* ---- sources and sinks ---- */

/*
 * Fills the buffer, *length 0 at the end. What it fails with it has given the call up with, so that
 * the text is its own.
 */
typedef natsmicro_status (*nm_chunk_fill)(void *source, uint8_t *buffer, size_t size,
                                          size_t *length);

/* Sends what the source gives until its end. */
natsmicro_status nm_chunk_send_from(nm_progress *progress, nm_chunk_fill fill, void *source,
                                    size_t chunk_size);

/* Takes all the bytes. What it fails with it has given the call up with. */
typedef natsmicro_status (*nm_chunk_take)(void *sink, const uint8_t *data, size_t length);

/* Gives the sink what is received until the peer's end: OK then. */
natsmicro_status nm_chunk_recv_to(nm_progress *progress, nm_chunk_take take, void *sink);

#endif
