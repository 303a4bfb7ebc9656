/*
 * The reliable transport's table. Between two sides that know it a stream is ordered, complete,
 * bounded in memory, alive or ended; docs/reliable-streams.md specifies it.
 */
#include "transport/reliable/begin.h"
#include "transport/reliable/end.h"
#include "transport/reliable/receive.h"
#include "transport/reliable/send.h"
#include "transport/reliable/timer.h"

natsmicro_status nm_transport_choose(nm_stream *stream, const nm_incoming *opening, nm_error *error)
{
    nm_stream_offer offer;
    if (stream->kind == NATSMICRO_UNARY || stream->settings->plain_streams ||
        opening->reply == NULL || !nm_stream_offer_read(opening->stream, &offer))
        return NATSMICRO_OK;
    if (!nm_reliable_begin(stream, &offer))
        return nm_error_set(error, NATSMICRO_RESOURCE_EXHAUSTED, "no memory for the stream");
    if (offer.has_timeout && offer.timeout_ms <= INT64_MAX)
        stream->deadline = nm_deadline_in((int64_t)offer.timeout_ms);
    stream->transport = &nm_reliable_transport;
    return NATSMICRO_OK;
}

static void read_metrics(nm_stream *stream, natsmicro_stream_metrics *metrics)
{
    const nm_reliable *reliable = nm_reliable_of(stream);
    *metrics = reliable->metrics;
    metrics->reliable = true;
    metrics->messages_sent = stream->sent;
    metrics->bytes_sent = nm_outbox_message_bytes(&reliable->outbox);
    metrics->round_trip_ns = (uint64_t)reliable->clocks.round_trip;
}

/* Without `open`: a client's call becomes reliable by the answer to its offer. */
const nm_transport nm_reliable_transport = {
    .accept = nm_reliable_accept,
    .send = nm_reliable_send,
    .reserve = nm_reliable_reserve,
    .commit = nm_reliable_commit,
    .can_send = nm_reliable_can_send,
    .max_message = nm_reliable_max_message,
    .close_send = nm_reliable_close_send,
    .answer = nm_reliable_answer,
    .finish = nm_reliable_finish,
    .abandon = nm_reliable_abandon,
    .recv = nm_reliable_recv,
    .give_up = nm_reliable_give_up,
    .read_metrics = read_metrics,
    .reset = nm_reliable_reset,
    .on_message = nm_reliable_on_message,
    .on_timer = nm_reliable_on_timer,
};
