/*
 * Fuzzes a whole reliable call: both ends of it with the real transport, over a network, a clock
 * and a link that are the fuzzer's. The bytes are the call's shape, and then what happens step by
 * step: a message is delivered, lost, repeated, swapped, cut; time passes; publishing fails; the
 * connection is gone for a while, or comes to a broker with another max_payload; somebody cancels;
 * or a frame comes that no honest peer sends. The call ends on both sides within their limits,
 * whatever happens; and as long as nobody forges frames, messages come in order, and END means all
 * of them.
 *
 * One thread: where a verb would block, the world goes on by a step.
 */
#include "unit/raw_message.h"

#include "transport/negotiate.h"
#include "transport/reliable/state.h"
#include "transport/reliable/table.h"
#include "transport/stray.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* nats.c's own; its natsMsg_Destroy leaves the freeing to a thread, later. */
void natsMsg_free(void *message);

#define SECOND      (1000 * NM_NS_PER_MS)
#define MOST_STEPS  200000
#define MOST_ON_WAY 256
#define MAX_PAYLOAD 4096
#define LARGE       512 /* longer than any control frame */
#define SERVICE     "svc"

struct nm_link {
    nm_events events;
    nm_budget budget;
};

typedef struct side {
    nm_stream *stream;
    bool exists;
    bool listens;
    bool reads_no_more; /* has had its END, or an error */
    uint64_t to_send;
    uint64_t sent;
    uint64_t read;
} side;

static side client;
static side server;
static struct nm_link the_link;
static nm_stream_totals totals;
static nm_stream_ends ends;
static nm_stream_settings settings;

static const uint8_t *script;
static const uint8_t *script_end;
static int64_t clock_ns;
static unsigned steps;
static natsMsg *on_way[MOST_ON_WAY];
static size_t on_way_count;
static int64_t back_at; /* when the connection is back; 0: it is there */
static uint64_t reconnects;
static int max_payload;  /* of the broker, right now */
static unsigned failing; /* so many publishes fail next */
static bool forged;      /* frames came that nobody sent: nothing is promised about messages */
static bool wide;     /* many messages, each a while after the last, and a window for all of them */
static bool in_place; /* short messages are written in place where they can be */
static bool server_busy;
static bool server_done;  /* the handler has returned */
static bool server_waits; /* for a worker, if its stream is a reliable one */
static int64_t admitted_at;
static bool server_fails; /* it is to return an error */
static bool closed_send;

static void check(bool holds)
{
    if (!holds)
        abort();
}

static uint8_t pull(void)
{
    return script < script_end ? *script++ : 0;
}

/* ---- the clock ---- */

int64_t nm_now(void)
{
    return clock_ns;
}

int64_t nm_deadline_in(int64_t ms)
{
    return ms < 0 || ms > (NM_NEVER - clock_ns) / NM_NS_PER_MS ? NM_NEVER
                                                               : clock_ns + ms * NM_NS_PER_MS;
}

int64_t nm_remaining_ms(int64_t deadline)
{
    if (deadline == NM_NEVER)
        return INT64_MAX;
    return deadline <= clock_ns ? 0 : (deadline - clock_ns - 1) / NM_NS_PER_MS + 1;
}

/* ---- the link ---- */

static side *side_of(const nm_inbox *inbox)
{
    return inbox == &client.stream->inbox ? &client : &server;
}

natsConnection *nm_link_connection(nm_link *link)
{
    return (natsConnection *)link;
}

nm_events *nm_link_events(nm_link *link)
{
    return &link->events;
}

nm_budget *nm_link_budget(nm_link *link)
{
    return &link->budget;
}

size_t nm_link_max_payload(nm_link *link)
{
    (void)link;
    return (size_t)max_payload;
}

bool nm_link_is_connected(nm_link *link)
{
    (void)link;
    return back_at == 0;
}

bool nm_link_has_headers(nm_link *link)
{
    (void)link;
    return true;
}

bool nm_link_is_flooded(nm_link *link)
{
    (void)link;
    return false;
}

bool nm_link_refused_subject(nm_link *link, char subject[NM_REFUSED_SUBJECT_SIZE])
{
    (void)link;
    (void)subject;
    return false;
}

bool nm_link_refuses_opening(nm_link *link, const char *method, const char *subject, int64_t begun,
                             bool last, nm_error *error)
{
    (void)link;
    (void)method;
    (void)subject;
    (void)begun;
    (void)last;
    (void)error;
    return false;
}

