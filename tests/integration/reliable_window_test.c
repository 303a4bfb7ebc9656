/*
 * Windows of reliable streams: a sender waits for its reader, until a deadline or a cancel. The
 * options that set a window, those that turn reliable streams off, and the metrics of both.
 * Otherwise a user would lose memory, or a thread that waits for ever.
 */
#include "integration/figures.h"
#include "integration/lab_service.h"
#include "support/proxy.h"

#include "narrow/v1/narrow.nats-c.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define NUMBERS 20
#define MANY    100000

/* Longer than the first retransmit timer. */
#define FAR_MS    300
#define FAR_TURNS 8

static natsmicro_stream_metrics metrics_of(natsmicro_call *call)
{
    natsmicro_stream_metrics metrics;
    natsmicro_call_get_metrics(call, &metrics);
    return metrics;
}

static natsmicro_stream_metrics metrics_of_server(natsmicro_server *server)
{
    natsmicro_stream_metrics metrics;
    natsmicro_server_get_stream_metrics(server, &metrics);
    return metrics;
}

static bool server_has_stalled(void *server)
{
    return metrics_of_server(server).stalls > 0;
}

static bool call_has_stalled(void *call)
{
    return metrics_of(call).stalls > 0;
}

/* ---- the window of the `stream` option ---- */

static natsmicro_status count(Narrow__V1__NarrowServer__Count *call,
                              const Narrow__V1__Number *request, void *user_data)
{
    Narrow__V1__Number response = NARROW__V1__NUMBER__INIT;
    natsmicro_status status = NATSMICRO_OK;
    (void)user_data;
    for (; response.number < request->number && status == NATSMICRO_OK; response.number++)
        status = narrow__v1__narrow_server__count__send(call, &response);
    return status;
}

static const Narrow__V1__NarrowHandlers narrow_handlers = {.count = count};

/* Serves with these handlers, and opens a stream of NUMBERS messages. */
static Narrow__V1__NarrowClient *open_count(lab *room, const Narrow__V1__NarrowHandlers *handlers,
                                            Narrow__V1__NarrowClient__Count **call)
{
    Narrow__V1__Number request = NARROW__V1__NUMBER__INIT;
    assert_ok(natsmicro_server_new(&room->server, room->server_connection, NULL));
    assert_ok(narrow__v1__narrow_server__add(room->server, handlers, NULL, NULL));
    assert_int_equal(NATS_OK, natsConnection_FlushTimeout(room->server_connection, LAB_PATIENCE));
    Narrow__V1__NarrowClient *client;
    assert_ok(narrow__v1__narrow_client__new(&client, room->client_connection, NULL));
    request.number = NUMBERS;
    assert_ok(narrow__v1__narrow_client__count(client, &request, NULL, call));
    return client;
}

static void max_inflight_bounds_what_is_sent_ahead_of_the_reader(void **state)
{
    lab *room = *state;
    Narrow__V1__NarrowClient__Count *call;
    Narrow__V1__NarrowClient *client = open_count(room, &narrow_handlers, &call);
    assert_true(eventually(server_has_stalled, room->server, LAB_PATIENCE));
    const Narrow__V1__Number *response;
    for (int32_t i = 0; i < NUMBERS; i++) {
        assert_true(metrics_of_server(room->server).messages_sent <= (uint64_t)i + 2);
        assert_ok(narrow__v1__narrow_client__count__recv(call, &response));
        assert_int_equal(i, response->number);
    }
    assert_status(NATSMICRO_END, narrow__v1__narrow_client__count__recv(call, &response));
    narrow__v1__narrow_client__count__close(call);
    narrow__v1__narrow_client__destroy(client);
}

