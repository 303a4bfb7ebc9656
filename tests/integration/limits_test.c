/*
 * The limits that a user sets: waiting calls of one method, nesting and memory of one message,
 * unread messages of a plain stream, time; and methods without a queue group. Without them a user
 * would lose the machine's memory to one busy method or one odd message, a request that was meant
 * for every instance, or calls whose timeout is the largest number.
 */
#include "integration/lab_service.h"
#include "integration/raw.h"

#include "limits/v1/limits.nats-c.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ANSWERS "_INBOX.limits"

/* Answers with the request; the text "wait" waits for `release`. */
static natsmicro_status echo(natsmicro_call *call, const Limits__V1__Item *request, lab_probe *seen)
{
    Limits__V1__LimitsServer__Anything typed = {call};
    latch_open(&seen->entered);
    if (strcmp(request->text, "wait") == 0)
        latch_wait(&seen->release, LAB_PATIENCE);
    return limits__v1__limits_server__anything__reply(&typed, request);
}

static natsmicro_status counted(Limits__V1__LimitsServer__Counted *call,
                                const Limits__V1__Item *request, void *user_data)
{
    return echo(call->base, request, user_data);
}

static natsmicro_status weighed(Limits__V1__LimitsServer__Weighed *call,
                                const Limits__V1__Item *request, void *user_data)
{
    return echo(call->base, request, user_data);
}

static natsmicro_status everywhere(Limits__V1__LimitsServer__Everywhere *call,
                                   const Limits__V1__Item *request, void *user_data)
{
    return echo(call->base, request, user_data);
}

static natsmicro_status anything(Limits__V1__LimitsServer__Anything *call,
                                 const Limits__V1__Item *request, void *user_data)
{
    return echo(call->base, request, user_data);
}

static natsmicro_status patient(Limits__V1__LimitsServer__Patient *call,
                                const Limits__V1__Item *request, void *user_data)
{
    return echo(call->base, request, user_data);
}

/* Notes what the blob ended with. `number` is a limit of the call's own; 0: none. */
static natsmicro_status store(Limits__V1__LimitsServer__Store *call, void *user_data)
{
    lab_probe *seen = user_data;
    if (seen->number > 0)
        natsmicro_chunked_set_max_size(call->base, (uint64_t)seen->number);
    int fd = open("/dev/null", O_WRONLY);
    seen->first = limits__v1__limits_server__store__recv_to_fd(call, fd, NULL, NULL);
    close(fd);
    Limits__V1__Item answer = LIMITS__V1__ITEM__INIT;
    return seen->first == NATSMICRO_OK ? limits__v1__limits_server__store__reply(call, &answer)
                                       : seen->first;
}

static const Limits__V1__LimitsHandlers handlers = {.counted = counted,
                                                    .weighed = weighed,
                                                    .everywhere = everywhere,
                                                    .anything = anything,
                                                    .patient = patient,
                                                    .store = store};

static void serve(lab *room, const natsmicro_server_options *options)
{
    assert_ok(natsmicro_server_new(&room->server, room->server_connection, options));
    assert_ok(limits__v1__limits_server__add(room->server, &handlers, &room->seen, NULL));
    assert_int_equal(NATS_OK, natsConnection_FlushTimeout(room->server_connection, LAB_PATIENCE));
}

static Limits__V1__LimitsClient *new_client(lab *room, const natsmicro_client_options *options)
{
    Limits__V1__LimitsClient *client;
    assert_ok(limits__v1__limits_client__new(&client, room->client_connection, options));
    return client;
}

/* Calls Anything, and returns the status. */
static natsmicro_status call_anything(Limits__V1__LimitsClient *client, Limits__V1__Item *request)
{
    Limits__V1__Item *response;
    natsmicro_status status = limits__v1__limits_client__anything(client, request, NULL, &response);
    limits__v1__limits_client__anything__free(response);
    return status;
}

/* ---- what waits for a method ---- */

/* Sends a request whose answer goes to ANSWERS, so that no thread waits for it. */
static void ask(lab *room, const char *subject, char *text)
{
    Limits__V1__Item item = LIMITS__V1__ITEM__INIT;
    item.text = text;
    uint8_t bytes[2000];
    assert_true(limits__v1__item__get_packed_size(&item) <= sizeof(bytes));
    size_t length = limits__v1__item__pack(&item, bytes);
    raw_send(room->client_connection,
             &(raw_message){.subject = subject, .reply = ANSWERS, .data = bytes, .length = length});
}

