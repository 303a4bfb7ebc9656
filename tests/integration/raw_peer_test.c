/*
 * What peers of other kinds may send, by mistake or on purpose, and what we make of it: a service
 * of ours with a raw caller, and a client of ours with a raw service.
 */
#include "integration/lab_service.h"
#include "integration/raw.h"
#include "nested.nats-c.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIVE   "\x08\x05", 2 /* SumRequest {value: 5} */
#define EARLY  "\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 11
#define BROKEN "\xff\xff", 2

static lab room;
static natsConnection *raw;

static int open_room(void **state)
{
    (void)state;
    lab_open_held(&room, NULL);
    raw = connect_to(room.nats);
    return 0;
}

static int close_room(void **state)
{
    (void)state;
    natsConnection_Destroy(raw);
    lab_close(&room);
    return 0;
}

static natsMsg *request(const raw_message *what)
{
    raw_message message = *what;
    natsInbox *inbox = NULL;
    natsSubscription *subscription = NULL;
    assert_int_equal(NATS_OK, natsInbox_Create(&inbox));
    assert_int_equal(NATS_OK, natsConnection_SubscribeSync(&subscription, raw, inbox));
    message.reply = inbox;
    raw_send(raw, &message);
    natsMsg *answer = raw_next(subscription);
    raw_unsubscribe(raw, subscription);
    natsInbox_Destroy(inbox);
    return answer;
}

/* ---- malformed payloads ---- */

static void a_malformed_unary_request_is_refused(void **state)
{
    static const struct {
        const char *data;
        size_t length;
    } cases[] = {{BROKEN}, {"\x0a\x01\xff", 3}, {"\x0a\x01\x00", 3}, {"\x0a\x05x", 3}};
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        natsMsg *answer = request(&(raw_message){
            .subject = "lab.v1.ping", .data = cases[i].data, .length = cases[i].length});
        raw_assert_error(answer, "INVALID_ARGUMENT");
        natsMsg_Destroy(answer);
    }
}

static void a_malformed_stream_request_without_nats_reply_is_refused_on_its_reply_to(void **state)
{
    natsSubscription *subscription = NULL;
    (void)state;
    assert_int_equal(NATS_OK,
                     natsConnection_SubscribeSync(&subscription, raw, "_INBOX.only_reply_to"));
    raw_send(raw, &(raw_message){.subject = "lab.v1.count_up",
                                 .reply_to = "_INBOX.only_reply_to",
                                 .data = "\xff\xff",
                                 .length = 2});
    natsMsg *answer = raw_next(subscription);
    raw_assert_error(answer, "INVALID_ARGUMENT");
    assert_string_equal("true", raw_header(answer, "Nats-Stream-End"));
    natsMsg_Destroy(answer);
    raw_unsubscribe(raw, subscription);
}

/* Checks the answer that the caller of Sum gets after it has sent its items. */
static void expect_sum(raw_call *call, int64_t total, int32_t count)
{
    natsMsg *answer = raw_next(call->answers);
    assert_string_equal("", raw_header(answer, "Nats-Service-Error-Code"));
    Lab__V1__SumResponse *response = lab__v1__sum_response__unpack(
        NULL, (size_t)natsMsg_GetDataLength(answer), (const uint8_t *)natsMsg_GetData(answer));
    assert_non_null(response);
    assert_int_equal(total, response->total);
    assert_int_equal(count, response->count);
    lab__v1__sum_response__free_unpacked(response, NULL);
    natsMsg_Destroy(answer);
    raw_close(call);
}

static void expect_error(raw_call *call, const char *code, const char *part_of_text)
{
    natsMsg *answer = raw_next(call->answers);
    raw_assert_error(answer, code);
    const char *text = raw_header(answer, "Nats-Service-Error");
    if (strstr(text, part_of_text) == NULL)
        fail_msg("'%s' is not in '%s'", part_of_text, text);
    natsMsg_Destroy(answer);
    raw_close(call);
}

static void a_malformed_item_fails_the_call(void **state)
{
    (void)state;
    raw_call call;
    raw_open(&call, raw, "lab.v1.sum");
    raw_item(&call, "1", FIVE);
    raw_item(&call, "2", BROKEN);
    raw_end(&call, "2");
    expect_error(&call, "INVALID_ARGUMENT", "");
}

