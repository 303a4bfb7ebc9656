/*
 * Fuzzes a whole reliable call: both ends of it with the real transport, over a network, a clock
 * and a link that are the fuzzer's. The bytes are the call's shape, and then what happens step by
 * step: a message is delivered, lost, repeated, swapped, cut; time passes; publishing fails; the
 * connection is gone for a while; somebody cancels; or a frame comes that no honest peer sends. The
 * call ends on both sides within their limits, whatever happens; and as long as nobody forges
 * frames, messages come in order, and END means all of them.
 *
 * One thread: where the library waits on a condition, the world goes on by a step.
 */
#include "transport/plain/state.h"
#include "transport/reliable/state.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* nats.c's own; its natsMsg_Destroy leaves the freeing to a thread, later. */
void natsMsg_free(void *message);

#define SECOND      (1000 * NM_NS_PER_MS)
#define MOST_STEPS  200000
#define MOST_ON_WAY 256
#define MAX_PAYLOAD 4096
#define SERVICE     "svc"

struct nm_link {
    nm_events events;
};

typedef struct side {
    nm_stream stream;
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
static nm_stream_settings settings;

static const uint8_t *script;
static const uint8_t *script_end;
static int64_t clock_ns;
static unsigned steps;
static natsMsg *on_way[MOST_ON_WAY];
static size_t on_way_count;
static int64_t back_at;  /* when the connection is back; 0: it is there */
static unsigned failing; /* so many publishes fail next */
static bool forged;      /* frames came that nobody sent: nothing is promised about messages */
static bool wide;     /* many messages, each a while after the last, and a window for all of them */
static bool in_place; /* short messages are written in place where they can be */
static bool server_busy;
static bool server_done;  /* the handler has returned */
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

static void step(int64_t until);

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

int nm_cond_init(pthread_cond_t *cond)
{
    return pthread_cond_init(cond, NULL);
}

int nm_cond_wait_until(pthread_cond_t *cond, pthread_mutex_t *mutex, int64_t deadline)
{
    (void)cond;
    pthread_mutex_unlock(mutex);
    step(deadline);
    pthread_mutex_lock(mutex);
    return 0;
}

/* ---- the link ---- */

static side *side_of(const nm_inbox *inbox)
{
    return inbox == &client.stream.inbox ? &client : &server;
}

natsConnection *nm_link_connection(nm_link *link)
{
    return (natsConnection *)link;
}

nm_events *nm_link_events(nm_link *link)
{
    return &link->events;
}

size_t nm_link_max_payload(nm_link *link)
{
    (void)link;
    return MAX_PAYLOAD;
}

natsmicro_status nm_link_status(natsStatus status, const char *subject, nm_error *error)
{
    return status == NATS_OK ? NATSMICRO_OK
                             : nm_error_set(error, NATSMICRO_UNAVAILABLE, "to %s", subject);
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
    check(length <= MAX_PAYLOAD);
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

static natsMsg *copy_message(natsMsg *original, int length)
{
    natsMsg *copy = NULL;
    const char **names = NULL;
    const char *value = NULL;
    int count = 0;
    check(natsMsg_Create(&copy, natsMsg_GetSubject(original), natsMsg_GetReply(original),
                         natsMsg_GetData(original), length) == NATS_OK);
    if (natsMsgHeader_Keys(original, &names, &count) != NATS_OK)
        return copy;
    for (int i = 0; i < count; i++)
        if (natsMsgHeader_Get(original, names[i], &value) == NATS_OK)
            check(natsMsgHeader_Set(copy, names[i], value) == NATS_OK);
    free((void *)names);
    return copy;
}

natsStatus natsConnection_PublishMsg(natsConnection *connection, natsMsg *message)
{
    (void)connection;
    check(natsMsg_GetDataLength(message) <= MAX_PAYLOAD);
    if (natsMsg_GetSubject(message)[0] == '\0')
        return NATS_INVALID_SUBJECT;
    return put_on_way(copy_message(message, natsMsg_GetDataLength(message)));
}

/* ---- both sides ---- */

static void side_begin(side *self, natsmicro_method_kind kind, const char *inbox, bool is_server)
{
    nm_stream *stream = &self->stream;
    check(nm_stream_init(stream));
    nm_stream_reset(stream);
    stream->inbox.link = stream->link = &the_link;
    stream->inbox.subject = strdup(inbox);
    stream->inbox.timer_due = NM_NEVER;
    stream->settings = &settings;
    stream->kind = kind;
    stream->is_server = is_server;
    stream->method = "fuzz.v1.Fuzz.Call";
    stream->subject = SERVICE;
    stream->idle_limit = 30 * SECOND;
    stream->max_payload = MAX_PAYLOAD;
    stream->window_messages = settings.window_messages;
    stream->window_bytes = settings.window_bytes;
    stream->transport = is_server ? &nm_plain_transport : &nm_offer_transport;
    self->exists = self->listens = true;
}

static void side_free(side *self)
{
    if (self->exists)
        nm_stream_free(&self->stream);
    memset(self, 0, sizeof(*self));
}

static bool sends(natsmicro_method_kind kind, bool is_server)
{
    return kind == NATSMICRO_BIDI_STREAM ||
           kind == (is_server ? NATSMICRO_SERVER_STREAM : NATSMICRO_CLIENT_STREAM);
}

/* The short way of a short message, which now and then fails when half of it is written. */
static bool send_in_place(side *self, const uint8_t *message, size_t length)
{
    const nm_transport *transport = nm_stream_transport(&self->stream);
    if (!in_place || transport->reserve == NULL)
        return false;
    nm_buffer room = transport->reserve(&self->stream);
    if (room.data == NULL)
        return false;
    nm_buffer_append(&room, message, self->sent % 11 == 5 ? length / 2 : length);
    bool written = !room.failed && room.length == length;
    transport->commit(&self->stream, written ? &room : NULL);
    return written;
}

/*
 * Its number first; some are larger than a window or a frame's fill, some as long as goes in place,
 * or longer by one.
 */
static natsmicro_status send_one(side *self)
{
    uint8_t message[3000] = {0};
    size_t length = self->sent % 7 == 3 ? 2500 : 8 + self->sent % 5;
    nm_error error = NM_ERROR_INIT;
    if (in_place)
        length += self->sent % 3 == 1 ? NM_SHORT_MESSAGE - 10 : 0;
    if (wide)
        clock_ns += 2 * NM_CLOCKS_LONE_AFTER;
    memcpy(message, &self->sent, sizeof(self->sent));
    nm_bytes whole = {message, length};
    natsmicro_status status = NATSMICRO_OK;
    if (!send_in_place(self, message, length))
        status = nm_stream_transport(&self->stream)->send(&self->stream, &whole, 1, &error);
    self->sent += status == NATSMICRO_OK;
    nm_error_clear(&error);
    return status;
}

static natsmicro_status recv_one(side *self)
{
    nm_span span = {NULL, NULL, 0};
    uint64_t number = 0;
    natsmicro_status status = nm_stream_transport(&self->stream)->recv(&self->stream, &span);
    if (status != NATSMICRO_OK) {
        self->reads_no_more = true;
        return status;
    }
    if (span.length >= sizeof(number))
        memcpy(&number, span.data, sizeof(number));
    bool is_answer = self == &client && self->stream.kind == NATSMICRO_CLIENT_STREAM;
    if (!forged) /* the answer says how many messages the service has read */
        check(span.length >= sizeof(number) && number == (is_answer ? client.sent : self->read));
    self->read++;
    return status;
}

/* ---- the service ---- */

static void accept_opening(natsMsg *message)
{
    nm_error error = NM_ERROR_INIT;
    nm_stream *stream = &server.stream;
    nm_incoming opening;
    nm_incoming_read(&opening, message);
    side_begin(&server, client.stream.kind, "_INBOX.s.1", true);
    if (nm_transport_choose(stream, &opening, &error) != NATSMICRO_OK ||
        nm_stream_transport(stream)->accept(stream, &opening, &error) != NATSMICRO_OK) {
        server_done = true;
        nm_inbox_close(&stream->inbox);
    }
    nm_error_clear(&error);
}

static bool has_arrived(const nm_stream *stream)
{
    const nm_reliable *reliable = nm_reliable_of(stream);
    if (stream->aborted != NATSMICRO_OK || stream->in_end != NATSMICRO_OK)
        return true;
    if (nm_stream_transport((nm_stream *)(uintptr_t)stream) != &nm_reliable_transport)
        return stream->arrived.count > 0 || stream->batch_next < stream->batch.count;
    return reliable->queue.count > 0 || reliable->reading.count > 0;
}

static void return_from_handler(void)
{
    nm_stream *stream = &server.stream;
    const nm_transport *transport = nm_stream_transport(stream);
    nm_error error = NM_ERROR_INIT;
    if (server_fails)
        nm_error_set(&error, NATSMICRO_ABORTED, "as it was told");
    else if (stream->aborted != NATSMICRO_OK)
        nm_error_copy(&error, &stream->error);
    else if (stream->kind == NATSMICRO_CLIENT_STREAM &&
             transport->answer(stream, &server.read, sizeof(server.read), &error) == NATSMICRO_OK)
        nm_error_clear(&error);
    transport->finish(stream, &error);
    nm_stream_discard(stream);
    nm_error_clear(&error);
    server_done = true;
}

/* The handler goes on by one step that does not wait. False: there is none. */
static bool serve(void)
{
    nm_stream *stream = &server.stream;
    natsmicro_method_kind kind = stream->kind;
    if (!server.exists || server_busy || server_done)
        return false;
    server_busy = true;
    bool acted = true;
    if (sends(kind, false) && !server.reads_no_more && has_arrived(stream)) {
        natsmicro_status status = recv_one(&server);
        if (status == NATSMICRO_END && !forged)
            check(closed_send && server.read == client.sent);
    } else if (sends(kind, true) && server.sent < server.to_send &&
               (nm_stream_transport(stream)->can_send == NULL ||
                nm_stream_transport(stream)->can_send(stream))) {
        if (send_one(&server) != NATSMICRO_OK)
            server.to_send = server.sent;
    } else if (stream->aborted != NATSMICRO_OK || server_fails ||
               (server.sent == (sends(kind, true) ? server.to_send : 0) &&
                (server.reads_no_more || !sends(kind, false)))) {
        return_from_handler();
    } else {
        acted = false;
    }
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
        nm_stream_transport(&to->stream)->on_message(&to->stream, message);
    } else {
        nm_transport_on_stray(&the_link, message, &settings);
    }
}

static void fire(side *self)
{
    if (!self->exists || self->stream.inbox.timer_due > clock_ns)
        return;
    self->stream.inbox.timer_due = NM_NEVER;
    nm_stream_transport(&self->stream)->on_timer(&self->stream);
}

static void pass_time(int64_t until)
{
    if (until > clock_ns)
        clock_ns = until;
    if (clock_ns >= back_at)
        back_at = 0;
    fire(&client);
    fire(&server);
}

/* To whatever comes next, and a second at most. */
static void pass_to_next(int64_t until)
{
    int64_t next = clock_ns + SECOND;
    if (until < next)
        next = until;
    if (client.exists && client.stream.inbox.timer_due < next)
        next = client.stream.inbox.timer_due;
    if (server.exists && server.stream.inbox.timer_due < next)
        next = server.stream.inbox.timer_due;
    pass_time(next);
}

/* A frame whose numbers are near what its receiver expects. */
static size_t forge(const side *to, uint8_t *bytes)
{
    static const uint8_t content[32];
    const nm_reliable *reliable = nm_reliable_of(&to->stream);
    uint64_t received = reliable != NULL ? reliable->received : 0;
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
        outcome.digest = nm_digest_value(&reliable->digest_in);
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
    check(natsMsg_Create(&message, to->stream.inbox.subject, replies[pull() % 4],
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
        nm_stream_abort(&client.stream, NATSMICRO_CANCELLED, "cancelled");
    else if (what >= 5 && serve())
        return;
    else if (on_way_count > 0)
        deliver(take_from_way(0));
    else if (!serve())
        pass_to_next(until);
}

/* ---- the caller ---- */

static natsmicro_status send_all(void)
{
    nm_stream *stream = &client.stream;
    nm_error error = NM_ERROR_INIT;
    natsmicro_status status = NATSMICRO_OK;
    while (client.sent < client.to_send && status == NATSMICRO_OK)
        status = send_one(&client);
    closed_send = true; /* before END is out: the service may have it before this returns */
    if (status == NATSMICRO_OK)
        status = nm_stream_transport(stream)->close_send(stream, &error);
    nm_error_clear(&error);
    return status;
}

static void call(natsmicro_method_kind kind)
{
    nm_stream *stream = &client.stream;
    natsmicro_status status = nm_stream_transport(stream)->open(stream, "request", 7);
    if (status == NATSMICRO_OK && sends(kind, false))
        status = send_all();
    if (status == NATSMICRO_OK || status == NATSMICRO_END)
        while ((status = recv_one(&client)) == NATSMICRO_OK)
            continue;
    if (status == NATSMICRO_END && !forged && kind != NATSMICRO_CLIENT_STREAM)
        check(server_done && !server_fails && client.read == server.sent);
    nm_stream_transport(stream)->give_up(stream);
    nm_stream_discard(stream);
    nm_inbox_close(&stream->inbox);
}

static void begin(natsmicro_method_kind kind)
{
    uint8_t shape = pull();
    clock_ns = 1000 * SECOND;
    steps = 0;
    back_at = 0;
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
    settings.totals = &totals;
    nm_events_init(&the_link.events, NULL, NULL);
    side_begin(&client, kind, "_INBOX.c.1", false);
    client.stream.deadline = clock_ns + 120 * SECOND;
    client.stream.open_deadline = clock_ns + 5 * SECOND;
    client.to_send = pull() % 64;
    server.to_send = pull() % 64;
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