static bool one_waits(void *server)
{
    natsmicro_server_counters counters;
    natsmicro_server_get_counters(server, &counters);
    return counters.waiting == 1;
}

static bool two_wait(void *server)
{
    natsmicro_server_counters counters;
    natsmicro_server_get_counters(server, &counters);
    return counters.waiting == 2;
}

static void count_refusals(const natsmicro_event *event, void *user_data)
{
    if (event->kind == NATSMICRO_EVENT_OVERLOADED)
        latch_open(user_data);
}

/*
 * While the one call that may run is running: the first call may wait, the second may not, and the
 * third may again, under another limit.
 */
static void only_the_first_may_wait(lab *room, const char *subject, size_t first, size_t third,
                                    const char *third_subject)
{
    natsmicro_server_options options = NATSMICRO_SERVER_OPTIONS_INIT;
    char *texts[] = {lab_text(first), lab_text(third)};
    options.max_calls = 1;
    options.on_error = count_refusals;
    options.on_error_data = &room->seen.done;
    serve(room, &options);
    natsSubscription *answers;
    assert_int_equal(NATS_OK,
                     natsConnection_SubscribeSync(&answers, room->client_connection, ANSWERS));
    ask(room, "limits.anything", (char[]){"wait"});
    assert_true(latch_wait(&room->seen.entered, LAB_PATIENCE));
    ask(room, subject, texts[0]);
    assert_true(eventually(one_waits, room->server, LAB_PATIENCE));

    ask(room, subject, texts[0]);
    natsMsg *answer = raw_next(answers);
    raw_assert_error(answer, "UNAVAILABLE");
    natsMsg_Destroy(answer);
    assert_true(latch_wait(&room->seen.done, LAB_PATIENCE));
    ask(room, third_subject, texts[1]);
    assert_true(eventually(two_wait, room->server, LAB_PATIENCE));

    latch_open(&room->seen.release);
    for (int i = 0; i < 3; i++) {
        answer = raw_next(answers);
        assert_string_equal("", raw_header(answer, "Nats-Service-Error-Code"));
        natsMsg_Destroy(answer);
    }
    raw_unsubscribe(room->client_connection, answers);
    free(texts[0]);
    free(texts[1]);
}

static void pending_msg_limit_bounds_one_methods_waiting_calls(void **state)
{
    only_the_first_may_wait(*state, "limits.counted", 1, 1, "limits.anything");
}

static void pending_bytes_limit_bounds_one_methods_waiting_bytes(void **state)
{
    only_the_first_may_wait(*state, "limits.weighed", 600, 300, "limits.weighed");
}

/* ---- without a queue group ---- */

static bool has_served_one(void *server)
{
    natsmicro_server_counters counters;
    natsmicro_server_get_counters(server, &counters);
    return counters.calls == 1;
}

static void every_instance_serves_a_method_without_queue_group(void **state)
{
    lab *room = *state;
    Limits__V1__Item request = LIMITS__V1__ITEM__INIT;
    serve(room, NULL);
    natsmicro_server *second;
    assert_ok(natsmicro_server_new(&second, room->server_connection, NULL));
    assert_ok(limits__v1__limits_server__add(second, &handlers, &room->seen, NULL));
    assert_int_equal(NATS_OK, natsConnection_FlushTimeout(room->server_connection, LAB_PATIENCE));
    Limits__V1__LimitsClient *client = new_client(room, NULL);

    Limits__V1__Item *response;
    assert_ok(limits__v1__limits_client__everywhere(client, &request, NULL, &response));
    limits__v1__limits_client__everywhere__free(response);
    assert_true(eventually(has_served_one, room->server, LAB_PATIENCE));
    assert_true(eventually(has_served_one, second, LAB_PATIENCE));
    limits__v1__limits_client__destroy(client);
    natsmicro_server_destroy(second);
}

/* ---- what a message may be ---- */

/* Calls Anything with `depth` items, one inside the other, and a text in the innermost. */
static natsmicro_status call_with(Limits__V1__LimitsClient *client, int depth, size_t length)
{
    char *text = lab_text(length);
    Limits__V1__Item items[8];
    for (int i = 0; i < depth; i++) {
        limits__v1__item__init(&items[i]);
        if (i > 0)
            items[i - 1].inner = &items[i];
    }
    items[depth - 1].text = text;
    natsmicro_status status = call_anything(client, &items[0]);
    free(text);
    return status;
}

