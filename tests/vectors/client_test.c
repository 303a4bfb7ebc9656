/*
 * Plays what recorded services sent to a caller of ours, which makes the calls that were recorded,
 * and looks at both ends: what the caller publishes is what the recorded caller published, but for
 * the entries of differences.c; what it sees in the end is what outcomes.c says.
 *
 * The caller is made of the generated client and messages; its script is the recording, so the
 * functions behind the typed ones are called, by number of the method.
 */
#include "lab/v1/lab.nats-c.h"
#include "support/scenario.h"
#include "vectors/differences.h"
#include "vectors/lab_json.h"
#include "vectors/outcomes.h"
#include "vectors/peer.h"
#include "vectors/report.h"
#include "vectors/spy.h"

#include <natsmicro/stub.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PATIENCE_MS 10000

typedef struct method {
    const char *subject;
    const ProtobufCMessageDescriptor *request; /* NULL: its messages travel as JSON */
    size_t index;                              /* by which the generated client numbers it */
} method;

static const method methods[] = {
    {"lab.v1.ping", &lab__v1__ping_request__descriptor, 0},
    {"lab.v1.count_up", &lab__v1__count_up_request__descriptor, 1},
    {"lab.v1.sum", &lab__v1__sum_request__descriptor, 2},
    {"lab.v1.chat", &lab__v1__chat_message__descriptor, 3},
    {"lab.v1.upload", &lab__v1__chunk__descriptor, 4},
    {"lab.v1.download", &lab__v1__download_request__descriptor, 5},
    {"labjson.v1.echo", NULL, 0},
    {"labjson.v1.watch", NULL, 1},
    {"labjson.v1.gather", NULL, 2},
    {"labjson.v1.talk", NULL, 3},
};

#define METHODS (sizeof(methods) / sizeof(methods[0]))

static const method *method_of(const recorded_call *recorded)
{
    size_t index = 0;
    while (index + 1 < METHODS &&
           strcmp(methods[index].subject, recorded->messages[0].subject) != 0)
        index++;
    return &methods[index];
}

/* One recording while it is played. */
typedef struct replay {
    const broker *broker;
    const recorded_call *recorded; /* the caller's script */
    recorded_call recording;       /* edited: what is expected */
    spy *spy;
    natsConnection *connection;
    Lab__V1__LabClient *lab; /* NULL: the call is one of the other service */
    Labjson__V1__LabJsonClient *json;
    natsmicro_client *client; /* of one of the two */
    peer *peer;
    pthread_t caller;
    latch published; /* what the service has published */
    names names;
    size_t seen;
    size_t received;
    int inboxes;
    bool failed;

    /* ---- the caller's ---- */
    natsmicro_call *call;
    natsmicro_context *context;
    char outcome[2048];
} replay;

static unsigned unique;

/* ---- the caller: what it saw ---- */

static void note(replay *self, const char *words)
{
    size_t used = strlen(self->outcome);
    snprintf(self->outcome + used, sizeof(self->outcome) - used, "%s%s", used > 0 ? " " : "",
             words);
}

static void note_bytes(replay *self, const char *prefix, const uint8_t *bytes, size_t length)
{
    char hex[1024];
    size_t used = (size_t)snprintf(hex, sizeof(hex), "%s", prefix);
    for (size_t i = 0; i < length && used + 3 < sizeof(hex); i++)
        used += (size_t)snprintf(hex + used, sizeof(hex) - used, "%02x", bytes[i]);
    note(self, used > 0 ? hex : "-");
}

static void note_message(replay *self, const void *message)
{
    uint8_t bytes[512];
    if (protobuf_c_message_get_packed_size(message) > sizeof(bytes))
        support_die("an unexpected answer");
    note_bytes(self, "", bytes, protobuf_c_message_pack(message, bytes));
}

static void note_error(replay *self, natsmicro_status status, const char *code, const char *text,
                       const uint8_t *data, size_t length)
{
    const char *name = status == NATSMICRO_SERVICE_ERROR ? code : natsmicro_status_name(status);
    char words[512];
    snprintf(words, sizeof(words), "%s: %s", name, text);
    note(self, words);
    if (length > 0)
        note_bytes(self, "data=", data, length);
}

static void note_end(replay *self, natsmicro_status status)
{
    size_t length = 0;
    if (status == NATSMICRO_END || status == NATSMICRO_OK) {
        note(self, natsmicro_status_name(status));
        return;
    }
    const void *data = natsmicro_call_error_data(self->call, &length);
    note_error(self, status, natsmicro_call_error_code(self->call),
               natsmicro_call_error_message(self->call), data, length);
}