/* ---- numbers and ends ---- */

static void a_number_that_is_none_fails_the_call(void **state)
{
    static const char *const numbers[] = {"abc", "0", "-1", "1x", "99999999999999999999999"};
    (void)state;
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        raw_call call;
        raw_open(&call, raw, "lab.v1.sum");
        raw_item(&call, numbers[i], FIVE);
        raw_end(&call, NULL);
        expect_error(&call, "INVALID_ARGUMENT", "Nats-Stream-Seq");
    }
}

static void a_gap_is_data_loss_with_its_numbers(void **state)
{
    (void)state;
    raw_call call;
    raw_open(&call, raw, "lab.v1.sum");
    raw_item(&call, "1", FIVE);
    raw_item(&call, "3", FIVE);
    raw_end(&call, "3");
    expect_error(&call, "DATA_LOSS", "message 3 came after message 1: 1 lost");
}

static void a_repeat_is_dropped(void **state)
{
    (void)state;
    raw_call call;
    raw_open(&call, raw, "lab.v1.sum");
    raw_item(&call, "1", FIVE);
    raw_item(&call, "1", FIVE);
    raw_item(&call, "2", FIVE);
    raw_item(&call, "1", FIVE);
    raw_end(&call, "2");
    expect_sum(&call, 10, 2);
}

static void a_peer_that_never_numbers_is_taken_in_order(void **state)
{
    (void)state;
    raw_call call;
    raw_open(&call, raw, "lab.v1.sum");
    for (int i = 0; i < 3; i++)
        raw_item(&call, NULL, FIVE);
    raw_end(&call, NULL);
    expect_sum(&call, 15, 3);
}

static void a_lost_tail_is_data_loss(void **state)
{
    (void)state;
    raw_call call;
    raw_open(&call, raw, "lab.v1.sum");
    raw_item(&call, "1", FIVE);
    raw_end(&call, "4");
    expect_error(&call, "DATA_LOSS", "ended at message 4 but only 1 came: 3 lost");
}

static void an_end_that_is_not_true_is_an_item(void **state)
{
    (void)state;
    raw_call call;
    raw_open(&call, raw, "lab.v1.sum");
    raw_send(
        raw,
        &(raw_message){
            .subject = call.stream, .seq = "1", .end = "false", .data = "\x08\x05", .length = 2});
    raw_end(&call, "1");
    expect_sum(&call, 5, 1);
}

static void a_payload_on_the_end_is_dropped(void **state)
{
    (void)state;
    raw_call call;
    raw_open(&call, raw, "lab.v1.sum");
    raw_item(&call, "1", FIVE);
    raw_send(
        raw,
        &(raw_message){
            .subject = call.stream, .seq = "1", .end = "true", .data = "\x08\x05", .length = 2});
    expect_sum(&call, 5, 1);
}

static bool handler_saw_not_found(void *data)
{
    (void)data;
    return atomic_load(&room.seen.returned) == NATSMICRO_NOT_FOUND;
}

static void an_upload_that_was_given_up_never_looks_finished(void **state)
{
    (void)state;
    raw_call call;
    raw_open(&call, raw, "lab.v1.sum");
    raw_item(&call, "1", FIVE);
    raw_send(raw, &(raw_message){
                      .subject = call.stream, .seq = "1", .end = "true", .code = "NOT_FOUND"});
    /* The handler of the call before may end only now, so the status shows which one ended. */
    assert_true(eventually(handler_saw_not_found, NULL, RAW_TIMEOUT_MS));
    expect_error(&call, "NOT_FOUND", "");
}

/* Both sides know the service's own codes, so a handler can use the caller's. */
static void a_callers_own_error_code_is_kept(void **state)
{
    (void)state;
    raw_call call;
    raw_open(&call, raw, "lab.v1.sum");
    raw_send(raw, &(raw_message){
                      .subject = call.stream, .seq = "0", .end = "true", .code = "QUOTA_EXCEEDED"});
    expect_error(&call, "QUOTA_EXCEEDED", "the caller ended the call: a text");
}

