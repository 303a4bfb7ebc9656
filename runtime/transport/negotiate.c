/*
 * See negotiate.h. Until the first answer decides, a client's stream has the transport below, which
 * only waits: with the header Natsmicro-Stream the answer is a reliable stream's, anything else is
 * the plain protocol's.
 */
#include "transport/negotiate.h"
#include "transport/plain/accept.h"
#include "transport/plain/open.h"
#include "transport/plain/table.h"
#include "transport/reliable/begin.h"
#include "transport/reliable/table.h"
#include "transport/stray.h"
#include "wire/names.h"
#include "wire/offer.h"

/* A unary call does without: nothing but its answer is waited for. */
static void note_reconnects(nm_stream *stream)
{
    if (stream->kind != NATSMICRO_UNARY)
        stream->reconnects = nm_link_reconnects(stream->link);
}

/* The call goes over the reliable transport, for good. False: no memory. */
static bool begin_reliable(nm_stream *stream, const nm_stream_offer *peer, bool waits)
{
    if (!nm_reliable_begin(stream, peer, waits))
        return false;
    nm_stream_set_transport(stream, &nm_reliable_transport);
    nm_stream_debug(stream, "the stream is a reliable one");
    return true;
}

/* Over the plain one. */
static bool begin_plain(nm_stream *stream)
{
    if (!nm_plain_begin(stream))
        return false;
    if (stream->kind != NATSMICRO_UNARY)
        nm_stream_debug(stream, "the stream is a plain one");
    return true;
}

/* ---- client: until the first answer ---- */

/* Under the lock: the transport that the first answer chooses. False: no memory. */
static bool choose(nm_stream *stream, natsMsg *message)
{
    nm_incoming incoming;
    nm_incoming_read(&incoming, message, stream->settings->max_header_bytes);
    if (nm_stream_acceptance_read(incoming.stream, NULL))
        return begin_reliable(stream, NULL, false);
    nm_stream_close_share(stream);
    return begin_plain(stream);
}

static void offer_on_message(nm_stream *stream, natsMsg *message)
{
    pthread_mutex_lock(&stream->lock);
    bool chosen = stream->aborted == NATSMICRO_OK && choose(stream, message);
    if (!chosen)
        nm_stream_abort_locked(stream, NATSMICRO_RESOURCE_EXHAUSTED, "%s: no memory for the stream",
                               stream->method);
    pthread_mutex_unlock(&stream->lock);
    if (!chosen) {
        /* Else a service that was heard by nobody would wait for the gone limit. */
        nm_stray_treat(stream->link, stream->settings, message);
        return;
    }
    const nm_transport *transport = nm_stream_transport(stream);
    transport->on_message(stream, message);

    /* Not before the message is taken: a sender needs the addresses and limits that it brings. */
    pthread_mutex_lock(&stream->lock);
    stream->decided = true;
    nm_stream_notify(stream, NM_OPENED | NM_READABLE);
    if (transport->on_decided != NULL)
        transport->on_decided(stream);
    pthread_mutex_unlock(&stream->lock);
}

static natsmicro_status offer_try_recv(nm_stream *stream, nm_span *span)
{
    pthread_mutex_lock(&stream->lock);
    const nm_transport *now = nm_stream_transport(stream);
    natsmicro_status status = stream->aborted;
    if (status == NATSMICRO_OK && !stream->decided)
        status = nm_stream_would_block(stream, NM_READABLE);
    pthread_mutex_unlock(&stream->lock);
    return status == NATSMICRO_OK ? now->try_recv(stream, span) : status;
}

/* No peer is known who could be probed, so only the limits of the wait and the broker count. */
static int64_t offer_keepalive(nm_stream *stream, nm_readiness readiness, bool first, int64_t now)
{
    int64_t opening = readiness == NM_OPENED ? stream->open_deadline : NM_NEVER;
    int64_t deadline = nm_earlier(stream->deadline, opening);
    int64_t idle = nm_after(stream->silent_since, stream->idle_limit);
    int64_t limit = nm_earlier(deadline, idle);
    nm_error refusal = NM_ERROR_INIT;
    if (!first && nm_stream_opening_is_refused(stream, limit, now, &refusal))
        nm_stream_abort_with(stream, &refusal);
    else if (now >= deadline)
        nm_stream_abort(stream, NATSMICRO_DEADLINE_EXCEEDED,
                        "%s: no answer to the opening before the deadline", stream->method);
    else if (now >= idle)
        nm_stream_abort(stream, NATSMICRO_UNAVAILABLE, "%s: nothing came from the peer for %lld ms",
                        stream->method, (long long)(stream->idle_limit / NM_NS_PER_MS));
    return nm_earlier(limit, now + NM_REFUSAL_INTERVAL);
}

static void offer_on_timer(nm_stream *stream)
{
    (void)stream;
}

