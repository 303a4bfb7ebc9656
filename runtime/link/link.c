/*
 * The link itself: its subscription and its inboxes.
 */
#include "link/link.h"

#include "base/log.h"
#include "link/delivery.h"
#include "link/flush.h"
#include "link/reconnects.h"
#include "link/table.h"
#include "link/timers.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DEFAULT_INBOX_PREFIX "_INBOX"

/* Where a connection has not been told a limit. */
#define DEFAULT_MAX_PAYLOAD (1024 * 1024)

/* How long the broker may take to answer before subscriptions are freed all the same. */
#define LONGEST_SETTLE_MS 1000

/* Messages in the queue of a link that is flooded. */
#define FLOOD_MESSAGES (NM_BOUND_MESSAGES / 64)

/*
 * Table, timers, flusher, fences, bounds, refusals, budget and the dispatch thread's end have a
 * lock each. None is held around a call of nats.c or of an inbox, and no two together, but that of
 * the timers under the budget's.
 */
struct nm_link {
    _Atomic(natsConnection *) connection; /* NULL: the link has ended; nats.c refuses that kindly */
    nm_link_options options;              /* but for its inbox prefix */
    char *wildcard;                       /* "<inbox prefix>.<link token>.*" */
    size_t prefix_length;                 /* of it, but for the star */
    natsSubscription *subscription;
    nm_bounds bounds;
    uint64_t reconnects; /* that the log has told of; the service thread's alone */
    nm_refusals refusals;
    atomic_ullong inboxes_refused; /* reconnects by then, plus 1; 0: they have not been */
    nm_inbox *pausing; /* has asked for on_pause; referenced; the dispatch thread's alone */
    pthread_mutex_t completion_lock;
    pthread_cond_t completion;
    bool completed;     /* the dispatch thread has ended */
    atomic_bool ending; /* its owner ends it */
    nm_table table;
    nm_timers timers;
    nm_flusher flusher;
    nm_fences fences;
    nm_budget budget;
};

/* ---- dispatch ---- */

/* Whoever has asked for a pause gets it. */
static void pause_now(nm_link *link)
{
    nm_inbox *inbox = link->pausing;
    if (inbox == NULL)
        return;
    link->pausing = NULL;
    if (inbox->pause_asked)
        inbox->callbacks->on_pause(inbox);
    inbox->pause_asked = false;
    nm_inbox_unreference(inbox);
}

static int count_pending(natsSubscription *subscription)
{
    int messages = 0;
    return natsSubscription_GetPending(subscription, &messages, NULL) == NATS_OK ? messages : 0;
}

bool nm_link_is_flooded(nm_link *link)
{
    return count_pending(link->subscription) >= FLOOD_MESSAGES;
}

/* Hands a message to its inbox. */
static void hand_over(nm_link *link, natsSubscription *subscription, natsMsg *message)
{
    const char *token = natsMsg_GetSubject(message) + link->prefix_length;
    nm_inbox *inbox = nm_table_find(&link->table, token);
    if (inbox != link->pausing)
        pause_now(link);
    if (inbox == NULL) {
        link->options.on_stray(link, message, link->options.stray_data);
        return;
    }
    inbox->callbacks->on_message(inbox, message);
    if (inbox->pause_asked && link->pausing == NULL)
        link->pausing = inbox;
    else
        nm_inbox_unreference(inbox);
    if (link->pausing != NULL && (!link->pausing->pause_asked || count_pending(subscription) == 0))
        pause_now(link);
}

static void on_link_message(natsConnection *connection, natsSubscription *subscription,
                            natsMsg *message, void *closure)
{
    nm_link *link = closure;
    (void)connection;
    hand_over(link, subscription, message);
    nm_fences_count(&link->fences);
}

/*
 * The dispatch thread ends with the subscription: when the link is destroyed, where no inbox
 * listens any more, or when the connection is closed. Who waits for a message then would wait in
 * vain.
 */
