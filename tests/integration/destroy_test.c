/*
 * A client that is destroyed while calls are open: the calls end, may still be used and closed, and
 * do not touch the client's connection, which may be gone by then. Otherwise a program that ends in
 * the wrong order would crash.
 */
#include "integration/lab_service.h"

#include <string.h>

#define WRONG_ORDERS 20

/* A call of each kind of stream, in its middle; a chat line has been read. */
typedef struct open_calls {
    Lab__V1__LabClient__CountUp *count_up;
    Lab__V1__LabClient__Sum *sum;
    Lab__V1__LabClient__Chat *chat;
} open_calls;

static void serve_held(lab *room)
{
    lab_serve(room, &lab_held_handlers, &room->seen);
}

static void open_all(lab *room, open_calls *calls)
{
    assert_ok(lab_count_up(room, LAB_ONE_AND_WAIT, 0, NULL, &calls->count_up));
    const Lab__V1__CountUpResponse *number;
    assert_ok(lab__v1__lab_client__count_up__recv(calls->count_up, &number));
    assert_ok(lab__v1__lab_client__sum(room->client, NULL, &calls->sum));
    assert_ok(lab_sum_send(calls->sum, 1));
    assert_ok(lab__v1__lab_client__chat(room->client, NULL, &calls->chat));
    assert_ok(lab_chat_send(calls->chat, "a"));
    const Lab__V1__ChatMessage *line;
    assert_ok(lab__v1__lab_client__chat__recv(calls->chat, &line));
}

static void destroy_client(lab *room)
{
    lab__v1__lab_client__destroy(room->client);
    room->client = NULL;
}

/* Destroys the client, and then its connection. */
static void destroy_all(lab *room)
{
    destroy_client(room);
    natsConnection_Destroy(room->client_connection);
    room->client_connection = NULL;
}

static void expect_over(natsmicro_call *call, const char *text)
{
    natsmicro_call_cancel(call); /* does nothing any more */
    assert_status(NATSMICRO_UNAVAILABLE, natsmicro_call_status(call));
    assert_string_equal(natsmicro_call_error_code(call), "UNAVAILABLE");
    assert_non_null(strstr(natsmicro_call_error_message(call), text));
    assert_non_null(strstr(natsmicro_call_error_message(call), natsmicro_call_method(call)));
    size_t length;
    assert_null(natsmicro_call_error_data(call, &length));
    natsmicro_stream_metrics metrics;
    natsmicro_call_get_metrics(call, &metrics);
}

static void expect_all_over(open_calls *calls, const char *text)
{
    const Lab__V1__CountUpResponse *number;
    assert_status(NATSMICRO_UNAVAILABLE,
                  lab__v1__lab_client__count_up__recv(calls->count_up, &number));
    assert_status(NATSMICRO_UNAVAILABLE, lab_sum_send(calls->sum, 1));
    Lab__V1__SumResponse *total;
    assert_status(NATSMICRO_UNAVAILABLE,
                  lab__v1__lab_client__sum__close_and_recv(calls->sum, &total));
    assert_status(NATSMICRO_UNAVAILABLE, lab_chat_send(calls->chat, "b"));
    const Lab__V1__ChatMessage *line;
    assert_status(NATSMICRO_UNAVAILABLE, lab__v1__lab_client__chat__recv(calls->chat, &line));
    assert_status(NATSMICRO_UNAVAILABLE, lab__v1__lab_client__chat__close_send(calls->chat));
    expect_over(calls->count_up->base, text);
    expect_over(calls->sum->base, text);
    expect_over(calls->chat->base, text);
}

static void close_all(open_calls *calls)
{
    lab__v1__lab_client__count_up__close(calls->count_up);
    lab__v1__lab_client__sum__close(calls->sum);
    lab__v1__lab_client__chat__close(calls->chat);
}

static void open_calls_end_with_their_client_and_may_be_used_and_closed(void **state)
{
    lab *room = *state;
    serve_held(room);
    open_calls calls;
    open_all(room, &calls);
    destroy_all(room);
    expect_all_over(&calls, "the client was destroyed");
    close_all(&calls);
}