static void note_context(replay *self)
{
    size_t length = 0;
    const natsmicro_context *context = self->context;
    const void *data = natsmicro_context_error_data(context, &length);
    note_error(self, natsmicro_context_status(context), natsmicro_context_error_code(context),
               natsmicro_context_error_message(context), data, length);
}

/* ---- the caller: what it does ---- */

static bool is_protocols(const char *name)
{
    return strcmp(name, "Reply-To") == 0 || strncmp(name, "Nats", 4) == 0;
}

/*
 * The recorded caller's own headers. One without a value cannot be set: nats.c could not read it.
 */
static void set_headers(replay *self)
{
    const wire_message *opening = &self->recording.messages[0];
    for (size_t i = 0; i < opening->header_count; i++) {
        const struct header *at = &opening->headers[i];
        if (!is_protocols(at->name) &&
            natsmicro_context_add_header(self->context, at->name, at->value) != NATSMICRO_OK)
            note(self, "a header was refused");
    }
    if (message_header(&self->recorded->messages[0], "X-Empty") != NULL &&
        natsmicro_context_add_header(self->context, "X-Empty", "") != NATSMICRO_INVALID_ARGUMENT)
        note(self, "a blank header was taken");
}

/* How many messages the recorded caller sent before this one, without the opening of its stream. */
static size_t sent_before(const recorded_call *recorded, const wire_message *message)
{
    size_t count = 0;
    for (const wire_message *at = recorded->messages; at < message; at++)
        count += at->from_caller && (at != recorded->messages || at->length > 0);
    return count;
}

/* The message that has these bytes; NULL: none. */
static ProtobufCMessage *decode(const recorded_call *recorded, const wire_message *from)
{
    const method *its = method_of(recorded);
    return its->request != NULL
               ? protobuf_c_message_unpack(its->request, NULL, from->length, from->payload)
               : lab_json_sent(recorded->scenario, sent_before(recorded, from));
}

static void call_unary(replay *self, size_t index)
{
    ProtobufCMessage *request = decode(self->recorded, &self->recorded->messages[0]);
    void *response = NULL;
    natsmicro_status status =
        natsmicro_stub_unary(self->client, index, request, self->context, &response);
    if (status == NATSMICRO_OK) {
        const char *seen = natsmicro_context_response_header(self->context, "X-Seen-Trace");
        note_message(self, response);
        note(self, "OK");
        char words[128];
        snprintf(words, sizeof(words), "X-Seen-Trace=%s", seen != NULL ? seen : "");
        if (seen != NULL)
            note(self, words);
    } else
        note_context(self);
    natsmicro_stub_message_free(response);
    protobuf_c_message_free_unpacked(request, NULL);
}

/* Reads up to `count` messages; false when the stream has ended, which is noted. */
static bool receive(replay *self, int count)
{
    const void *message;
    for (int i = 0; i < count; i++) {
        natsmicro_status status = natsmicro_stub_recv(self->call, &message);
        if (status != NATSMICRO_OK) {
            note_end(self, status);
            return false;
        }
        note_message(self, message);
    }
    return true;
}

static bool is_over(void *call)
{
    return natsmicro_call_status(call) != NATSMICRO_OK;
}

/* What the service sent between two messages of the caller. */
typedef struct news {
    int messages;
    bool failure;
} news;

static news news_before(const recorded_call *recorded, size_t index)
{
    news all = {0, false};
    for (size_t i = index; i-- > 0 && !recorded->messages[i].from_caller;) {
        const wire_message *message = &recorded->messages[i];
        if (is_error_message(message))
            all.failure = true;
        else if (message_header(message, "Nats-Stream-Inbox") == NULL && !is_end_message(message))
            all.messages++;
    }
    return all;
}

static int said_by_service_before(const recorded_call *recorded, size_t index)
{
    int count = 0;
    for (size_t i = 0; i < index; i++)
        count += recorded->messages[i].from_caller ? 0 : 1;
    return count;
}

/*
 * The caller's turn has come: it has heard what the recorded caller had. False: the call is over.
 */