/* ---- headers that cannot be read ---- */

/* nats.c sends a name that begins with a space, but nobody can read it. */
static void a_request_whose_headers_cannot_be_read_is_refused(void **state)
{
    static const char *const methods[] = {"lab.v1.ping", "lab.v1.count_up"};
    (void)state;
    for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++) {
        for (size_t length = 0; length <= 2; length += 2) {
            natsMsg *answer = request(&(raw_message){.subject = methods[i],
                                                     .name = " x",
                                                     .value = "1",
                                                     .data = "\x22\x00",
                                                     .length = length});
            raw_assert_error(answer, "INVALID_ARGUMENT");
            natsMsg_Destroy(answer);
        }
    }
}

static void a_message_whose_headers_cannot_be_read_fails_the_call(void **state)
{
    (void)state;
    raw_call call;
    raw_open(&call, raw, "lab.v1.sum");
    raw_send(raw, &(raw_message){.subject = call.stream, .name = " x", .value = "1"});
    expect_error(&call, "INVALID_ARGUMENT", "headers cannot be read");
}

static void a_request_with_too_long_headers_is_refused(void **state)
{
    static const char *const methods[] = {"lab.v1.ping", "lab.v1.count_up", "lab.v1.sum"};
    char *text = lab_text(17000);
    (void)state;
    for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++) {
        for (size_t length = 0; length <= 2; length += 2) {
            natsMsg *answer = request(&(raw_message){.subject = methods[i],
                                                     .name = "Long",
                                                     .value = text,
                                                     .data = "\x22\x00",
                                                     .length = length});
            raw_assert_error(answer, "INVALID_ARGUMENT");
            assert_string_equal(raw_header(answer, "Nats-Service-Error"),
                                "the message's headers are longer than max_header_bytes, 16384");
            natsMsg_Destroy(answer);
        }
    }
    free(text);
}

static void a_message_with_too_long_headers_fails_the_call(void **state)
{
    char *text = lab_text(17000);
    (void)state;
    raw_call call;
    raw_open(&call, raw, "lab.v1.sum");
    raw_send(raw,
             &(raw_message){.subject = call.stream, .seq = "1", .name = "Long", .value = text});
    expect_error(&call, "INVALID_ARGUMENT", "headers are longer than max_header_bytes, 16384");
    free(text);
}

/* Go sends blank headers as they are. */
static void blank_headers_are_no_fault(void **state)
{
    (void)state;
    for (size_t length = 0; length <= 2; length += 2) {
        natsMsg *answer = request(&(raw_message){.subject = "lab.v1.ping",
                                                 .end = "",
                                                 .name = "A",
                                                 .value = "",
                                                 .other_name = "B",
                                                 .other_value = "",
                                                 .data = "\x22\x00",
                                                 .length = length});
        assert_string_equal("", raw_header(answer, "Nats-Service-Error-Code"));
        natsMsg_Destroy(answer);
    }
}

/* ---- subjects that the other side names ---- */

static uint64_t refused_subjects(void)
{
    natsmicro_server_counters counters;
    natsmicro_server_get_counters(room.server, &counters);
    return counters.refused_subjects;
}

/* Listens on subjects to which the library must not publish. */
static void spy_start(natsSubscription *spies[3])
{
    static const char *const subjects[] = {"$SYS.x", "foo.>", "lab.v1.ping"};
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(NATS_OK, natsConnection_SubscribeSync(&spies[i], raw, subjects[i]));
    assert_int_equal(NATS_OK, natsConnection_FlushTimeout(raw, RAW_TIMEOUT_MS));
}

static void spy_expect_nothing(natsSubscription *spies[3], natsConnection *publisher)
{
    assert_int_equal(NATS_OK, natsConnection_FlushTimeout(publisher, RAW_TIMEOUT_MS));
    assert_int_equal(NATS_OK, natsConnection_FlushTimeout(raw, RAW_TIMEOUT_MS));
    for (size_t i = 0; i < 3; i++) {
        uint64_t queued = 1;
        assert_int_equal(NATS_OK, natsSubscription_QueuedMsgs(spies[i], &queued));
        assert_int_equal(0, queued);
        raw_unsubscribe(raw, spies[i]);
    }
}