static void a_service_refuses_what_nests_or_takes_more_than_it_says(void **state)
{
    lab *room = *state;
    natsmicro_server_options options = NATSMICRO_SERVER_OPTIONS_INIT;
    options.max_depth = 4;
    options.max_decode_bytes = 4096;
    serve(room, &options);
    Limits__V1__LimitsClient *client = new_client(room, NULL);
    assert_ok(call_with(client, 3, 1000));
    assert_status(NATSMICRO_INVALID_ARGUMENT, call_with(client, 8, 1));
    assert_status(NATSMICRO_RESOURCE_EXHAUSTED, call_with(client, 1, 5000));
    assert_ok(call_with(client, 3, 1000));
    limits__v1__limits_client__destroy(client);
}

static void a_client_refuses_what_nests_or_takes_more_than_it_says(void **state)
{
    lab *room = *state;
    natsmicro_client_options options = NATSMICRO_CLIENT_OPTIONS_INIT;
    options.max_depth = 4;
    options.max_decode_bytes = 4096;
    serve(room, NULL);
    Limits__V1__LimitsClient *client = new_client(room, &options);
    assert_ok(call_with(client, 3, 1000));
    assert_status(NATSMICRO_INTERNAL, call_with(client, 8, 1));
    assert_status(NATSMICRO_RESOURCE_EXHAUSTED, call_with(client, 1, 5000));
    assert_ok(call_with(client, 3, 1000));
    limits__v1__limits_client__destroy(client);
}

/* Calls Anything with a list of items that have this text. */
static natsmicro_status call_with_list(Limits__V1__LimitsClient *client, size_t count, char *text)
{
    Limits__V1__Item item = LIMITS__V1__ITEM__INIT;
    Limits__V1__Item list = LIMITS__V1__ITEM__INIT;
    item.text = text;
    list.n_items = count;
    list.items = malloc(count * sizeof(*list.items));
    assert_non_null(list.items);
    for (size_t i = 0; i < count; i++)
        list.items[i] = &item;
    natsmicro_status status = call_anything(client, &list);
    free(list.items);
    return status;
}

/* What fits into a message of the broker is decoded on both sides, however small its parts are. */
static void lists_of_small_parts_pass_by_default(void **state)
{
    static char letter[] = "a";
    lab *room = *state;
    serve(room, NULL);
    Limits__V1__LimitsClient *client = new_client(room, NULL);
    assert_ok(call_with_list(client, LAB_MAX_PAYLOAD / 5 - 20, letter));
    Limits__V1__Item numbers = LIMITS__V1__ITEM__INIT;
    numbers.n_numbers = LAB_MAX_PAYLOAD - 100;
    numbers.numbers = calloc(numbers.n_numbers, sizeof(*numbers.numbers));
    assert_non_null(numbers.numbers);
    assert_ok(call_anything(client, &numbers));
    free(numbers.numbers);
    limits__v1__limits_client__destroy(client);
}

/* Each of them takes two bytes, and fifty times as many when it is decoded. */
static void a_list_of_empty_messages_is_refused_by_default(void **state)
{
    static char nothing[] = "";
    lab *room = *state;
    serve(room, NULL);
    Limits__V1__LimitsClient *client = new_client(room, NULL);
    assert_status(NATSMICRO_RESOURCE_EXHAUSTED,
                  call_with_list(client, LAB_MAX_PAYLOAD / 2 - 50, nothing));
    limits__v1__limits_client__destroy(client);
}

/* ---- what a plain stream may leave unread ---- */

static void count_slow_consumers(const natsmicro_event *event, void *user_data)
{
    if (event->kind == NATSMICRO_EVENT_SLOW_CONSUMER)
        latch_open(user_data);
}

/* Reads a plain stream of 1,000 numbers after more of them came than it may hold. */
static void read_late(lab *room, natsmicro_client_options *options)
{
    int32_t received = 0;
    options->plain_streams = true;
    options->on_error = count_slow_consumers;
    options->on_error_data = &room->seen.done;
    lab_serve(room, NULL, NULL);
    lab_call_with(room, options);
    Lab__V1__LabClient__CountUp *call;
    assert_ok(lab_count_up(room, 1000, 0, NULL, &call));
    assert_true(eventually(has_served_one, room->server, LAB_PATIENCE));
    assert_true(latch_wait(&room->seen.done, LAB_PATIENCE));
    bool in_order;
    assert_status(NATSMICRO_DATA_LOSS, lab_count_all(call, &received, &in_order));
    assert_true(received < 1000 && in_order);
    lab__v1__lab_client__count_up__close(call);
}