static bool await_turn(replay *self, size_t index)
{
    news heard = news_before(self->recorded, index);
    latch_wait_count(&self->published, said_by_service_before(self->recorded, index), PATIENCE_MS);
    if (self->recorded->kind == RECORDED_BIDI)
        return receive(self, heard.messages + (heard.failure ? 1 : 0));
    if (heard.failure)
        eventually(is_over, self->call, PATIENCE_MS);
    return true;
}

static bool send_item(replay *self, const wire_message *item)
{
    ProtobufCMessage *message = decode(self->recorded, item);
    natsmicro_status status = natsmicro_stub_send(self->call, message);
    protobuf_c_message_free_unpacked(message, NULL);
    if (status != NATSMICRO_OK)
        note_end(self, status);
    return status == NATSMICRO_OK;
}

static void finish(replay *self)
{
    if (self->recorded->kind == RECORDED_CLIENT_STREAM) {
        void *response = NULL;
        natsmicro_status status = natsmicro_stub_close_and_recv(self->call, &response);
        if (status == NATSMICRO_OK)
            note_message(self, response);
        note_end(self, status);
        natsmicro_stub_message_free(response);
        return;
    }
    receive(self, RECORDING_MESSAGES);
}

/* What came before no longer matters. */
static void give_up(replay *self)
{
    self->outcome[0] = '\0';
    note(self, GIVEN_UP);
}

/* The caller's half of a stream, message by message; false when the call ended on the way. */
static bool send_stream(replay *self, bool *ended)
{
    const recorded_call *recorded = self->recorded;
    for (size_t i = 1; i < recorded->count; i++) {
        const wire_message *message = &recorded->messages[i];
        if (!message->from_caller)
            continue;
        if (!await_turn(self, i))
            return false;
        if (is_end_message(message) && is_error_message(message)) {
            give_up(self);
            return false;
        }
        *ended = is_end_message(message);
        if (*ended && recorded->kind == RECORDED_BIDI &&
            natsmicro_stub_close_send(self->call) != NATSMICRO_OK) {
            note_end(self, natsmicro_call_status(self->call));
            return false;
        }
        if (!*ended && !send_item(self, message))
            return false;
    }
    return true;
}

static void call_stream(replay *self, size_t index)
{
    const recorded_call *recorded = self->recorded;
    ProtobufCMessage *request = NULL;
    bool ended = false;
    if (recorded->kind == RECORDED_SERVER_STREAM)
        request = decode(recorded, &recorded->messages[0]);
    natsmicro_status status =
        natsmicro_stub_open(self->client, index, request, self->context, &self->call);
    if (request != NULL)
        protobuf_c_message_free_unpacked(request, NULL);
    if (status != NATSMICRO_OK) {
        note_context(self);
        return;
    }
    if (send_stream(self, &ended)) {
        if (caller_left(recorded))
            give_up(self);
        else if (!ended && recorded->kind == RECORDED_CLIENT_STREAM) {
            eventually(is_over, self->call, PATIENCE_MS);
            note_end(self, natsmicro_call_status(self->call));
        } else
            finish(self);
    }
    natsmicro_stub_close(self->call);
}

static void *call(void *argument)
{
    replay *self = argument;
    size_t index = method_of(self->recorded)->index;
    if (natsmicro_context_new(&self->context) != NATSMICRO_OK)
        support_die("no context");
    set_headers(self);
    if (self->recorded->kind == RECORDED_UNARY)
        call_unary(self, index);
    else
        call_stream(self, index);
    natsmicro_context_destroy(self->context);
    return NULL;
}

/* ---- the room ---- */

/* How long the caller waits: no longer than it must where nothing will come. */
static int64_t patience_ms(const recorded_call *recorded)
{
    if (service_is_silent(recorded))
        return SILENCE_MS;
    if (!service_ended(recorded) && !caller_left(recorded) &&
        strcmp(recorded->service, "none") != 0)
        return FALLS_SILENT_MS;
    return PATIENCE_MS;
}

/* Makes a client of the service that the recorded call is one of. */
static natsmicro_status make_client(replay *self, const natsmicro_client_options *options)
{
    natsmicro_status status;
    if (recording_is_json(self->recorded)) {
        status = labjson__v1__lab_json_client__new(&self->json, self->connection, options);
        self->client = status == NATSMICRO_OK ? self->json->base : NULL;
    } else {
        status = lab__v1__lab_client__new(&self->lab, self->connection, options);
        self->client = status == NATSMICRO_OK ? self->lab->base : NULL;
    }
    return status;
}