/*
 * Verbs that are not here are called only once the opening has been answered. There is no cancel:
 * no peer is known who could be told, and a late answer is treated like any stray.
 */
static const nm_transport offer_transport = {
    .try_recv = offer_try_recv,
    .keepalive = offer_keepalive,
    .on_message = offer_on_message,
    .on_timer = offer_on_timer,
};

/* ---- client: the opening ---- */

static natsmicro_status publish_offer(nm_stream *stream, const void *request, size_t length)
{
    /* One answer passes whatever the window. */
    size_t want = nm_service_streams(stream->kind) ? stream->window_bytes : NM_BUDGET_LEAST_SHARE;
    stream->share = nm_budget_open_share(nm_link_budget(stream->link), want);
    nm_stream_offer offer = {.messages = stream->window_messages, .bytes = stream->share};
    if (stream->deadline != NM_NEVER) {
        offer.has_timeout = true;
        offer.timeout_ms = (uint64_t)nm_remaining_ms(stream->deadline);
    }
    char text[NM_STREAM_OFFER_SIZE];
    nm_stream_offer_format(&offer, text);
    return nm_plain_publish_opening(stream, request, length, text);
}

natsmicro_status nm_stream_open(nm_stream *stream, const void *request, size_t length)
{
    note_reconnects(stream);
    if (stream->kind != NATSMICRO_UNARY && !stream->plain) {
        nm_stream_set_transport(stream, &offer_transport);
        return publish_offer(stream, request, length);
    }
    if (!begin_plain(stream))
        return nm_stream_abort(stream, NATSMICRO_RESOURCE_EXHAUSTED, "%s: no memory",
                               stream->method);
    stream->decided = true;
    return nm_plain_publish_opening(stream, request, length, NULL);
}

/* ---- server ---- */

/* An offer's timeout counts whether the offer is taken or not. */
int64_t nm_stream_caller_limit(natsmicro_method_kind kind, const nm_incoming *opening)
{
    int64_t limit = opening->timeout_ms > 0 ? nm_duration(opening->timeout_ms) : NM_NEVER;
    nm_stream_offer offer;
    if (kind != NATSMICRO_UNARY && nm_stream_offer_read(opening->stream, &offer) &&
        offer.has_timeout)
        limit = nm_earlier(limit, nm_duration((int64_t)offer.timeout_ms));
    return limit;
}

natsmicro_status nm_stream_check_opening(const nm_incoming *opening, nm_error *error)
{
    if (opening->malformed != NULL)
        return nm_error_set(error, NATSMICRO_INVALID_ARGUMENT, "%s", opening->malformed);
    if (opening->timeout == NULL || opening->timeout_ms > 0)
        return NATSMICRO_OK;
    return nm_error_set(error, NATSMICRO_INVALID_ARGUMENT,
                        "the header " NM_HEADER_TIMEOUT
                        " is \"%.64s\", and must be a number of milliseconds from 1 to %lld",
                        opening->timeout, (long long)NM_TIMEOUT_LIMIT);
}

/* Whether the caller offers a reliable stream that is wanted here. */
static bool takes_offer(const nm_stream_settings *settings, natsmicro_method_kind kind,
                        const nm_incoming *opening, nm_stream_offer *offer)
{
    return kind != NATSMICRO_UNARY && !settings->plain_streams && opening->reply != NULL &&
           nm_stream_offer_read(opening->stream, offer);
}

bool nm_stream_may_wait(const nm_stream_settings *settings, natsmicro_method_kind kind,
                        const nm_incoming *opening)
{
    nm_stream_offer offer;
    return takes_offer(settings, kind, opening, &offer);
}

natsmicro_status nm_stream_accept(nm_stream *stream, natsMsg *message, const nm_incoming *opening,
                                  bool waits, nm_error *error)
{
    nm_stream_offer offer;
    bool reliable = takes_offer(stream->settings, stream->kind, opening, &offer);
    note_reconnects(stream);
    nm_stream_identify(stream, opening->reply);
    if (!nm_incoming_user_headers(message, stream->settings->max_header_bytes, &stream->headers_in))
        return nm_error_set(error, NATSMICRO_RESOURCE_EXHAUSTED,
                            "no memory for the request's headers");
    if (reliable ? !begin_reliable(stream, &offer, waits) : !begin_plain(stream))
        return nm_error_set(error, NATSMICRO_RESOURCE_EXHAUSTED, "no memory for the stream");
    if (!reliable)
        return nm_plain_accept(stream, opening, error);
    return nm_reliable_accept(stream, opening, error);
}

void nm_stream_admit(nm_stream *stream)
{
    nm_reliable_admit(stream);
}

void nm_stream_refuse(nm_link *link, const nm_stream_settings *settings, natsmicro_method_kind kind,
                      const nm_incoming *opening, const char *method, const nm_error *error)
{
    nm_plain_refuse(link, settings, kind, opening, method, error);
}