static void a_hostile_reply_to_is_never_published_to(void **state)
{
    static const char *const hostile[] = {"$SYS.x",    "foo.*",    "foo.>",          "lab.v1.ping",
                                          "foo.inbox", "_INBOX.*", "_INBOX.a foo.b", "_INBOX.",
                                          "_INBOX..x", "_INBOXfoo"};
    static const char *const methods[] = {"lab.v1.count_up", "lab.v1.sum", "lab.v1.chat"};
    (void)state;
    natsSubscription *spies[3];
    spy_start(spies);
    for (size_t i = 0; i < sizeof(hostile) / sizeof(hostile[0]); i++) {
        for (size_t method = 0; method < 3; method++) {
            uint64_t before = refused_subjects();
            int events = latch_count(&room.refused_subject);
            natsMsg *answer = request(&(raw_message){.subject = methods[method],
                                                     .reply_to = hostile[i],
                                                     .data = "\x10\x03",
                                                     .length = 2});
            raw_assert_error(answer, "INVALID_ARGUMENT");
            natsMsg_Destroy(answer);
            assert_true(refused_subjects() > before);
            assert_true(latch_count(&room.refused_subject) > events);

            /* A request without a subject to answer on is dropped. */
            int dropped = latch_count(&room.dropped);
            raw_send(raw, &(raw_message){.subject = methods[method], .reply_to = hostile[i]});
            assert_true(latch_wait_count(&room.dropped, dropped + 1, RAW_TIMEOUT_MS));
        }
    }
    spy_expect_nothing(spies, room.server_connection);
}

static void a_hostile_nats_reply_is_never_published_to(void **state)
{
    static const char *const hostile[] = {"$SYS.x", "lab.v1.ping", "lab.v1.count_up"};
    (void)state;
    natsSubscription *spies[3];
    spy_start(spies);
    for (size_t i = 0; i < sizeof(hostile) / sizeof(hostile[0]); i++) {
        int events = latch_count(&room.refused_subject);
        int dropped = latch_count(&room.dropped);
        raw_send(raw, &(raw_message){.subject = "lab.v1.count_up",
                                     .reply = hostile[i],
                                     .data = "\x10\x03",
                                     .length = 2});
        assert_true(latch_wait_count(&room.refused_subject, events + 1, RAW_TIMEOUT_MS));
        assert_true(latch_wait_count(&room.dropped, dropped + 1, RAW_TIMEOUT_MS));
    }
    spy_expect_nothing(spies, room.server_connection);
}

/* ---- messages that grow ---- */

static natsmicro_status walk(Nested__V1__NestedServer__Walk *call, const Nested__V1__Node *node,
                             void *user_data)
{
    Nested__V1__Leaf leaf = NESTED__V1__LEAF__INIT;
    (void)node;
    (void)user_data;
    return nested__v1__nested_server__walk__reply(call, &leaf);
}

static const Nested__V1__NestedHandlers nested_handlers = {.walk = walk};

/*
 * Writes nested nodes of at least `bytes` bytes, from the end backwards, each around the one
 * before.
 */
static size_t nest(uint8_t *out, size_t capacity, size_t bytes)
{
    size_t length = 0;
    while (length < bytes) {
        uint8_t head[8] = {0x0a};
        size_t head_length = 1;
        for (size_t rest = length;; rest >>= 7) {
            head[head_length++] = (uint8_t)((rest & 0x7f) | (rest > 0x7f ? 0x80 : 0));
            if (rest <= 0x7f)
                break;
        }
        length += head_length;
        memcpy(out + capacity - length, head, head_length);
    }
    memmove(out, out + capacity - length, length);
    return length;
}