static void the_service_is_told_of_the_calls_that_ended(void **state)
{
    lab *room = *state;
    serve_held(room);
    open_calls calls;
    open_all(room, &calls);
    destroy_client(room);
    assert_true(latch_wait_count(&room->seen.done, 3, LAB_PATIENCE));
    close_all(&calls);
}

/* The calls end with the connection. They must not use a client that was freed. */
static void calls_of_a_closed_connection_may_be_closed_behind_the_client(void **state)
{
    lab *room = *state;
    serve_held(room);
    open_calls calls;
    open_all(room, &calls);
    natsConnection_Close(room->client_connection);
    assert_status(NATSMICRO_UNAVAILABLE, lab_wait_for_end(calls.count_up->base));
    assert_status(NATSMICRO_UNAVAILABLE, lab_wait_for_end(calls.sum->base));
    assert_status(NATSMICRO_UNAVAILABLE, lab_wait_for_end(calls.chat->base));
    destroy_all(room);
    expect_all_over(&calls, "the connection was closed");
    close_all(&calls);
}

/*
 * The user ends things in the wrong order: the connections first. They are used by threads of the
 * library then; how far these are differs from round to round.
 */
static void connections_may_be_destroyed_before_what_uses_them(void **state)
{
    (void)state;
    for (int i = 0; i < WRONG_ORDERS; i++) {
        lab room;
        lab_open_held(&room, NULL);
        open_calls calls;
        open_all(&room, &calls);
        natsConnection_Destroy(i % 2 == 0 ? room.client_connection : room.server_connection);
        natsConnection_Destroy(i % 2 == 0 ? room.server_connection : room.client_connection);
        room.client_connection = room.server_connection = NULL;
        if (i % 4 < 2)
            close_all(&calls);
        destroy_client(&room);
        if (i % 4 >= 2)
            close_all(&calls);
        lab_close(&room);
    }
}

/* A call that has been read to its end. */
static Lab__V1__LabClient__CountUp *complete_call(lab *room)
{
    Lab__V1__LabClient__CountUp *call;
    assert_ok(lab_count_up(room, 3, 0, NULL, &call));
    int32_t received;
    bool in_order;
    assert_status(NATSMICRO_END, lab_count_all(call, &received, &in_order));
    return call;
}

static void expect_complete(Lab__V1__LabClient__CountUp *call)
{
    assert_status(NATSMICRO_END, natsmicro_call_status(call->base));
    assert_string_equal(natsmicro_call_error_message(call->base), "");
    const Lab__V1__CountUpResponse *number;
    assert_status(NATSMICRO_END, lab__v1__lab_client__count_up__recv(call, &number));
}

static void what_has_ended_well_stays_so(void **state)
{
    lab *room = *state;
    lab_serve(room, NULL, NULL);
    Lab__V1__LabClient__CountUp *call = complete_call(room);
    destroy_all(room);
    expect_complete(call);
    lab__v1__lab_client__count_up__close(call);
}

/*
 * The connection's end reaches the calls one by one, in any order. So there are many, and the test
 * waits for one that is not complete.
 */
static void what_has_ended_well_stays_so_when_the_connection_is_closed(void **state)
{
    lab *room = *state;
    lab_serve(room, NULL, NULL);
    Lab__V1__LabClient__CountUp *complete[16];
    for (int i = 0; i < 16; i++)
        complete[i] = complete_call(room);
    Lab__V1__LabClient__Chat *chat;
    assert_ok(lab__v1__lab_client__chat(room->client, NULL, &chat));
    natsConnection_Close(room->client_connection);
    assert_status(NATSMICRO_UNAVAILABLE, lab_wait_for_end(chat->base));
    destroy_client(room);
    for (int i = 0; i < 16; i++) {
        expect_complete(complete[i]);
        lab__v1__lab_client__count_up__close(complete[i]);
    }
    lab__v1__lab_client__chat__close(chat);
}

static bool is_past_its_deadline(void *call)
{
    return natsmicro_call_remaining_ms(call) == 0;
}

