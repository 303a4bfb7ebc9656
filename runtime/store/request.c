/*
 * Request: see request.h. An answer is matched to its request by the inbox that it comes to.
 *
 * A fence (nm_link_fence) after each request tells when the broker's word about it would be here:
 * that it refuses the subject, or that the connection was lost in between.
 */
#include "store/request.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* How long an answer may take where the broker has refused the same subject earlier. */
#define REFUSED_PATIENCE_MS 1000

/* How long until a lost connection is looked after again. */
#define OUTAGE_LOOK_MS 100

/* What nats.c adds to a block of headers (NATS/1.0, an empty line), and to each header of it. */
#define HEADERS_FRAME 12
#define HEADER_FRAME  4

/* What is to be said where something may have been stored. */
#define MAYBE_STORED ", and it may have been stored"

/* Under the exchange's lock. */
typedef enum fence_state {
    FENCE_NONE, /* to be asked for at `look_at` */
    FENCE_ASKED,
    FENCE_PASSED,
    FENCE_FAILED,
    FENCE_OVER /* nothing more is to be learnt from one */
} fence_state;

/* A request under way. The inbox's callbacks write answer and fence; the rest is the owner's. */
typedef struct under_way {
    nm_inbox inbox; /* first */
    nm_exchange *exchange;
    struct under_way *next;
    natsMsg *answer;
    fence_state fence;
    natsMsg *question; /* to be published again; NULL: it is not */
    const char *subject;
    const char *what;
    bool stores;
    uint64_t tag;
    int64_t begun;
    uint64_t reconnects; /* before it was published */
    int64_t look_at;     /* NM_NEVER: not by itself */
    int64_t refusal_due; /* when an earlier refusal is to be taken for its */
    char texts[];        /* what and subject */
} under_way;

struct nm_exchange {
    nm_requester *requester;
    nm_exchange *before; /* in the requester's list */
    nm_exchange *after;
    atomic_uint references; /* the owner's, and one of each request */
    under_way *first;       /* in the order of sending */
    size_t count;
    pthread_mutex_t lock; /* for the rest, and what is under way */
    pthread_cond_t changed;
    bool told;   /* an answer or a fence has come */
    bool closed; /* the connection is */
    bool ended;  /* the requester has */
};

/* ---- what the link calls ---- */

static void unreference(nm_exchange *exchange)
{
    if (atomic_fetch_sub_explicit(&exchange->references, 1, memory_order_acq_rel) > 1)
        return;
    pthread_cond_destroy(&exchange->changed);
    pthread_mutex_destroy(&exchange->lock);
    free(exchange);
}

static void lock_of(const under_way *one)
{
    pthread_mutex_lock(&one->exchange->lock);
}

/* Wakes the owner, and gives up the lock. */
static void tell_and_unlock(nm_exchange *exchange)
{
    exchange->told = true;
    pthread_cond_signal(&exchange->changed);
    pthread_mutex_unlock(&exchange->lock);
}

static void on_message(nm_inbox *inbox, natsMsg *message)
{
    under_way *one = (under_way *)inbox;
    lock_of(one);
    if (one->answer == NULL) {
        one->answer = message;
        message = NULL;
    }
    tell_and_unlock(one->exchange);
    natsMsg_Destroy(message); /* one that was asked twice is answered twice */
}

static void on_fence(nm_inbox *inbox, bool passed)
{
    under_way *one = (under_way *)inbox;
    lock_of(one);
    one->fence = passed ? FENCE_PASSED : FENCE_FAILED;
    tell_and_unlock(one->exchange);
}

static void on_timer(nm_inbox *inbox)
{
    (void)inbox; /* is never set */
}

static void on_closed(nm_inbox *inbox)
{
    under_way *one = (under_way *)inbox;
    lock_of(one);
    one->exchange->closed = true;
    tell_and_unlock(one->exchange);
}

static void on_unreferenced(nm_inbox *inbox)
{
    under_way *one = (under_way *)inbox;
    natsMsg_Destroy(one->answer);
    natsMsg_Destroy(one->question);
    free(one->inbox.subject);
    unreference(one->exchange);
    free(one);
}

