/*
 * Plays what recorded callers sent to a service of ours, and compares all that the service
 * publishes with what the recorded Go service published. What is to differ is said in
 * differences.c.
 */
#include "support/scenario.h"
#include "vectors/differences.h"
#include "vectors/lab.h"
#include "vectors/lab_json.h"
#include "vectors/peer.h"
#include "vectors/report.h"
#include "vectors/spy.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PATIENCE_MS 10000

/* One recording while it is played. */
typedef struct replay {
    const broker *broker;
    recorded_call recording; /* edited: what is expected */
    spy *spy;
    natsConnection *connection;
    natsmicro_server *server;
    peer *peer;
    names names;
    size_t seen;     /* publications that have been looked at */
    size_t received; /* messages of the peer that have been looked at */
    size_t expected; /* the message that is waited for */
    int counts[RECORDING_MESSAGES];
    int inboxes;
    bool failed;
} replay;

static unsigned unique;

/* ---- the room ---- */

/* The recordings that wait for a limit to pass get a shorter one. */
static bool waits_for_a_limit(const recorded_call *recording)
{
    return strcmp(recording->scenario, "ping_slow_handler") == 0 ||
           strcmp(recording->scenario, "sum_caller_vanishes") == 0;
}

/* Serves the service that the recorded call is one of. */
static natsmicro_status add_service(replay *self, const natsmicro_service_options *options)
{
    return recording_is_json(&self->recording)
               ? labjson__v1__lab_json_server__add(self->server, &lab_json_as_recorded, NULL,
                                                   options)
               : lab__v1__lab_server__add(self->server, &lab_as_recorded, NULL, options);
}

static void serve(replay *self)
{
    natsOptions *options = NULL;
    natsmicro_server_options server_options = NATSMICRO_SERVER_OPTIONS_INIT;
    natsmicro_service_options service_options = NATSMICRO_SERVICE_OPTIONS_INIT;
    self->spy = spy_start(self->broker);
    server_options.drain_timeout_ms = 1;
    if (waits_for_a_limit(&self->recording)) {
        server_options.idle_timeout_ms = REPLAY_LIMIT_MS;
        service_options.timeout_ms = REPLAY_LIMIT_MS;
    }
    if (natsOptions_Create(&options) != NATS_OK ||
        natsmicro_options_prepare(options) != NATSMICRO_OK ||
        natsOptions_SetURL(options, spy_url(self->spy)) != NATS_OK ||
        natsConnection_Connect(&self->connection, options) != NATS_OK ||
        natsmicro_server_new(&self->server, self->connection, &server_options) != NATSMICRO_OK ||
        add_service(self, &service_options) != NATSMICRO_OK ||
        natsConnection_Flush(self->connection) != NATS_OK)
        support_die("cannot serve");
    natsOptions_Destroy(options);
    self->peer = peer_start(self->broker);
}

static void leave(replay *self)
{
    natsmicro_server_destroy(self->server);
    natsConnection_Destroy(self->connection);
    spy_stop(self->spy);
    peer_stop(self->peer);
}

/* ---- the recorded caller ---- */

/* Gives a name of the recorded caller a real inbox, and listens on it. */
static void make_inbox(replay *self, const char *name, bool listen)
{
    if (name == NULL || strncmp(name, "$INBOX", 6) != 0)
        return;
    char subject[64];
    if (names_real(&self->names, name) == NULL) {
        snprintf(subject, sizeof(subject), "_INBOX.recorded%u.%d", unique, ++self->inboxes);
        names_bind(&self->names, name, subject);
        if (listen)
            peer_subscribe(self->peer, subject);
    }
}

static const char *reply_to_of(const wire_message *message)
{
    const char *reply_to = message_header(message, "Reply-To");
    return reply_to != NULL ? reply_to : message_header(message, "reply-to");
}

static bool is_idle(void *data)
{
    natsmicro_server_counters counters;
    natsmicro_server_get_counters(data, &counters);
    return counters.running == 0 && counters.waiting == 0;
}

static void play(replay *self, size_t index)
{
    const wire_message *message = &self->recording.messages[index];
    bool late = recorded_caller_listens_late(&self->recording);
    if (index > 0 && self->recording.kind == RECORDED_UNARY)
        eventually(is_idle, self->server, PATIENCE_MS); /* the calls before have been counted */
    char reply[192];
    make_inbox(self, message->reply, true);
    make_inbox(self, reply_to_of(message), !late);
    char subject[192];
    char raw[1024];
    if (!names_expand(&self->names, message->subject, subject, sizeof(subject)) ||
        !names_expand(&self->names, message->reply, reply, sizeof(reply)) ||
        !names_expand(&self->names, message->raw, raw, sizeof(raw))) {
        printf("# message %zu names an inbox that nobody has named\n", index + 1);
        self->failed = true;
        return;
    }
    peer_publish(self->peer, subject, reply, raw, message->payload, message->length);
    if (late && index > 0 && is_end_message(message))
        peer_subscribe(self->peer,
                       names_real(&self->names, reply_to_of(&self->recording.messages[0])));
    peer_flush(self->peer);
}