/* The service has ended its side, and the caller sends after its own deadline. */
static void a_send_after_the_end_and_the_deadline_returns_the_end(void **state)
{
    lab *room = *state;
    lab_serve(room, NULL, NULL);
    natsmicro_context *context = lab_context();
    natsmicro_context_set_timeout(context, 300);
    Lab__V1__LabClient__Chat *chat;
    assert_ok(lab__v1__lab_client__chat(room->client, context, &chat));
    assert_ok(lab_chat_send(chat, "fail"));
    const Lab__V1__ChatMessage *line;
    assert_status(NATSMICRO_ABORTED, lab__v1__lab_client__chat__recv(chat, &line));
    assert_true(eventually(is_past_its_deadline, chat->base, LAB_PATIENCE));
    assert_status(NATSMICRO_ABORTED, lab_chat_send(chat, "a"));
    assert_status(NATSMICRO_ABORTED, natsmicro_call_status(chat->base));
    lab__v1__lab_client__chat__close(chat);
    natsmicro_context_destroy(context);
}

/* ---- another thread in recv ---- */

typedef struct reader {
    pthread_t thread;
    Lab__V1__LabClient__Chat *chat;
    natsmicro_status status;
} reader;

static void *read_line(void *argument)
{
    reader *self = argument;
    const Lab__V1__ChatMessage *line;
    self->status = lab__v1__lab_client__chat__recv(self->chat, &line);
    return NULL;
}

static void a_recv_in_another_thread_returns(void **state)
{
    lab *room = *state;
    serve_held(room);
    reader self;
    assert_ok(lab__v1__lab_client__chat(room->client, NULL, &self.chat));
    assert_int_equal(0, pthread_create(&self.thread, NULL, read_line, &self));
    destroy_all(room);
    pthread_join(self.thread, NULL);
    assert_status(NATSMICRO_UNAVAILABLE, self.status);
    lab__v1__lab_client__chat__close(self.chat);
}

/* ---- what calls back ---- */

static void count_end(natsmicro_call *call, natsmicro_status status, int64_t duration_ns,
                      void *user_data)
{
    (void)call;
    (void)duration_ns;
    if (status == NATSMICRO_UNAVAILABLE)
        latch_open(user_data);
}

static void count_event(const natsmicro_event *event, void *user_data)
{
    (void)event;
    latch_open(user_data);
}

static void hooks_see_the_end_before_destroy_returns_and_nothing_later(void **state)
{
    lab *room = *state;
    natsmicro_client_options options = NATSMICRO_CLIENT_OPTIONS_INIT;
    latch called;
    latch_init(&called);
    options.hooks.after = count_end;
    options.hooks.user_data = options.on_error_data = &called;
    options.on_error = count_event;
    serve_held(room);
    lab_call_with(room, &options);
    open_calls calls;
    open_all(room, &calls);
    destroy_all(room);
    assert_int_equal(4, latch_count(&called)); /* three ends, and the event that calls were open */
    expect_all_over(&calls, "the client was destroyed");
    close_all(&calls);
    assert_int_equal(4, latch_count(&called));
    latch_destroy(&called);
}

static int run(void)
{
    const struct CMUnitTest tests[] = {
        lab_test(open_calls_end_with_their_client_and_may_be_used_and_closed),
        lab_test(the_service_is_told_of_the_calls_that_ended),
        lab_test(calls_of_a_closed_connection_may_be_closed_behind_the_client),
        cmocka_unit_test(connections_may_be_destroyed_before_what_uses_them),
        lab_test(what_has_ended_well_stays_so),
        lab_test(what_has_ended_well_stays_so_when_the_connection_is_closed),
        lab_test(a_send_after_the_end_and_the_deadline_returns_the_end),
        lab_test(a_recv_in_another_thread_returns),
        lab_test(hooks_see_the_end_before_destroy_returns_and_nothing_later),
    };
    return cmocka_run_group_tests(tests, lab_start_broker, lab_stop_broker);
}

int main(void)
{
    return run_on_both_streams(run);
}
