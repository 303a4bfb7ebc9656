/*
 * Outbox: the sending half of a reliable stream. Messages fill the open segment; once that is
 * sealed, it is published, and kept until the peer has acknowledged all of it. The outbox says
 * which segment is published next: each in its order, and after a loss everything unacknowledged
 * again (go-back-N), in bursts.
 *
 * It knows no call, no connection and no clock, and takes no lock: whoever owns it sees to that.
 */
#ifndef NM_TRANSPORT_RELIABLE_OUTBOX_H
#define NM_TRANSPORT_RELIABLE_OUTBOX_H

#include "base/bytes.h"
#include "base/headers.h"
#include "transport/reliable/segment.h"
#include "wire/digest.h"

#include <stdatomic.h>

/* Messages up to this together fill a frame. */
#define NM_OUTBOX_FILL ((size_t)32 * 1024)

/*
 * A frame leaves this much of max_payload free, for its control fields and the header of a server's
 * first frames.
 */
#define NM_OUTBOX_RESERVE ((size_t)128)

/*
 * No more than this is sent and not acknowledged, whatever the peer allows; or our own window where
 * that is larger.
 */
#define NM_OUTBOX_MOST_BYTES    ((uint64_t)4 * 1024 * 1024)
#define NM_OUTBOX_MOST_MESSAGES ((uint64_t)1048576)

/*
 * Before the peer is heard, a message may begin while less than this is unacknowledged. Whoever
 * opened the call may be dead, or may have named another's address.
 */
#define NM_OUTBOX_UNHEARD_BYTES ((uint64_t)64 * 1024)

/*
 * Frames of the first burst after a loss. Each acknowledgement doubles the burst: so the peer drops
 * no more after the next loss than what the last bursts brought it.
 */
#define NM_OUTBOX_FIRST_BURST 4

/* Best at the beginning of a cache line. */
typedef struct nm_outbox {
    /* ---- touched by each message ---- */
    nm_segment *open;              /* still being filled; NULL: none */
    uint64_t last_number;          /* of our last message or, once `ended`, of the end */
    uint64_t bytes;                /* of all messages' encodings */
    uint64_t unacknowledged_bytes; /* of messages, and the overhead of their segments */
    uint64_t acknowledged;         /* the peer has everything up to this number */
    uint64_t max_messages;         /* the peer's limits */
    uint64_t max_bytes;
    uint64_t most_messages; /* our own limits on what is unacknowledged */
    uint64_t most_bytes;
    atomic_size_t fill; /* a frame is published once it holds this much; read without the lock */

    /* ---- touched by each segment ---- */
    nm_segment *unacknowledged; /* sealed segments, the oldest first */
    nm_segment *newest;         /* the last of them; valid while there is one */
    nm_segment *unpublished;    /* the first of them to be published next; NULL: none */
    nm_segment *in_publication; /* its bytes are being read */
    nm_segment_pool recycled;
    uint64_t published;    /* highest number that was ever published */
    uint64_t sealed_bytes; /* of the messages in all segments that were sealed */

    /* ---- after a loss ---- */
    bool ended;            /* our direction is complete */
    bool goes_back;        /* the next one to be published is the oldest */
    uint32_t burst;        /* frames of a burst; 0: no recovery is under way */
    uint32_t burst_left;   /* of them are not published yet */
    uint64_t recovered_at; /* number that ends the recovery: the last one published before it */
    uint64_t gap_honoured; /* the acknowledged number that a gap was last honoured for, plus 1 */

    uint64_t heard_most_bytes; /* `most_bytes` once the peer is heard */
    size_t max_payload;
    const nm_headers *headers; /* go with number 1; NULL: none */
    nm_digest *digest; /* of all messages but those of the open segment; NULL: of none. Owned */
} nm_outbox;

/*
 * A new stream; what an earlier one left must have been cleared. `window_*`: what we let the peer
 * send; as much may be unacknowledged. `headers` (NULL: none) stay the caller's, which may change
 * them until number 1 is made.
 */
void nm_outbox_begin(nm_outbox *outbox, size_t max_payload, uint64_t window_messages,
                     uint64_t window_bytes, const nm_headers *headers);

/* The opening of the call was our end, number 1: nothing is sent any more. */
void nm_outbox_begin_ended(nm_outbox *outbox);

/*
 * The opening offers these limits, and nothing else has come from the peer: as yet it may be sent
 * NM_OUTBOX_UNHEARD_BYTES. What small messages take in memory counts, too.
 */
void nm_outbox_begin_unheard(nm_outbox *outbox, uint64_t max_messages, uint64_t max_bytes);

/* A frame of the peer has come, whose limits count from now on. */
static inline void nm_outbox_hear(nm_outbox *outbox)
{
    outbox->most_bytes = outbox->heard_most_bytes;
}

/* Drops everything: nothing is sent any more. */
void nm_outbox_drop(nm_outbox *outbox);

/* Between two calls: gives back all memory. */
void nm_outbox_clear(nm_outbox *outbox);

/* ---- the window ---- */

/* Both the peer's limits, for what it has not read, and ours, for what it has not acknowledged. */
static inline bool nm_outbox_window_is_open(const nm_outbox *outbox)
{
    return outbox->last_number < outbox->max_messages && outbox->bytes < outbox->max_bytes &&
           outbox->last_number - outbox->acknowledged < outbox->most_messages &&
           outbox->unacknowledged_bytes < outbox->most_bytes;
}

/* The peer's limits as a frame has them; those of a late frame are lower and do not count. */
void nm_outbox_raise_limits(nm_outbox *outbox, uint64_t max_messages, uint64_t max_bytes);