/* Returns whatever a send returns, as handlers do. */
static natsmicro_status count_without_waiting(Narrow__V1__NarrowServer__Count *call,
                                              const Narrow__V1__Number *request, void *user_data)
{
    Narrow__V1__Number response = NARROW__V1__NUMBER__INIT;
    (void)request;
    (void)user_data;
    natsmicro_status status;
    do
        status = narrow__v1__narrow_server__count__try_send(call, &response);
    while (status == NATSMICRO_OK);
    return status;
}

static void a_handler_that_returns_would_block_fails_with_a_status_that_travels(void **state)
{
    static const Narrow__V1__NarrowHandlers handlers = {.count = count_without_waiting};
    lab *room = *state;
    Narrow__V1__NarrowClient__Count *call;
    Narrow__V1__NarrowClient *client = open_count(room, &handlers, &call);
    natsmicro_status status;
    const Narrow__V1__Number *response;
    while ((status = narrow__v1__narrow_client__count__recv(call, &response)) == NATSMICRO_OK)
        continue;
    assert_status(NATSMICRO_INTERNAL, status);
    assert_string_equal(natsmicro_call_error_code(call->base), "INTERNAL");
    assert_string_equal(natsmicro_call_error_message(call->base),
                        "narrow.v1.Narrow.Count: the handler returned WOULD_BLOCK");
    narrow__v1__narrow_client__count__close(call);
    narrow__v1__narrow_client__destroy(client);
}

/* ---- a shut window ---- */

/* Reads nothing until it is released, and then everything. */
static natsmicro_status sum_late(Lab__V1__LabServer__Sum *call, void *user_data)
{
    lab_probe *seen = user_data;
    Lab__V1__SumResponse response = LAB__V1__SUM_RESPONSE__INIT;
    seen->call = call->base;
    latch_open(&seen->entered);
    latch_wait(&seen->release, LAB_PATIENCE);
    const Lab__V1__SumRequest *request;
    natsmicro_status status;
    while ((status = lab__v1__lab_server__sum__recv(call, &request)) == NATSMICRO_OK)
        response.count++;
    seen->first = status;
    seen->number = response.count;
    latch_open(&seen->done);
    return status == NATSMICRO_END ? lab__v1__lab_server__sum__reply(call, &response) : status;
}

static const Lab__V1__LabHandlers late = {.sum = sum_late};

static Lab__V1__LabClient__Sum *open_sum(lab *room, size_t window_bytes, uint32_t window_messages,
                                         natsmicro_context *context)
{
    natsmicro_server_options options = NATSMICRO_SERVER_OPTIONS_INIT;
    options.window_bytes = window_bytes;
    options.window_messages = window_messages;
    lab_serve_with(room, &late, &room->seen, &options, NULL);
    assert_int_equal(NATS_OK, natsConnection_FlushTimeout(room->server_connection, LAB_PATIENCE));
    Lab__V1__LabClient__Sum *call;
    assert_ok(lab__v1__lab_client__sum(room->client, context, &call));
    assert_true(latch_wait(&room->seen.entered, LAB_PATIENCE));
    return call;
}

/* Once the sender of a call waits, releases the handler, or cancels the call. */
typedef struct watch {
    natsmicro_call *call;
    latch *release; /* NULL: cancel */
    bool stalled;
    pthread_t thread;
} watch;

static void *act_once_stalled(void *data)
{
    watch *self = data;
    self->stalled = eventually(call_has_stalled, self->call, LAB_PATIENCE);
    if (self->release != NULL)
        latch_open(self->release);
    else
        natsmicro_call_cancel(self->call);
    return NULL;
}

static void watch_start(watch *self)
{
    assert_int_equal(0, pthread_create(&self->thread, NULL, act_once_stalled, self));
}

static void watch_end(watch *self)
{
    pthread_join(self->thread, NULL);
    assert_true(self->stalled);
}