static void nested_and_inflated_messages_are_refused(void **state)
{
    natsmicro_server *server = NULL;
    static uint8_t data[1000 * 1000];
    (void)state;
    assert_ok(natsmicro_server_new(&server, room.server_connection, NULL));
    assert_ok(nested__v1__nested_server__add(server, &nested_handlers, NULL, NULL));

    size_t length = nest(data, sizeof(data), 30000);
    natsMsg *answer =
        request(&(raw_message){.subject = "nested.walk", .data = data, .length = length});
    raw_assert_error(answer, "INVALID_ARGUMENT");
    natsMsg_Destroy(answer);

    for (size_t i = 0; i < sizeof(data); i += 2)
        memcpy(data + i, "\x12\x00", 2);
    answer =
        request(&(raw_message){.subject = "nested.walk", .data = data, .length = sizeof(data)});
    raw_assert_error(answer, "RESOURCE_EXHAUSTED");
    natsMsg_Destroy(answer);

    length = nest(data, sizeof(data), 60);
    answer = request(&(raw_message){.subject = "nested.walk", .data = data, .length = length});
    assert_string_equal("", raw_header(answer, "Nats-Service-Error-Code"));
    natsMsg_Destroy(answer);
    natsmicro_server_destroy(server);
}

/* ---- callers that listen late ---- */

static natsMsg *sum_and_listen_late(natsConnection *connection, const void *data, size_t length)
{
    raw_call call;
    raw_open_as_go(&call, connection, "lab.v1.sum");
    raw_item(&call, "1", data, length);
    raw_item(&call, "2", FIVE);
    raw_publish(connection, &(raw_message){.subject = call.stream, .end = "true"});
    raw_listen(&call);
    natsMsg *answer = raw_next(call.answers);
    raw_close(&call);
    return answer;
}

static void all_answers_reach_a_late_listener(natsConnection *connection)
{
    for (int i = 0; i < 2500; i++) {
        natsMsg *answer = sum_and_listen_late(connection, FIVE);
        assert_int_equal(4, natsMsg_GetDataLength(answer));
        assert_memory_equal("\x08\x0a\x10\x02", natsMsg_GetData(answer), 4);
        natsMsg_Destroy(answer);
    }
    natsMsg *answer = sum_and_listen_late(connection, EARLY);
    raw_assert_error(answer, "ABORTED");
    natsMsg_Destroy(answer);
}

static void all_answers_reach_a_late_listener_on_a_default_connection(void **state)
{
    natsConnection *connection = connect_plain(room.nats);
    (void)state;
    all_answers_reach_a_late_listener(connection);
    natsConnection_Destroy(connection);
}

static void all_answers_reach_a_late_listener_that_sends_asap(void **state)
{
    natsOptions *options = NULL;
    natsConnection *connection = NULL;
    (void)state;
    assert_int_equal(NATS_OK, natsOptions_Create(&options));
    assert_int_equal(NATS_OK, natsOptions_SetURL(options, broker_url(room.nats)));
    assert_int_equal(NATS_OK, natsOptions_SetSendAsap(options, true));
    assert_int_equal(NATS_OK, natsConnection_Connect(&connection, options));
    natsOptions_Destroy(options);
    all_answers_reach_a_late_listener(connection);
    natsConnection_Destroy(connection);
}

/* ---- raw services ---- */

/* Answers every opening with `first`, and, if it names a stream, that stream's End with `last`. */
typedef struct raw_service {
    raw_message first;
    raw_message last;
    bool on_reply_to; /* `first` goes to Reply-To, not to the NATS reply */
    char reply_to[256];
    natsSubscription *openings;
    natsSubscription *items;
} raw_service;

static void on_opening(natsConnection *connection, natsSubscription *subscription, natsMsg *message,
                       void *closure)
{
    raw_service *service = closure;
    raw_message answer = service->first;
    (void)subscription;
    snprintf(service->reply_to, sizeof(service->reply_to), "%s", raw_header(message, "Reply-To"));
    answer.subject = service->on_reply_to ? service->reply_to : natsMsg_GetReply(message);
    raw_publish(connection, &answer);
    natsMsg_Destroy(message);
}

static void on_item(natsConnection *connection, natsSubscription *subscription, natsMsg *message,
                    void *closure)
{
    raw_service *service = closure;
    raw_message answer = service->last;
    (void)subscription;
    answer.subject = service->reply_to;
    if (strcmp(raw_header(message, "Nats-Stream-End"), "true") == 0)
        raw_publish(connection, &answer);
    natsMsg_Destroy(message);
}