uint64_t nm_link_reconnects(nm_link *link)
{
    (void)link;
    return reconnects;
}

natsmicro_status nm_link_status(natsStatus status, const char *subject, nm_error *error)
{
    natsmicro_status failed =
        status == NATS_MAX_PAYLOAD ? NATSMICRO_RESOURCE_EXHAUSTED : NATSMICRO_UNAVAILABLE;
    return status == NATS_OK ? NATSMICRO_OK : nm_error_set(error, failed, "to %s", subject);
}

void nm_link_flush(nm_link *link, int64_t deadline)
{
    (void)link;
    (void)deadline;
}

void nm_link_flush_soon(nm_link *link)
{
    (void)link;
}

void nm_link_fence(nm_link *link, nm_inbox *inbox, uint64_t before)
{
    (void)link;
    inbox->callbacks->on_fence(inbox, before == reconnects);
}

void nm_inbox_init(nm_inbox *inbox, nm_link *link, const nm_inbox_callbacks *callbacks)
{
    inbox->callbacks = callbacks;
    inbox->link = link;
    inbox->timer_due = NM_NEVER;
    atomic_store(&inbox->references, 1 << 20); /* side_free frees the stream, not the last one */
}

bool nm_inbox_listen(nm_inbox *inbox)
{
    side_of(inbox)->listens = true;
    return true;
}

nm_inbox *nm_link_take_inbox(nm_link *link)
{
    (void)link;
    return NULL;
}

void nm_inbox_close(nm_inbox *inbox)
{
    side_of(inbox)->listens = false;
    inbox->timer_due = NM_NEVER;
}

void nm_inbox_set_timer(nm_inbox *inbox, int64_t due)
{
    inbox->timer_due = due;
}

void nm_inbox_hasten_timer(nm_inbox *inbox, int64_t due)
{
    if (due < inbox->timer_due)
        inbox->timer_due = due;
}

/* ---- the connection ---- */

void natsMsg_Destroy(natsMsg *message)
{
    if (message != NULL)
        natsMsg_free(message);
}

natsConnStatus natsConnection_Status(natsConnection *connection)
{
    (void)connection;
    return back_at == 0 ? NATS_CONN_STATUS_CONNECTED : NATS_CONN_STATUS_RECONNECTING;
}

bool natsConnection_IsClosed(natsConnection *connection)
{
    (void)connection;
    return false;
}

/* Takes the message over. */
static natsStatus put_on_way(natsMsg *message)
{
    if (failing > 0 || on_way_count == MOST_ON_WAY) {
        failing -= failing > 0;
        natsMsg_Destroy(message);
        return NATS_INSUFFICIENT_BUFFER;
    }
    if (back_at != 0)
        natsMsg_Destroy(message); /* lost in a buffer, without a word */
    else
        on_way[on_way_count++] = message;
    return NATS_OK;
}

natsStatus natsConnection_PublishRequest(natsConnection *connection, const char *subject,
                                         const char *reply, const void *data, int length)
{
    natsMsg *message = NULL;
    (void)connection;
    check(back_at == 0 || length < LARGE); /* the next broker may refuse it */
    if (length > max_payload)
        return NATS_MAX_PAYLOAD;
    if (subject[0] == '\0')
        return NATS_INVALID_SUBJECT;
    check(natsMsg_Create(&message, subject, reply, data, length) == NATS_OK);
    return put_on_way(message);
}

natsStatus natsConnection_Publish(natsConnection *connection, const char *subject, const void *data,
                                  int length)
{
    return natsConnection_PublishRequest(connection, subject, NULL, data, length);
}

/* Copies a message that has been received, its payload cut to the length. */
static natsMsg *copy_message(natsMsg *original, int length)
{
    const char *subject = natsMsg_GetSubject(original);
    const char *reply = natsMsg_GetReply(original);
    nm_bytes block = {NULL, 0};
    nm_header_block_find(subject, reply, natsMsg_GetData(original), NM_HEADER_LIMIT, &block);
    natsMsg *copy = raw_request(subject, reply, block.data, block.length, natsMsg_GetData(original),
                                (size_t)length);
    check(copy != NULL);
    return copy;
}

