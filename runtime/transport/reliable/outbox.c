/*
 * What the reliable transport has sealed: published in order by whoever has the turn, kept until it
 * is acknowledged, and sent again from the oldest when something was lost.
 */
#include "transport/publish.h"
#include "transport/reliable/state.h"

#include <string.h>

/* ---- kept ---- */

void nm_reliable_keep(nm_reliable *reliable, nm_segment *segment)
{
    nm_segment *before = reliable->kept == NULL ? NULL : reliable->kept_last;
    reliable->kept_bytes += NM_SEGMENT_OVERHEAD;
    reliable->metrics.bytes_sent += segment->message_bytes;
    if (before == NULL)
        reliable->kept = segment;
    else
        before->next = segment;
    reliable->kept_last = segment;
    if (reliable->unpublished == NULL)
        reliable->unpublished = segment;
    if (before != NULL && !before->published)
        nm_segment_join(reliable, before);
    else if (segment->length < segment->capacity / 2)
        nm_segment_resize(segment, segment->length); /* it is kept until it is acknowledged */
}

static void drop_segment(nm_reliable *reliable, nm_segment *segment)
{
    if (segment == reliable->in_publication)
        segment->acknowledged = true;
    else
        nm_segment_spare(reliable, segment);
}

/* ---- mending ---- */

void nm_reliable_resend(nm_stream *stream, bool reported, int64_t now)
{
    nm_reliable *reliable = nm_reliable_of(stream);
    bool first_time = reliable->last_retransmit == reliable->last_progress;
    reliable->rewind = true;
    reliable->time_resend = reported && first_time;
    reliable->burst = reliable->burst_left = NM_RELIABLE_RESEND_FRAMES;
    reliable->mended_at = reliable->published;
    reliable->last_retransmit = now;
}

/*
 * While a loss is being mended an acknowledgement lets the next frames out, on the service thread.
 */
static void go_on_mending(nm_stream *stream, int64_t now)
{
    nm_reliable *reliable = nm_reliable_of(stream);
    if (reliable->burst == 0)
        return;
    if (reliable->acknowledged >= reliable->mended_at)
        reliable->burst = 0;
    else if (reliable->burst < NM_RELIABLE_MOST_KEPT_MESSAGES)
        reliable->burst *= 2;
    reliable->burst_left = reliable->burst;
    if (reliable->unpublished != NULL)
        nm_inbox_hasten_timer(&stream->inbox, now);
}

/* ---- acknowledgements ---- */

static void limit_backoff(nm_reliable *reliable)
{
    if (reliable->backoff > NM_RELIABLE_MOST_KEPT_BACKOFF)
        reliable->backoff = NM_RELIABLE_MOST_KEPT_BACKOFF;
}

/*
 * Which copy of a message that was sent again an acknowledgement answers cannot be told, so only
 * others are timed, and the second copy where the peer had told that it lacks the first. A timer
 * that is shorter than the round trip sends all of them again: it stays doubled until one is timed.
 */
static void measure_round_trip(nm_reliable *reliable, uint64_t number, int64_t now)
{
    if (reliable->timed_at != 0 && number >= reliable->timed_number) {
        reliable->round_trip = now - reliable->timed_at;
        reliable->timed_at = 0;
        reliable->backoff = 0;
    } else
        limit_backoff(reliable);
}

void nm_reliable_acknowledged(nm_stream *stream, uint64_t number, int64_t now)
{
    nm_reliable *reliable = nm_reliable_of(stream);
    reliable->acknowledged = number;
    reliable->last_progress = reliable->last_retransmit = now;
    measure_round_trip(reliable, number, now);
    while (reliable->kept != NULL) {
        nm_segment *segment = reliable->kept;
        if (nm_segment_last(segment) > number)
            break;
        reliable->kept = segment->next;
        reliable->kept_bytes -= segment->message_bytes + NM_SEGMENT_OVERHEAD;
        if (reliable->unpublished == segment)
            reliable->unpublished = segment->next;
        drop_segment(reliable, segment);
    }
    go_on_mending(stream, now);
}

void nm_reliable_drop_unacknowledged(nm_reliable *reliable)
{
    nm_segment *next;
    for (nm_segment *segment = reliable->kept; segment != NULL; segment = next) {
        next = segment->next;
        drop_segment(reliable, segment);
    }
    if (reliable->open != NULL)
        nm_segment_spare(reliable, reliable->open);
    reliable->kept = reliable->unpublished = reliable->open = NULL;
    reliable->seal_due = NM_NEVER;
}

/* ---- publishing ---- */

