/*
 * See clocks.h.
 */
#include "transport/reliable/clocks.h"

void nm_clocks_begin(nm_clocks *clocks, int64_t idle_limit, int64_t gone_limit, uint64_t reconnects,
                     int64_t now)
{
    *clocks = (nm_clocks){
        .idle_limit = idle_limit,
        .timer_at = NM_NEVER,
        .last_activity = now,
        .last_progress = now,
        .last_retransmit = now,
        .acknowledge_due = NM_NEVER,
        .seal_due = NM_NEVER,
    };
    nm_gone_begin(&clocks->gone, gone_limit, reconnects);
}

/* ---- the peer ---- */

bool nm_clocks_on_frame(nm_clocks *clocks, int64_t now)
{
    bool is_back = clocks->gone.since != NM_NEVER;
    clocks->last_activity = now;
    clocks->awaits_peer = false;
    nm_gone_on_sign(&clocks->gone);
    if (is_back) {
        clocks->backoff = 0;
        clocks->last_retransmit = 0; /* due now, if anything waits */
    }
    return is_back;
}

void nm_clocks_on_no_responders(nm_clocks *clocks, uint64_t reconnects, int64_t now)
{
    nm_gone_on_no_responders(&clocks->gone, reconnects, now);
}

void nm_clocks_on_probe(nm_clocks *clocks, int64_t now)
{
    clocks->last_probe = now;
}

bool nm_clocks_on_connection(nm_clocks *clocks, bool connected, int64_t now)
{
    bool was_down = clocks->disconnected;
    clocks->disconnected = !connected;
    if (!connected) {
        nm_gone_on_disconnect(&clocks->gone);
        clocks->timer_at = now + NM_CLOCKS_RECONNECT_LOOK;
        return false;
    }
    if (was_down) {
        clocks->backoff = 0;
        clocks->last_retransmit = 0; /* due now, if anything waits */
        clocks->last_probe = 0;
        clocks->awaits_peer = true;
        nm_gone_on_return(&clocks->gone, now);
    }
    return true;
}

/* ---- round trips and back-off ---- */

static void limit_backoff(nm_clocks *clocks)
{
    if (clocks->backoff > NM_CLOCKS_MOST_KEPT_BACKOFF)
        clocks->backoff = NM_CLOCKS_MOST_KEPT_BACKOFF;
}

static void time_number(nm_clocks *clocks, uint64_t number, int64_t now)
{
    clocks->timed_number = number;
    clocks->timed_at = now;
}

void nm_clocks_on_publish(nm_clocks *clocks, uint64_t number, bool only, int64_t now)
{
    if (only) {
        clocks->last_progress = clocks->last_retransmit = now;
        limit_backoff(clocks); /* which asking a reader that slept has raised */
    }
    if (clocks->timed_at == 0)
        time_number(clocks, number, now);
}

/*
 * An acknowledgement cannot say which copy it answers (Karn's rule), so a segment that is published
 * again gives no sample; except where the peer said that it lacks the first copy, so that it can
 * only answer the second. While a long window is recovered there may be no other samples.
 */
void nm_clocks_on_publish_again(nm_clocks *clocks, uint64_t first, uint64_t number, int64_t now)
{
    if (clocks->times_resend)
        time_number(clocks, number, now);
    else if (first <= clocks->timed_number)
        clocks->timed_at = 0;
    clocks->times_resend = false;
}

void nm_clocks_on_published(nm_clocks *clocks, int64_t now)
{
    clocks->last_publish = now;
}

/*
 * A retransmit delay shorter than the round trip sends everything twice, and then nothing can be
 * timed: so the delay stays doubled until there is a sample.
 */
void nm_clocks_on_progress(nm_clocks *clocks, uint64_t number, int64_t now)
{
    clocks->last_progress = clocks->last_retransmit = now;
    if (clocks->timed_at != 0 && number >= clocks->timed_number) {
        clocks->round_trip = now - clocks->timed_at;
        clocks->timed_at = 0;
        clocks->backoff = 0;
    } else
        limit_backoff(clocks);
}

void nm_clocks_on_gap(nm_clocks *clocks, int64_t now)
{
    /* Since the last progress the timer has not sent the missing message again. */
    clocks->times_resend = clocks->last_retransmit == clocks->last_progress;
    clocks->last_retransmit = now;
}

void nm_clocks_on_retransmit(nm_clocks *clocks, int64_t now)
{
    clocks->backoff++;
    clocks->last_retransmit = now;
    clocks->times_resend = false;
}

/* ---- delays ---- */