natsStatus natsConnection_PublishMsg(natsConnection *connection, natsMsg *message)
{
    (void)connection;
    if (natsMsg_GetDataLength(message) > max_payload)
        return NATS_MAX_PAYLOAD;
    if (natsMsg_GetSubject(message)[0] == '\0')
        return NATS_INVALID_SUBJECT;
    natsMsg *received = as_received(message);
    check(received != NULL);
    return put_on_way(received);
}

/* ---- both sides ---- */

static void on_ready(void *owner, unsigned readiness)
{
    (void)owner;
    (void)readiness;
}

static bool on_timer(void *owner)
{
    (void)owner;
    return false;
}

static void on_unreferenced(void *owner)
{
    (void)owner;
}

static void side_begin(side *self, natsmicro_method_kind kind, const char *inbox, bool is_server)
{
    static const nm_stream_owner callbacks = {on_ready, on_timer, on_unreferenced};
    const nm_stream_setup setup = {
        .link = &the_link,
        .settings = &settings,
        .kind = kind,
        .is_server = is_server,
        .method = "fuzz.v1.Fuzz.Call",
        .subject = SERVICE,
        .window_messages = settings.window_messages,
    };
    self->stream = nm_stream_new(&callbacks, self);
    check(self->stream != NULL);
    nm_stream_begin(self->stream, &setup);
    nm_stream_set_limits(self->stream, NM_NEVER, NM_NEVER, 30 * SECOND);
    self->stream->inbox.subject = strdup(inbox);
    self->stream->inbox.token = "token";
    self->exists = self->listens = true;
}

static void side_free(side *self)
{
    if (self->exists)
        nm_stream_free(self->stream);
    memset(self, 0, sizeof(*self));
}

static bool sends(natsmicro_method_kind kind, bool is_server)
{
    return kind == NATSMICRO_BIDI_STREAM ||
           kind == (is_server ? NATSMICRO_SERVER_STREAM : NATSMICRO_CLIENT_STREAM);
}

typedef struct text {
    const uint8_t *bytes;
    size_t length;
    bool fails; /* when half of it is written */
} text;

static bool write_text(const void *message, nm_buffer *room)
{
    const text *it = message;
    nm_buffer_append(room, it->bytes, it->fails ? it->length / 2 : it->length);
    return !room->failed && !it->fails;
}

/* The fast path of a short message, which now and then fails when half of it is written. */
static bool send_in_place(side *self, const uint8_t *message, size_t length)
{
    const text it = {message, length, self->sent % 11 == 5};
    return in_place && nm_stream_has_places(self->stream) &&
           nm_stream_send_in_place(self->stream, write_text, &it);
}

/*
 * Its number first; some are larger than a window or a frame's fill, some as long as goes in place,
 * or longer by one.
 */
static natsmicro_status send_one(side *self)
{
    uint8_t message[3000] = {0};
    size_t length = self->sent % 7 == 3 ? 2500 : 8 + self->sent % 5;
    bool lone = false;
    nm_error error = NM_ERROR_INIT;
    if (in_place)
        length += self->sent % 3 == 1 ? NM_SHORT_MESSAGE - 10 : 0;
    if (wide)
        clock_ns += 2 * NM_CLOCKS_LONE_AFTER;
    memcpy(message, &self->sent, sizeof(self->sent));
    nm_bytes whole = {message, length};
    natsmicro_status status = NATSMICRO_OK;
    if (!send_in_place(self, message, length))
        status = nm_stream_try_send(self->stream, &whole, 1, &lone, &error);
    self->sent += status == NATSMICRO_OK;
    nm_error_clear(&error);
    return status;
}

static natsmicro_status recv_one(side *self)
{
    nm_span span = {NULL, 0};
    uint64_t number = 0;
    natsmicro_status status = nm_stream_try_recv(self->stream, &span);
    if (status != NATSMICRO_OK) {
        self->reads_no_more = status != NATSMICRO_WOULD_BLOCK;
        return status;
    }
    if (span.length >= sizeof(number))
        memcpy(&number, span.data, sizeof(number));
    bool is_answer = self == &client && self->stream->kind == NATSMICRO_CLIENT_STREAM;
    if (!forged) /* the answer says how many messages the service has read */
        check(span.length >= sizeof(number) && number == (is_answer ? client.sent : self->read));
    self->read++;
    return status;
}

/* ---- the service ---- */

