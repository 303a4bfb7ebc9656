/*
 * Liveness: a peer that answers probes keeps a call alive however long it takes; a peer that says
 * nothing is given up at the idle limit.
 */
#include "integration/lab_service.h"
#include "integration/raw.h"

#include <string.h>

/* The idle limit where the peer lives: long enough for a busy machine. */
#define IDLE_MS 1500

/* An idle limit below a second, but not so short that a busy machine looks like a dead peer. */
#define LIMIT_UNDER_A_SECOND_MS 900

/* Three answers to probes fit into an idle limit, so after this many it has passed. */
#define ENOUGH_ANSWERS 5

/* The idle limit where nothing comes anyway. */
#define SHORT_IDLE_MS 150

/* The gone limit where the peer is gone anyway. */
#define SHORT_GONE_LIMIT_MS 500

static natsConnection *raw;

static int open_room(void **state)
{
    lab_start_broker(state);
    raw = connect_to(lab_broker());
    return 0;
}

static int close_room(void **state)
{
    natsConnection_Destroy(raw);
    raw = NULL;
    return lab_stop_broker(state);
}

/* ---- the signs of life that travel ---- */

typedef struct spy {
    natsSubscription *subscription;
    latch answers;
} spy;

static void on_inbox_message(natsConnection *connection, natsSubscription *subscription,
                             natsMsg *message, void *closure)
{
    spy *self = closure;
    (void)connection;
    (void)subscription;
    if (strcmp(raw_header(message, "Natsmicro-Control"), "alive") == 0)
        latch_open(&self->answers);
    natsMsg_Destroy(message);
}

static void spy_start(spy *self)
{
    latch_init(&self->answers);
    assert_int_equal(NATS_OK, natsConnection_Subscribe(&self->subscription, raw, "_INBOX.>",
                                                       on_inbox_message, self));
    assert_int_equal(NATS_OK, natsConnection_FlushTimeout(raw, RAW_TIMEOUT_MS));
}

static void spy_stop(spy *self)
{
    raw_unsubscribe(raw, self->subscription);
    latch_destroy(&self->answers);
}

static void call_with_idle_limit(lab *room, int64_t idle_timeout_ms)
{
    natsmicro_client_options options = NATSMICRO_CLIENT_OPTIONS_INIT;
    options.idle_timeout_ms = idle_timeout_ms;
    lab_call_with(room, &options);
}

/* ---- peers that live ---- */

static natsmicro_status compute_long(Lab__V1__LabServer__Sum *call, void *user_data)
{
    Lab__V1__SumResponse response = LAB__V1__SUM_RESPONSE__INIT;
    const Lab__V1__SumRequest *request;
    while (lab__v1__lab_server__sum__recv(call, &request) == NATSMICRO_OK)
        response.count++;
    lab_probe_wait(user_data);
    return lab__v1__lab_server__sum__reply(call, &response);
}

static void *release_after_answers(void *argument)
{
    lab *room = argument;
    spy ears;
    spy_start(&ears);
    latch_wait(&room->seen.entered, LAB_PATIENCE);
    room->seen.number = latch_wait_count(&ears.answers, ENOUGH_ANSWERS, LAB_PATIENCE);
    latch_open(&room->seen.release);
    spy_stop(&ears);
    return NULL;
}

static void a_handler_that_computes_past_the_idle_limit_still_answers(void **state)
{
    lab *room = *state;
    Lab__V1__LabHandlers handlers = {.sum = compute_long};
    lab_serve(room, &handlers, &room->seen);
    call_with_idle_limit(room, IDLE_MS);
    pthread_t thread;
    assert_int_equal(0, pthread_create(&thread, NULL, release_after_answers, room));
    Lab__V1__LabClient__Sum *call;
    assert_ok(lab__v1__lab_client__sum(room->client, NULL, &call));
    assert_ok(lab_sum_send(call, 1));
    Lab__V1__SumResponse *response;
    natsmicro_status status = lab__v1__lab_client__sum__close_and_recv(call, &response);
    pthread_join(thread, NULL);
    assert_ok(status);
    assert_int_equal(1, response->count);
    assert_true(room->seen.number);
    lab__v1__lab_client__sum__free(response);
    lab__v1__lab_client__sum__close(call);
}