static void on_link_complete(void *closure)
{
    nm_link *link = closure;
    pause_now(link);
    nm_fences_end(&link->fences);
    nm_inbox *inbox;
    while ((inbox = nm_table_take_any(&link->table)) != NULL) {
        inbox->callbacks->on_closed(inbox);
        nm_inbox_unreference(inbox);
    }
    /* Else the connection is closed, or drained, which comes to the same. */
    if (!atomic_load(&link->ending) && link->options.on_connection_closed != NULL)
        link->options.on_connection_closed(link->options.connection_closed_data);
    pthread_mutex_lock(&link->completion_lock);
    link->completed = true;
    pthread_cond_signal(&link->completion);
    pthread_mutex_unlock(&link->completion_lock);
}

uint64_t nm_link_reconnects(nm_link *link)
{
    return nm_reconnects(nm_link_connection(link));
}

/* ---- what the broker refuses ---- */

/* Returns since when the last refusal is there; keeps in mind that of our inboxes. */
static int64_t look_at_refusals(nm_link *link, nm_refusal *refusal)
{
    int64_t since = nm_refusals_look(&link->refusals, nm_link_connection(link), refusal);
    if (nm_refusal_is(refusal, NM_REFUSED_SUBSCRIBE, link->wildcard))
        atomic_store(&link->inboxes_refused, nm_link_reconnects(link) + 1);
    return since;
}

/* nats.c subscribes anew with each reconnect, and the broker may then allow it. */
static bool inboxes_are_refused(nm_link *link)
{
    uint64_t refused = atomic_load(&link->inboxes_refused);
    return refused != 0 && refused == nm_link_reconnects(link) + 1;
}

bool nm_link_refused_subject(nm_link *link, char subject[NM_REFUSED_SUBJECT_SIZE])
{
    nm_refusal refusal;
    nm_refusal_read(nm_link_connection(link), &refusal);
    memcpy(subject, refusal.subject, sizeof(refusal.subject));
    return refusal.kind == NM_REFUSED_PUBLISH && !refusal.cut;
}

bool nm_link_refuses_opening(nm_link *link, const char *method, const char *subject, int64_t begun,
                             bool last, nm_error *error)
{
    nm_refusal refusal;
    int64_t since = look_at_refusals(link, &refusal);
    if (nm_refusal_is(&refusal, NM_REFUSED_PUBLISH, subject) && (since > begun || last)) {
        nm_error_set(error, NATSMICRO_PERMISSION_DENIED, "%s: %s this user publish to %s", method,
                     since > begun ? "the broker does not let"
                                   : "no answer in time, and earlier the broker did not let",
                     subject);
        return true;
    }
    if (!inboxes_are_refused(link))
        return false;
    nm_error_set(error, NATSMICRO_PERMISSION_DENIED,
                 "%s: the broker does not let this user subscribe to %s, where answers come",
                 method, link->wildcard);
    return true;
}

/* ---- making and ending ---- */

/* Under the budget's lock, which is never taken under that of the timers. */
static void fire_soon(nm_inbox *inbox)
{
    nm_inbox_hasten_timer(inbox, 0);
}

static bool make_wildcard(nm_link *link, const char *inbox_prefix)
{
    char token[NM_TOKEN_LENGTH + 1];
    if (!nm_random_token(token))
        return false;
    if (inbox_prefix == NULL)
        inbox_prefix = DEFAULT_INBOX_PREFIX;
    size_t size = strlen(inbox_prefix) + NM_TOKEN_LENGTH + sizeof("..*");
    link->wildcard = malloc(size);
    if (link->wildcard == NULL)
        return false;
    link->prefix_length =
        (size_t)snprintf(link->wildcard, size, "%s.%s.*", inbox_prefix, token) - 1;
    return true;
}

static natsStatus subscribe(nm_link *link)
{
    natsStatus status = natsConnection_Subscribe(&link->subscription, link->connection,
                                                 link->wildcard, on_link_message, link);
    if (status == NATS_OK)
        status = natsSubscription_SetOnCompleteCB(link->subscription, on_link_complete, link);
    return status;
}

