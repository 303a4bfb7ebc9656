/*
 * The link itself: its subscription, its inboxes, and nats.c's statuses in our words.
 */
#include "link/link.h"

#include "link/flush.h"
#include "link/table.h"
#include "link/timers.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DEFAULT_INBOX_PREFIX "_INBOX"

/* How long the broker may take to answer before subscriptions are freed all the same. */
#define LONGEST_SETTLE_MS 1000

/*
 * Table, timers, flusher and the dispatch thread's end have a lock each; no two are held together,
 * and none around a call of nats.c or of an inbox.
 */
struct nm_link {
    _Atomic(natsConnection *) connection; /* NULL: the link has ended; nats.c refuses that kindly */
    nm_events *events;
    nm_link_on_stray on_stray;
    void *stray_data;
    char *prefix; /* "<inbox prefix>.<link token>." */
    size_t prefix_length;
    natsSubscription *subscription;
    nm_inbox *pausing; /* has asked for on_pause; referenced; the dispatch thread's alone */
    pthread_mutex_t completion_lock;
    pthread_cond_t completion;
    bool completed; /* the dispatch thread has ended */
    nm_table table;
    nm_timers timers;
    nm_flusher flusher;
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

bool nm_more_is_at_hand(natsSubscription *subscription)
{
    int messages = 0;
    return natsSubscription_GetPending(subscription, &messages, NULL) == NATS_OK && messages > 0;
}

static void on_link_message(natsConnection *connection, natsSubscription *subscription,
                            natsMsg *message, void *closure)
{
    nm_link *link = closure;
    (void)connection;

    const char *token = natsMsg_GetSubject(message) + link->prefix_length;
    nm_inbox *inbox = nm_table_find(&link->table, token);
    if (inbox != link->pausing)
        pause_now(link);
    if (inbox == NULL) {
        link->on_stray(link, message, link->stray_data);
        return;
    }
    inbox->callbacks->on_message(inbox, message);
    if (inbox->pause_asked && link->pausing == NULL)
        link->pausing = inbox;
    else
        nm_inbox_unreference(inbox);
    if (link->pausing != NULL && (!link->pausing->pause_asked || !nm_more_is_at_hand(subscription)))
        pause_now(link);
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
    nm_inbox *inbox;
    while ((inbox = nm_table_take_any(&link->table)) != NULL) {
        inbox->callbacks->on_closed(inbox);
        nm_inbox_unreference(inbox);
    }
    pthread_mutex_lock(&link->completion_lock);
    link->completed = true;
    pthread_cond_signal(&link->completion);
    pthread_mutex_unlock(&link->completion_lock);
}

/* ---- making and ending ---- */

static bool make_prefix(nm_link *link, const char *inbox_prefix)
{
    char token[NM_TOKEN_LENGTH + 1];
    if (!nm_random_token(token))
        return false;
    if (inbox_prefix == NULL)
        inbox_prefix = DEFAULT_INBOX_PREFIX;
    size_t size = strlen(inbox_prefix) + NM_TOKEN_LENGTH + 3;
    link->prefix = malloc(size);
    if (link->prefix == NULL)
        return false;
    link->prefix_length = (size_t)snprintf(link->prefix, size, "%s.%s.", inbox_prefix, token);
    return true;
}

static natsStatus subscribe(nm_link *link)
{
    char wildcard[1280];
    int length = snprintf(wildcard, sizeof(wildcard), "%s*", link->prefix);
    if (length < 0 || (size_t)length >= sizeof(wildcard))
        return NATS_INVALID_SUBJECT;
    natsStatus status = natsConnection_Subscribe(&link->subscription, link->connection, wildcard,
                                                 on_link_message, link);
    /* Dispatch only hands over, so nats.c's queue is short; each call limits its own. */
    if (status == NATS_OK)
        status = natsSubscription_SetPendingLimits(link->subscription, -1, -1);
    if (status == NATS_OK)
        status = natsSubscription_SetOnCompleteCB(link->subscription, on_link_complete, link);
    return status;
}

natsmicro_status nm_link_new(nm_link **link_out, natsConnection *connection,
                             const char *inbox_prefix, nm_events *events, nm_link_on_stray on_stray,
                             void *stray_data, nm_error *error)
{
    *link_out = NULL;
    nm_link *link = calloc(1, sizeof(*link));
    if (link == NULL)
        return nm_error_set(error, NATSMICRO_RESOURCE_EXHAUSTED, "no memory");
    link->connection = connection;
    link->events = events;
    link->on_stray = on_stray;
    link->stray_data = stray_data;
    link->completed = true;
    pthread_mutex_init(&link->completion_lock, NULL);
    nm_cond_init(&link->completion);
    nm_flusher_init(&link->flusher, &link->connection);
    if (!make_prefix(link, inbox_prefix) || !nm_table_init(&link->table) ||
        !nm_timers_start(&link->timers)) {
        nm_link_destroy(link);
        return nm_error_set(error, NATSMICRO_RESOURCE_EXHAUSTED,
                            "no memory, no thread, or no random bytes from the system");
    }
    natsStatus status = subscribe(link);
    if (status != NATS_OK) {
        natsmicro_status failed = nm_link_status(status, link->prefix, error);
        nm_link_destroy(link);
        return failed;
    }
    link->completed = false;
    *link_out = link;
    return NATSMICRO_OK;
}

/*
 * Between ending subscriptions and freeing them. nats.c's reading thread looks a subscription up
 * and only then locks it, unprotected meanwhile: freed in between, it locks freed memory. The
 * broker's PONG is handled by that thread behind all that came earlier.
 */
static void settle(nm_link *link)
{
    if (natsConnection_Status(link->connection) == NATS_CONN_STATUS_CONNECTED)
        natsConnection_FlushTimeout(link->connection, LONGEST_SETTLE_MS);
}

void nm_link_end(nm_link *link)
{
    if (link == NULL || link->connection == NULL)
        return;
    if (link->subscription != NULL) {
        natsSubscription_Unsubscribe(link->subscription);
        settle(link);
        pthread_mutex_lock(&link->completion_lock);
        while (!link->completed)
            pthread_cond_wait(&link->completion, &link->completion_lock);
        pthread_mutex_unlock(&link->completion_lock);
        natsSubscription_Destroy(link->subscription);
    }
    nm_timers_stop(&link->timers);
    nm_flusher_stop(&link->flusher);
    link->connection = NULL;
}

void nm_link_destroy(nm_link *link)
{
    if (link == NULL)
        return;
    nm_link_end(link);
    nm_timers_free(&link->timers);
    nm_flusher_free(&link->flusher);
    nm_table_free(&link->table);
    pthread_cond_destroy(&link->completion);
    pthread_mutex_destroy(&link->completion_lock);
    free(link->prefix);
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
    return link->events;
}

bool nm_link_is_connected(nm_link *link)
{
    return natsConnection_Status(link->connection) == NATS_CONN_STATUS_CONNECTED;
}

size_t nm_link_max_payload(nm_link *link)
{
    int64_t limit = natsConnection_GetMaxPayload(link->connection);
    return limit > 0 ? (size_t)limit : 1024 * 1024;
}

bool nm_link_refused_subject(nm_link *link, char subject[NM_REFUSED_SUBJECT_SIZE])
{
    static const char refusal[] = "Permissions Violation for Publish to \"";
    const char *text = NULL;
    if (natsConnection_GetLastError(nm_link_connection(link), &text) != NATS_NOT_PERMITTED)
        return false;
    const char *found = strstr(text, refusal);
    if (found == NULL)
        return false;
    found += strlen(refusal);
    size_t length = strcspn(found, "\"");
    if (length >= NM_REFUSED_SUBJECT_SIZE)
        return false;
    memcpy(subject, found, length);
    subject[length] = '\0';
    return true;
}

uint64_t nm_link_reconnects(nm_link *link)
{
    natsStatistics *statistics = NULL;
    uint64_t reconnects = 0;
    if (natsStatistics_Create(&statistics) == NATS_OK &&
        natsConnection_GetStats(nm_link_connection(link), statistics) == NATS_OK)
        natsStatistics_GetCounts(statistics, NULL, NULL, NULL, NULL, &reconnects);
    natsStatistics_Destroy(statistics);
    return reconnects;
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
    memcpy(inbox->subject, link->prefix, link->prefix_length);
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

/* ---- nats.c's statuses ---- */

natsmicro_status nm_link_status(natsStatus status, const char *subject, nm_error *error)
{
    const char *text = natsStatus_GetText(status);
    switch (status) {
    case NATS_OK:
        return NATSMICRO_OK;
    case NATS_MAX_PAYLOAD:
        return nm_error_set(error, NATSMICRO_RESOURCE_EXHAUSTED,
                            "%s: the message is larger than the broker's max_payload", subject);
    case NATS_TIMEOUT:
        return nm_error_set(error, NATSMICRO_DEADLINE_EXCEEDED, "%s: %s", subject, text);
    case NATS_NO_MEMORY:
        return nm_error_set(error, NATSMICRO_RESOURCE_EXHAUSTED, "%s: %s", subject, text);
    case NATS_INVALID_SUBJECT:
    case NATS_INVALID_ARG:
        return nm_error_set(error, NATSMICRO_INVALID_ARGUMENT, "%s: %s", subject, text);
    case NATS_NO_SERVER_SUPPORT:
        return nm_error_set(
            error, NATSMICRO_UNAVAILABLE,
            "%s: the broker does not support message headers; nats-server 2.2 and later do",
            subject);
    default:
        return nm_error_set(error, NATSMICRO_UNAVAILABLE, "%s: %s", subject, text);
    }
}
