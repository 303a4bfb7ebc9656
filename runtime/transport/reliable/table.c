/*
 * See table.h.
 */
#include "transport/reliable/table.h"

#include "transport/reliable/due.h"
#include "transport/reliable/end.h"
#include "transport/reliable/read.h"
#include "transport/reliable/receive.h"
#include "transport/reliable/send.h"
#include "transport/reliable/timer.h"

static void read_metrics(nm_stream *stream, natsmicro_stream_metrics *metrics)
{
    const nm_reliable *reliable = nm_reliable_of(stream);
    *metrics = (natsmicro_stream_metrics){
        .reliable = true,
        .messages_sent = stream->sent,
        .bytes_sent = nm_outbox_message_bytes(&reliable->outbox),
        .messages_received = reliable->intake.received - reliable->intake.ended, /* its end, too */
        .bytes_received = reliable->intake.received_bytes,
        .retransmitted = stream->resent,
        .stalls = reliable->stalls,
        .round_trip_ns = (uint64_t)reliable->clocks.round_trip,
    };
}

/* Catches up on what happened before: the peer is told of an abort, or the timer starts. */
static void on_decided(nm_stream *stream)
{
    if (stream->aborted != NATSMICRO_OK)
        nm_inbox_hasten_timer(&stream->inbox, nm_now());
    else
        nm_reliable_schedule(stream);
}

const nm_transport nm_reliable_transport = {
    .client = {NULL, nm_reliable_close_send, nm_reliable_reset_client},
    .server = {nm_reliable_answer, nm_reliable_finish, nm_reliable_reset_server},
    .try_send = nm_reliable_try_send,
    .send_in_place = nm_reliable_send_in_place,
    .can_send = nm_reliable_can_send,
    .max_message = nm_reliable_max_message,
    .try_recv = nm_reliable_try_recv,
    .keepalive = nm_reliable_keepalive,
    .on_decided = on_decided,
    .read_metrics = read_metrics,
    .on_message = nm_reliable_on_message,
    .on_timer = nm_reliable_on_timer,
};