static void a_sender_waits_for_the_reader(void **state)
{
    lab *room = *state;
    Lab__V1__LabClient__Sum *call = open_sum(room, 0, 2, NULL);
    watch watch_it = {.call = call->base, .release = &room->seen.release};
    assert_ok(lab_sum_send(call, 1));
    assert_ok(lab_sum_send(call, 2));
    assert_int_equal(0, metrics_of(call->base).stalls);
    watch_start(&watch_it);
    assert_ok(lab_sum_send(call, 3));
    watch_end(&watch_it);
    assert_int_equal(1, metrics_of(call->base).stalls);
    Lab__V1__SumResponse *response;
    assert_ok(lab__v1__lab_client__sum__close_and_recv(call, &response));
    assert_int_equal(3, response->count);
    lab__v1__lab_client__sum__free(response);
    lab__v1__lab_client__sum__close(call);
}

/* An end needs no room in the window: a handler is done although nobody has read what it sent. */
static void an_end_passes_a_shut_window(void **state)
{
    natsmicro_client_options options = NATSMICRO_CLIENT_OPTIONS_INIT;
    lab *room = *state;
    options.window_messages = 2;
    lab_call_with(room, &options);
    lab_serve(room, &lab_held_handlers, &room->seen);
    assert_int_equal(NATS_OK, natsConnection_FlushTimeout(room->server_connection, LAB_PATIENCE));
    Lab__V1__LabClient__CountUp *call;
    assert_ok(lab_count_up(room, 2, 0, NULL, &call));
    assert_true(latch_wait(&room->seen.done, LAB_PATIENCE));
    natsmicro_server_destroy(room->server); /* which waits until the end has reached the caller */
    room->server = NULL;
    int32_t received;
    bool in_order;
    assert_status(NATSMICRO_END, lab_count_all(call, &received, &in_order));
    assert_int_equal(2, received);
    assert_true(in_order);
    lab__v1__lab_client__count_up__close(call);
}

static void a_deadline_ends_a_send_that_waits(void **state)
{
    lab *room = *state;
    natsmicro_context *context = lab_context();
    natsmicro_context_set_timeout(context, 1500); /* the send must wait by then */
    Lab__V1__LabClient__Sum *call = open_sum(room, 0, 2, context);
    natsmicro_status status;
    while ((status = lab_sum_send(call, 1)) == NATSMICRO_OK)
        continue;
    assert_status(NATSMICRO_DEADLINE_EXCEEDED, status);
    assert_int_equal(1, metrics_of(call->base).stalls);
    latch_open(&room->seen.release);
    assert_true(latch_wait(&room->seen.done, LAB_PATIENCE));
    assert_status(NATSMICRO_DEADLINE_EXCEEDED, room->seen.first);
    lab__v1__lab_client__sum__close(call);
    natsmicro_context_destroy(context);
}

static void a_cancel_ends_a_send_that_waits(void **state)
{
    lab *room = *state;
    Lab__V1__LabClient__Sum *call = open_sum(room, 0, 2, NULL);
    watch watch_it = {.call = call->base};
    watch_start(&watch_it);
    natsmicro_status status;
    while ((status = lab_sum_send(call, 1)) == NATSMICRO_OK)
        continue;
    watch_end(&watch_it);
    assert_status(NATSMICRO_CANCELLED, status);
    latch_open(&room->seen.release);
    assert_true(latch_wait(&room->seen.done, LAB_PATIENCE));
    assert_status(NATSMICRO_CANCELLED, room->seen.first);
    lab__v1__lab_client__sum__close(call);
}

/* Sends until a send fails, and notes its status. */
static natsmicro_status count_endlessly(Lab__V1__LabServer__CountUp *call,
                                        const Lab__V1__CountUpRequest *request, void *user_data)
{
    lab_probe *seen = user_data;
    Lab__V1__CountUpResponse response = LAB__V1__COUNT_UP_RESPONSE__INIT;
    (void)request;
    natsmicro_status status;
    while ((status = lab__v1__lab_server__count_up__send(call, &response)) == NATSMICRO_OK)
        response.number++;
    seen->first = status;
    latch_open(&seen->done);
    return status;
}

