/*
 * Slow and greedy callers: what a server's options leave to the others. Without them 300 downloads
 * that are read a little every few seconds hold every worker for ever.
 */
#include "integration/figures.h"
#include "integration/lab_service.h"

#include <stdio.h>
#include <string.h>

#define MAX_PARKED 8

/* Streams whose handlers wait for the test. */
typedef struct parked {
    lab room;
    Lab__V1__LabClient__CountUp *calls[MAX_PARKED];
    int count;
} parked;

static natsmicro_status count_up(Lab__V1__LabServer__CountUp *call,
                                 const Lab__V1__CountUpRequest *request, void *user_data)
{
    (void)request;
    lab_probe *seen = user_data;
    Lab__V1__CountUpResponse response = LAB__V1__COUNT_UP_RESPONSE__INIT;
    natsmicro_status status = lab__v1__lab_server__count_up__send(call, &response);
    latch_open(&seen->entered);
    latch_wait(&seen->release, LAB_PATIENCE);
    return status;
}

static natsmicro_status ping(Lab__V1__LabServer__Ping *call, const Lab__V1__PingRequest *request,
                             void *user_data)
{
    if (strcmp(request->payload, "wait") == 0)
        lab_probe_wait(user_data);
    Lab__V1__PingResponse response = LAB__V1__PING_RESPONSE__INIT;
    return lab__v1__lab_server__ping__reply(call, &response);
}

static void open_parked(parked *self, const natsmicro_server_options *options)
{
    Lab__V1__LabHandlers handlers = lab_handlers;
    handlers.count_up = count_up;
    handlers.ping = ping;
    memset(self, 0, sizeof(*self));
    lab_open(&self->room);
    lab_serve_with(&self->room, &handlers, &self->room.seen, options, NULL);
}

static void close_parked(parked *self)
{
    latch_open(&self->room.seen.release);
    for (int i = 0; i < self->count; i++)
        lab__v1__lab_client__count_up__close(self->calls[i]);
    lab_close(&self->room);
}

/* Opens a stream and reads its first message: with a short deadline if it is expected to wait. */
static natsmicro_status park(parked *self, Lab__V1__LabClient *client, bool is_to_wait)
{
    natsmicro_context *context = lab_context();
    natsmicro_context_set_timeout(context, is_to_wait ? 300 : LAB_PATIENCE);
    Lab__V1__CountUpRequest request = LAB__V1__COUNT_UP_REQUEST__INIT;
    Lab__V1__LabClient__CountUp *call = NULL;
    assert_ok(lab__v1__lab_client__count_up(client, &request, context, &call));
    natsmicro_context_destroy(context);
    const Lab__V1__CountUpResponse *number;
    natsmicro_status status = lab__v1__lab_client__count_up__recv(call, &number);
    if (status == NATSMICRO_OK)
        self->calls[self->count++] = call;
    else
        lab__v1__lab_client__count_up__close(call);
    return status;
}

static uint64_t running(const parked *self)
{
    natsmicro_server_counters counters;
    natsmicro_server_get_counters(self->room.server, &counters);
    return counters.running;
}

static bool none_runs(void *here)
{
    return running(here) == 0;
}

/* So many streams run at once, one more waits, and other calls find a worker. */
static void expect_share(const natsmicro_server_options *options, int streams)
{
    parked here;
    open_parked(&here, options);
    for (int i = 0; i < streams; i++)
        assert_ok(park(&here, here.room.client, false));
    assert_status(NATSMICRO_DEADLINE_EXCEEDED, park(&here, here.room.client, true));
    assert_int_equal(streams, running(&here));
    assert_ok(lab_ping_status(&here.room, "", NULL));
    close_parked(&here);
}

static void streams_leave_workers_to_unary_calls(void **state)
{
    (void)state;
    natsmicro_server_options options = NATSMICRO_SERVER_OPTIONS_INIT;
    options.max_calls = 4;
    expect_share(&options, 3);
}

static void the_share_of_streams_is_an_option(void **state)
{
    (void)state;
    natsmicro_server_options options = NATSMICRO_SERVER_OPTIONS_INIT;
    options.max_calls = 4;
    options.max_streams = 1;
    expect_share(&options, 1);
}

static void a_method_has_a_share(void **state)
{
    (void)state;
    natsmicro_server_options options = NATSMICRO_SERVER_OPTIONS_INIT;
    options.max_calls = 8;
    options.max_calls_per_method = 2;
    expect_share(&options, 2);
}

