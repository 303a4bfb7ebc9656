/*
 * Link: what a client or a server holds on a connection. One wildcard subscription under 256 random
 * bits worth of inboxes, one service thread with timers, and the decision when to flush.
 *
 * An inbox is a subject used for one call alone: `<prefix>.<link token>.<inbox token>`. Messages to
 * it and its timer call back from the link's threads, which only hand over: a callback holds no
 * lock of the link and must not wait for users.
 */
#ifndef NM_LINK_LINK_H
#define NM_LINK_LINK_H

#include "base/clock.h"
#include "base/error.h"
#include "base/events.h"
#include "base/random.h"
#include "link/bounds.h"
#include "link/budget.h"
#include "link/inbox.h"
#include "link/refusal.h"
#include "link/status.h"

/* What a link is made of. The first two callbacks run on the dispatch thread. */
typedef struct nm_link_options {
    natsConnection *connection;
    const char *inbox_prefix; /* copied; NULL: "_INBOX" */
    nm_events *events;
    /* Gets each message to an inbox that is not, or no longer, there, and owns it. */
    void (*on_stray)(nm_link *link, natsMsg *message, void *data);
    void *stray_data;
    /* The connection was closed for good, or drained. NULL: nobody is told. */
    void (*on_connection_closed)(void *data);
    void *connection_closed_data;
    /* Once a second, from the service thread. NULL: nobody is called. */
    void (*on_round)(void *data);
    void *round_data;
} nm_link_options;

/*
 * Makes a link. OK; UNAVAILABLE: the connection is closed; FAILED_PRECONDITION: its subscriptions
 * share threads; RESOURCE_EXHAUSTED. Blocks until a thread has begun and ended.
 */
natsmicro_status nm_link_new(nm_link **link, const nm_link_options *options, nm_error *error);

/*
 * Ends subscription and threads; when it returns no callback runs any more, what other
 * subscriptions of the connection were ended before may be freed, and the connection is not touched
 * again: inboxes may still be closed, timers do nothing, nothing is published. NULL is allowed.
 * Blocks for a round trip.
 */
void nm_link_end(nm_link *link);

/*
 * Ends the link, if that has not been done, and frees it. No inbox may be in use. NULL is allowed.
 */
void nm_link_destroy(nm_link *link);

/*
 * Takes any inbox that listens out of the link, with the link's reference; NULL when there is none.
 */
nm_inbox *nm_link_take_inbox(nm_link *link);

natsConnection *nm_link_connection(nm_link *link);
nm_events *nm_link_events(nm_link *link);

/* What its reliable streams may have under way together. */
nm_budget *nm_link_budget(nm_link *link);

/* Whether the connection is up right now. Takes a lock of nats.c. */
bool nm_link_is_connected(nm_link *link);

/*
 * The largest payload, headers included, that the broker takes right now; before the first
 * connection the default of brokers.
 */
size_t nm_max_payload(natsConnection *connection);
size_t nm_link_max_payload(nm_link *link);

/*
 * Writes the subject that the broker has refused to let us publish to, as it said last; see
 * refusal.h. False: that was no such refusal, or a subject that was cut. Takes a lock of nats.c.
 */
#define NM_REFUSED_SUBJECT_SIZE NM_REFUSAL_SIZE
bool nm_link_refused_subject(nm_link *link, char subject[NM_REFUSED_SUBJECT_SIZE]);

/*
 * Whether the broker has message headers; not before there is one. Takes a lock of nats.c.
 */
bool nm_link_has_headers(nm_link *link);

/*
 * Whether the broker has refused what the answer to an opening needs: to publish to `subject`, or
 * to subscribe to our inboxes. True: PERMISSION_DENIED with a text is in `error`. A refusal of the
 * subject that was there at `begun` (ns) may be an old one, so it counts only where the wait ends
 * anyway (`last`). Takes a lock of nats.c.
 */
bool nm_link_refuses_opening(nm_link *link, const char *method, const char *subject, int64_t begun,
                             bool last, nm_error *error);

/* How often the connection has been lost and made again. Takes a lock of nats.c. */
uint64_t nm_link_reconnects(nm_link *link);

/* ---- inboxes ---- */

/* Makes an inbox ready for use with one reference, the caller's. Not listening yet. */
void nm_inbox_init(nm_inbox *inbox, nm_link *link, const nm_inbox_callbacks *callbacks);

/*
 * Gives it a new subject and listens there: one more reference, the link's. False: no memory or
 * randomness.
 */
bool nm_inbox_listen(nm_inbox *inbox);

/*
 * Listens and counts no longer, the timer too, and gives back the link's references. A callback
 * that is running may still finish; a timer that it sets is not. May be called again.
 */
void nm_inbox_close(nm_inbox *inbox);

/*
 * Sets the timer to `due` (ns; NM_NEVER: off). An inbox that does not listen may have a timer, too:
 * the link holds a reference while it runs.
 */
void nm_inbox_set_timer(nm_inbox *inbox, int64_t due);

/* The same, unless the timer is set to an earlier time already. */
void nm_inbox_hasten_timer(nm_inbox *inbox, int64_t due);

/* ---- nats.c ---- */

/* Bounds the queue of one of the subscriptions that share a budget; see bounds.h. */
void nm_link_bound(nm_link *link, nm_bounded *bounded);

/*
 * Whether so many messages to our inboxes wait that answering strangers would make more of them
 * wait. From the dispatch thread.
 */
bool nm_link_is_flooded(nm_link *link);

/* ---- flushing ---- */

/*
 * Sends what is buffered, now: for a lone message that is out, and before a wait. The calling
 * thread does it itself (until `deadline`, ns, at most a second) when no other is at it; else that
 * one, or the flusher thread, goes on. Does nothing where nothing is buffered or nothing connected.
 */
void nm_link_flush(nm_link *link, int64_t deadline);

/* The same, always by the flusher thread: for threads that must not wait. */
void nm_link_flush_soon(nm_link *link);

/*
 * After a message was published: has the inbox's on_fence called once all that the broker said to
 * it has been handed over, such as a 503. Flush then. `reconnects`: nm_link_reconnects before the
 * message was published; a fence does not pass where the connection has been made again since. One
 * at a time for an inbox; the link holds a reference until on_fence, which comes within seconds.
 */
void nm_link_fence(nm_link *link, nm_inbox *inbox, uint64_t reconnects);

#endif