static void enter(replay *self)
{
    natsOptions *options = NULL;
    natsmicro_client_options client_options = NATSMICRO_CLIENT_OPTIONS_INIT;
    int64_t patience = patience_ms(self->recorded);
    client_options.timeout_ms = patience;
    client_options.idle_timeout_ms = patience;
    latch_init(&self->published);
    self->spy = spy_start(self->broker);
    if (natsOptions_Create(&options) != NATS_OK ||
        natsmicro_options_prepare(options) != NATSMICRO_OK ||
        natsOptions_SetURL(options, spy_url(self->spy)) != NATS_OK ||
        natsConnection_Connect(&self->connection, options) != NATS_OK ||
        make_client(self, &client_options) != NATSMICRO_OK ||
        natsConnection_Flush(self->connection) != NATS_OK)
        support_die("cannot call");
    natsOptions_Destroy(options);
    self->peer = peer_start(self->broker);
    if (strcmp(self->recorded->service, "none") != 0)
        peer_subscribe(self->peer, recording_is_json(self->recorded) ? "labjson.v1.*" : "lab.v1.*");
    peer_flush(self->peer);
    if (pthread_create(&self->caller, NULL, call, self) != 0)
        support_die("no thread");
}

static void leave(replay *self)
{
    lab__v1__lab_client__destroy(self->lab);
    labjson__v1__lab_json_client__destroy(self->json);
    natsConnection_Destroy(self->connection);
    spy_stop(self->spy);
    peer_stop(self->peer);
    latch_destroy(&self->published);
}

/* ---- the recorded service ---- */

static void complain(replay *self, const char *why, const wire_message *expected,
                     const wire_message *seen)
{
    printf("# %s\n", why);
    if (expected != NULL)
        message_print("expected:", expected);
    if (seen != NULL)
        message_print("seen:    ", seen);
    self->failed = true;
    natsConnection_Close(
        self->connection); /* what is lost cannot go on: the caller need not wait */
}

/* A question whether we are there is no message of the call. */
static bool is_probe(const wire_message *message)
{
    return message_header(message, "Natsmicro-Control") != NULL;
}

static const wire_message *next_publication(replay *self, int64_t timeout_ms)
{
    const wire_message *seen;
    do
        seen = mailbox_get(spy_published(self->spy), self->seen, timeout_ms);
    while (seen != NULL && (self->seen++, is_probe(seen)));
    return seen;
}

static void expect(replay *self, const wire_message *expected)
{
    const wire_message *seen = next_publication(self, PATIENCE_MS);
    char why[256];
    if (seen == NULL)
        complain(self, "the caller does not publish this", expected, NULL);
    else if (!message_matches(expected, seen, &self->names, why, sizeof(why)))
        complain(self, why, expected, seen);
}

/* The service's answer must not be on the wire before the broker has the caller's question. */
static void receive_at_service(replay *self)
{
    if (strcmp(self->recorded->service, "none") != 0 &&
        mailbox_get(peer_received(self->peer), self->received++, PATIENCE_MS) == NULL)
        complain(self, "the broker did not pass this on", NULL, NULL);
}

static void play(replay *self, const wire_message *message)
{
    const char *named = message_header(message, "Nats-Stream-Inbox");
    if (named != NULL && names_real(&self->names, named) == NULL) {
        char inbox[64];
        snprintf(inbox, sizeof(inbox), "_INBOX.recorded%u.%d", unique, ++self->inboxes);
        names_bind(&self->names, named, inbox);
        peer_subscribe(self->peer, inbox);
    }
    char subject[192];
    char reply[192];
    char raw[1024];
    if (!names_expand(&self->names, message->subject, subject, sizeof(subject)) ||
        !names_expand(&self->names, message->reply, reply, sizeof(reply)) ||
        !names_expand(&self->names, message->raw, raw, sizeof(raw))) {
        complain(self, "this names an inbox that nobody has named", message, NULL);
        return;
    }
    peer_publish(self->peer, subject, reply, raw, message->payload, message->length);
    peer_flush(self->peer);
    latch_open(&self->published);
}

