/*
 * Inbox: a subject used for one call alone, with a timer, and what they call back. Token table and
 * timers keep inboxes; link.h is what others ask.
 */
#ifndef NM_LINK_INBOX_H
#define NM_LINK_INBOX_H

#include <nats/nats.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct nm_link nm_link;
typedef struct nm_inbox nm_inbox;

/* What an inbox calls back; each with the inbox alive. */
typedef struct nm_inbox_callbacks {
    /* A message to the inbox, which owns it now. From the link's one dispatch thread. */
    void (*on_message)(nm_inbox *inbox, natsMsg *message);
    /*
     * After an on_message that asked for it (nm_inbox_ask_for_pause), from the same thread: no more
     * messages to this inbox are at hand. May be NULL where nobody asks.
     */
    void (*on_pause)(nm_inbox *inbox);
    /* The timer is due; it is off until set again. From the link's service thread. */
    void (*on_timer)(nm_inbox *inbox);
    /*
     * The fence (nm_link_fence) has passed; false: it cannot be told whether it will. Once for each
     * fence, from any thread that flushes or dispatches. May be NULL where nobody asks.
     */
    void (*on_fence)(nm_inbox *inbox, bool passed);
    /*
     * The connection was closed for good: nothing comes any more. From the link's dispatch thread.
     */
    void (*on_closed)(nm_inbox *inbox);
    /* The last reference is gone. From whichever thread gave it back. */
    void (*on_unreferenced)(nm_inbox *inbox);
} nm_inbox_callbacks;

/* Embedded, as the first member, in what it belongs to. All but `subject` is the link's. */
struct nm_inbox {
    const nm_inbox_callbacks *callbacks;
    nm_link *link;
    atomic_uint references;
    char *subject; /* owned; NULL until opened first */
    size_t subject_capacity;
    const char *token; /* the last part of `subject` */
    nm_inbox *next;    /* in the token table's chain */
    bool listening;
    bool pause_asked;  /* the dispatch thread's alone */
    bool timer_ended;  /* the timer is off, and stays so */
    int64_t timer_due; /* NM_NEVER: off */
    size_t timer_index;
    nm_inbox *fence_next;      /* in a list of fences */
    uint64_t fence_reconnects; /* of the connection, before the message */
    uint64_t fence_end;        /* it has passed when so many messages have been handed over */
};

/* Each reference is given back once, by any thread. */
static inline void nm_inbox_reference(nm_inbox *inbox)
{
    atomic_fetch_add_explicit(&inbox->references, 1, memory_order_relaxed);
}

static inline void nm_inbox_unreference(nm_inbox *inbox)
{
    if (atomic_fetch_sub_explicit(&inbox->references, 1, memory_order_acq_rel) == 1)
        inbox->callbacks->on_unreferenced(inbox);
}

/*
 * In on_message: what is to be done about the message can wait until more messages that are at hand
 * have been handed over; on_pause is called then. Once for as many as come before it.
 */
static inline void nm_inbox_ask_for_pause(nm_inbox *inbox, bool asked)
{
    inbox->pause_asked = asked;
}

#endif
