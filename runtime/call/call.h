/*
 * Call: one live RPC as both sides' code sees it: a stream to send and receive on, what waits for
 * it, and what the call failed with. The life of a call is told in transport/stream.h; a call adds
 *
 *   answered    server: a reply has been claimed. Once.
 *   storing     server: the reply that was claimed is being stored, and nothing of it has gone out:
 *               an end from outside still tells the caller, and takes the claim back.
 *   failure     server: what the handler failed with. The first counts, and none after an answer.
 *   detached    server: the call goes on after its handler's return, until it is finished.
 *   cancelling  it was cancelled on this side, and the service thread is to tell the peer.
 *   in use      a thread is in send, recv or a function of chunked.h, or the peer is being told: a
 *               close waits for it.
 *
 * and these ways to end one from this side:
 *
 *   nm_call_give_up             any thread: a limit, a local fault
 *   natsmicro_call_cancel       any thread: the user's wish
 *   natsmicro_stub_close        client: the last of a call; tells the peer if it is not complete
 *   nm_call_complete            server: the handler has returned, or a detached call is finished
 *   nm_call_end_from_outside    server: a drain, a deadline, a cancel, while the handler may run
 */
#ifndef NM_CALL_CALL_H
#define NM_CALL_CALL_H

#include "call/method.h"
#include "call/settings.h"

#include <pthread.h>

/* Calls that are over and kept for the next: their buffers, arena, stream and lock. */
typedef struct nm_call_cache {
    pthread_mutex_t lock;
    natsmicro_call *free_calls;
    size_t count;
} nm_call_cache;

void nm_call_cache_init(nm_call_cache *cache);
void nm_call_cache_free(nm_call_cache *cache);

/* The two sides of a call differ in this. */
typedef struct nm_call_side {
    bool is_server;
    /* Ends a call for `status` and tells the peer. On the service thread. */
    void (*end)(natsmicro_call *call, natsmicro_status status, const char *text);
    /* A call that waits for a worker is aborted. On the service thread. */
    void (*lapse)(natsmicro_call *call);
} nm_call_side;

/* What a server knows of how a stream's caller keeps it waiting: see server/patience.h. */
typedef struct nm_patience {
    uint32_t seconds; /* of waiting since it was judged */
    uint64_t moved;   /* bytes by then */
} nm_patience;

/* What a recv does about a drain of its server. */
typedef enum nm_drain { NM_DRAIN_NOTHING, NM_DRAIN_TELL, NM_DRAIN_END } nm_drain;

#define NM_STOPPING_TEXT "the server is stopping"

/* What users have attached to a call. */
typedef struct nm_user_data nm_user_data;
struct nm_user_data {
    nm_user_data *next; /* of natsmicro_call_set_value; NULL: none */
    const void *key;
    void *data;
    void (*free_data)(void *data); /* NULL: nothing to do */
};

/*
 * The threads in a send. The first one that sends on a call has a flag of its own, as a shared
 * counter costs a good part of a short message. All other threads count.
 */
typedef struct nm_senders {
    pthread_t first;
    atomic_uint others;
    atomic_uchar known; /* 0: nobody has sent; 1: the first one is being noted; 2: it is */
    atomic_bool first_sends;
} nm_senders;

struct natsmicro_call {
    nm_stream *stream;
    struct {
        natsmicro_call *base;
    } handle; /* what generated code gives out as the typed call */
    const nm_call_side *side;
    const nm_method *method;
    const nm_call_settings *settings;
    nm_link *link;
    nm_call_cache *cache;
    void (*on_over)(natsmicro_call *call); /* the last reference is gone; before the cache has it */
    void *owner;                           /* the client, or the server's endpoint */
    natsmicro_call *previous;              /* in the server's list of live calls */
    natsmicro_call *next;                  /* in that, or in the cache */
    nm_patience patience;                  /* the server's service thread's alone */
    void *caller;                          /* what a server counts the call in */
    void *ticket;    /* of a call that waits for a worker; under the lock of who has it */
    int64_t started; /* ns: of a server's, when the request came */
    /* Server: the request, in `arena`; set only where the method has stores. */
    const ProtobufCMessage *request;