static const nm_inbox_callbacks callbacks = {.on_message = on_message,
                                             .on_timer = on_timer,
                                             .on_fence = on_fence,
                                             .on_closed = on_closed,
                                             .on_unreferenced = on_unreferenced};

/* ---- the requester ---- */

void nm_requester_init(nm_requester *requester, nm_link *link)
{
    *requester = (nm_requester){.link = link};
    pthread_mutex_init(&requester->lock, NULL);
    nm_cond_init(&requester->changed);
}

static void drop_all(nm_exchange *exchange)
{
    while (exchange->first != NULL) {
        under_way *one = exchange->first;
        exchange->first = one->next;
        nm_inbox_close(&one->inbox);
        nm_inbox_unreference(&one->inbox);
    }
    exchange->count = 0;
}

static void end_exchange(nm_exchange *exchange)
{
    pthread_mutex_lock(&exchange->lock);
    exchange->ended = true;
    tell_and_unlock(exchange);
}

void nm_requester_end(nm_requester *requester)
{
    pthread_mutex_lock(&requester->lock);
    requester->ended = true;
    pthread_cond_broadcast(&requester->changed);
    for (nm_exchange *one = requester->first; one != NULL; one = one->after)
        end_exchange(one);
    while (requester->verbs > 0)
        pthread_cond_wait(&requester->changed, &requester->lock);
    /* No verb runs any more, so nobody else uses what a writer of an object has left under way. */
    for (nm_exchange *rest = requester->first; rest != NULL; rest = rest->after)
        drop_all(rest);
    pthread_mutex_unlock(&requester->lock);
}

void nm_requester_free(nm_requester *requester)
{
    pthread_cond_destroy(&requester->changed);
    pthread_mutex_destroy(&requester->lock);
}

static natsmicro_status fail_ended(const char *what, const char *more, nm_error *error)
{
    return nm_error_set(error, NATSMICRO_UNAVAILABLE, "%s: its client or server has ended%s", what,
                        more);
}

natsmicro_status nm_requester_enter(nm_requester *requester, const char *what, nm_error *error)
{
    pthread_mutex_lock(&requester->lock);
    bool ended = requester->ended;
    requester->verbs += !ended;
    pthread_mutex_unlock(&requester->lock);
    return ended ? fail_ended(what, "", error) : NATSMICRO_OK;
}

void nm_requester_leave(nm_requester *requester)
{
    pthread_mutex_lock(&requester->lock);
    if (--requester->verbs == 0)
        pthread_cond_broadcast(&requester->changed);
    pthread_mutex_unlock(&requester->lock);
}

bool nm_requester_wait(nm_requester *requester, int64_t until)
{
    pthread_mutex_lock(&requester->lock);
    while (!requester->ended)
        if (nm_cond_wait_until(&requester->changed, &requester->lock, until) != 0)
            break;
    bool ended = requester->ended;
    pthread_mutex_unlock(&requester->lock);
    return !ended;
}

/* ---- exchanges ---- */

nm_exchange *nm_exchange_new(nm_requester *requester)
{
    nm_exchange *exchange = calloc(1, sizeof(*exchange));
    if (exchange == NULL)
        return NULL;
    exchange->requester = requester;
    atomic_init(&exchange->references, 1);
    pthread_mutex_init(&exchange->lock, NULL);
    nm_cond_init(&exchange->changed);
    pthread_mutex_lock(&requester->lock);
    exchange->ended = requester->ended;
    exchange->after = requester->first;
    if (requester->first != NULL)
        requester->first->before = exchange;
    requester->first = exchange;
    pthread_mutex_unlock(&requester->lock);
    return exchange;
}

void nm_exchange_free(nm_exchange *exchange)
{
    if (exchange == NULL)
        return;
    nm_requester *requester = exchange->requester;
    pthread_mutex_lock(&requester->lock);
    drop_all(exchange); /* the requester's end does not return while an inbox listens */
    if (exchange->before != NULL)
        exchange->before->after = exchange->after;
    else
        requester->first = exchange->after;
    if (exchange->after != NULL)
        exchange->after->before = exchange->before;
    pthread_mutex_unlock(&requester->lock);
    unreference(exchange);
}