static void max_pending_messages_bounds_what_a_plain_stream_leaves_unread(void **state)
{
    natsmicro_client_options options = NATSMICRO_CLIENT_OPTIONS_INIT;
    options.max_pending_messages = 10;
    read_late(*state, &options);
}

static void max_pending_bytes_bounds_what_a_plain_stream_leaves_unread(void **state)
{
    natsmicro_client_options options = NATSMICRO_CLIENT_OPTIONS_INIT;
    options.max_pending_bytes = 500;
    read_late(*state, &options);
}

static natsmicro_status read_later(Lab__V1__LabServer__Chat *call, void *user_data)
{
    lab_probe *seen = user_data;
    lab_probe_wait(seen);
    const Lab__V1__ChatMessage *line;
    while ((seen->first = lab__v1__lab_server__chat__recv(call, &line)) == NATSMICRO_OK)
        seen->number++;
    latch_open(&seen->done);
    return seen->first;
}

/* 120 empty lines, each with a header of 12 KB that nobody reads, take 1.5 MB. */
static void max_pending_bytes_counts_headers(void **state)
{
    static const Lab__V1__LabHandlers reading = {.chat = read_later};
    natsmicro_server_options options = NATSMICRO_SERVER_OPTIONS_INIT;
    char *text = lab_text(12000);
    lab *room = *state;
    options.max_pending_bytes = 1024 * 1024;
    options.on_error = count_slow_consumers;
    options.on_error_data = &room->dropped;
    lab_serve_with(room, &reading, &room->seen, &options, NULL);
    assert_int_equal(NATS_OK, natsConnection_FlushTimeout(room->server_connection, LAB_PATIENCE));
    raw_call call;
    raw_open(&call, room->client_connection, "lab.v1.chat");
    char seq[16];
    for (int i = 1; i <= 120; i++) {
        snprintf(seq, sizeof(seq), "%d", i);
        raw_publish(
            call.connection,
            &(raw_message){.subject = call.stream, .seq = seq, .name = "Long", .value = text});
    }
    raw_end(&call, "120");
    assert_true(latch_wait(&room->dropped, LAB_PATIENCE));
    latch_open(&room->seen.release);
    assert_true(latch_wait(&room->seen.done, LAB_PATIENCE));
    assert_status(NATSMICRO_DATA_LOSS, room->seen.first);
    assert_between(room->seen.number, 60, 100);
    raw_close(&call);
    free(text);
}

/* ---- time ---- */

/* Makes a call of each kind, to its end. */
static void calls_of_all_kinds_work(lab *room, natsmicro_context *context)
{
    assert_ok(lab_ping_status(room, "", context));

    Lab__V1__LabClient__CountUp *count_up;
    assert_ok(lab_count_up(room, 3, 0, context, &count_up));
    int32_t received;
    bool in_order;
    assert_status(NATSMICRO_END, lab_count_all(count_up, &received, &in_order));
    lab__v1__lab_client__count_up__close(count_up);

    Lab__V1__LabClient__Sum *sum;
    assert_ok(lab__v1__lab_client__sum(room->client, context, &sum));
    assert_ok(lab_sum_send(sum, 1));
    Lab__V1__SumResponse *total;
    assert_ok(lab__v1__lab_client__sum__close_and_recv(sum, &total));
    lab__v1__lab_client__sum__free(total);
    lab__v1__lab_client__sum__close(sum);

    Lab__V1__LabClient__Chat *chat;
    assert_ok(lab__v1__lab_client__chat(room->client, context, &chat));
    assert_ok(lab_chat_send(chat, "a"));
    const Lab__V1__ChatMessage *line;
    assert_ok(lab__v1__lab_client__chat__recv(chat, &line));
    assert_ok(lab__v1__lab_client__chat__close_send(chat));
    assert_status(NATSMICRO_END, lab__v1__lab_client__chat__recv(chat, &line));
    lab__v1__lab_client__chat__close(chat);
}