static void a_handler_that_waits_for_room_hears_that_its_caller_is_gone(void **state)
{
    static const Lab__V1__LabHandlers endless = {.count_up = count_endlessly};
    natsmicro_client_options client = NATSMICRO_CLIENT_OPTIONS_INIT;
    lab *room = *state;
    client.window_messages = 10;
    lab_serve(room, &endless, &room->seen);
    lab_call_with(room, &client);
    assert_int_equal(NATS_OK, natsConnection_FlushTimeout(room->server_connection, LAB_PATIENCE));
    Lab__V1__LabClient__CountUp *call;
    assert_ok(lab_count_up(room, 1, 0, NULL, &call));
    assert_true(eventually(server_has_stalled, room->server, LAB_PATIENCE));
    lab__v1__lab_client__count_up__close(call);
    assert_true(latch_wait(&room->seen.done, LAB_PATIENCE));
    assert_status(NATSMICRO_CANCELLED, room->seen.first);
}

/* ---- bytes ---- */

static void a_message_larger_than_the_window_passes(void **state)
{
    natsmicro_server_options server = NATSMICRO_SERVER_OPTIONS_INIT;
    natsmicro_client_options client = NATSMICRO_CLIENT_OPTIONS_INIT;
    lab *room = *state;
    char *text = lab_text(20000);
    server.window_bytes = client.window_bytes = 1000;
    lab_serve_with(room, &lab_handlers, NULL, &server, NULL);
    lab_call_with(room, &client);
    assert_int_equal(NATS_OK, natsConnection_FlushTimeout(room->server_connection, LAB_PATIENCE));
    Lab__V1__LabClient__Chat *call;
    assert_ok(lab__v1__lab_client__chat(room->client, NULL, &call));
    const Lab__V1__ChatMessage *line;
    for (int i = 0; i < NUMBERS; i++) {
        assert_ok(lab_chat_send(call, text));
        assert_ok(lab__v1__lab_client__chat__recv(call, &line));
        assert_string_equal(text, line->text);
    }
    lab__v1__lab_client__chat__close(call);
    free(text);
}

static void the_smallest_windows_move_everything(void **state)
{
    natsmicro_server_options server = NATSMICRO_SERVER_OPTIONS_INIT;
    natsmicro_client_options client = NATSMICRO_CLIENT_OPTIONS_INIT;
    lab *room = *state;
    server.window_bytes = client.window_bytes = 1;
    server.window_messages = client.window_messages = 1;
    lab_serve_with(room, &lab_handlers, NULL, &server, NULL);
    lab_call_with(room, &client);
    assert_int_equal(NATS_OK, natsConnection_FlushTimeout(room->server_connection, LAB_PATIENCE));
    Lab__V1__LabClient__CountUp *call;
    assert_ok(lab_count_up(room, 500, 0, NULL, &call));
    int32_t received;
    bool in_order;
    assert_status(NATSMICRO_END, lab_count_all(call, &received, &in_order));
    assert_int_equal(500, received);
    assert_true(in_order);
    lab__v1__lab_client__count_up__close(call);
}

/* ---- a broker with little room ---- */

#define SMALL_PAYLOAD 4096

/* The bytes of a frame that no message or end can use (NM_OUTBOX_RESERVE). */
#define NO_PAYLOAD 128

/*
 * Frames are no larger than the broker accepts. A message that does not fit is refused, not sent
 * for ever.
 */