static void accept_opening(natsMsg *message)
{
    nm_error error = NM_ERROR_INIT;
    nm_incoming opening;
    nm_incoming_read(&opening, message, NM_HEADER_LIMIT);
    side_begin(&server, client.stream->kind, "_INBOX.s.1", true);
    server_waits = server_waits && nm_stream_may_wait(&settings, client.stream->kind, &opening);
    if (nm_stream_accept(server.stream, message, &opening, server_waits, &error) != NATSMICRO_OK) {
        server_done = true;
        nm_stream_close(server.stream);
    }
    nm_error_clear(&error);
}

static void return_from_handler(void)
{
    nm_stream *stream = server.stream;
    nm_error error = NM_ERROR_INIT;
    if (server_fails)
        nm_error_set(&error, NATSMICRO_ABORTED, "as it was told");
    else if (nm_stream_aborted(stream) != NATSMICRO_OK)
        nm_error_copy(&error, nm_stream_error(stream));
    else if (stream->kind == NATSMICRO_CLIENT_STREAM &&
             nm_stream_answer(stream, &server.read, sizeof(server.read), &error) == NATSMICRO_OK)
        nm_error_clear(&error);
    nm_stream_finish(stream, &error);
    nm_error_clear(&error);
    server_done = true;
}

/* False: nothing has come. */
static bool serve_recv(void)
{
    if (!sends(server.stream->kind, false) || server.reads_no_more)
        return false;
    natsmicro_status status = recv_one(&server);
    if (status == NATSMICRO_END && !forged)
        check(closed_send && server.read == client.sent);
    return status != NATSMICRO_WOULD_BLOCK;
}

/* False: there is nothing to send, or no room. */
static bool serve_send(void)
{
    if (!sends(server.stream->kind, true) || server.sent == server.to_send)
        return false;
    natsmicro_status status = send_one(&server);
    if (status != NATSMICRO_OK && status != NATSMICRO_WOULD_BLOCK)
        server.to_send = server.sent;
    return status != NATSMICRO_WOULD_BLOCK;
}

static bool serve_return(void)
{
    natsmicro_method_kind kind = server.stream->kind;
    bool complete = server.sent == (sends(kind, true) ? server.to_send : 0) &&
                    (server.reads_no_more || !sends(kind, false));
    if (!complete && !server_fails && nm_stream_aborted(server.stream) == NATSMICRO_OK)
        return false;
    return_from_handler();
    return true;
}

/* The handler goes on by one step that does not wait. False: there is none. */
static bool serve(void)
{
    if (!server.exists || server_busy || server_done || (server_waits && clock_ns < admitted_at))
        return false;
    if (server_waits)
        nm_stream_admit(server.stream);
    server_waits = false;
    server_busy = true;
    bool acted = serve_recv() || serve_send() || serve_return();
    server_busy = false;
    return acted;
}

/* ---- the world ---- */

static natsMsg *take_from_way(size_t index)
{
    natsMsg *message = on_way[index];
    memmove(&on_way[index], &on_way[index + 1], (--on_way_count - index) * sizeof(on_way[0]));
    return message;
}

static void deliver(natsMsg *message)
{
    const char *subject = natsMsg_GetSubject(message);
    side *to = strcmp(subject, "_INBOX.c.1") == 0 ? &client : &server;
    if (strcmp(subject, SERVICE) == 0) {
        if (!server.exists)
            accept_opening(message);
        natsMsg_Destroy(message);
    } else if (to->exists && to->listens) {
        nm_stream_transport(to->stream)->on_message(to->stream, message);
    } else {
        nm_transport_on_stray(&the_link, message, &settings);
    }
}

static void fire(side *self)
{
    if (!self->exists || self->stream->inbox.timer_due > clock_ns)
        return;
    self->stream->inbox.timer_due = NM_NEVER;
    nm_stream_transport(self->stream)->on_timer(self->stream);
}

static void pass_time(int64_t until)
{
    if (until > clock_ns)
        clock_ns = until;
    if (back_at != 0 && clock_ns >= back_at) {
        back_at = 0;
        reconnects++;
    }
    fire(&client);
    fire(&server);
}

/* To whatever comes next, and a second at most. */
static void pass_to_next(int64_t until)
{
    int64_t next = clock_ns + SECOND;
    if (until < next)
        next = until;
    if (client.exists && client.stream->inbox.timer_due < next)
        next = client.stream->inbox.timer_due;
    if (server.exists && server.stream->inbox.timer_due < next)
        next = server.stream->inbox.timer_due;
    pass_time(next);
}