static Lab__V1__LabClient *serve(raw_service *service)
{
    natsmicro_client_options options = NATSMICRO_CLIENT_OPTIONS_INIT;
    Lab__V1__LabClient *client = NULL;
    assert_int_equal(
        NATS_OK, natsConnection_Subscribe(&service->openings, raw, "raw.*", on_opening, service));
    if (service->first.inbox != NULL)
        assert_int_equal(NATS_OK, natsConnection_Subscribe(&service->items, raw,
                                                           "_INBOX.rawservice", on_item, service));
    assert_int_equal(NATS_OK, natsConnection_FlushTimeout(raw, RAW_TIMEOUT_MS));
    options.subject_prefix = "raw";
    options.on_error = lab_on_error;
    options.on_error_data = &room;
    assert_ok(lab__v1__lab_client__new(&client, room.server_connection, &options));
    return client;
}

static void end_service(raw_service *service, Lab__V1__LabClient *client)
{
    lab__v1__lab_client__destroy(client);
    raw_unsubscribe(raw, service->openings);
    raw_unsubscribe(raw, service->items);
}

static void a_client_reads_every_spelling_of_an_error(void **state)
{
    static const struct {
        const char *code_name;
        const char *code;
        const char *text_name;
        natsmicro_status status;
    } cases[] = {
        {"Nats-Service-Error-Code", "NOT_FOUND", "Nats-Service-Error", NATSMICRO_NOT_FOUND},
        {"Nats-Service-Error-Code", "404", "Nats-Service-Error", NATSMICRO_NOT_FOUND},
        {"Nats-Service-Error-Code", "400", "Nats-Service-Error", NATSMICRO_INVALID_ARGUMENT},
        {"Nats-Service-Error-Code", "500", "Nats-Service-Error", NATSMICRO_INTERNAL},
        {"Nats-Service-Error-Code", "503", "Nats-Service-Error", NATSMICRO_UNAVAILABLE},
        {"Status", "INTERNAL", "Description", NATSMICRO_INTERNAL},
        {"Status", "PERMISSION_DENIED", "Description", NATSMICRO_PERMISSION_DENIED},
        {"Status", "QUOTA_EXCEEDED", "Description", NATSMICRO_SERVICE_ERROR},
        {"nats-service-error-code", "NOT_FOUND", "nats-service-error", NATSMICRO_NOT_FOUND},
    };
    natsmicro_context *context = NULL;
    (void)state;
    assert_ok(natsmicro_context_new(&context));
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        raw_service service = {.first = {.name = cases[i].code_name,
                                         .value = cases[i].code,
                                         .other_name = cases[i].text_name,
                                         .other_value = "what went wrong"}};
        Lab__V1__LabClient *client = serve(&service);
        Lab__V1__CountUpRequest count = LAB__V1__COUNT_UP_REQUEST__INIT;
        Lab__V1__LabClient__CountUp *call = NULL;
        const Lab__V1__CountUpResponse *number = NULL;

        assert_status(cases[i].status, lab_ping_by(client, context));
        assert_string_equal("what went wrong", natsmicro_context_error_message(context));

        /* The same on a stream: it is final although no End comes. */
        assert_ok(lab__v1__lab_client__count_up(client, &count, NULL, &call));
        assert_status(cases[i].status, lab__v1__lab_client__count_up__recv(call, &number));
        assert_string_equal("what went wrong", natsmicro_call_error_message(call->base));
        lab__v1__lab_client__count_up__close(call);
        end_service(&service, client);
    }
    natsmicro_context_destroy(context);
}

static void expect_raw_sum(raw_service *service)
{
    Lab__V1__LabClient *client = serve(service);
    Lab__V1__LabClient__Sum *call = NULL;
    Lab__V1__SumRequest item = LAB__V1__SUM_REQUEST__INIT;
    Lab__V1__SumResponse *response = NULL;
    assert_ok(lab__v1__lab_client__sum(client, NULL, &call));
    assert_ok(lab__v1__lab_client__sum__send(call, &item));
    assert_ok(lab__v1__lab_client__sum__close_and_recv(call, &response));
    assert_int_equal(7, response->total);
    lab__v1__lab_client__sum__free(response);
    lab__v1__lab_client__sum__close(call);
    end_service(service, client);
}