static void a_small_max_payload_moves_everything(void **state)
{
    const broker_options little = {.max_payload = SMALL_PAYLOAD};
    const size_t too_long = SMALL_PAYLOAD - 10;
    char *text = lab_text(too_long);
    (void)state;
    lab room;
    lab_open_with(&room, &little);
    lab_serve(&room, NULL, NULL);
    assert_int_equal(NATS_OK, natsConnection_FlushTimeout(room.server_connection, LAB_PATIENCE));
    Lab__V1__LabClient__CountUp *count_call;
    assert_ok(lab_count_up(&room, 20000, 0, NULL, &count_call));
    int32_t received;
    bool in_order;
    assert_status(NATSMICRO_END, lab_count_all(count_call, &received, &in_order));
    assert_int_equal(20000, received);
    assert_true(in_order);
    lab__v1__lab_client__count_up__close(count_call);
    Lab__V1__LabClient__Chat *call;
    assert_ok(lab__v1__lab_client__chat(room.client, NULL, &call));
    assert_status(NATSMICRO_RESOURCE_EXHAUSTED, lab_chat_send(call, text));
    text[too_long - 200] = '\0';
    assert_ok(lab_chat_send(call, text));
    const Lab__V1__ChatMessage *line;
    assert_ok(lab__v1__lab_client__chat__recv(call, &line));
    assert_string_equal(text, line->text);
    lab__v1__lab_client__chat__close(call);
    free(text);
    lab_close(&room);
}

/* Where even the shortest end may not have the room it needs, its text is cut. */
static natsmicro_status fail_with_a_text(Lab__V1__LabServer__Chat *call, void *user_data)
{
    char *text = lab_text(900);
    (void)user_data;
    natsmicro_call_fail(call->base, NATSMICRO_ABORTED, "%s", text);
    free(text);
    return NATSMICRO_ABORTED;
}

static void the_smallest_max_payload_takes_an_end(void **state)
{
    static const Lab__V1__LabHandlers failing = {.chat = fail_with_a_text};
    const broker_options little = {.max_payload = NO_PAYLOAD};
    natsmicro_client_options options = NATSMICRO_CLIENT_OPTIONS_INIT;
    (void)state;
    options.inbox_prefix = "a"; /* so that the opening is small enough */
    options.window_bytes = options.window_messages = 1;
    lab room;
    lab_open_with(&room, &little);
    lab_call_with(&room, &options);
    lab_serve(&room, &failing, NULL);
    assert_int_equal(NATS_OK, natsConnection_FlushTimeout(room.server_connection, LAB_PATIENCE));
    Lab__V1__LabClient__Chat *call;
    assert_ok(lab__v1__lab_client__chat(room.client, NULL, &call));
    const Lab__V1__ChatMessage *line;
    assert_status(NATSMICRO_ABORTED, lab__v1__lab_client__chat__recv(call, &line));
    lab__v1__lab_client__chat__close(call);
    lab_close(&room);
}

/* Fails with headers and data that do not fit into one frame together. */
static natsmicro_status fail_at_length(Lab__V1__LabServer__CountUp *call,
                                       const Lab__V1__CountUpRequest *request, void *user_data)
{
    char *text = lab_text((size_t)request->pad);
    char *data = lab_text(30000);
    (void)user_data;
    natsmicro_call_set_header(call->base, "Long", text);
    natsmicro_call_set_error_data(call->base, data, 30000);
    free(data);
    free(text);
    return natsmicro_call_fail(call->base, NATSMICRO_ABORTED, "at length");
}

static void assert_fails_at_length(lab *room, int32_t length)
{
    Lab__V1__CountUpRequest request = LAB__V1__COUNT_UP_REQUEST__INIT;
    request.pad = length;
    Lab__V1__LabClient__CountUp *call;
    assert_ok(lab__v1__lab_client__count_up(room->client, &request, NULL, &call));
    const Lab__V1__CountUpResponse *response;
    assert_status(NATSMICRO_ABORTED, lab__v1__lab_client__count_up__recv(call, &response));
    lab__v1__lab_client__count_up__close(call);
}