/* ---- our service ---- */

static void complain(replay *self, const char *why, const wire_message *expected,
                     const wire_message *seen)
{
    printf("# %s\n", why);
    if (expected != NULL)
        message_print("expected:", expected);
    if (seen != NULL)
        message_print("seen:    ", seen);
    self->failed = true;
}

/* Whether a publication is one more of a message that may come several times. */
static bool is_repeat(replay *self, const wire_message *seen)
{
    char why[256];
    for (size_t i = 0; i < self->expected; i++) {
        const wire_message *message = &self->recording.messages[i];
        if (!message->from_caller && message->may_repeat &&
            message_matches(message, seen, &self->names, why, sizeof(why))) {
            self->counts[i]++;
            return true;
        }
    }
    return false;
}

/* The next publication that is no repeat; NULL when none comes. */
static const wire_message *next_publication(replay *self, int64_t timeout_ms)
{
    const wire_message *seen;
    while ((seen = mailbox_get(spy_published(self->spy), self->seen, timeout_ms)) != NULL) {
        self->seen++;
        if (!is_repeat(self, seen))
            return seen;
    }
    return NULL;
}

/* What goes to an inbox of the caller must arrive there. */
static void hear(replay *self, const wire_message *expected)
{
    if (strncmp(expected->subject, "$INBOX", 6) != 0)
        return;
    char why[256];
    const wire_message *heard;
    while ((heard = mailbox_get(peer_received(self->peer), self->received, PATIENCE_MS)) != NULL) {
        self->received++;
        if (message_matches(expected, heard, &self->names, why, sizeof(why)))
            return;
    }
    complain(self, "the caller has not heard this", expected, NULL);
}

static bool listens(const replay *self, size_t index)
{
    if (!recorded_caller_listens_late(&self->recording))
        return true;
    for (size_t i = 1; i < index; i++)
        if (self->recording.messages[i].from_caller && is_end_message(&self->recording.messages[i]))
            return true;
    return strcmp(self->recording.messages[index].subject, self->recording.messages[0].reply) == 0;
}

static void expect(replay *self, size_t index)
{
    const wire_message *expected = &self->recording.messages[index];
    self->expected = index;
    const wire_message *seen = next_publication(self, PATIENCE_MS);
    if (seen == NULL) {
        complain(self, "the service does not publish this", expected, NULL);
        return;
    }
    char why[256];
    if (!message_matches(expected, seen, &self->names, why, sizeof(why))) {
        complain(self, why, expected, seen);
        return;
    }
    self->counts[index] = 1;
    if (listens(self, index))
        hear(self, expected);
    else /* nobody heard it: the broker has had it before the caller listens */
        natsConnection_Flush(self->connection);
}

/* ---- the end ---- */

/*
 * What has to come more than once, and what met nobody at first and must have been heard in the
 * end.
 */
static void expect_repeats(replay *self)
{
    self->expected = self->recording.count;
    for (size_t i = 0; i < self->recording.count && !self->failed; i++) {
        const wire_message *expected = &self->recording.messages[i];
        if (expected->at_least < 2)
            continue;
        hear(self, expected);
        while (self->counts[i] < expected->at_least && !self->failed) {
            const wire_message *seen =
                mailbox_get(spy_published(self->spy), self->seen, PATIENCE_MS);
            if (seen == NULL || !is_repeat(self, seen))
                complain(self, "this was not published again", expected, seen);
            else
                self->seen++;
        }
    }
}

/* Whether the recorded caller left while its call went on. */
static bool is_left_open(const recorded_call *recording)
{
    const wire_message *last = &recording->messages[recording->count - 1];
    return (recording->kind == RECORDED_BIDI || recording->kind == RECORDED_CLIENT_STREAM) &&
           (last->from_caller || message_header(last, "Nats-Stream-Inbox") != NULL ||
            (recording->kind == RECORDED_BIDI && !is_end_message(last)));
}

/* Nothing is published beyond what was expected. */
static void expect_no_more(replay *self)
{
    self->expected = self->recording.count;
    if (!is_left_open(&self->recording) && !eventually(is_idle, self->server, PATIENCE_MS))
        complain(self, "a handler still runs", NULL, NULL);
    natsConnection_Flush(self->connection);
    const wire_message *seen = next_publication(self, 0);
    if (seen != NULL)
        complain(self, "the service publishes more than was expected", NULL, seen);
}

/* Where nobody serves a subject the broker says so, as it did to the recorded caller. */
static void expect_nobody(replay *self)
{
    const wire_message *heard = mailbox_get(peer_received(self->peer), 0, PATIENCE_MS);
    if (heard == NULL || message_header(heard, "503") == NULL)
        complain(self, "no 503", NULL, heard);
}