static void a_client_takes_acknowledgement_and_answer_in_every_form(void **state)
{
    (void)state;
    for (int form = 0; form < 4; form++) {
        raw_service service = {
            .first = {.inbox = "_INBOX.rawservice"},
            .last = {.data = "\x08\x07", .length = 2, .end = form & 1 ? "true" : NULL},
            .on_reply_to = (form & 2) != 0};
        expect_raw_sum(&service);
    }
}

static void an_acknowledgement_with_an_error_fails_the_opening(void **state)
{
    raw_service service = {.first = {.inbox = "_INBOX.rawservice", .code = "UNAUTHENTICATED"}};
    Lab__V1__LabClient *client = serve(&service);
    Lab__V1__LabClient__Sum *call = NULL;
    (void)state;
    assert_status(NATSMICRO_UNAUTHENTICATED, lab__v1__lab_client__sum(client, NULL, &call));
    assert_null(call);
    end_service(&service, client);
}

static void a_hostile_stream_inbox_is_never_published_to(void **state)
{
    static const char *const hostile[] = {"$SYS.x", "foo.*", "lab.v1.ping", "_INBOX.a foo.b"};
    (void)state;
    natsSubscription *spies[3];
    spy_start(spies);
    for (size_t i = 0; i < sizeof(hostile) / sizeof(hostile[0]); i++) {
        raw_service service = {.first = {.inbox = hostile[i]}};
        Lab__V1__LabClient *client = serve(&service);
        Lab__V1__LabClient__Sum *call = NULL;
        int events = latch_count(&room.refused_subject);
        assert_status(NATSMICRO_INTERNAL, lab__v1__lab_client__sum(client, NULL, &call));
        assert_null(call);
        assert_true(latch_wait_count(&room.refused_subject, events + 1, RAW_TIMEOUT_MS));
        end_service(&service, client);
    }
    spy_expect_nothing(spies, room.server_connection);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_malformed_unary_request_is_refused),
        cmocka_unit_test(a_malformed_stream_request_without_nats_reply_is_refused_on_its_reply_to),
        cmocka_unit_test(a_malformed_item_fails_the_call),
        cmocka_unit_test(a_number_that_is_none_fails_the_call),
        cmocka_unit_test(a_gap_is_data_loss_with_its_numbers),
        cmocka_unit_test(a_repeat_is_dropped),
        cmocka_unit_test(a_peer_that_never_numbers_is_taken_in_order),
        cmocka_unit_test(a_lost_tail_is_data_loss),
        cmocka_unit_test(an_end_that_is_not_true_is_an_item),
        cmocka_unit_test(a_payload_on_the_end_is_dropped),
        cmocka_unit_test(an_upload_that_was_given_up_never_looks_finished),
        cmocka_unit_test(a_callers_own_error_code_is_kept),
        cmocka_unit_test(a_request_whose_headers_cannot_be_read_is_refused),
        cmocka_unit_test(a_message_whose_headers_cannot_be_read_fails_the_call),
        cmocka_unit_test(a_request_with_too_long_headers_is_refused),
        cmocka_unit_test(a_message_with_too_long_headers_fails_the_call),
        cmocka_unit_test(blank_headers_are_no_fault),
        cmocka_unit_test(a_hostile_reply_to_is_never_published_to),
        cmocka_unit_test(a_hostile_nats_reply_is_never_published_to),
        cmocka_unit_test(nested_and_inflated_messages_are_refused),
        cmocka_unit_test(all_answers_reach_a_late_listener_on_a_default_connection),
        cmocka_unit_test(all_answers_reach_a_late_listener_that_sends_asap),
        cmocka_unit_test(a_client_reads_every_spelling_of_an_error),
        cmocka_unit_test(a_client_takes_acknowledgement_and_answer_in_every_form),
        cmocka_unit_test(an_acknowledgement_with_an_error_fails_the_opening),
        cmocka_unit_test(a_hostile_stream_inbox_is_never_published_to),
    };
    return cmocka_run_group_tests(tests, open_room, close_room);
}