size_t nm_exchange_under_way(const nm_exchange *exchange)
{
    return exchange->count;
}

/* ---- sending ---- */

static natsStatus compose(natsMsg **message, const nm_request *request, const char *reply)
{
    if (request->payload.length > INT_MAX)
        return NATS_MAX_PAYLOAD;
    natsStatus status = natsMsg_Create(message, request->subject, reply, request->payload.data,
                                       (int)request->payload.length);
    for (size_t i = 0; i < request->n_headers && status == NATS_OK; i++)
        status = natsMsgHeader_Set(*message, request->headers[i].name, request->headers[i].value);
    return status;
}

/* nats.c tells what a broker can do only once there is one. */
static natsmicro_status as_status(nm_link *link, natsStatus status, const char *what,
                                  nm_error *error)
{
    if (status == NATS_NO_SERVER_SUPPORT && !nm_link_is_connected(link))
        return nm_error_set(error, NATSMICRO_UNAVAILABLE,
                            "%s: the connection to the broker has not been made yet", what);
    return nm_link_status(status, what, error);
}

static natsmicro_status check_size(nm_link *link, const nm_request *request, nm_error *error)
{
    size_t headers = request->n_headers > 0 ? HEADERS_FRAME : 0;
    for (size_t i = 0; i < request->n_headers; i++)
        headers +=
            strlen(request->headers[i].name) + strlen(request->headers[i].value) + HEADER_FRAME;
    size_t limit = nm_link_max_payload(link);
    if (request->payload.length <= limit && headers <= limit - request->payload.length)
        return NATSMICRO_OK;
    return nm_error_set(error, NATSMICRO_RESOURCE_EXHAUSTED,
                        "%s: %zu bytes, with %zu bytes of headers, are more than the broker's "
                        "max_payload of %zu",
                        request->what, request->payload.length, headers, limit);
}

/* With the caller's reference, and listening. */
static under_way *make(nm_exchange *exchange, const nm_request *request)
{
    size_t what = strlen(request->what) + 1;
    size_t subject = strlen(request->subject) + 1;
    under_way *one = calloc(1, sizeof(*one) + what + subject);
    if (one == NULL)
        return NULL;
    memcpy(one->texts, request->what, what);
    memcpy(one->texts + what, request->subject, subject);
    one->what = one->texts;
    one->subject = one->texts + what;
    one->stores = request->stores;
    one->tag = request->tag;
    one->exchange = exchange;
    atomic_fetch_add_explicit(&exchange->references, 1, memory_order_relaxed);
    nm_inbox_init(&one->inbox, exchange->requester->link, &callbacks);
    if (!nm_inbox_listen(&one->inbox)) {
        nm_inbox_unreference(&one->inbox);
        return NULL;
    }
    return one;
}

static void append(nm_exchange *exchange, under_way *one)
{
    under_way **end = &exchange->first;
    while (*end != NULL)
        end = &(*end)->next;
    *end = one;
    exchange->count++;
}

natsmicro_status nm_exchange_send(nm_exchange *exchange, const nm_request *request, nm_error *error)
{
    nm_link *link = exchange->requester->link;
    natsmicro_status status = check_size(link, request, error);
    if (status != NATSMICRO_OK)
        return status;
    under_way *one = make(exchange, request);
    if (one == NULL)
        return nm_error_set(error, NATSMICRO_RESOURCE_EXHAUSTED,
                            "%s: no memory, or no random bytes from the system", request->what);
    one->begun = nm_now();
    one->refusal_due = NM_NEVER;
    one->reconnects = nm_link_reconnects(link);
    natsMsg *message = NULL;
    natsStatus sent = compose(&message, request, one->inbox.subject);
    if (sent == NATS_OK)
        sent = natsConnection_PublishMsg(nm_link_connection(link), message);
    if (sent == NATS_OK && !request->stores)
        one->question = message;
    else
        natsMsg_Destroy(message);
    if (sent == NATS_OK) {
        append(exchange, one);
        return NATSMICRO_OK;
    }
    nm_inbox_close(&one->inbox);
    nm_inbox_unreference(&one->inbox);
    return as_status(link, sent, request->what, error);
}