static void an_end_is_cut_to_what_its_headers_leave(void **state)
{
    static const Lab__V1__LabHandlers failing = {.count_up = fail_at_length};
    lab *room = *state;
    lab_serve(room, &failing, NULL);
    assert_int_equal(NATS_OK, natsConnection_FlushTimeout(room->server_connection, LAB_PATIENCE));
    assert_fails_at_length(room, 100);
    assert_fails_at_length(room, 40000);
    assert_fails_at_length(room, LAB_MAX_PAYLOAD - 200);
    assert_fails_at_length(room, 2 * LAB_MAX_PAYLOAD);
}

/* Sends an empty line after headers that are twice as large as a frame may be. */
static natsmicro_status send_behind_headers(Lab__V1__LabServer__Chat *call, void *user_data)
{
    Lab__V1__ChatMessage line = LAB__V1__CHAT_MESSAGE__INIT;
    char *text = lab_text((size_t)2 * LAB_MAX_PAYLOAD);
    (void)user_data;
    natsmicro_call_set_header(call->base, "Long", text);
    free(text);
    return lab__v1__lab_server__chat__send(call, &line);
}

static void headers_that_leave_no_room_are_too_large(void **state)
{
    static const Lab__V1__LabHandlers sending = {.chat = send_behind_headers};
    lab *room = *state;
    natsmicro_context *context = lab_context();
    natsmicro_context_set_timeout(context, LAB_AT_ONCE);
    lab_serve(room, &sending, NULL);
    assert_int_equal(NATS_OK, natsConnection_FlushTimeout(room->server_connection, LAB_PATIENCE));
    Lab__V1__LabClient__Chat *call;
    assert_ok(lab__v1__lab_client__chat(room->client, context, &call));
    const Lab__V1__ChatMessage *line;
    assert_status(NATSMICRO_RESOURCE_EXHAUSTED, lab__v1__lab_client__chat__recv(call, &line));
    lab__v1__lab_client__chat__close(call);
    natsmicro_context_destroy(context);
}

/* The answer fills a frame by itself, and its trailers go into the next one. */
static natsmicro_status answer_with_trailers(Lab__V1__LabServer__Upload *call, void *user_data)
{
    Lab__V1__UploadResult result = LAB__V1__UPLOAD_RESULT__INIT;
    char *text = lab_text(LAB_MAX_PAYLOAD - 300);
    (void)user_data;
    result.sha256 = text;
    natsmicro_call_set_trailer(call->base, "Long", text + LAB_MAX_PAYLOAD - 1300);
    natsmicro_status status = lab__v1__lab_server__upload__reply(call, &result);
    free(text);
    return status;
}

static void a_large_answer_with_trailers_passes(void **state)
{
    static const Lab__V1__LabHandlers answering = {.upload = answer_with_trailers};
    Lab__V1__UploadResult *result = NULL;
    lab *room = *state;
    natsmicro_context *context = lab_context();
    natsmicro_context_set_timeout(context, LAB_AT_ONCE);
    lab_serve(room, &answering, NULL);
    assert_int_equal(NATS_OK, natsConnection_FlushTimeout(room->server_connection, LAB_PATIENCE));
    Lab__V1__LabClient__Upload *call;
    assert_ok(lab__v1__lab_client__upload(room->client, context, &call));
    assert_ok(lab__v1__lab_client__upload__close_and_recv(call, &result));
    assert_int_equal(LAB_MAX_PAYLOAD - 300, strlen(result->sha256));
    assert_int_equal(1000, strlen(natsmicro_call_trailer(call->base, "Long")));
    lab__v1__lab_client__upload__free(result);
    lab__v1__lab_client__upload__close(call);
    natsmicro_context_destroy(context);
}

/* ---- metrics ---- */

/* Whether the whole window was sent, and sent again. */
static bool server_is_stuck(void *server)
{
    natsmicro_stream_metrics metrics = metrics_of_server(server);
    return metrics.stalls > 0 && metrics.retransmitted > 0;
}