static bool run(const broker *nats, const recorded_call *recorded, unsigned *counts)
{
    replay *self = calloc(1, sizeof(*self));
    const char *outcome = outcome_of(recorded);
    if (self == NULL)
        support_die("no memory");
    unique++;
    self->broker = nats;
    self->recorded = recorded;
    self->recording = *recorded;
    differences_apply(OF_CALLER, &self->recording, counts);
    enter(self);
    for (size_t i = 0; i < self->recording.count && !self->failed; i++)
        if (self->recording.messages[i].from_caller) {
            expect(self, &self->recording.messages[i]);
            receive_at_service(self);
        } else
            play(self, &self->recording.messages[i]);
    pthread_join(self->caller, NULL);
    natsConnection_Flush(self->connection);
    const wire_message *more = self->failed ? NULL : next_publication(self, 0);
    if (more != NULL)
        complain(self, "the caller publishes more than was expected", NULL, more);
    if (outcome == NULL || strcmp(outcome, self->outcome) != 0) {
        printf("# saw      %s\n# expected %s\n", self->outcome, outcome != NULL ? outcome : "?");
        self->failed = true;
    }
    bool passed = !self->failed;
    leave(self);
    free(self);
    return passed;
}

/* ---- which ones ---- */

/* Whether a message of ours would be these very bytes, or this JSON. */
static bool can_be_encoded(const recorded_call *recorded, const wire_message *message)
{
    bool same = false;
    ProtobufCMessage *decoded = decode(recorded, message);
    if (decoded == NULL)
        return false;
    if (recording_is_json(recorded)) {
        protobuf_c_message_free_unpacked(decoded, NULL);
        return message->json != NULL;
    }
    size_t length = protobuf_c_message_get_packed_size(decoded);
    uint8_t *bytes = malloc(length + 1);
    if (bytes != NULL && length == message->length) {
        protobuf_c_message_pack(decoded, bytes);
        same = length == 0 || memcmp(bytes, message->payload, length) == 0;
    }
    free(bytes);
    protobuf_c_message_free_unpacked(decoded, NULL);
    return same;
}

/* Why a caller of ours would never send this; NULL when it would. */
static const char *cannot_be_made(const recorded_call *recorded)
{
    const wire_message *opening = &recorded->messages[0];
    bool streams = recorded->kind == RECORDED_CLIENT_STREAM || recorded->kind == RECORDED_BIDI;
    if (recorded->kind == RECORDED_NOTHING)
        return "the recorded caller failed before it sent anything";
    if (recorded->kind == RECORDED_DISCOVERY || recorded->kind == RECORDED_OTHER)
        return "no call of a generated client";
    if (recorded->kind != RECORDED_UNARY && message_header(opening, "Reply-To") == NULL)
        return "made by hand: an opening without Reply-To";
    if (recorded->kind != RECORDED_SERVER_STREAM && opening->reply[0] == '\0')
        return "made by hand: no NATS reply";
    for (size_t i = 0; i < recorded->count; i++) {
        const wire_message *message = &recorded->messages[i];
        bool end = is_end_message(message);
        if (!message->from_caller)
            continue;
        if (i > 0 && strncmp(message->subject, "lab.v1.", 7) == 0)
            return "made by hand: several calls";
        if (i > 0 && !end &&
            (message_header(message, "Nats-Stream-Seq") == NULL ||
             message_header(message, "Nats-Stream-End") != NULL))
            return "made by hand: messages without number, or with a false end";
        if (end && message->length > 0)
            return "made by hand: an end with a payload";
        if (!end && !(i == 0 && streams) && !can_be_encoded(recorded, message))
            return strcmp(recorded->caller, "ts") == 0 ? "a binary message to a JSON service"
                                                       : "made by hand: no message";
    }
    if (strcmp(recorded->scenario, "ping_malformed_utf8") == 0)
        return "made by hand: a string that is not UTF-8";
    if (strcmp(recorded->scenario, "sum_seq_gap") == 0 ||
        strncmp(recorded->scenario, "sum_seq_gap.", 12) == 0)
        return "made by hand: numbers out of order";
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
    report_begin(&results, count + report_differences_of(OF_CALLER) + 1);
    for (size_t i = 0; i < count; i++) {
        if (argc > 1 && strstr(all[i]->name, argv[1]) == NULL)
            continue;
        const char *reason = cannot_be_made(all[i]);
        if (reason != NULL)
            report_skip(&results, all[i]->name, reason);
        else
            report_result(&results, all[i]->name, run(nats, all[i], counts));
        fflush(stdout);
    }
    if (argc == 1) {
        report_differences(&results, OF_CALLER, counts);
        report_result(&results, "every outcome was met", outcomes_all_met());
    }
    broker_stop(nats);
    recording_free_all(all, count);
    return report_end(&results);
}
