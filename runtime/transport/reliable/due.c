/*
 * See due.h.
 */
#include "transport/reliable/due.h"

static int64_t earlier(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static int64_t later(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

/* Whether there is something that only the peer's answer can bring on. */
static bool waits_for_answer(const nm_stream *stream)
{
    const nm_reliable *reliable = nm_reliable_of(stream);
    return nm_outbox_is_outstanding(&reliable->outbox) || reliable->outbox.unpublished != NULL ||
           reliable->sender_waits || !reliable->peer_heard;
}

/* The peer is asked often enough that some losses in a row do not look like its end. */
static int64_t probe_interval(const nm_stream *stream)
{
    return stream->idle_limit == NM_NEVER ? NM_RELIABLE_PROBE_WITHOUT_IDLE : stream->idle_limit / 6;
}

/* Twice the round trip, doubled each time, up to the interval of probes. */
int64_t nm_reliable_retransmit_due(const nm_stream *stream)
{
    const nm_reliable *reliable = nm_reliable_of(stream);
    if (!waits_for_answer(stream))
        return NM_NEVER;
    int64_t least = later(NM_RELIABLE_FIRST_RETRANSMIT, 2 * reliable->round_trip);
    int64_t most = later(least, probe_interval(stream));
    int64_t delay = least;
    for (unsigned i = 0; i < reliable->backoff && delay < most; i++)
        delay *= 2;
    delay = earlier(delay, earlier(most, NM_RELIABLE_LONGEST_RETRANSMIT));
    return reliable->last_retransmit + delay;
}

int64_t nm_reliable_probe_due(const nm_stream *stream)
{
    const nm_reliable *reliable = nm_reliable_of(stream);
    return later(reliable->last_heard, reliable->last_probe) + probe_interval(stream);
}

int64_t nm_reliable_progress_due(const nm_stream *stream)
{
    const nm_reliable *reliable = nm_reliable_of(stream);
    return nm_outbox_is_outstanding(&reliable->outbox)
               ? nm_after(reliable->last_progress, stream->idle_limit)
               : NM_NEVER;
}

int64_t nm_reliable_deadline_due(const nm_stream *stream)
{
    return stream->aborted == NATSMICRO_OK ? stream->deadline : NM_NEVER;
}

void nm_reliable_schedule(nm_stream *stream)
{
    nm_reliable *reliable = nm_reliable_of(stream);
    if (reliable->state == NM_RELIABLE_OVER)
        return;
    if (reliable->disconnected)
        return; /* the timer looks for the connection; what is due now would only wake it */
    int64_t due = earlier(reliable->ack_due, reliable->seal_due);
    due = earlier(due, nm_reliable_retransmit_due(stream));
    due = earlier(due, nm_reliable_probe_due(stream));
    due = earlier(due, nm_after(reliable->last_heard, stream->idle_limit));
    due = earlier(due, nm_reliable_progress_due(stream));
    due = earlier(due, nm_after(reliable->gone_since, NM_RELIABLE_GONE_LIMIT));
    due = earlier(due, nm_reliable_deadline_due(stream));
    if (due >= reliable->timer_at)
        return;
    reliable->timer_at = due;
    nm_inbox_hasten_timer(&stream->inbox, due);
}