static const int64_t long_times[] = {
    INT64_MAX, INT64_MAX - 1, INT64_MAX / 1000000 + 1, INT64_MAX / 1000000, INT64_C(10000000000000),
};

static void a_contexts_timeout_may_be_any_number(void **state)
{
    lab *room = *state;
    natsmicro_context *context = lab_context();
    lab_serve(room, NULL, NULL);
    for (int plain = 0; plain <= 1; plain++) {
        natsmicro_context_set_plain_streams(context, plain != 0);
        for (size_t i = 0; i < sizeof(long_times) / sizeof(long_times[0]); i++) {
            natsmicro_context_set_timeout(context, long_times[i]);
            natsmicro_context_set_idle_timeout(context, long_times[i]);
            calls_of_all_kinds_work(room, context);
        }
    }
    natsmicro_context_destroy(context);
}

static void expect_passed(lab *room, natsmicro_context *context, natsmicro_status status,
                          const char *method)
{
    assert_status(NATSMICRO_DEADLINE_EXCEEDED, status);
    assert_status(NATSMICRO_DEADLINE_EXCEEDED, natsmicro_context_status(context));
    assert_string_equal(natsmicro_context_error_code(context), "DEADLINE_EXCEEDED");
    assert_non_null(strstr(natsmicro_context_error_message(context), method));
    assert_non_null(strstr(natsmicro_context_error_message(context), "had passed before the call"));
    natsmicro_server_counters counters;
    natsmicro_server_get_counters(room->server, &counters);
    assert_int_equal(counters.calls, 0);
}

/* A program sets the time until its own deadline as the timeout, a moment too late. */
static void a_context_whose_time_has_passed_calls_nobody(void **state)
{
    static const int64_t passed[] = {-1, -5000, INT64_MIN};
    lab *room = *state;
    natsmicro_context *context = lab_context();
    lab_serve(room, NULL, NULL);
    natsSubscription *requests;
    assert_int_equal(NATS_OK,
                     natsConnection_SubscribeSync(&requests, room->client_connection, "lab.v1.>"));
    Lab__V1__LabClient__CountUp *count_up;
    Lab__V1__LabClient__Sum *sum;
    Lab__V1__LabClient__Chat *chat;
    for (size_t i = 0; i < 2 * sizeof(passed) / sizeof(passed[0]); i++) {
        natsmicro_context_set_plain_streams(context, i % 2 != 0);
        natsmicro_context_set_timeout(context, passed[i / 2]);
        expect_passed(room, context, lab_ping_status(room, "", context), "lab.v1.Lab.Ping");
        expect_passed(room, context, lab_count_up(room, 3, 0, context, &count_up),
                      "lab.v1.Lab.CountUp");
        expect_passed(room, context, lab__v1__lab_client__sum(room->client, context, &sum),
                      "lab.v1.Lab.Sum");
        expect_passed(room, context, lab__v1__lab_client__chat(room->client, context, &chat),
                      "lab.v1.Lab.Chat");
        assert_true(count_up == NULL && sum == NULL && chat == NULL);
    }
    natsmicro_context_set_timeout(context, 0); /* no timeout again */
    assert_ok(lab_ping_status(room, "", context));
    natsMsg *request = raw_next(requests);
    assert_string_equal("lab.v1.ping", natsMsg_GetSubject(request)); /* the first of all */
    natsMsg_Destroy(request);
    raw_unsubscribe(room->client_connection, requests);
    natsmicro_context_destroy(context);
}

static void a_limit_of_silence_is_a_time_or_none(void **state)
{
    lab *room = *state;
    natsmicro_server_options server_options = NATSMICRO_SERVER_OPTIONS_INIT;
    natsmicro_client_options client_options = NATSMICRO_CLIENT_OPTIONS_INIT;
    server_options.idle_timeout_ms = client_options.idle_timeout_ms = -2;
    assert_status(NATSMICRO_INVALID_ARGUMENT,
                  natsmicro_server_new(&room->server, room->server_connection, &server_options));
    Lab__V1__LabClient *client;
    assert_status(NATSMICRO_INVALID_ARGUMENT,
                  lab__v1__lab_client__new(&client, room->client_connection, &client_options));
    server_options.idle_timeout_ms = client_options.idle_timeout_ms = -1;
    lab_serve_with(room, &lab_handlers, NULL, &server_options, NULL);
    lab_call_with(room, &client_options);
    calls_of_all_kinds_work(room, NULL);
}