static void a_caller_has_a_share(void **state)
{
    (void)state;
    natsmicro_server_options options = NATSMICRO_SERVER_OPTIONS_INIT;
    options.max_calls = 8;
    options.max_calls_per_caller = 2;
    parked here;
    open_parked(&here, &options);
    Lab__V1__LabClient *other = lab_new_client(here.room.client_connection);
    assert_ok(park(&here, here.room.client, false));
    assert_ok(park(&here, here.room.client, false));
    assert_status(NATSMICRO_RESOURCE_EXHAUSTED, lab_ping_status(&here.room, "", NULL));
    assert_status(NATSMICRO_RESOURCE_EXHAUSTED, park(&here, here.room.client, false));
    assert_ok(lab_ping_by(other, NULL));
    assert_ok(park(&here, other, false));

    latch_open(&here.room.seen.release);
    assert_true(eventually(none_runs, &here, LAB_PATIENCE));
    for (int i = 0; i < 5; i++)
        assert_ok(lab_ping_status(&here.room, "", NULL));
    assert_ok(park(&here, here.room.client, false));
    lab__v1__lab_client__count_up__close(here.calls[2]); /* the other client's */
    here.calls[2] = here.calls[--here.count];
    lab__v1__lab_client__destroy(other);
    close_parked(&here);
}

static void a_stream_lasts_only_so_long(void **state)
{
    (void)state;
    natsmicro_server_options options = NATSMICRO_SERVER_OPTIONS_INIT;
    options.max_stream_ms = 1;
    lab room;
    lab_open_held(&room, &options);
    Lab__V1__LabClient__CountUp *call;
    assert_ok(lab_count_up(&room, LAB_WITHOUT_END, 0, NULL, &call));
    int32_t received;
    bool in_order;
    assert_status(NATSMICRO_DEADLINE_EXCEEDED, lab_count_all(call, &received, &in_order));
    lab__v1__lab_client__count_up__close(call);
    assert_true(latch_wait(&room.seen.done, LAB_PATIENCE));
    assert_int_equal(NATSMICRO_DEADLINE_EXCEEDED, atomic_load(&room.seen.returned));
    lab_close(&room);
}

/* ---- least progress ---- */

typedef struct reader {
    lab *room;
    int32_t count;
    pthread_t thread;
    natsmicro_status status;
    latch stop;
} reader;

/* Reads one number every tenth of a second, until the stream ends. */
static void *read_slowly(void *argument)
{
    reader *self = argument;
    Lab__V1__LabClient__CountUp *call;
    self->status = lab_count_up(self->room, self->count, 0, NULL, &call);
    if (self->status != NATSMICRO_OK)
        return NULL;
    const Lab__V1__CountUpResponse *number;
    while ((self->status = lab__v1__lab_client__count_up__recv(call, &number)) == NATSMICRO_OK)
        latch_wait(&self->stop, 100);
    lab__v1__lab_client__count_up__close(call);
    return NULL;
}

static void start_reader(reader *self, lab *room, int32_t count)
{
    *self = (reader){.room = room, .count = count};
    latch_init(&self->stop);
    assert_int_equal(0, pthread_create(&self->thread, NULL, read_slowly, self));
}

static void stop_reader(reader *self)
{
    latch_open(&self->stop);
    pthread_join(self->thread, NULL);
    latch_destroy(&self->stop);
}

/*
 * The first handler waits for its reader, the second for the test: only the first caller is slow.
 */
static void a_stream_that_hardly_moves_is_ended_and_no_other(void **state)
{
    (void)state;
    natsmicro_server_options options = NATSMICRO_SERVER_OPTIONS_INIT;
    options.min_stream_rate = 100000;
    lab room;
    lab_open_held(&room, &options);
    natsmicro_client_options reading = NATSMICRO_CLIENT_OPTIONS_INIT;
    reading.window_messages = 16;
    lab_call_with(&room, &reading);
    reader idle;
    start_reader(&idle, &room, LAB_ONE_AND_WAIT);
    reader slow;
    start_reader(&slow, &room, LAB_WITHOUT_END);
    assert_true(latch_wait(&room.seen.done, 4 * LAB_PATIENCE));
    assert_int_equal(NATSMICRO_DEADLINE_EXCEEDED, atomic_load(&room.seen.returned));
    stop_reader(&slow);
    assert_status(NATSMICRO_DEADLINE_EXCEEDED, slow.status);
    latch_open(&room.seen.release);
    stop_reader(&idle);
    assert_status(NATSMICRO_END, idle.status);
    lab_close(&room);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(streams_leave_workers_to_unary_calls),
        cmocka_unit_test(the_share_of_streams_is_an_option),
        cmocka_unit_test(a_method_has_a_share),
        cmocka_unit_test(a_caller_has_a_share),
        cmocka_unit_test(a_stream_lasts_only_so_long),
        cmocka_unit_test(a_stream_that_hardly_moves_is_ended_and_no_other),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