static void metrics_tell_what_was_lost(void **state)
{
    const proxy_faults faults = {.subjects = "_INBOX."};
    (void)state;
    lab room;
    lab_open(&room);
    proxy *between = proxy_start(room.nats, &faults);
    natsConnection *far = connect_to_url(proxy_url(between));
    assert_ok(natsmicro_server_new(&room.server, room.server_connection, NULL));
    assert_ok(lab__v1__lab_server__add(room.server, &lab_handlers, NULL, NULL));
    assert_int_equal(NATS_OK, natsConnection_FlushTimeout(room.server_connection, LAB_PATIENCE));
    natsmicro_client_options narrow = NATSMICRO_CLIENT_OPTIONS_INIT;
    narrow.window_messages = MANY / 2;
    Lab__V1__LabClient *through;
    assert_ok(lab__v1__lab_client__new(&through, far, &narrow));
    Lab__V1__LabClient *direct = room.client;
    room.client = through;
    proxy_set_black_hole(between, true); /* for what the service sends */
    Lab__V1__LabClient__CountUp *call;
    assert_ok(lab_count_up(&room, MANY, 0, NULL, &call));
    assert_true(eventually(server_is_stuck, room.server, LAB_PATIENCE));
    proxy_set_black_hole(between, false);
    int32_t received;
    bool in_order;
    assert_status(NATSMICRO_END, lab_count_all(call, &received, &in_order));
    natsmicro_stream_metrics ours = metrics_of(call->base);
    lab__v1__lab_client__count_up__close(call);
    natsmicro_stream_metrics theirs = metrics_of_server(room.server);
    report("%" PRIu64 " messages sent, %" PRIu64 " of them again, %" PRIu64 " stalls",
           theirs.messages_sent, theirs.retransmitted, theirs.stalls);
    assert_int_equal(MANY, received);
    assert_true(in_order);
    assert_int_equal(MANY, ours.messages_received);
    assert_int_equal(MANY, theirs.messages_sent);
    assert_true(theirs.retransmitted > 0);
    assert_true(theirs.stalls > 0);
    assert_true(ours.bytes_received > theirs.bytes_sent); /* with their heads */
    lab__v1__lab_client__destroy(through);
    room.client = direct;
    natsConnection_Destroy(far);
    lab_close(&room);
    proxy_stop(between);
}

/* ---- far away ---- */

/*
 * A round trip that is longer than the first retransmit timer is measured, so that messages are not
 * sent twice any more.
 */
static void a_peer_that_is_far_is_waited_for(void **state)
{
    const proxy_faults faults = {.subjects = "_INBOX.", .latency_ms = FAR_MS};
    (void)state;
    lab room;
    lab_open(&room);
    proxy *between = proxy_start(room.nats, &faults);
    natsConnection *far = connect_to_url(proxy_url(between));
    Lab__V1__LabClient *through;
    assert_ok(lab__v1__lab_client__new(&through, far, NULL));
    lab_serve(&room, NULL, NULL);
    assert_int_equal(NATS_OK, natsConnection_FlushTimeout(room.server_connection, LAB_PATIENCE));
    Lab__V1__LabClient__Chat *call;
    assert_ok(lab__v1__lab_client__chat(through, NULL, &call));
    const Lab__V1__ChatMessage *line;
    for (int i = 0; i < FAR_TURNS; i++) {
        assert_ok(lab_chat_send(call, "is anybody there?"));
        assert_ok(lab__v1__lab_client__chat__recv(call, &line));
    }
    natsmicro_stream_metrics ours = metrics_of(call->base);
    natsmicro_stream_metrics theirs = metrics_of_server(room.server);
    report("round trip %" PRIu64 " ms; of %d messages each, %" PRIu64 " and %" PRIu64
           " were sent again",
           ours.round_trip_ns / 1000000, FAR_TURNS, ours.retransmitted, theirs.retransmitted);
    assert_true(ours.round_trip_ns >= FAR_MS * UINT64_C(1000000));
    assert_true(ours.retransmitted <= FAR_TURNS / 2);
    assert_true(theirs.retransmitted <= FAR_TURNS / 2);
    lab__v1__lab_client__chat__close(call);
    lab__v1__lab_client__destroy(through);
    natsConnection_Destroy(far);
    lab_close(&room);
    proxy_stop(between);
}