static void a_caller_that_has_nothing_to_say_yet_is_waited_for(void **state)
{
    lab *room = *state;
    natsmicro_server_options options = NATSMICRO_SERVER_OPTIONS_INIT;
    options.idle_timeout_ms = IDLE_MS;
    lab_serve_with(room, &lab_handlers, NULL, &options, NULL);
    spy ears;
    spy_start(&ears);
    Lab__V1__LabClient__Sum *call;
    assert_ok(lab__v1__lab_client__sum(room->client, NULL, &call));
    assert_true(latch_wait_count(&ears.answers, ENOUGH_ANSWERS, LAB_PATIENCE));
    assert_ok(lab_sum_send(call, 7));
    Lab__V1__SumResponse *response;
    assert_ok(lab__v1__lab_client__sum__close_and_recv(call, &response));
    assert_int_equal(7, response->total);
    lab__v1__lab_client__sum__free(response);
    lab__v1__lab_client__sum__close(call);
    spy_stop(&ears);
}

static natsmicro_status wait_before_first(Lab__V1__LabServer__CountUp *call,
                                          const Lab__V1__CountUpRequest *request, void *user_data)
{
    Lab__V1__CountUpResponse response = LAB__V1__COUNT_UP_RESPONSE__INIT;
    lab_probe_wait(user_data);
    response.number = request->start;
    return lab__v1__lab_server__count_up__send(call, &response);
}

static void expect_patience(lab *room, int64_t idle_timeout_ms)
{
    Lab__V1__LabHandlers handlers = {.count_up = wait_before_first};
    natsmicro_server_options options = NATSMICRO_SERVER_OPTIONS_INIT;
    options.idle_timeout_ms = idle_timeout_ms;
    lab_serve_with(room, &handlers, &room->seen, &options, NULL);
    call_with_idle_limit(room, idle_timeout_ms);
    pthread_t thread;
    assert_int_equal(0, pthread_create(&thread, NULL, release_after_answers, room));
    Lab__V1__LabClient__CountUp *call;
    assert_ok(lab_count_up(room, 1, 0, NULL, &call));
    int32_t received;
    bool in_order;
    natsmicro_status status = lab_count_all(call, &received, &in_order);
    pthread_join(thread, NULL);
    assert_status(NATSMICRO_END, status);
    assert_int_equal(1, received);
    lab__v1__lab_client__count_up__close(call);
}

static void a_server_stream_may_take_its_time_before_the_first_message(void **state)
{
    expect_patience(*state, IDLE_MS);
}

static void it_may_where_both_sides_have_a_limit_under_a_second(void **state)
{
    expect_patience(*state, LIMIT_UNDER_A_SECOND_MS);
}

/* ---- what is said to whom before the first message ---- */

static natsMsg *next_but_controls(natsSubscription *inbox)
{
    for (;;) {
        natsMsg *message = raw_next(inbox);
        if (raw_header(message, "Natsmicro-Control")[0] == '\0')
            return message;
        natsMsg_Destroy(message);
    }
}

static natsMsg *open_raw_count_up(natsSubscription **inbox, const char *name, bool one_inbox)
{
    assert_int_equal(NATS_OK, natsConnection_SubscribeSync(inbox, raw, name));
    raw_send(raw, &(raw_message){.subject = "lab.v1.count_up",
                                 .reply = one_inbox ? name : NULL,
                                 .reply_to = name});
    return raw_next(*inbox);
}

static void a_caller_with_one_inbox_hears_that_its_service_is_there(void **state)
{
    lab *room = *state;
    Lab__V1__LabHandlers handlers = {.count_up = wait_before_first};
    lab_serve(room, &handlers, &room->seen);
    natsSubscription *inbox;
    natsMsg *message = open_raw_count_up(&inbox, "_INBOX.one", true);
    assert_string_equal("alive", raw_header(message, "Natsmicro-Control"));
    assert_string_equal("", raw_header(message, "Nats-Stream-Seq"));
    assert_non_null(natsMsg_GetReply(message));
    natsMsg_Destroy(message);
    latch_open(&room->seen.release);
    message = next_but_controls(inbox);
    assert_string_equal("1", raw_header(message, "Nats-Stream-Seq"));
    natsMsg_Destroy(message);
    raw_unsubscribe(raw, inbox);
}

