/*
 * See timer.h.
 */
#include "transport/reliable/timer.h"

#include "transport/publish.h"
#include "transport/reliable/due.h"
#include "transport/reliable/fit.h"
#include "transport/reliable/over.h"
#include "transport/reliable/pace.h"
#include "transport/reliable/transmit.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* ---- limits ---- */

/* Nothing came from the peer. The text names the limit, and a likely cause if there is one. */
static void end_silent_call(nm_stream *stream, natsConnStatus connection, nm_control_frame *control)
{
    const char *address = nm_reliable_address(nm_reliable_of(stream));
    const char *cause = "";
    if (connection != NATS_CONN_STATUS_CONNECTED)
        cause = ", the connection to the broker was down";
    else if (strncmp(address, "_R_", 3) == 0)
        cause = " (it is in another account: its export needs response_type Stream)";
    char text[192];
    snprintf(text, sizeof(text), "nothing came from the peer within the idle limit of %lld ms%s",
             (long long)(stream->idle_limit / NM_NS_PER_MS), cause);
    nm_reliable_end_call(stream, control, NATSMICRO_UNAVAILABLE, text);
}

/*
 * Nothing that we send gets through, and the broker has said why. `refused` is the subject that it
 * refused last, or NULL. True: the call is over.
 */
static bool check_refusal(nm_stream *stream, const char *refused, nm_control_frame *control)
{
    if (refused == NULL || strcmp(refused, nm_reliable_address(nm_reliable_of(stream))) != 0)
        return false;
    char text[NM_REFUSED_SUBJECT_SIZE + sizeof(NM_REFUSED_TEXT)];
    snprintf(text, sizeof(text), NM_REFUSED_TEXT, refused);
    nm_reliable_end_call(stream, control, NATSMICRO_UNAVAILABLE, text);
    return true;
}

/* Checks the limits that end a call. True: it is over. */
static bool check_limits(nm_stream *stream, int64_t now, natsConnStatus connection,
                         nm_control_frame *control)
{
    const nm_reliable *reliable = nm_reliable_of(stream);
    if (connection == NATS_CONN_STATUS_CLOSED) {
        nm_reliable_end_call(stream, control, NATSMICRO_UNAVAILABLE, "the connection is closed");
        return true;
    }
    switch (nm_clocks_passed_limit(&reliable->clocks, nm_reliable_waiting(stream), now)) {
    case NM_LIMIT_NONE:
        return false;
    case NM_LIMIT_IDLE:
        end_silent_call(stream, connection, control);
        break;
    case NM_LIMIT_PROGRESS:
        nm_reliable_end_call(stream, control, NATSMICRO_UNAVAILABLE,
                             "the peer answers, but our messages do not reach it");
        break;
    case NM_LIMIT_GONE:
        /* As on a plain stream: a handler without a caller is cancelled. */
        nm_reliable_end_call(stream, control,
                             stream->is_server ? NATSMICRO_CANCELLED : NATSMICRO_UNAVAILABLE,
                             stream->is_server ? "the caller is gone" : "the service is gone");
        break;
    }
    return true;
}

/*
 * Ends a call that its own side has aborted, or whose deadline has passed. A client tells the
 * service at once. A handler finds out from its send and recv, and its return ends the call.
 */
static void check_deadline(nm_stream *stream, int64_t now, nm_control_frame *control)
{
    nm_reliable *reliable = nm_reliable_of(stream);
    if (now >= nm_reliable_deadline_due(stream))
        nm_stream_abort_locked(stream, NATSMICRO_DEADLINE_EXCEEDED,
                               "%s: the deadline passed before the end", stream->method);
    if (stream->is_server || stream->aborted == NATSMICRO_OK || reliable->intake.ended)
        return;
    nm_error reason = NM_ERROR_INIT;
    nm_stream_reason(stream, &reason);
    nm_control_reset(stream, control, &reason);
    nm_error_clear(&reason);
    nm_reliable_over(stream);
}

/* ---- what is to be sent ---- */

/* What went before counts as lost, and no longer as under way. */
static void go_back(nm_stream *stream)
{
    nm_outbox *outbox = &nm_reliable_of(stream)->outbox;
    nm_stream_debug(stream, "sends again from message %" PRIu64 " on", outbox->acknowledged + 1);
    nm_outbox_go_back(outbox);
    nm_pace_settle(stream);
}