static void log_reconnects(nm_link *link)
{
    if (link->options.events->log < NATSMICRO_LOG_DEBUG)
        return;
    uint64_t reconnects = nm_link_reconnects(link);
    if (reconnects != link->reconnects)
        nm_log(NATSMICRO_LOG_DEBUG, NULL, NULL,
               "the connection was lost and made again, %" PRIu64 " times by now", reconnects);
    link->reconnects = reconnects;
}

static void on_round(void *data)
{
    nm_link *link = data;
    log_reconnects(link);
    nm_bounds_round(&link->bounds, nm_link_max_payload(link));
    nm_refusal refusal;
    look_at_refusals(link, &refusal);
    nm_bounds_tell_refusal(&link->bounds, &refusal);
    if (link->options.on_round != NULL)
        link->options.on_round(link->options.round_data);
}

/* Its timers come last: their rounds look after the subscription. */
static natsmicro_status start(nm_link *link, const char *inbox_prefix, nm_error *error)
{
    static const char no_means[] = "no memory, no thread, or no random bytes from the system";
    if (!make_wildcard(link, inbox_prefix) || !nm_table_init(&link->table))
        return nm_error_set(error, NATSMICRO_RESOURCE_EXHAUSTED, no_means);
    natsmicro_status status = nm_delivery_check(link->connection, link->wildcard, error);
    if (status != NATSMICRO_OK)
        return status;
    status = nm_link_status(subscribe(link), link->wildcard, error);
    if (status != NATSMICRO_OK)
        return status;
    link->completed = false;
    link->fences.subscription = link->bounds.lone.subscription = link->subscription;
    link->bounds.lone.subject = link->wildcard;
    nm_bounds_set_lone(&link->bounds, nm_link_max_payload(link));
    link->reconnects = nm_link_reconnects(link);
    if (!nm_timers_start(&link->timers, on_round, link))
        return nm_error_set(error, NATSMICRO_RESOURCE_EXHAUSTED, no_means);
    return NATSMICRO_OK;
}

natsmicro_status nm_link_new(nm_link **link_out, const nm_link_options *options, nm_error *error)
{
    *link_out = NULL;
    nm_link *link = calloc(1, sizeof(*link));
    if (link == NULL)
        return nm_error_set(error, NATSMICRO_RESOURCE_EXHAUSTED, "no memory");
    link->connection = options->connection;
    link->options = *options;
    link->options.inbox_prefix = NULL;
    link->completed = true;
    pthread_mutex_init(&link->completion_lock, NULL);
    nm_cond_init(&link->completion);
    nm_fences_init(&link->fences);
    nm_flusher_init(&link->flusher, &link->connection, &link->fences);
    nm_budget_init(&link->budget, fire_soon);
    nm_bounds_init(&link->bounds, options->events);
    nm_refusals_init(&link->refusals);
    natsmicro_status status = start(link, options->inbox_prefix, error);
    if (status != NATSMICRO_OK)
        nm_link_destroy(link);
    else
        *link_out = link;
    return status;
}

void nm_link_bound(nm_link *link, nm_bounded *bounded)
{
    nm_bounds_add(&link->bounds, bounded, nm_link_max_payload(link));
}

/*
 * Between ending subscriptions and freeing them. nats.c's reading thread looks a subscription up
 * and only then locks it, unprotected meanwhile: freed in between, it locks freed memory. The
 * broker's PONG is handled by that thread behind all that came earlier.
 */
static void settle(nm_link *link)
{
    if (nm_link_is_connected(link))
        natsConnection_FlushTimeout(link->connection, LONGEST_SETTLE_MS);
}

void nm_link_end(nm_link *link)
{
    if (link == NULL || link->connection == NULL)
        return;
    if (link->subscription != NULL) {
        atomic_store(&link->ending, true);
        natsSubscription_Unsubscribe(link->subscription);
        settle(link);
        pthread_mutex_lock(&link->completion_lock);
        while (!link->completed)
            pthread_cond_wait(&link->completion, &link->completion_lock);
        pthread_mutex_unlock(&link->completion_lock);
    }
    nm_timers_stop(&link->timers);
    nm_flusher_stop(&link->flusher);
    link->connection = NULL;
    /* Last: it keeps the memory of a connection that the user has destroyed already. */
    natsSubscription_Destroy(link->subscription);
    link->subscription = NULL;
}

