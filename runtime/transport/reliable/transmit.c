/*
 * See transmit.h.
 */
#include "transport/reliable/transmit.h"

#include "base/cold.h"
#include "transport/publish.h"
#include "transport/reliable/due.h"
#include "transport/reliable/fit.h"
#include "transport/reliable/pace.h"
#include "wire/offer.h"

#include <string.h>

void nm_reliable_seal(nm_reliable *reliable)
{
    nm_outbox_seal(&reliable->outbox);
    nm_clocks_on_seal(&reliable->clocks);
}

/* The way a segment is published; its bytes stay where they are. */
typedef struct nm_envelope {
    char subject[NM_RELIABLE_ADDRESS_SIZE];
    size_t length;
    bool with_header;
    bool ask;
} nm_envelope;

/* Only the thread that has the turn may write the control fields after a segment. */
static void prepare(nm_reliable *reliable, const nm_publication *next, nm_envelope *envelope)
{
    nm_segment *segment = next->segment;
    uint8_t *end =
        nm_control_write(reliable, segment->bytes + segment->length, segment->first, false);
    envelope->length = (size_t)(end - segment->bytes);
    strcpy(envelope->subject, nm_reliable_address(reliable));
    envelope->with_header = !reliable->peer_answered;
    envelope->ask = envelope->with_header || next->ask;
}

/*
 * With the lock free. While the connection is down the segment stays here: nats.c would buffer it,
 * and a broker that takes less than the last one did closes the connection for good.
 */
static natsmicro_status publish_segment(nm_stream *stream, const nm_segment *segment,
                                        const nm_envelope *envelope)
{
    if (!nm_link_is_connected(stream->link))
        return NATSMICRO_UNAVAILABLE;
    char acceptance[NM_STREAM_ACCEPTANCE_SIZE];
    if (envelope->with_header)
        nm_stream_acceptance_format(stream->inbox.token, acceptance);
    nm_outgoing outgoing = {.subject = envelope->subject,
                            .reply = envelope->ask ? stream->inbox.subject : NULL,
                            .data = segment->bytes,
                            .length = envelope->length,
                            .stream = envelope->with_header ? acceptance : NULL};
    return nm_publish(nm_link_connection(stream->link), &outgoing, NULL);
}

/* Counts what is about to be published and starts the clocks that wait for its acknowledgement. */
static void count(nm_stream *stream, const nm_publication *next)
{
    nm_reliable *reliable = nm_reliable_of(stream);
    const nm_segment *segment = next->segment;
    uint64_t last = nm_segment_last(segment);
    nm_stream_totals *totals = stream->settings->totals;
    if (next->again) {
        stream->resent += segment->count;
        atomic_fetch_add_explicit(&totals->retransmitted, segment->count, memory_order_relaxed);
        nm_clocks_on_publish_again(&reliable->clocks, segment->first, last, nm_now());
        return;
    }
    atomic_fetch_add_explicit(&totals->messages_sent, segment->count, memory_order_relaxed);
    atomic_fetch_add_explicit(&totals->bytes_sent, segment->message_bytes, memory_order_relaxed);
    nm_clocks_on_publish(&reliable->clocks, last, next->only, nm_now());
}

/*
 * Under the lock, which it frees meanwhile: nats.c did not take a segment. True: it was too large,
 * and what is kept has been cut anew.
 */
NM_COLD static bool recover(nm_stream *stream, natsmicro_status status)
{
    nm_control_frame control;
    nm_control_clear(&control);
    pthread_mutex_unlock(&stream->lock);
    bool connected = nm_link_is_connected(stream->link);
    size_t max_payload = nm_link_max_payload(stream->link);
    pthread_mutex_lock(&stream->lock);
    nm_reliable *reliable = nm_reliable_of(stream);
    if (reliable->state == NM_RELIABLE_OVER)
        return false;
    if (!connected) {
        nm_clocks_on_connection(&reliable->clocks, false, nm_now());
        nm_inbox_hasten_timer(&stream->inbox, reliable->clocks.timer_at);
        return false;
    }
    if (status != NATSMICRO_RESOURCE_EXHAUSTED)
        return false;
    nm_fit fit = nm_reliable_fit(stream, max_payload, &control);
    if (fit == NM_FIT_FAILED) {
        nm_inbox_hasten_timer(&stream->inbox, nm_now()); /* a handler may be done: it closes */
        pthread_mutex_unlock(&stream->lock);
        nm_control_publish(stream, &control);
        pthread_mutex_lock(&stream->lock);
    }
    return fit == NM_FIT_CUT;
}

void nm_reliable_transmit(nm_stream *stream)
{
    nm_reliable *reliable = nm_reliable_of(stream);
    if (reliable->publishing || reliable->clocks.disconnected)
        return;
    reliable->publishing = true;
    natsmicro_status status = NATSMICRO_OK;
    nm_publication next;
    while (status == NATSMICRO_OK && reliable->state != NM_RELIABLE_OVER &&
           nm_pace_allows(stream) && nm_outbox_begin_publication(&reliable->outbox, &next)) {
        nm_envelope envelope;
        prepare(reliable, &next, &envelope);
        count(stream, &next);
        pthread_mutex_unlock(&stream->lock);
        status = publish_segment(stream, next.segment, &envelope);
        pthread_mutex_lock(&stream->lock);
        nm_outbox_end_publication(&reliable->outbox, next.segment, status == NATSMICRO_OK);
        nm_clocks_on_published(&reliable->clocks, nm_now());
        if (status != NATSMICRO_OK && recover(stream, status))
            status = NATSMICRO_OK;
    }
    /* A segment that nats.c did not take goes with the next retransmission. */
    reliable->publishing = false;
    nm_reliable_schedule(stream);
}

void nm_reliable_seal_and_transmit(nm_stream *stream)
{
    nm_reliable_seal(nm_reliable_of(stream));
    nm_reliable_transmit(stream);
}
