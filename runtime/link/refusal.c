/*
 * Refusal: see refusal.h.
 */
#include "link/refusal.h"

#include "base/clock.h"
#include "base/random.h"

#include <stdio.h>
#include <string.h>

/* As nats-server 2.9 and later begin the texts. */
static const struct {
    const char *begin;
    nm_refusal_kind kind;
} texts[] = {
    {"Permissions Violation for Publish to \"", NM_REFUSED_PUBLISH},
    {"Permissions Violation for Subscription to \"", NM_REFUSED_SUBSCRIBE},
};

static void take_subject(nm_refusal *refusal, const char *from)
{
    size_t length = strcspn(from, "\"");
    refusal->cut = from[length] == '\0';
    memcpy(refusal->subject, from, length);
    refusal->subject[length] = '\0';
}

/* False: there is none that tells of a refusal. */
static bool read_text(natsConnection *connection, char *text, size_t size)
{
    const char *last = NULL;
    if (natsConnection_GetLastError(connection, &last) != NATS_NOT_PERMITTED)
        return false;
    snprintf(text, size, "%s", last);
    return true;
}

/*
 * nats.c gives out its own buffer, which it may be writing to. A text that is the same twice was
 * whole; one that is not will be read again at the next look.
 */
static bool read_whole_text(natsConnection *connection, nm_refusal *refusal)
{
    char again[sizeof(refusal->text)];
    return read_text(connection, refusal->text, sizeof(refusal->text)) &&
           read_text(connection, again, sizeof(again)) && strcmp(refusal->text, again) == 0;
}

void nm_refusal_read(natsConnection *connection, nm_refusal *refusal)
{
    refusal->kind = NM_REFUSED_NOTHING;
    refusal->text[0] = refusal->subject[0] = '\0';
    refusal->cut = false;
    if (!read_whole_text(connection, refusal)) {
        refusal->text[0] = '\0';
        return;
    }
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        const char *found = strstr(refusal->text, texts[i].begin);
        if (found == NULL)
            continue;
        refusal->kind = texts[i].kind;
        take_subject(refusal, found + strlen(texts[i].begin));
    }
}

bool nm_refusal_is(const nm_refusal *refusal, nm_refusal_kind kind, const char *subject)
{
    if (refusal->kind != kind)
        return false;
    return refusal->cut ? strncmp(refusal->subject, subject, strlen(refusal->subject)) == 0
                        : strcmp(refusal->subject, subject) == 0;
}

static void drop(natsConnection *connection, natsSubscription *subscription, natsMsg *message,
                 void *closure)
{
    (void)connection;
    (void)subscription;
    (void)closure;
    natsMsg_Destroy(message);
}

bool nm_refusal_holds(natsConnection *connection, const char *subject, int64_t timeout_ms)
{
    natsSubscription *subscription = NULL;
    if (timeout_ms <= 0)
        return false;
    char group[NM_TOKEN_LENGTH + 1];
    if (!nm_random_token(group) || natsConnection_QueueSubscribe(&subscription, connection, subject,
                                                                 group, drop, NULL) != NATS_OK)
        return false;
    nm_refusal refusal = {.kind = NM_REFUSED_NOTHING};
    if (natsConnection_FlushTimeout(connection, timeout_ms) == NATS_OK)
        nm_refusal_read(connection, &refusal);
    natsSubscription_Unsubscribe(subscription);
    natsConnection_FlushTimeout(connection, timeout_ms); /* as settle() in link.c, before a free */
    natsSubscription_Destroy(subscription);
    return nm_refusal_is(&refusal, NM_REFUSED_SUBSCRIBE, subject) &&
           strstr(refusal.text, group) != NULL;
}

/* ---- since when ---- */

void nm_refusals_init(nm_refusals *refusals)
{
    pthread_mutex_init(&refusals->lock, NULL);
    refusals->text[0] = '\0';
    refusals->since = NM_NEVER;
}

void nm_refusals_free(nm_refusals *refusals)
{
    pthread_mutex_destroy(&refusals->lock);
}

int64_t nm_refusals_look(nm_refusals *refusals, natsConnection *connection, nm_refusal *refusal)
{
    nm_refusal_read(connection, refusal);
    pthread_mutex_lock(&refusals->lock);
    if (strcmp(refusals->text, refusal->text) != 0) {
        memcpy(refusals->text, refusal->text, sizeof(refusals->text));
        refusals->since = nm_now();
    }
    int64_t since = refusals->since;
    pthread_mutex_unlock(&refusals->lock);
    return since;
}