/* A frame whose numbers are near what its receiver expects. */
static size_t forge(const side *to, uint8_t *bytes)
{
    static const uint8_t content[32];
    bool is_reliable = nm_stream_transport(to->stream) == &nm_reliable_transport;
    const nm_reliable *reliable = is_reliable ? nm_reliable_of(to->stream) : NULL;
    uint64_t received = reliable != NULL ? reliable->intake.received : 0;
    uint64_t published = reliable != NULL ? reliable->outbox.published : 0;
    uint8_t what = pull();
    nm_frame_control control = {.seq = received + (what & 3), .ack = published - (pull() & 3)};
    nm_frame_outcome outcome = {.status = (what & 4) != 0 ? "ABORTED" : NULL, .digest = pull()};
    uint8_t *at = bytes;
    if ((what & 128) != 0)
        return (size_t)(nm_frame_write_reset(at, (what & 4) != 0 ? "ABORTED" : NULL, "") - at);
    for (unsigned i = pull() % 8; i > 0; i--)
        at = nm_frame_put_message(at, content, pull() % 32);
    if (wide) { /* an unknown field, so that little of the frame is messages */
        size_t padding = (size_t)pull() * 100;
        *at++ = 0x7a;
        at = nm_varint_write(at, padding);
        memset(at, 0, padding);
        at += padding;
    }
    if (reliable != NULL && (what & 64) != 0)
        outcome.digest = nm_digest_value(reliable->intake.digest);
    if ((what & 8) != 0)
        at = nm_frame_write_end(at, NM_FRAME_SHORTEST_END + 64, &outcome);
    control.gap = (what & 16) != 0;
    control.max_messages = control.max_bytes = (what & 32) != 0 ? UINT64_MAX : pull();
    return (size_t)(nm_frame_write_control(at, &control) - bytes);
}

static void intrude(void)
{
    static const char *const replies[] = {NULL, "_INBOX.c.1", "_INBOX.s.1", "$SYS.x"};
    uint8_t what = pull();
    side *to = (what & 1) != 0 ? &client : &server;
    size_t length = 0;
    natsMsg *message = NULL;
    if (!to->exists)
        return;
    forged = true;
    uint8_t bytes[32 * 1024];
    if ((what & 2) != 0)
        length = forge(to, bytes);
    else
        for (length = 0; length < (size_t)(what >> 2); length++)
            bytes[length] = pull();
    check(natsMsg_Create(&message, to->stream->inbox.subject, replies[pull() % 4],
                         (const char *)bytes, (int)length) == NATS_OK);
    deliver(message);
}

static void cut(void)
{
    natsMsg *message = take_from_way(0);
    int length = natsMsg_GetDataLength(message);
    deliver(copy_message(message, length == 0 ? 0 : pull() % length));
    natsMsg_Destroy(message);
}

/* A message on its way meets what the script says; the rest is what time and the handler do. */
static void meet(uint8_t what)
{
    if (on_way_count == 0)
        return;
    if (what == 0)
        natsMsg_Destroy(take_from_way(0));
    else if (what == 1)
        deliver(copy_message(on_way[0], natsMsg_GetDataLength(on_way[0])));
    else if (what == 2)
        deliver(take_from_way(pull() % on_way_count));
    else
        cut();
}

static void step(int64_t until)
{
    check(++steps < MOST_STEPS);
    uint8_t what = pull() % 20;
    if (what >= 10 && what < 14)
        meet((uint8_t)(what - 10));
    else if (what == 14)
        pass_time(clock_ns + (NM_NS_PER_MS << pull() % 14));
    else if (what == 15)
        intrude();
    else if (what == 16)
        failing = pull() % 8;
    else if (what == 17)
        back_at = clock_ns + (NM_NS_PER_MS << pull() % 14);
    else if (what == 18)
        nm_stream_abort(client.stream, NATSMICRO_CANCELLED, "cancelled");
    else if (what == 19)
        max_payload = MAX_PAYLOAD >> pull() % 4;
    else if (what >= 5 && serve())
        return;
    else if (on_way_count > 0)
        deliver(take_from_way(0));
    else if (!serve())
        pass_to_next(until);
}

/* ---- the caller ---- */