    /*
     * ---- of who has taken the sends (nm_call_take_sends), if it is not atomic. Threads that send
     * share the error as well. ----
     */
    nm_buffer encoded;
    /* How to write a message in place; NULL: the last was not short, so the next may not be. */
    _Atomic(nm_write) write_in_place;
    atomic_bool send_failed; /* `send_error` may hold something */
    bool unsent;             /* what it was given is not sent whole, so no end may follow */
    /* A client's receiver has had END since: send_error is not shown any more. */
    atomic_bool send_error_past;
    bool ended_from_outside; /* by a drain; the draining thread's alone */
    nm_error send_error;     /* what the last send failed with locally */

    /* ---- the receiver's alone ---- */
    nm_arena arena;       /* the last message, or the request */
    nm_bytes chunk_rest;  /* what has not been read of the last chunk */
    uint64_t expected;    /* bytes of the blob, to be shown; UINT64_MAX: unknown */
    uint64_t chunk_bytes; /* that came in chunks so far */
    uint64_t max_size;    /* most of them; UINT64_MAX: no limit */
    void (*watch)(void *user_data, const void *data, size_t length); /* of chunks, or NULL */
    void *watch_data;
    bool responded;      /* client: the one response has been given out */
    bool drain_told;     /* server: its recv has said that the server drains */
    int64_t waits_since; /* ns: when its wait began */
    void *response;      /* client stream: what its interceptors are shown; owned by who asked */

    /* ---- users, and who tells the peer ---- */
    nm_senders senders;
    atomic_bool receiving;
    atomic_bool chunking; /* in a function of chunked.h, maybe between two sends or recvs */
    atomic_bool telling;
    atomic_bool cancelling;
    atomic_bool flush_later; /* who runs the handler flushes when it returns */

    pthread_mutex_t lock; /* may be taken under the stream's, not the other way round */
    pthread_cond_t changed;

    /* ---- guarded by `lock` ---- */
    unsigned ready;    /* nm_readiness: on_ready has come */
    uint32_t waiting;  /* threads in nm_call_wait */
    uint32_t in_line;  /* threads that wait to take the sends */
    nm_drain drain;    /* server: what its recv is still to do about a drain */
    nm_error failure;  /* of a client's call: what its hook refused it with, or its last try */
    bool replaceable;  /* it came from inside an interceptor; see failure.h */
    bool has_new_data; /* its data was set since */
    bool told;         /* the caller has been told of it */
    bool sends_taken;  /* by a send that is not one in place */
    bool send_waits;   /* that one, for room */
    bool answered;
    bool storing;
    bool queued; /* server: it waits for a worker */
    bool in_handler;
    bool detached;
    bool handled;            /* the handler has been reached */
    size_t outside;          /* interceptors outside of what runs now, or of the detached handler */
    natsmicro_call *attempt; /* client: what the call is made by now, under interceptors */
    nm_user_data user;       /* of natsmicro_call_set_user, and the first of a list */
};

/* Whether a thread waits for the peer right now. */
bool nm_call_is_waiting(natsmicro_call *call);

static inline natsmicro_method_kind nm_call_kind(const natsmicro_call *call)
{
    return call->method->stub->kind;
}

/* Of the messages that this side sends, and of those that it receives. */
static inline const nm_form *nm_call_form_out(const natsmicro_call *call)
{
    return call->side->is_server ? &call->method->response : &call->method->request;
}

static inline const nm_form *nm_call_form_in(const natsmicro_call *call)
{
    return call->side->is_server ? &call->method->request : &call->method->response;
}

/* ---- making ---- */

/* What a call is made of. */
typedef struct nm_call_setup {
    nm_link *link;
    const nm_method *method;
    const nm_call_settings *settings;
    const nm_call_side *side;
    bool plain;          /* client: no reliable stream is offered */
    int64_t known_limit; /* client: as in nm_stream_setup */
    int64_t started;     /* ns: a caller's call was made, or its request came to the server */
    bool queued;         /* server: it is to wait for a worker */
} nm_call_setup;

/*
 * A call from the cache or a new one, with one reference; NULL: no memory. One that is to wait is
 * new: what the others have grown would lie idle.
 */
natsmicro_call *nm_call_acquire(nm_call_cache *cache, const nm_call_setup *setup);

/* Server: a call that has waited is a worker's, or ends. */
void nm_call_leave_queue(natsmicro_call *call);