/* ---- filling ---- */

/* What the broker's limit leaves no room for. */
typedef struct nm_oversize {
    uint64_t number;
    bool is_end;
    size_t size; /* bytes of the message or end */
    size_t room; /* and that a frame has for it */
} nm_oversize;

typedef enum nm_refit {
    NM_REFIT_NOTHING,  /* everything fitted already */
    NM_REFIT_CUT,      /* something was cut anew */
    NM_REFIT_OVERSIZE, /* one message or end is too large by itself, and the peer may lack it */
    NM_REFIT_NO_MEMORY
} nm_refit;

/*
 * The connection has another max_payload now. What is kept and is too large for a frame is cut
 * anew, between messages: numbers belong to messages, so a peer that has some of them passes over
 * these, however they come.
 */
nm_refit nm_outbox_refit(nm_outbox *outbox, size_t max_payload, nm_oversize *oversize);

/* Bytes of messages and end that the next segment may hold, by a broker's max_payload. */
size_t nm_outbox_room(const nm_outbox *outbox, size_t max_payload);

/* The next segment is full once it holds this many bytes. */
size_t nm_outbox_next_fill(const nm_outbox *outbox);

/* Opens a segment for `room` bytes; none may be open. False: no memory. */
bool nm_outbox_open(nm_outbox *outbox, size_t room);

/* Whether the open segment has room for a message's encoding. */
static inline bool nm_outbox_fits(const nm_outbox *outbox, size_t encoded)
{
    return outbox->open->length + encoded <= outbox->open->capacity;
}

static inline bool nm_outbox_is_full(const nm_outbox *outbox)
{
    return outbox->open->length >= outbox->open->full;
}

/* A message of `length` bytes has been written to the end of the open segment. */
static inline void nm_outbox_count(nm_outbox *outbox, size_t length, size_t encoded)
{
    nm_segment *segment = outbox->open;
    segment->length += encoded;
    segment->count++;
    segment->message_bytes += length;
    outbox->last_number++;
    outbox->bytes += encoded;
    outbox->unacknowledged_bytes += length;
}

/* Writes a message to the end of the open segment, which has room for it. */
static inline void nm_outbox_append(nm_outbox *outbox, const nm_bytes *pieces, size_t count,
                                    size_t length)
{
    const nm_segment *segment = outbox->open;
    uint8_t *at = nm_frame_put_message_head(segment->bytes + segment->length, length);
    nm_bytes_join(at, pieces, count);
    nm_outbox_count(outbox, length, nm_frame_message_size(length));
}

/* Bytes of all messages, without their encodings' heads. */
static inline uint64_t nm_outbox_message_bytes(const nm_outbox *outbox)
{
    return outbox->sealed_bytes + (outbox->open != NULL ? outbox->open->message_bytes : 0);
}

/*
 * Ends the direction with `outcome`, to which it adds the digest of all messages; the end is cut to
 * `most` bytes as nm_frame_write_end does. It goes into the open segment if it fits there, else
 * into one of its own, which is sealed. False: no memory.
 */
bool nm_outbox_append_end(nm_outbox *outbox, size_t most, nm_frame_outcome *outcome);

/* The open segment, if there is one, is complete and is to be published after the others. */
void nm_outbox_seal(nm_outbox *outbox);

/* ---- publishing ---- */

/* A segment that is being published. */
typedef struct nm_publication {
    nm_segment *segment;
    bool again; /* not for the first time */
    bool only;  /* nothing else waits for an acknowledgement */
    bool ask;   /* the peer is to answer at once: an end, or the last of a burst */
} nm_publication;

/* Whether anything is to be published, be it in a later burst. */
static inline bool nm_outbox_has_unpublished(const nm_outbox *outbox)
{
    return outbox->goes_back || outbox->unpublished != NULL;
}

/* Whether what was lost goes again, in bursts. */
static inline bool nm_outbox_is_recovering(const nm_outbox *outbox)
{
    return outbox->burst > 0;
}

/* In a recovery: bytes of the next segment to be published, at most. 0: none goes now. */
size_t nm_outbox_next_resend(const nm_outbox *outbox);

/* Bytes of the burst that is under way, at most. */
size_t nm_outbox_burst_bytes(const nm_outbox *outbox);

/* Whether something was published and is not acknowledged. */
static inline bool nm_outbox_is_outstanding(const nm_outbox *outbox)
{
    return outbox->published > outbox->acknowledged;
}

/*
 * The segment to be published next; it stays in memory until nm_outbox_end_publication. It counts
 * as published from now on, so that no acknowledgement of it can seem forged. False: none, or not
 * before an acknowledgement.
 */
bool nm_outbox_begin_publication(nm_outbox *outbox, nm_publication *next);

/* `succeeded`: else it is to be published again. */
void nm_outbox_end_publication(nm_outbox *outbox, nm_segment *segment, bool succeeded);

/* ---- what the peer says ---- */

/*
 * The peer has everything up to `number`, which is higher than before. True: the next burst of a
 * recovery may be published.
 */
bool nm_outbox_acknowledge(nm_outbox *outbox, uint64_t number);

/*
 * The peer has everything up to `number` and lacks the next one. True: this is news, and everything
 * unacknowledged is to be published again.
 */
bool nm_outbox_take_gap(nm_outbox *outbox, uint64_t number);

/* Something was lost: everything unacknowledged is to be published again, in bursts. */
void nm_outbox_go_back(nm_outbox *outbox);

#endif
