/*
 * See table.h.
 */
#include "transport/plain/table.h"
#include "transport/plain/answer.h"
#include "transport/plain/liveness.h"
#include "transport/plain/open.h"
#include "transport/plain/receive.h"
#include "transport/plain/send.h"
#include "transport/stream.h"

#include <stdalign.h>
#include <stdlib.h>

/* ---- state ---- */

static void reset_state(nm_stream *stream)
{
    nm_plain *plain = nm_plain_of(stream);
    nm_stream_recycle(stream, nm_plain_queue_take_current(&plain->queue));
    nm_plain_queue_reset(&plain->queue);
    nm_plain_answer_reset(stream);
    nm_draft_clear(&plain->draft);
    free(plain->peer);
    free(plain->peer_control);
    plain->peer = plain->peer_control = NULL;
}

static void free_state(void *state)
{
    nm_plain *plain = state;
    nm_plain_queue_free(&plain->queue);
    free(plain);
}

static const nm_state_kind state_kind = {
    sizeof(nm_plain),
    alignof(nm_plain),
    reset_state,
    free_state,
};

/* ---- the table ---- */

/* A call has one timer for all that it waits for; each looks whether it is due. */
static void on_timer(nm_stream *stream)
{
    if (stream->kind == NATSMICRO_UNARY)
        return;
    nm_plain_watch(stream);
    if (!stream->is_server)
        return;
    nm_plain_watch_deadline(stream);
    nm_plain_announce(stream);
    nm_plain_answer_timer(stream);
}

static void read_metrics(nm_stream *stream, natsmicro_stream_metrics *metrics)
{
    const nm_plain *plain = nm_plain_of(stream);
    metrics->messages_received = plain->received;
    metrics->bytes_received = plain->bytes_received;
    metrics->bytes_sent = plain->bytes_sent;
}

static const nm_transport plain_transport = {
    .limits_headers = true,
    .client = {nm_plain_try_opened, nm_plain_close_send, nm_plain_cancel},
    .server = {nm_plain_answer, nm_plain_finish, nm_plain_cancel_service},
    .try_send = nm_plain_try_send,
    .max_message = nm_plain_max_message,
    .try_recv = nm_plain_try_recv,
    .keepalive = nm_plain_keepalive,
    .read_metrics = read_metrics,
    .on_message = nm_plain_on_message,
    .on_timer = on_timer,
    .on_fence = nm_plain_answer_fence,
};

bool nm_plain_begin(nm_stream *stream)
{
    nm_plain *plain = nm_stream_take_state(stream, &state_kind);
    if (plain == NULL)
        return false;
    plain->peer_was_told = plain->opening_answered = plain->active = false;
    plain->received = 0;
    plain->any_taken = plain->unnumbered = false;
    plain->service_is_known = false;
    plain->service[0] = '\0';
    plain->last_send = plain->last_asked = 0;
    plain->burst = 0;
    plain->announce_due = NM_NEVER;
    plain->end_handed = plain->end_came = plain->peer_counts = false;
    plain->delivered = 0;
    atomic_store(&plain->handed, 0);
    nm_gone_begin(&plain->gone, nm_earlier(stream->settings->gone_limit, stream->idle_limit),
                  stream->reconnects);
    nm_stream_set_transport(stream, &plain_transport);
    return true;
}