/* Gives back a reference. */
void nm_call_release(natsmicro_call *call);

/* The stream's idle limit, ns: the first of these that is set (not 0), else 30 s; -1 is none. */
int64_t nm_call_idle_limit(int64_t own_ms, int64_t settings_ms, int64_t method_ms);

/* ---- waiting ---- */

/*
 * Waits until the stream may be ready for what returned WOULD_BLOCK, or a limit passes, which ends
 * the call. *waited: false before the first wait of several.
 */
void nm_call_wait(natsmicro_call *call, nm_readiness readiness, bool *waited);

/*
 * Server: it drains. A recv that waits, now or later, does this once nothing has come for a second.
 * Any thread.
 */
void nm_call_drain(natsmicro_call *call, nm_drain drain);

/*
 * The receiver's, after a wait for NM_READABLE: what it returns because of a drain; OK: it goes on.
 * `whole`: it would lose what it has received so far, so it is not told.
 */
natsmicro_status nm_call_take_drain(natsmicro_call *call, bool whole);

/* Has what was published sent now, unless that is left to who runs the handler. */
void nm_call_flush(natsmicro_call *call, int64_t deadline);

/* nm_call_enter_send for a thread that is not known to be the first. */
bool nm_call_enter_other_send(natsmicro_call *call);

/*
 * For each thread that enters send, recv or a function of chunked.h, and on its way out. A plain
 * store is enough, as the thread has the stream's lock meanwhile, and so has a close; a shared
 * counter would cost more than a short message does.
 */
static inline void nm_call_enter(atomic_bool *use)
{
    atomic_store_explicit(use, true, memory_order_relaxed);
}

static inline natsmicro_status nm_call_leave(atomic_bool *use, natsmicro_status status)
{
    atomic_store_explicit(use, false, memory_order_release);
    return status;
}

/* The same for a send: returns, and takes, whether this thread is the first that sends. */
static inline bool nm_call_enter_send(natsmicro_call *call)
{
    nm_senders *senders = &call->senders;
    unsigned known = atomic_load_explicit(&senders->known, memory_order_acquire);
    if (known == 2 && pthread_equal(senders->first, pthread_self())) {
        atomic_store_explicit(&senders->first_sends, true, memory_order_relaxed);
        return true;
    }
    return nm_call_enter_other_send(call);
}

static inline natsmicro_status nm_call_leave_send(natsmicro_call *call, bool is_first,
                                                  natsmicro_status status)
{
    if (is_first)
        return nm_call_leave(&call->senders.first_sends, status);
    atomic_fetch_sub_explicit(&call->senders.others, 1, memory_order_release);
    return status;
}

/*
 * One thread at a time sends, but for sends in place; also while it waits for room. `waits`: until
 * another one has given them back; else false where that one waits for room.
 */
bool nm_call_take_sends(natsmicro_call *call, bool waits);
void nm_call_give_sends(natsmicro_call *call);

/* Who has taken the sends begins, or ends, to wait for room. */
void nm_call_set_send_waits(natsmicro_call *call, bool send_waits);

/* Waits for the users of a call that is over to leave. */
void nm_call_wait_for_users(natsmicro_call *call);

/* ---- ending ---- */

/*
 * Ends a call because of what happened on this side (printf): its send and recv return the status
 * from now on; a service is told soon, a caller when the handler returns. Returns the status, or
 * the one that the call was aborted with before; one that is no failure counts as INTERNAL.
 */
natsmicro_status nm_call_give_up(natsmicro_call *call, natsmicro_status status, const char *format,
                                 ...) NATSMICRO_PRINTF(3, 4);

/*
 * The same with an error that has been filled in already; the method's name goes in front, and what
 * it hides stays hidden. Takes what it holds.
 */
natsmicro_status nm_call_give_up_with(natsmicro_call *call, nm_error *error);

/*
 * The error to show: the handler's own, else the one that ended the call, else what the last send
 * failed with, unless the call has ended well since. Borrowed.
 */
const nm_error *nm_call_shown_error(natsmicro_call *call);

/* The sender's: what it does next fails by itself, or not at all. */
void nm_call_forget_send_error(natsmicro_call *call);

/* The sender's: what stands against sending now, as its next send would return it. */
natsmicro_status nm_call_check_send(natsmicro_call *call);

#endif