static void *release_after_a_while(void *argument)
{
    lab_probe *seen = argument;
    latch never;
    latch_init(&never);
    latch_wait(&seen->entered, LAB_PATIENCE);
    latch_wait(&never, 1500); /* time for a message that must not come */
    latch_open(&seen->release);
    latch_destroy(&never);
    return NULL;
}

/* Existing callers would take a control message for a message of the stream. */
static void a_caller_without_a_nats_reply_hears_nothing_but_messages(void **state)
{
    lab *room = *state;
    Lab__V1__LabHandlers handlers = {.count_up = wait_before_first};
    lab_serve(room, &handlers, &room->seen);
    pthread_t thread;
    assert_int_equal(0, pthread_create(&thread, NULL, release_after_a_while, &room->seen));
    natsSubscription *inbox;
    natsMsg *message = open_raw_count_up(&inbox, "_INBOX.two", false);
    pthread_join(thread, NULL);
    assert_string_equal("1", raw_header(message, "Nats-Stream-Seq"));
    assert_string_equal("", raw_header(message, "Natsmicro-Control"));
    natsMsg_Destroy(message);
    raw_unsubscribe(raw, inbox);
}

static natsmicro_status note_the_end(Lab__V1__LabServer__CountUp *call,
                                     const Lab__V1__CountUpRequest *request, void *user_data)
{
    lab_probe *seen = user_data;
    (void)request;
    latch_open(&seen->entered);
    seen->first = lab_wait_for_end(call->base);
    latch_open(&seen->done);
    return seen->first;
}

static void a_caller_that_is_gone_is_noticed_before_the_first_message(void **state)
{
    lab *room = *state;
    lab_probe *seen = &room->seen;
    Lab__V1__LabHandlers handlers = {.count_up = note_the_end};
    natsmicro_server_options options = NATSMICRO_SERVER_OPTIONS_INIT;
    options.gone_limit_ms = SHORT_GONE_LIMIT_MS;
    lab_serve_with(room, &handlers, seen, &options, NULL);
    natsSubscription *inbox;
    assert_int_equal(NATS_OK, natsConnection_SubscribeSync(&inbox, raw, "_INBOX.gone"));
    raw_send(raw, &(raw_message){.subject = "lab.v1.count_up",
                                 .reply = "_INBOX.gone",
                                 .reply_to = "_INBOX.gone"});
    assert_true(latch_wait(&seen->entered, LAB_PATIENCE));
    raw_unsubscribe(raw, inbox);
    assert_int_equal(NATS_OK, natsConnection_FlushTimeout(raw, RAW_TIMEOUT_MS));
    assert_true(latch_wait(&seen->done, LAB_PATIENCE));
    assert_status(NATSMICRO_CANCELLED, seen->first);
}

/* ---- peers that say nothing ---- */

static void on_opening(natsConnection *connection, natsSubscription *subscription, natsMsg *message,
                       void *closure)
{
    (void)subscription;
    (void)closure;
    raw_publish(connection,
                &(raw_message){.subject = natsMsg_GetReply(message), .inbox = "_INBOX.silent"});
    natsMsg_Destroy(message);
}

/* Acknowledges every opening below "raw", and then says nothing. */
static natsSubscription *serve_silently(lab *room, natsSubscription **items)
{
    assert_int_equal(NATS_OK, natsConnection_SubscribeSync(items, raw, "_INBOX.silent"));
    natsSubscription *openings;
    assert_int_equal(NATS_OK, natsConnection_Subscribe(&openings, raw, "raw.*", on_opening, NULL));
    assert_int_equal(NATS_OK, natsConnection_FlushTimeout(raw, RAW_TIMEOUT_MS));
    natsmicro_client_options options = NATSMICRO_CLIENT_OPTIONS_INIT;
    options.idle_timeout_ms = SHORT_IDLE_MS;
    options.subject_prefix = "raw";
    lab_call_with(room, &options);
    return openings;
}