/* Sends again what is not acknowledged; a probe, where that is nothing. */
static void retransmit(nm_stream *stream, int64_t now, nm_control_frame *control)
{
    nm_reliable *reliable = nm_reliable_of(stream);
    nm_clocks_on_retransmit(&reliable->clocks, now);
    if (reliable->outbox.unacknowledged != NULL)
        go_back(stream);
    else
        nm_control_acknowledge(stream, control, false, true);
}

/*
 * While the connection is down nothing is sent: probes would pile up in nats.c's buffer. Once it is
 * back, everything unacknowledged is sent at once.
 */
static bool is_connected(nm_stream *stream, int64_t now, natsConnStatus connection)
{
    nm_clocks *clocks = &nm_reliable_of(stream)->clocks;
    bool connected = nm_clocks_on_connection(clocks, connection == NATS_CONN_STATUS_CONNECTED, now);
    if (!connected)
        nm_inbox_hasten_timer(&stream->inbox, clocks->timer_at);
    return connected;
}

/* What is kept fits into the frames of the broker that the connection is at. False: it is over. */
static bool fits(nm_stream *stream, size_t max_payload, nm_control_frame *control)
{
    return max_payload == nm_reliable_of(stream)->outbox.max_payload ||
           nm_reliable_fit(stream, max_payload, control) != NM_FIT_FAILED;
}

static void send_what_is_due(nm_stream *stream, int64_t now, nm_control_frame *control)
{
    nm_reliable *reliable = nm_reliable_of(stream);
    if (nm_clocks_seal_is_due(&reliable->clocks, now))
        nm_reliable_seal(reliable);
    switch (nm_clocks_due(&reliable->clocks, nm_reliable_waiting(stream), now)) {
    case NM_DUE_NOTHING:
        break;
    case NM_DUE_ACKNOWLEDGEMENT:
        nm_control_acknowledge(stream, control, false, false);
        break;
    case NM_DUE_PROBE:
        nm_control_acknowledge(stream, control, false, true);
        break;
    case NM_DUE_RETRANSMIT:
        retransmit(stream, now, control);
        break;
    }
}

void nm_reliable_on_timer(nm_stream *stream)
{
    nm_reliable *reliable = nm_reliable_of(stream);
    nm_control_frame control;
    nm_control_clear(&control);
    bool published = false;
    /* Before the lock: nats.c may be busy writing to a broker that stands still. */
    natsConnStatus connection = natsConnection_Status(nm_link_connection(stream->link));
    char subject[NM_REFUSED_SUBJECT_SIZE];
    const char *refused = nm_link_refused_subject(stream->link, subject) ? subject : NULL;
    size_t max_payload = nm_link_max_payload(stream->link);

    pthread_mutex_lock(&stream->lock);
    int64_t now = nm_now();
    nm_clocks_on_timer(&reliable->clocks);
    if (reliable->state != NM_RELIABLE_OVER && !check_refusal(stream, refused, &control) &&
        !check_limits(stream, now, connection, &control))
        check_deadline(stream, now, &control);
    if (reliable->state != NM_RELIABLE_OVER && is_connected(stream, now, connection) &&
        fits(stream, max_payload, &control)) {
        send_what_is_due(stream, now, &control);
        published = nm_outbox_has_unpublished(&reliable->outbox);
        if (published)
            nm_reliable_transmit(stream);
        nm_reliable_schedule(stream);
    }
    bool close = reliable->state == NM_RELIABLE_OVER && stream->is_server && stream->finished;
    pthread_mutex_unlock(&stream->lock);

    nm_control_publish(stream, &control);
    if (published && !control.flush)
        nm_link_flush_soon(stream->link);
    if (close)
        nm_stream_close_finished(stream);
}

/* The timer probes the peer, so a thread that waits looks after the deadline only. */
int64_t nm_reliable_keepalive(nm_stream *stream, nm_readiness readiness, bool first, int64_t now)
{
    (void)first;
    if (now < stream->deadline)
        return stream->deadline;
    const nm_reliable *reliable = nm_reliable_of(stream);
    pthread_mutex_lock(&stream->lock);
    if (readiness == NM_WRITABLE)
        nm_stream_abort_locked(stream, NATSMICRO_DEADLINE_EXCEEDED,
                               "%s: the deadline passed before the peer had room for message "
                               "%" PRIu64,
                               stream->method, reliable->outbox.last_number + 1);
    else
        nm_stream_abort_locked(stream, NATSMICRO_DEADLINE_EXCEEDED,
                               "%s: the deadline passed after message %" PRIu64, stream->method,
                               reliable->intake.received);
    nm_inbox_hasten_timer(&stream->inbox, now);
    pthread_mutex_unlock(&stream->lock);
    return stream->deadline;
}