bool nm_clocks_owe_acknowledgement(nm_clocks *clocks, int64_t now)
{
    if (clocks->acknowledge_due != NM_NEVER)
        return false;
    clocks->acknowledge_due = now + NM_CLOCKS_ACKNOWLEDGE_AFTER;
    return true;
}

void nm_clocks_on_acknowledge(nm_clocks *clocks)
{
    clocks->acknowledge_due = NM_NEVER;
}

void nm_clocks_on_open(nm_clocks *clocks, int64_t now)
{
    clocks->seal_due = now + NM_CLOCKS_SEAL_AFTER;
}

void nm_clocks_on_seal(nm_clocks *clocks)
{
    clocks->seal_due = NM_NEVER;
}

bool nm_clocks_seal_is_due(const nm_clocks *clocks, int64_t now)
{
    return now >= clocks->seal_due;
}

bool nm_clocks_is_lone(const nm_clocks *clocks, int64_t now)
{
    return now - clocks->last_publish >= NM_CLOCKS_LONE_AFTER;
}

/* ---- what is due ---- */

/* Often enough that a few lost probes in a row do not end the call. */
static int64_t probe_interval(const nm_clocks *clocks)
{
    return clocks->idle_limit == NM_NEVER ? NM_CLOCKS_PROBE_WITHOUT_IDLE : clocks->idle_limit / 6;
}

/* After twice the round trip, doubled each time, up to the interval of probes. */
static int64_t retransmit_due(const nm_clocks *clocks, nm_waiting waiting)
{
    if (!waiting.for_answer && !clocks->awaits_peer)
        return NM_NEVER;
    int64_t least = nm_later(NM_CLOCKS_FIRST_RETRANSMIT, 2 * clocks->round_trip);
    int64_t most = nm_later(least, probe_interval(clocks));
    int64_t delay = least;
    for (unsigned i = 0; i < clocks->backoff && delay < most; i++)
        delay *= 2;
    delay = nm_earlier(delay, nm_earlier(most, NM_CLOCKS_LONGEST_RETRANSMIT));
    return clocks->last_retransmit + delay;
}

static int64_t probe_due(const nm_clocks *clocks)
{
    return nm_later(clocks->last_activity, clocks->last_probe) + probe_interval(clocks);
}

nm_due nm_clocks_due(const nm_clocks *clocks, nm_waiting waiting, int64_t now)
{
    if (now >= retransmit_due(clocks, waiting))
        return NM_DUE_RETRANSMIT;
    if (now >= probe_due(clocks))
        return NM_DUE_PROBE;
    return now >= clocks->acknowledge_due ? NM_DUE_ACKNOWLEDGEMENT : NM_DUE_NOTHING;
}

/* ---- limits ---- */

static int64_t idle_limit_due(const nm_clocks *clocks)
{
    return nm_after(clocks->last_activity, clocks->idle_limit);
}

static int64_t progress_limit_due(const nm_clocks *clocks, nm_waiting waiting)
{
    return waiting.for_acknowledgement ? nm_after(clocks->last_progress, clocks->idle_limit)
                                       : NM_NEVER;
}

nm_limit nm_clocks_passed_limit(const nm_clocks *clocks, nm_waiting waiting, int64_t now)
{
    bool idle = now >= idle_limit_due(clocks);
    /* An idle limit shorter than the gone limit still knows that nobody listens. */
    if (idle && clocks->gone.since != NM_NEVER)
        return NM_LIMIT_GONE;
    if (idle)
        return NM_LIMIT_IDLE;
    if (now >= nm_gone_due(&clocks->gone))
        return NM_LIMIT_GONE;
    return now >= progress_limit_due(clocks, waiting) ? NM_LIMIT_PROGRESS : NM_LIMIT_NONE;
}

/* ---- the timer ---- */

int64_t nm_clocks_next(const nm_clocks *clocks, nm_waiting waiting)
{
    int64_t next = nm_earlier(clocks->acknowledge_due, clocks->seal_due);
    next = nm_earlier(next, retransmit_due(clocks, waiting));
    next = nm_earlier(next, probe_due(clocks));
    next = nm_earlier(next, idle_limit_due(clocks));
    next = nm_earlier(next, progress_limit_due(clocks, waiting));
    return nm_earlier(next, nm_gone_due(&clocks->gone));
}

bool nm_clocks_hasten(nm_clocks *clocks, int64_t due)
{
    if (due >= clocks->timer_at)
        return false;
    clocks->timer_at = due;
    return true;
}

void nm_clocks_on_timer(nm_clocks *clocks)
{
    clocks->timer_at = NM_NEVER;
}