void nm_link_destroy(nm_link *link)
{
    if (link == NULL)
        return;
    nm_link_end(link);
    nm_timers_free(&link->timers);
    nm_flusher_free(&link->flusher);
    nm_fences_free(&link->fences);
    nm_table_free(&link->table);
    nm_bounds_free(&link->bounds);
    nm_refusals_free(&link->refusals);
    nm_budget_destroy(&link->budget);
    pthread_cond_destroy(&link->completion);
    pthread_mutex_destroy(&link->completion_lock);
    free(link->wildcard);
    free(link);
}

nm_inbox *nm_link_take_inbox(nm_link *link)
{
    return nm_table_take_any(&link->table);
}

natsConnection *nm_link_connection(nm_link *link)
{
    return link->connection;
}

nm_events *nm_link_events(nm_link *link)
{
    return link->options.events;
}

bool nm_link_is_connected(nm_link *link)
{
    return natsConnection_Status(link->connection) == NATS_CONN_STATUS_CONNECTED;
}

nm_budget *nm_link_budget(nm_link *link)
{
    return &link->budget;
}

size_t nm_max_payload(natsConnection *connection)
{
    int64_t limit = natsConnection_GetMaxPayload(connection);
    return limit > 0 ? (size_t)limit : DEFAULT_MAX_PAYLOAD;
}

size_t nm_link_max_payload(nm_link *link)
{
    return nm_max_payload(link->connection);
}

bool nm_link_has_headers(nm_link *link)
{
    return natsConnection_HasHeaderSupport(nm_link_connection(link)) == NATS_OK;
}

/* ---- inboxes ---- */

void nm_inbox_init(nm_inbox *inbox, nm_link *link, const nm_inbox_callbacks *callbacks)
{
    inbox->callbacks = callbacks;
    inbox->link = link;
    atomic_init(&inbox->references, 1);
    inbox->listening = inbox->pause_asked = inbox->timer_ended = false;
    inbox->timer_due = NM_NEVER;
}

bool nm_inbox_listen(nm_inbox *inbox)
{
    nm_link *link = inbox->link;
    size_t size = link->prefix_length + NM_TOKEN_LENGTH + 1;
    if (inbox->subject_capacity < size) {
        free(inbox->subject);
        inbox->subject_capacity = 0;
        inbox->subject = malloc(size);
        if (inbox->subject == NULL)
            return false;
        inbox->subject_capacity = size;
    }
    memcpy(inbox->subject, link->wildcard, link->prefix_length);
    inbox->token = inbox->subject + link->prefix_length;
    if (!nm_random_token(inbox->subject + link->prefix_length))
        return false;
    nm_table_add(&link->table, inbox);
    return true;
}

void nm_inbox_close(nm_inbox *inbox)
{
    nm_timers_end(&inbox->link->timers, inbox);
    if (nm_table_remove(&inbox->link->table, inbox))
        nm_inbox_unreference(inbox);
}

void nm_inbox_set_timer(nm_inbox *inbox, int64_t due)
{
    nm_timers_set(&inbox->link->timers, inbox, due);
}

void nm_inbox_hasten_timer(nm_inbox *inbox, int64_t due)
{
    nm_timers_hasten(&inbox->link->timers, inbox, due);
}

/* ---- flushing ---- */

void nm_link_flush(nm_link *link, int64_t deadline)
{
    nm_flusher_flush(&link->flusher, deadline);
}

void nm_link_flush_soon(nm_link *link)
{
    nm_flusher_flush_soon(&link->flusher);
}

void nm_link_fence(nm_link *link, nm_inbox *inbox, uint64_t reconnects)
{
    nm_fences_ask(&link->fences, inbox, reconnects);
}
