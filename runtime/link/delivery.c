/*
 * Delivery: see delivery.h. A subscription's own thread calls back once more when the subscription
 * ends, and ends itself. A key of that thread then has its destructor called; a shared thread goes
 * on, and nothing is called.
 */
#include "link/delivery.h"

#include "base/clock.h"
#include "link/status.h"

#include <pthread.h>
#include <stdlib.h>

/* A thread that is to end gets so long to do it, on a machine that is busy with other things. */
#define LONGEST_END_MS 5000

/* Who looks and the thread hold a reference each; the last one frees it. */
typedef struct nm_probe {
    pthread_mutex_t lock;
    pthread_cond_t ended;
    int references;
    bool thread_has_ended;
} nm_probe;

static pthread_key_t thread_end;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static int key_status;

static void unreference(nm_probe *probe)
{
    pthread_mutex_lock(&probe->lock);
    bool last = --probe->references == 0;
    pthread_mutex_unlock(&probe->lock);
    if (!last)
        return;
    pthread_cond_destroy(&probe->ended);
    pthread_mutex_destroy(&probe->lock);
    free(probe);
}

static void on_thread_end(void *value)
{
    nm_probe *ended = value;
    pthread_mutex_lock(&ended->lock);
    ended->thread_has_ended = true;
    pthread_cond_signal(&ended->ended);
    pthread_mutex_unlock(&ended->lock);
    unreference(ended);
}

static void make_key(void)
{
    key_status = pthread_key_create(&thread_end, on_thread_end);
}

/* A shared thread may keep the probe of an earlier connection: that one's is not looked at now. */
static void on_complete(void *closure)
{
    nm_probe *earlier = pthread_getspecific(thread_end);
    if (earlier != NULL)
        unreference(earlier);
    if (pthread_setspecific(thread_end, closure) != 0)
        unreference(closure);
}

static void ignore_message(natsConnection *connection, natsSubscription *subscription,
                           natsMsg *message, void *closure)
{
    (void)connection;
    (void)subscription;
    (void)closure;
    natsMsg_Destroy(message);
}

static nm_probe *make_probe(void)
{
    nm_probe *made = calloc(1, sizeof(*made));
    if (made == NULL)
        return NULL;
    pthread_mutex_init(&made->lock, NULL);
    nm_cond_init(&made->ended);
    made->references = 1;
    return made;
}

/* Subscribes and ends the subscription at once. */
static natsStatus come_and_go(natsConnection *connection, const char *subject, nm_probe *probe)
{
    natsSubscription *subscription = NULL;
    natsStatus status =
        natsConnection_Subscribe(&subscription, connection, subject, ignore_message, NULL);
    if (status != NATS_OK)
        return status;
    probe->references++;
    status = natsSubscription_SetOnCompleteCB(subscription, on_complete, probe);
    if (status != NATS_OK)
        probe->references--;
    natsSubscription_Destroy(subscription);
    return status;
}

static bool thread_ends(nm_probe *probe)
{
    int64_t until = nm_deadline_in(LONGEST_END_MS);
    pthread_mutex_lock(&probe->lock);
    while (!probe->thread_has_ended)
        if (nm_cond_wait_until(&probe->ended, &probe->lock, until) != 0)
            break;
    bool ends = probe->thread_has_ended;
    pthread_mutex_unlock(&probe->lock);
    return ends;
}

natsmicro_status nm_delivery_check(natsConnection *connection, const char *subject, nm_error *error)
{
    pthread_once(&once, make_key);
    nm_probe *probe = make_probe();
    if (key_status != 0 || probe == NULL) {
        free(probe);
        return nm_error_set(error, NATSMICRO_RESOURCE_EXHAUSTED,
                            "no memory, or no thread-specific key");
    }
    natsStatus subscribed = come_and_go(connection, subject, probe);
    natsmicro_status status = nm_link_status(subscribed, subject, error);
    if (status == NATSMICRO_OK && !thread_ends(probe))
        status = nm_error_set(
            error, NATSMICRO_FAILED_PRECONDITION,
            "the connection's subscriptions share threads (natsOptions_UseGlobalMessageDelivery): "
            "make its options with natsmicro_options_prepare, which turns that off");
    unreference(probe);
    return status;
}