/* ---- waiting ---- */

/* Without the lock: asks for the fences that are due. */
static void ask_for_fences(nm_exchange *exchange, int64_t now)
{
    nm_link *link = exchange->requester->link;
    for (under_way *one = exchange->first; one != NULL; one = one->next) {
        pthread_mutex_lock(&exchange->lock);
        bool ask = one->fence == FENCE_NONE && one->look_at <= now;
        if (ask) {
            one->fence = FENCE_ASKED;
            one->look_at = NM_NEVER;
        }
        pthread_mutex_unlock(&exchange->lock);
        if (ask)
            nm_link_fence(link, &one->inbox, one->reconnects);
    }
}

/* What the fence has told; none, or one that is waited for, leaves nothing to look after. */
static fence_state take_fence(under_way *one)
{
    lock_of(one);
    fence_state fence = one->fence;
    if (fence == FENCE_PASSED || fence == FENCE_FAILED)
        one->fence = FENCE_OVER;
    pthread_mutex_unlock(&one->exchange->lock);
    return fence;
}

static void ask_again_for_fence(under_way *one)
{
    lock_of(one);
    one->fence = FENCE_NONE;
    pthread_mutex_unlock(&one->exchange->lock);
}

/*
 * What only asks is published again once there is another connection: the question or its answer
 * may have been lost with the one before. What stores may be stored already, so its answer comes or
 * does not come.
 */
static void look_for_outage(under_way *one, nm_link *link, bool fence_failed, int64_t now)
{
    one->look_at = now + OUTAGE_LOOK_MS * NM_NS_PER_MS;
    uint64_t reconnects = nm_link_reconnects(link);
    bool lost = reconnects != one->reconnects;
    if (fence_failed && !lost)
        ask_again_for_fence(one);
    else if (one->question == NULL)
        one->look_at = NM_NEVER;
    else if (lost && nm_link_is_connected(link) &&
             natsConnection_PublishMsg(nm_link_connection(link), one->question) == NATS_OK) {
        one->reconnects = reconnects;
        one->look_at = now;
        ask_again_for_fence(one);
    }
}

/*
 * Looks whether the broker has refused a request: once its fence has passed, and again after a
 * while, when an earlier refusal of the subject counts, too.
 */
static bool look_after(under_way *one, nm_link *link, int64_t now, nm_error *error)
{
    fence_state fence = take_fence(one);
    if (fence == FENCE_NONE || fence == FENCE_ASKED)
        return false;
    bool last = one->refusal_due <= now;
    if (last)
        one->refusal_due = NM_NEVER;
    if (fence == FENCE_PASSED)
        one->refusal_due = now + REFUSED_PATIENCE_MS * NM_NS_PER_MS;
    if (fence != FENCE_OVER || one->look_at <= now)
        look_for_outage(one, link, fence == FENCE_FAILED, now);
    one->look_at = nm_earlier(one->look_at, one->refusal_due);
    return (fence == FENCE_PASSED || last) &&
           nm_link_refuses_opening(link, one->what, one->subject, one->begun, last, error);
}

static bool is_refused(nm_exchange *exchange, int64_t now, nm_error *error)
{
    for (under_way *one = exchange->first; one != NULL; one = one->next)
        if (look_after(one, exchange->requester->link, now, error))
            return true;
    return false;
}

static under_way *take_answered(nm_exchange *exchange, natsMsg **message)
{
    pthread_mutex_lock(&exchange->lock);
    under_way **at = &exchange->first;
    while (*at != NULL && (*at)->answer == NULL)
        at = &(*at)->next;
    under_way *one = *at;
    if (one != NULL) {
        *at = one->next;
        exchange->count--;
        *message = one->answer;
        one->answer = NULL; /* a second one may come yet */
    }
    pthread_mutex_unlock(&exchange->lock);
    return one;
}