/* Discovery by id: the recorded caller knew it. */
static void learn_id(replay *self)
{
    make_inbox(self, "$INBOX99", true);
    peer_publish(self->peer, "$SRV.PING.lab", names_real(&self->names, "$INBOX99"), "", NULL, 0);
    const wire_message *answer = mailbox_get(peer_received(self->peer), 0, PATIENCE_MS);
    const wire_message *seen = mailbox_get(spy_published(self->spy), 0, PATIENCE_MS);
    if (answer == NULL || seen == NULL)
        support_die("the service does not answer a ping");
    char id[64] = "";
    char text[1024];
    snprintf(text, sizeof(text), "%.*s", (int)answer->length, (const char *)answer->payload);
    const char *at = strstr(text, "\"id\":\"");
    if (at == NULL || sscanf(at, "\"id\":\"%63[^\"]\"", id) != 1)
        support_die("the service says no id");
    names_bind(&self->names, "$ID1", id);
    self->seen = self->received = 1;
}

static bool run(const broker *nats, const recorded_call *recorded, unsigned *counts)
{
    replay *self = calloc(1, sizeof(*self));
    if (self == NULL)
        support_die("no memory");
    unique++;
    self->broker = nats;
    self->recording = *recorded;
    differences_apply(OF_SERVICE, &self->recording, counts);
    serve(self);
    if (recorded->kind == RECORDED_DISCOVERY)
        learn_id(self);
    for (size_t i = 0; i < self->recording.count && !self->failed; i++)
        if (self->recording.messages[i].from_caller)
            play(self, i);
        else
            expect(self, i);
    if (!self->failed)
        expect_repeats(self);
    if (!self->failed && recorded->kind == RECORDED_OTHER)
        expect_nobody(self);
    if (!self->failed)
        expect_no_more(self);
    bool passed = !self->failed;
    leave(self);
    free(self);
    return passed;
}

/* ---- which ones ---- */

static bool same_message(const wire_message *a, const wire_message *b)
{
    if (strcmp(a->subject, b->subject) != 0 || strcmp(a->reply, b->reply) != 0 ||
        strcmp(a->raw, b->raw) != 0 || a->length != b->length)
        return false;
    return a->length == 0 || memcmp(a->payload, b->payload, a->length) == 0;
}

/* The caller's next message from the index-th on; the end: the recording's count. */
static size_t next_of_caller(const recorded_call *self, size_t index)
{
    while (index < self->count && !self->messages[index].from_caller)
        index++;
    return index;
}

/* Whether the caller sent the same, and all of it. */
static bool same_calls(const recorded_call *a, const recorded_call *b)
{
    size_t i = next_of_caller(a, 0);
    size_t j = next_of_caller(b, 0);
    while (i < a->count && j < b->count && same_message(&a->messages[i], &b->messages[j])) {
        i = next_of_caller(a, i + 1);
        j = next_of_caller(b, j + 1);
    }
    return i == a->count && j == b->count;
}

/*
 * What the Go service published to these messages: the recording itself, or that of the same
 * caller's same scenario with the Go service. NULL, and the reason, where there is none.
 */
static const recorded_call *with_go(recorded_call *const *all, size_t count,
                                    const recorded_call *recorded, const char **reason)
{
    if (recorded->kind == RECORDED_NOTHING)
        *reason = "the recorded caller failed before it sent anything";
    else
        *reason = NULL;
    if (*reason != NULL)
        return NULL;
    if (strcmp(recorded->service, "go") == 0)
        return recorded;
    char name[128];
    snprintf(name, sizeof(name), "%.15s_to_go/%.79s", recorded->caller, recorded->scenario);
    const recorded_call *go = recording_named(all, count, name);
    if (go != NULL && same_calls(recorded, go))
        return go;
    *reason = "the recorded caller did not go on with its service; played with the Go service's";
    return NULL;
}

/* With an argument: those whose names contain it. */
int main(int argc, char **argv)
{
    unsigned counts[64] = {0};
    size_t count;
    recorded_call **all = recording_read_all(&count);
    broker *nats = broker_start(NULL);
    report results;
    report_begin(&results, count + report_differences_of(OF_SERVICE));
    for (size_t i = 0; i < count; i++) {
        if (argc > 1 && strstr(all[i]->name, argv[1]) == NULL)
            continue;
        const char *reason;
        const recorded_call *go = with_go(all, count, all[i], &reason);
        if (go == NULL)
            report_skip(&results, all[i]->name, reason);
        else
            report_result(&results, all[i]->name, run(nats, go, counts));
        fflush(stdout);
    }
    if (argc == 1)
        report_differences(&results, OF_SERVICE, counts);
    broker_stop(nats);
    recording_free_all(all, count);
    return report_end(&results);
}