/* The world goes on while a verb of the caller would block. */
static void wait_for(nm_readiness readiness, bool *waited)
{
    int64_t until = nm_stream_keepalive(client.stream, readiness, !*waited);
    *waited = true;
    step(until);
}

static natsmicro_status wait_until_opened(void)
{
    bool waited = false;
    natsmicro_status status;
    while ((status = nm_stream_try_opened(client.stream)) == NATSMICRO_WOULD_BLOCK)
        wait_for(NM_OPENED, &waited);
    return status;
}

static natsmicro_status send_next(void)
{
    bool waited = false;
    natsmicro_status status;
    while ((status = send_one(&client)) == NATSMICRO_WOULD_BLOCK)
        wait_for(NM_WRITABLE, &waited);
    return status;
}

static natsmicro_status recv_next(void)
{
    bool waited = false;
    natsmicro_status status;
    while ((status = recv_one(&client)) == NATSMICRO_WOULD_BLOCK)
        wait_for(NM_READABLE, &waited);
    return status;
}

static natsmicro_status send_all(void)
{
    nm_error error = NM_ERROR_INIT;
    natsmicro_status status = wait_until_opened();
    while (client.sent < client.to_send && status == NATSMICRO_OK)
        status = send_next();
    closed_send = true; /* before END is out: the service may have it before this returns */
    if (status == NATSMICRO_OK)
        status = nm_stream_close_send(client.stream, &error);
    nm_error_clear(&error);
    return status;
}

static void call(natsmicro_method_kind kind)
{
    nm_stream *stream = client.stream;
    natsmicro_status status = nm_stream_open(stream, "request", 7);
    if (status == NATSMICRO_OK && sends(kind, false))
        status = send_all();
    if (status == NATSMICRO_OK || status == NATSMICRO_END)
        while ((status = recv_next()) == NATSMICRO_OK)
            continue;
    if (status == NATSMICRO_END && !forged && kind != NATSMICRO_CLIENT_STREAM)
        check(server_done && !server_fails && client.read == server.sent);
    nm_stream_cancel(stream, NULL);
    nm_stream_close(stream);
}

static void begin(natsmicro_method_kind kind)
{
    uint8_t shape = pull();
    clock_ns = 1000 * SECOND;
    steps = 0;
    back_at = 0;
    reconnects = 0;
    max_payload = MAX_PAYLOAD;
    failing = 0;
    forged = server_busy = server_done = closed_send = false;
    server_fails = (shape & 1) != 0;
    settings.max_pending_messages = settings.max_pending_bytes = 1000000;
    settings.window_messages = (shape & 2) != 0 ? 3 : 64;
    settings.window_bytes = (shape & 4) != 0 ? 100 : 100000;
    wide = (shape & 32) != 0;
    in_place = (shape & 64) != 0;
    if (wide)
        settings.window_messages = settings.window_bytes = 1000000;
    settings.max_header_bytes = 16384;
    settings.totals = &totals;
    settings.ends = &ends;
    settings.gone_limit = 10000 * NM_NS_PER_MS;
    nm_events_init(&the_link.events, NULL, NULL, NATSMICRO_LOG_OFF);
    side_begin(&client, kind, "_INBOX.c.1", false);
    nm_stream_set_limits(client.stream, clock_ns + 5 * SECOND, clock_ns + 120 * SECOND,
                         30 * SECOND);
    client.to_send = pull() % 64;
    server.to_send = pull() % 64;
    server_waits = (shape & 128) != 0;
    if (server_waits)
        admitted_at = clock_ns + pull() % 64 * SECOND;
    if (wide) {
        client.to_send *= 8;
        server.to_send *= 8;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const prefixes[] = {"_INBOX.", NULL};
    script = data;
    script_end = data + size;
    settings.allowed_inbox_prefixes = prefixes;
    natsmicro_method_kind kind = (natsmicro_method_kind)(NATSMICRO_SERVER_STREAM + pull() % 3);
    begin(kind);
    call(kind);
    /*
     * The service learns that its caller has left: by a message, or by its limits. Nothing keeps it
     * from that.
     */
    script = script_end;
    int64_t latest = clock_ns + 200 * SECOND;
    while (on_way_count > 0 || (server.exists && (!server_done || server.listens))) {
        check(clock_ns < latest);
        step(NM_NEVER);
    }
    side_free(&client);
    side_free(&server);
    return 0;
}