static void timeouts_in_options_may_be_any_number(void **state)
{
    lab *room = *state;
    for (size_t i = 0; i < sizeof(long_times) / sizeof(long_times[0]); i++) {
        natsmicro_server_options server = NATSMICRO_SERVER_OPTIONS_INIT;
        natsmicro_service_options service = NATSMICRO_SERVICE_OPTIONS_INIT;
        natsmicro_client_options client = NATSMICRO_CLIENT_OPTIONS_INIT;
        server.drain_timeout_ms = server.idle_timeout_ms = long_times[i];
        service.timeout_ms = long_times[i];
        client.timeout_ms = client.idle_timeout_ms = long_times[i];
        lab_serve_with(room, &lab_handlers, NULL, &server, &service);
        for (int plain = 0; plain <= 1; plain++) {
            client.plain_streams = plain != 0;
            lab_call_with(room, &client);
            calls_of_all_kinds_work(room, NULL);
        }
        natsmicro_server_destroy(room->server);
        room->server = NULL;
    }
}

static void a_protos_timeout_may_be_more_than_a_number_of_nanoseconds_holds(void **state)
{
    lab *room = *state;
    Limits__V1__Item request = LIMITS__V1__ITEM__INIT;
    serve(room, NULL);
    Limits__V1__LimitsClient *client = new_client(room, NULL);
    Limits__V1__Item *response;
    assert_ok(limits__v1__limits_client__patient(client, &request, NULL, &response));
    limits__v1__limits_client__patient__free(response);
    limits__v1__limits_client__destroy(client);
}

/* ---- blobs ---- */

static natsmicro_status send_blob(Limits__V1__LimitsClient *client, size_t length)
{
    static const uint8_t zeros[20000];
    Limits__V1__LimitsClient__Store *call;
    assert_ok(limits__v1__limits_client__store(client, NULL, &call));
    natsmicro_status sent =
        limits__v1__limits_client__store__send_bytes(call, zeros, length, 1000, NULL, NULL);
    Limits__V1__Item *answer;
    natsmicro_status status = limits__v1__limits_client__store__close_and_recv(call, &answer);
    limits__v1__limits_client__store__free(answer);
    limits__v1__limits_client__store__close(call);
    if (sent != NATSMICRO_OK && sent != NATSMICRO_END) /* it has ended the call */
        assert_status(sent, status);
    return status;
}

static void max_size_bounds_what_a_call_brings(void **state)
{
    lab *room = *state;
    serve(room, NULL);
    Limits__V1__LimitsClient *client = new_client(room, NULL);
    assert_ok(send_blob(client, 15000));
    assert_status(NATSMICRO_RESOURCE_EXHAUSTED, send_blob(client, 15001));
    assert_status(NATSMICRO_RESOURCE_EXHAUSTED, room->seen.first);

    room->seen.number = 20000; /* the call's own limit goes before the proto's */
    assert_ok(send_blob(client, 20000));
    limits__v1__limits_client__destroy(client);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        lab_test(pending_msg_limit_bounds_one_methods_waiting_calls),
        lab_test(pending_bytes_limit_bounds_one_methods_waiting_bytes),
        lab_test(every_instance_serves_a_method_without_queue_group),
        lab_test(a_service_refuses_what_nests_or_takes_more_than_it_says),
        lab_test(a_client_refuses_what_nests_or_takes_more_than_it_says),
        lab_test(lists_of_small_parts_pass_by_default),
        lab_test(a_list_of_empty_messages_is_refused_by_default),
        lab_test(max_pending_messages_bounds_what_a_plain_stream_leaves_unread),
        lab_test(max_pending_bytes_bounds_what_a_plain_stream_leaves_unread),
        lab_test(max_pending_bytes_counts_headers),
        lab_test(max_size_bounds_what_a_call_brings),
        lab_test(a_contexts_timeout_may_be_any_number),
        lab_test(a_context_whose_time_has_passed_calls_nobody),
        lab_test(a_limit_of_silence_is_a_time_or_none),
        lab_test(timeouts_in_options_may_be_any_number),
        lab_test(a_protos_timeout_may_be_more_than_a_number_of_nanoseconds_holds),
    };
    return cmocka_run_group_tests(tests, lab_start_broker, lab_stop_broker);
}