/* ---- the option that turns them off ---- */

static void assert_kind(lab *room, natsmicro_context *context, bool reliable)
{
    Lab__V1__LabClient__CountUp *call;
    assert_ok(lab_count_up(room, 10, 0, context, &call));
    int32_t received;
    bool in_order;
    assert_status(NATSMICRO_END, lab_count_all(call, &received, &in_order));
    assert_int_equal(10, received);
    assert_true(in_order);
    natsmicro_stream_metrics metrics = metrics_of(call->base);
    assert_int_equal(reliable, metrics.reliable);
    assert_int_equal(10, metrics.messages_received);
    lab__v1__lab_client__count_up__close(call);
}

static void both_sides_speak_reliable_streams_by_themselves(void **state)
{
    lab *room = *state;
    lab_serve(room, NULL, NULL);
    assert_kind(room, NULL, true);
    assert_int_equal(10, metrics_of_server(room->server).messages_sent);
}

static void a_client_can_do_without(void **state)
{
    natsmicro_client_options options = NATSMICRO_CLIENT_OPTIONS_INIT;
    lab *room = *state;
    lab_serve(room, NULL, NULL);
    options.plain_streams = true;
    lab_call_with(room, &options);
    assert_kind(room, NULL, false);
    assert_int_equal(0, metrics_of_server(room->server).messages_sent);
}

static void a_server_can_do_without(void **state)
{
    natsmicro_server_options options = NATSMICRO_SERVER_OPTIONS_INIT;
    lab *room = *state;
    options.plain_streams = true;
    lab_serve_with(room, &lab_handlers, NULL, &options, NULL);
    assert_kind(room, NULL, false);
}

static void a_call_can_do_without(void **state)
{
    lab *room = *state;
    natsmicro_context *context = lab_context();
    lab_serve(room, NULL, NULL);
    natsmicro_context_set_plain_streams(context, true);
    assert_kind(room, context, false);
    natsmicro_context_set_plain_streams(context, false);
    assert_kind(room, context, true);
    assert_kind(room, NULL, true);
    natsmicro_context_destroy(context);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        lab_test(max_inflight_bounds_what_is_sent_ahead_of_the_reader),
        lab_test(a_handler_that_returns_would_block_fails_with_a_status_that_travels),
        lab_test(a_sender_waits_for_the_reader),
        lab_test(an_end_passes_a_shut_window),
        lab_test(a_deadline_ends_a_send_that_waits),
        lab_test(a_cancel_ends_a_send_that_waits),
        lab_test(a_handler_that_waits_for_room_hears_that_its_caller_is_gone),
        lab_test(a_message_larger_than_the_window_passes),
        lab_test(the_smallest_windows_move_everything),
        cmocka_unit_test(a_small_max_payload_moves_everything),
        cmocka_unit_test(the_smallest_max_payload_takes_an_end),
        lab_test(an_end_is_cut_to_what_its_headers_leave),
        lab_test(headers_that_leave_no_room_are_too_large),
        lab_test(a_large_answer_with_trailers_passes),
        cmocka_unit_test(metrics_tell_what_was_lost),
        cmocka_unit_test(a_peer_that_is_far_is_waited_for),
        lab_test(both_sides_speak_reliable_streams_by_themselves),
        lab_test(a_client_can_do_without),
        lab_test(a_server_can_do_without),
        lab_test(a_call_can_do_without),
    };
    return cmocka_run_group_tests(tests, lab_start_broker, lab_stop_broker);
}
