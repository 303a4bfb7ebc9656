/*
 * A client's opening that offers a reliable stream, until the first answer decides: with the header
 * it is one, for good; anything else is the plain protocol's, for good. The reader, the sender and
 * whoever gives up wait for that here, and then go on with the transport that was chosen.
 */
#include "transport/plain/state.h"
#include "transport/reliable/begin.h"
#include "transport/reliable/due.h"

/* ---- the dispatch thread decides ---- */

static const nm_transport *choose(nm_stream *stream, const nm_incoming *incoming)
{
    return nm_stream_is_accepted(incoming->stream) && nm_reliable_begin(stream, NULL)
               ? &nm_reliable_transport
               : &nm_plain_transport;
}

static void offer_on_message(nm_stream *stream, natsMsg *message)
{
    nm_incoming incoming;
    nm_incoming_read(&incoming, message);

    pthread_mutex_lock(&stream->lock);
    const nm_transport *transport = choose(stream, &incoming);
    bool reliable = transport == &nm_reliable_transport;
    atomic_store_explicit(&stream->transport, transport, memory_order_release);
    pthread_mutex_unlock(&stream->lock);
    transport->on_message(stream, message);

    /* Not before the frame is taken: a sender needs its address and limits. */
    pthread_mutex_lock(&stream->lock);
    stream->decided = true;
    pthread_cond_broadcast(&stream->changed);
    if (reliable && stream->aborted != NATSMICRO_OK)
        nm_inbox_hasten_timer(&stream->inbox, nm_now()); /* it can be told now */
    else if (reliable)
        nm_reliable_schedule(stream);
    pthread_mutex_unlock(&stream->lock);
}

/* ---- the others wait ---- */

/* The transport that was chosen; NULL: the call was aborted before. */
static const nm_transport *wait_for_decision(nm_stream *stream, int64_t opening_deadline)
{
    int64_t call_deadline =
        stream->deadline < opening_deadline ? stream->deadline : opening_deadline;
    int64_t idle = nm_after(nm_now(), stream->idle_limit);
    int64_t deadline = call_deadline < idle ? call_deadline : idle;

    nm_link_flush(stream->link, deadline);
    pthread_mutex_lock(&stream->lock);
    while (!stream->decided && stream->aborted == NATSMICRO_OK) {
        int64_t now = nm_now();
        if (now >= call_deadline)
            nm_stream_abort_locked(stream, NATSMICRO_DEADLINE_EXCEEDED,
                                   "%s: no answer to the opening before the deadline",
                                   stream->method);
        else if (now >= deadline)
            nm_stream_abort_locked(stream, NATSMICRO_UNAVAILABLE,
                                   "%s: nothing came from the peer for %lld ms", stream->method,
                                   (long long)(stream->idle_limit / NM_NS_PER_MS));
        else
            nm_cond_wait_until(&stream->changed, &stream->lock, deadline);
    }
    bool decided = stream->decided;
    pthread_mutex_unlock(&stream->lock);
    return decided ? nm_stream_transport(stream) : NULL;
}

static natsmicro_status publish_opening(nm_stream *stream, const void *request, size_t length)
{
    nm_stream_offer offer = {.messages = stream->window_messages, .bytes = stream->window_bytes};
    if (stream->deadline != NM_NEVER) {
        offer.has_timeout = true;
        offer.timeout_ms = (uint64_t)nm_remaining_ms(stream->deadline);
    }
    char text[NM_STREAM_OFFER_SIZE];
    nm_stream_offer_format(&offer, text);
    return nm_plain_publish_opening(stream, request, length, text);
}

/* Where messages are to be sent, nothing goes on before the decision. */
static natsmicro_status offer_open(nm_stream *stream, const void *request, size_t length)
{
    natsmicro_status status = publish_opening(stream, request, length);
    if (status != NATSMICRO_OK)
        return status;
    if (stream->kind == NATSMICRO_SERVER_STREAM) {
        nm_link_flush(stream->link, stream->deadline);
        return NATSMICRO_OK;
    }
    const nm_transport *transport = wait_for_decision(stream, stream->open_deadline);
    if (transport == NULL)
        return stream->aborted;
    return transport == &nm_plain_transport ? nm_plain_wait_for_acknowledgement(stream)
                                            : NATSMICRO_OK;
}

static natsmicro_status offer_recv(nm_stream *stream, nm_span *span)
{
    const nm_transport *transport = wait_for_decision(stream, NM_NEVER);
    return transport == NULL ? stream->aborted : transport->recv(stream, span);
}

/*
 * Nobody is known who could be told: what may come later is answered as for any call that is over.
 */
static void offer_give_up(nm_stream *stream)
{
    pthread_mutex_lock(&stream->lock);
    stream->send_closed = true;
    pthread_mutex_unlock(&stream->lock);
}

static void offer_on_timer(nm_stream *stream)
{
    (void)stream;
}

/* What is not here is only called once the opening has been answered, or on servers. */
const nm_transport nm_offer_transport = {
    .open = offer_open,
    .recv = offer_recv,
    .give_up = offer_give_up,
    .on_message = offer_on_message,
    .on_timer = offer_on_timer,
};
