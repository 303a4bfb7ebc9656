/*
 * What time brings to a reliable call: delayed acknowledgements, partial frames, retransmission,
 * probes, and the limits after which a peer counts as gone. Runs on the link's service thread.
 *
 * The inbox has one timer. It is only ever hastened, so that the many events that put a limit off
 * cost nothing: when it fires too early, what is due is worked out anew.
 */
#include "transport/reliable/state.h"

#include <stdio.h>
#include <string.h>

static int64_t earlier(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static int64_t later(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

/* ---- what is due when ---- */

/* Whether there is something that only the peer's answer can bring on. */
static bool waits_for_answer(const nm_stream *stream)
{
    const nm_reliable *reliable = nm_reliable_of(stream);
    return reliable->published > reliable->acknowledged || reliable->unpublished != NULL ||
           reliable->sender_waits || !reliable->peer_heard;
}

/* The peer is asked often enough that some losses in a row do not look like its end. */
static int64_t probe_interval(const nm_stream *stream)
{
    return stream->idle_limit == NM_NEVER ? NM_RELIABLE_PROBE_WITHOUT_IDLE : stream->idle_limit / 6;
}

/* Twice the round trip, doubled each time, up to the interval of probes. */
static int64_t retransmit_due(const nm_stream *stream)
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

static int64_t probe_due(const nm_stream *stream)
{
    const nm_reliable *reliable = nm_reliable_of(stream);
    return later(reliable->last_heard, reliable->last_probe) + probe_interval(stream);
}

static int64_t progress_due(const nm_stream *stream)
{
    const nm_reliable *reliable = nm_reliable_of(stream);
    return reliable->published > reliable->acknowledged
               ? nm_after(reliable->last_progress, stream->idle_limit)
               : NM_NEVER;
}

static int64_t deadline_due(const nm_stream *stream)
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
    due = earlier(due, retransmit_due(stream));
    due = earlier(due, probe_due(stream));
    due = earlier(due, nm_after(reliable->last_heard, stream->idle_limit));
    due = earlier(due, progress_due(stream));
    due = earlier(due, nm_after(reliable->gone_since, NM_RELIABLE_GONE_LIMIT));
    due = earlier(due, deadline_due(stream));
    if (due >= reliable->timer_at)
        return;
    reliable->timer_at = due;
    nm_inbox_hasten_timer(&stream->inbox, due);
}

/* ---- limits ---- */

/*
 * What a call is told that has heard nothing: the limit, and the likely cause where there is one.
 */
static void end_silent_call(nm_stream *stream, natsConnStatus connection, nm_note *note)
{
    const char *address = nm_reliable_of(stream)->address;
    const char *cause = "";
    if (connection != NATS_CONN_STATUS_CONNECTED)
        cause = ", the connection to the broker was down";
    else if (strncmp(address, "_R_", 3) == 0)
        cause = " (it is in another account: its export needs response_type Stream)";
    char text[192];
    snprintf(text, sizeof(text), "nothing came from the peer within the idle limit of %lld ms%s",
             (long long)(stream->idle_limit / NM_NS_PER_MS), cause);
    nm_reliable_end_call(stream, note, NATSMICRO_UNAVAILABLE, text);
}

/* Checks the limits that end a call. True: it is over. */
static bool check_limits(nm_stream *stream, int64_t now, natsConnStatus connection, nm_note *note)
{
    const nm_reliable *reliable = nm_reliable_of(stream);
    bool silent = now >= nm_after(reliable->last_heard, stream->idle_limit);
    /* Where the idle limit is the shorter one, it is still known that nobody listens. */
    bool gone = silent ? reliable->gone_since != NM_NEVER
                       : now >= nm_after(reliable->gone_since, NM_RELIABLE_GONE_LIMIT);
    if (connection == NATS_CONN_STATUS_CLOSED)
        nm_reliable_end_call(stream, note, NATSMICRO_UNAVAILABLE, "the connection is closed");
    else if (silent && !gone)
        end_silent_call(stream, connection, note);
    else if (!gone && now >= progress_due(stream))
        nm_reliable_end_call(stream, note, NATSMICRO_UNAVAILABLE,
                             "the peer is there, but messages do not reach it");
    else if (gone)
        /* As on a plain stream: a handler without a caller is cancelled. */
        nm_reliable_end_call(stream, note,
                             stream->is_server ? NATSMICRO_CANCELLED : NATSMICRO_UNAVAILABLE,
                             stream->is_server ? "the caller is gone" : "the service is gone");
    else
        return false;
    return true;
}

/*
 * A call that its own side has given up, or whose deadline has passed. The client tells the service
 * at once; a handler finds out from its send and recv, and its return ends the call as ever.
 */
static void check_deadline(nm_stream *stream, int64_t now, nm_note *note)
{
    nm_reliable *reliable = nm_reliable_of(stream);
    if (now >= deadline_due(stream))
        nm_stream_abort_locked(stream, NATSMICRO_DEADLINE_EXCEEDED,
                               "%s: the deadline passed before the end", stream->method);
    if (stream->is_server || stream->aborted == NATSMICRO_OK || reliable->received_end)
        return;
    nm_error reason = NM_ERROR_INIT;
    nm_stream_reason(stream, &reason);
    nm_note_reset(stream, note, &reason);
    nm_error_clear(&reason);
    nm_reliable_over(stream);
}

/* ---- what is to be sent ---- */

/* Sends again what is not acknowledged, or asks where there is nothing to send. */
static void retransmit(nm_stream *stream, int64_t now, nm_note *note)
{
    nm_reliable *reliable = nm_reliable_of(stream);
    reliable->backoff++;
    if (reliable->kept != NULL) {
        nm_reliable_resend(stream, false, now);
        return;
    }
    reliable->last_retransmit = now;
    nm_note_acknowledge(stream, note, false, true);
}

/*
 * While the connection is down nothing is sent: probes would pile up in nats.c's buffer. Once it is
 * back, what is unacknowledged goes out at once.
 */
static bool is_disconnected(nm_stream *stream, int64_t now, natsConnStatus connection)
{
    nm_reliable *reliable = nm_reliable_of(stream);
    bool was_down = reliable->disconnected;
    reliable->disconnected = connection != NATS_CONN_STATUS_CONNECTED;
    if (reliable->disconnected) {
        reliable->timer_at = now + NM_RELIABLE_RECONNECT_LOOK;
        nm_inbox_hasten_timer(&stream->inbox, reliable->timer_at);
        return true;
    }
    if (was_down) {
        reliable->backoff = 0;
        reliable->last_retransmit = 0; /* due now, if anything waits */
        reliable->last_probe = 0;
    }
    return false;
}

static void send_what_is_due(nm_stream *stream, int64_t now, nm_note *note)
{
    nm_reliable *reliable = nm_reliable_of(stream);
    if (now >= reliable->seal_due)
        nm_reliable_seal(stream);
    if (now >= retransmit_due(stream))
        retransmit(stream, now, note);
    else if (now >= probe_due(stream))
        nm_note_acknowledge(stream, note, false, true);
    else if (now >= reliable->ack_due)
        nm_note_acknowledge(stream, note, false, false);
}

void nm_reliable_on_timer(nm_stream *stream)
{
    nm_reliable *reliable = nm_reliable_of(stream);
    nm_note note;
    nm_note_clear(&note);
    bool published = false;
    /* Before the lock: nats.c may be busy writing to a broker that stands still. */
    natsConnStatus connection = natsConnection_Status(nm_link_connection(stream->link));

    pthread_mutex_lock(&stream->lock);
    int64_t now = nm_now();
    reliable->timer_at = NM_NEVER;
    if (reliable->state != NM_RELIABLE_OVER && !check_limits(stream, now, connection, &note))
        check_deadline(stream, now, &note);
    if (reliable->state != NM_RELIABLE_OVER && !is_disconnected(stream, now, connection)) {
        send_what_is_due(stream, now, &note);
        published = reliable->rewind || reliable->unpublished != NULL;
        if (published)
            nm_reliable_publish(stream);
        nm_reliable_schedule(stream);
    }
    bool close = reliable->state == NM_RELIABLE_OVER && stream->is_server && stream->finished;
    pthread_mutex_unlock(&stream->lock);

    nm_note_publish(stream, &note);
    if (published && !note.flush)
        nm_link_flush_soon(stream->link);
    if (close)
        nm_inbox_close(&stream->inbox);
}