static void assert_given_up(natsmicro_status status, natsmicro_call *call, int64_t started)
{
    assert_status(NATSMICRO_UNAVAILABLE, status);
    assert_true(now_ms() - started >= SHORT_IDLE_MS - 10);
    assert_true(now_ms() - started < LAB_AT_ONCE);
    assert_true(lab_has_figure(natsmicro_call_error_message(call), SHORT_IDLE_MS));
}

static void a_silent_service_is_given_up_at_the_idle_limit(void **state)
{
    lab *room = *state;
    natsSubscription *items;
    natsSubscription *openings = serve_silently(room, &items);
    int64_t started = now_ms();
    Lab__V1__LabClient__CountUp *count_up;
    assert_ok(lab_count_up(room, 1, 0, NULL, &count_up));
    const Lab__V1__CountUpResponse *number;
    assert_given_up(lab__v1__lab_client__count_up__recv(count_up, &number), count_up->base,
                    started);
    lab__v1__lab_client__count_up__close(count_up);

    started = now_ms();
    Lab__V1__LabClient__Sum *sum;
    assert_ok(lab__v1__lab_client__sum(room->client, NULL, &sum));
    Lab__V1__SumResponse *total;
    assert_given_up(lab__v1__lab_client__sum__close_and_recv(sum, &total), sum->base, started);
    lab__v1__lab_client__sum__close(sum);

    natsmicro_context *context = lab_context();
    natsmicro_context_set_idle_timeout(context, SHORT_IDLE_MS + 1); /* in place of the client's */
    started = now_ms();
    Lab__V1__LabClient__Chat *chat;
    assert_ok(lab__v1__lab_client__chat(room->client, context, &chat));
    const Lab__V1__ChatMessage *line;
    assert_status(NATSMICRO_UNAVAILABLE, lab__v1__lab_client__chat__recv(chat, &line));
    assert_true(now_ms() - started < LAB_AT_ONCE);
    assert_true(lab_has_figure(natsmicro_call_error_message(chat->base), SHORT_IDLE_MS + 1));
    lab__v1__lab_client__chat__close(chat);
    natsmicro_context_destroy(context);
    raw_unsubscribe(raw, openings);
    raw_unsubscribe(raw, items);
}

static void a_silent_caller_is_given_up_at_the_idle_limit(void **state)
{
    lab *room = *state;
    natsmicro_server_options options = NATSMICRO_SERVER_OPTIONS_INIT;
    options.idle_timeout_ms = SHORT_IDLE_MS;
    lab_serve_with(room, &lab_handlers, NULL, &options, NULL);
    raw_call call;
    raw_open(&call, raw, "lab.v1.sum");
    /* It is probed, and does not answer. */
    natsMsg *message = next_but_controls(call.answers);
    raw_assert_error(message, "UNAVAILABLE");
    assert_true(lab_has_figure(raw_header(message, "Nats-Service-Error"), SHORT_IDLE_MS));
    natsMsg_Destroy(message);
    raw_close(&call);
}

static int run(void)
{
    const struct CMUnitTest tests[] = {
        lab_test(a_handler_that_computes_past_the_idle_limit_still_answers),
        lab_test(a_caller_that_has_nothing_to_say_yet_is_waited_for),
        lab_test(a_server_stream_may_take_its_time_before_the_first_message),
        lab_test(it_may_where_both_sides_have_a_limit_under_a_second),
        lab_test(a_caller_with_one_inbox_hears_that_its_service_is_there),
        lab_test(a_caller_without_a_nats_reply_hears_nothing_but_messages),
        lab_test(a_caller_that_is_gone_is_noticed_before_the_first_message),
        lab_test(a_silent_service_is_given_up_at_the_idle_limit),
        lab_test(a_silent_caller_is_given_up_at_the_idle_limit),
    };
    return cmocka_run_group_tests(tests, open_room, close_room);
}

int main(void)
{
    return run_on_plain_streams(run);
}