/* One segment as it is to be published; its bytes stay where they are. */
typedef struct publication {
    char subject[NM_RELIABLE_ADDRESS_SIZE];
    size_t length;
    bool with_header;
    bool ask;
} publication;

/* The control fields behind a segment say what is so now; whoever holds the turn may write them. */
static void prepare(nm_stream *stream, nm_segment *segment, publication *out)
{
    nm_reliable *reliable = nm_reliable_of(stream);
    uint8_t *end =
        nm_note_write_control(stream, segment->bytes + segment->length, segment->first, false);
    out->length = (size_t)(end - segment->bytes);
    strcpy(out->subject, reliable->address);
    out->with_header = !reliable->peer_heard;
    bool mending = reliable->burst > 0;
    bool last_of_burst = mending && (segment->next == NULL || reliable->burst_left == 1);
    out->ask = out->with_header || segment->has_end || last_of_burst;
    if (mending)
        reliable->burst_left--;
}

static natsmicro_status publish_segment(nm_stream *stream, const nm_segment *segment,
                                        const publication *out)
{
    nm_outgoing outgoing = {.subject = out->subject,
                            .reply = out->ask ? stream->inbox.subject : NULL,
                            .data = segment->bytes,
                            .length = out->length,
                            .stream = out->with_header ? NM_STREAM_VERSION : NULL};
    return nm_publish(nm_link_connection(stream->link), &outgoing, NULL);
}

static void time_segment(nm_reliable *reliable, const nm_segment *segment, int64_t now)
{
    reliable->timed_number = nm_segment_last(segment);
    reliable->timed_at = now;
}

static void note_resend(nm_stream *stream, const nm_segment *segment, int64_t now)
{
    nm_reliable *reliable = nm_reliable_of(stream);
    reliable->metrics.retransmitted += segment->count;
    atomic_fetch_add_explicit(&stream->settings->totals->retransmitted, segment->count,
                              memory_order_relaxed);
    if (reliable->time_resend)
        time_segment(reliable, segment, now);
    else if (segment->first <= reliable->timed_number)
        reliable->timed_at = 0;
    reliable->time_resend = false;
}

/* What publishing a segment, for the first time or again, starts. */
static void note_publication(nm_stream *stream, nm_segment *segment)
{
    nm_reliable *reliable = nm_reliable_of(stream);
    int64_t now = nm_now();
    nm_stream_totals *totals = stream->settings->totals;
    if (segment->published) {
        note_resend(stream, segment, now);
        return;
    }
    segment->published = true;
    atomic_fetch_add_explicit(&totals->messages_sent, segment->count, memory_order_relaxed);
    atomic_fetch_add_explicit(&totals->bytes_sent, segment->message_bytes, memory_order_relaxed);
    if (reliable->published == reliable->acknowledged) {
        reliable->last_progress = reliable->last_retransmit = now;
        limit_backoff(reliable); /* from asking a reader that slept */
    }
    reliable->published = nm_segment_last(segment);
    if (reliable->timed_at == 0)
        time_segment(reliable, segment, now);
}

void nm_reliable_publish(nm_stream *stream)
{
    nm_reliable *reliable = nm_reliable_of(stream);
    if (reliable->publishing)
        return;
    reliable->publishing = true;
    for (;;) {
        if (reliable->rewind) {
            reliable->rewind = false;
            reliable->unpublished = reliable->kept;
        }
        nm_segment *segment = reliable->unpublished;
        if (segment == NULL || reliable->state == NM_RELIABLE_OVER ||
            (reliable->burst > 0 && reliable->burst_left == 0))
            break;
        if (segment->published)
            nm_segment_join(reliable, segment);
        publication out;
        prepare(stream, segment, &out);
        reliable->in_publication = segment;
        /*
         * Before the bytes are out, so that no acknowledgement of them can look like a forged one.
         */
        note_publication(stream, segment);
        pthread_mutex_unlock(&stream->lock);
        natsmicro_status status = publish_segment(stream, segment, &out);
        pthread_mutex_lock(&stream->lock);
        reliable->in_publication = NULL;
        reliable->last_publish = nm_now();
        if (segment->acknowledged) {
            segment->acknowledged = false;
            nm_segment_spare(reliable, segment);
        } else if (status == NATSMICRO_OK && reliable->unpublished == segment)
            reliable->unpublished = segment->next;
        if (status != NATSMICRO_OK)
            break; /* kept: the retransmission timer has it, or finds the connection closed */
    }
    reliable->publishing = false;
    nm_reliable_schedule(stream);
}