static natsmicro_status hand_out(under_way *one, natsMsg *message, nm_answer *answer,
                                 nm_error *error)
{
    answer->tag = one->tag;
    natsmicro_status status = NATSMICRO_OK;
    if (!nm_answer_take(answer, message)) {
        status = nm_error_set(error, NATSMICRO_INTERNAL,
                              "%s: the headers of the broker's answer cannot be read%s", one->what,
                              one->stores ? MAYBE_STORED : "");
        nm_answer_free(answer);
    }
    nm_inbox_close(&one->inbox);
    nm_inbox_unreference(&one->inbox);
    return status;
}

/* Waits for news; returns whether none can come any more. */
static bool wait_for_news(nm_exchange *exchange, int64_t until)
{
    for (under_way *one = exchange->first; one != NULL; one = one->next)
        until = nm_earlier(until, one->look_at);
    pthread_mutex_lock(&exchange->lock);
    while (!exchange->told && !exchange->closed && !exchange->ended)
        if (nm_cond_wait_until(&exchange->changed, &exchange->lock, until) != 0)
            break;
    bool over = exchange->closed || exchange->ended;
    exchange->told = false;
    pthread_mutex_unlock(&exchange->lock);
    return over;
}

static const char *doubt(const nm_exchange *exchange)
{
    for (const under_way *one = exchange->first; one != NULL; one = one->next)
        if (one->stores)
            return MAYBE_STORED;
    return "";
}

static natsmicro_status fail_over(nm_exchange *exchange, nm_error *error)
{
    const char *what = exchange->first->what;
    pthread_mutex_lock(&exchange->lock);
    bool ended = exchange->ended;
    pthread_mutex_unlock(&exchange->lock);
    if (ended)
        return fail_ended(what, doubt(exchange), error);
    return nm_error_set(error, NATSMICRO_UNAVAILABLE, "%s: the connection is closed%s", what,
                        doubt(exchange));
}

static natsmicro_status fail_late(nm_exchange *exchange, nm_error *error)
{
    nm_link *link = exchange->requester->link;
    for (const under_way *one = exchange->first; one != NULL; one = one->next)
        if (nm_link_refuses_opening(link, one->what, one->subject, one->begun, true, error))
            return NATSMICRO_PERMISSION_DENIED;
    return nm_error_set(
        error, NATSMICRO_DEADLINE_EXCEEDED, "%s: no answer in time%s%s", exchange->first->what,
        nm_link_is_connected(link) ? "" : ", and the broker is out of reach", doubt(exchange));
}

natsmicro_status nm_exchange_next(nm_exchange *exchange, int64_t until, nm_answer *answer,
                                  nm_error *error)
{
    if (exchange->first == NULL)
        return nm_error_set(error, NATSMICRO_INTERNAL, "no request is under way");
    nm_link *link = exchange->requester->link;
    bool over = false;
    for (;;) {
        natsMsg *message = NULL;
        under_way *one = take_answered(exchange, &message);
        if (one != NULL)
            return hand_out(one, message, answer, error);
        if (over)
            return fail_over(exchange, error);
        int64_t now = nm_now();
        if (is_refused(exchange, now, error))
            return NATSMICRO_PERMISSION_DENIED;
        if (now >= until)
            return fail_late(exchange, error);
        ask_for_fences(exchange, now);
        nm_link_flush(link, until);
        over = wait_for_news(exchange, until);
    }
}

natsmicro_status nm_ask(nm_requester *requester, const nm_request *request, int64_t until,
                        nm_answer *answer, nm_error *error)
{
    nm_exchange *exchange = nm_exchange_new(requester);
    if (exchange == NULL)
        return nm_store_fail_memory(request->what, error);
    natsmicro_status status = nm_exchange_send(exchange, request, error);
    if (status == NATSMICRO_OK)
        status = nm_exchange_next(exchange, until, answer, error);
    nm_exchange_free(exchange);
    return status;
}
