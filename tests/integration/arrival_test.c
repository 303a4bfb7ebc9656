/*
 * A request's time runs from its arrival, also while it waits for a worker. Otherwise a handler
 * works for a caller that has given up long ago, tells others that it has time which is over, and
 * the figures of a busy service look like those of an idle one.
 */
#include "integration/lab_service.h"
#include "integration/raw.h"

#include "base/clock.h"

#include <string.h>

#define ANSWERS "_INBOX.arrival"

/* The timeout of the service, where calls are to miss it. */
#define SHORT_MS 500

/* The timeout that Ping has in its proto. */
#define PROTO_MS 10000

/* How long the others wait for a worker. */
#define WAITED_MS 60

/* ---- handlers: the first call holds the one worker ---- */

static natsmicro_status ping(Lab__V1__LabServer__Ping *call, const Lab__V1__PingRequest *request,
                             void *user_data)
{
    lab_probe *seen = user_data;
    Lab__V1__PingResponse response = LAB__V1__PING_RESPONSE__INIT;
    seen->number = natsmicro_call_remaining_ms(call->base);
    latch_open(&seen->entered);
    if (strcmp(request->payload, "wait") == 0)
        latch_wait(&seen->release, LAB_PATIENCE);
    return lab__v1__lab_server__ping__reply(call, &response);
}

/* Sends nothing until its call is over. */
static natsmicro_status count_up(Lab__V1__LabServer__CountUp *call,
                                 const Lab__V1__CountUpRequest *request, void *user_data)
{
    lab_probe *seen = user_data;
    (void)request;
    latch_open(&seen->done);
    return lab_wait_for_end(call->base);
}

static const Lab__V1__LabHandlers handlers = {.ping = ping, .count_up = count_up};

/* ---- the scene ---- */

typedef struct scene {
    lab *room;
    lab_heard expired;
    natsSubscription *answers;
    int64_t duration; /* ns: of the last call that ended, as its hook is told */
} scene;

/* Outlives a test that fails, as threads of its server use it until the teardown. */
static scene here;

static void note_duration(natsmicro_call *call, natsmicro_status status, int64_t duration_ns,
                          void *user_data)
{
    scene *self = user_data;
    (void)call;
    (void)status;
    self->duration = duration_ns;
}

/* Sends a request for Ping whose answer goes to ANSWERS, so that no thread waits for it. */
static void ask(scene *self, char *payload)
{
    Lab__V1__PingRequest request = LAB__V1__PING_REQUEST__INIT;
    request.payload = payload;
    uint8_t bytes[64];
    size_t length = lab__v1__ping_request__pack(&request, bytes);
    raw_send(self->room->client_connection,
             &(raw_message){
                 .subject = "lab.v1.ping", .reply = ANSWERS, .data = bytes, .length = length});
}

/* Serves with one worker, and has a call hold it. `timeout_ms` 0: PROTO_MS. */
static void scene_open(scene *self, lab *room, int64_t timeout_ms)
{
    *self = (scene){.room = room};
    lab_heard_init(&self->expired, NATSMICRO_EVENT_EXPIRED);
    natsmicro_server_options options = NATSMICRO_SERVER_OPTIONS_INIT;
    options.max_calls = 1;
    options.on_error = lab_hear;
    options.on_error_data = &self->expired;
    options.hooks.after = note_duration;
    options.hooks.user_data = self;
    natsmicro_service_options service = NATSMICRO_SERVICE_OPTIONS_INIT;
    service.timeout_ms = timeout_ms;
    lab_serve_with(room, &handlers, &room->seen, &options, &service);
    assert_int_equal(
        NATS_OK, natsConnection_SubscribeSync(&self->answers, room->client_connection, ANSWERS));
    ask(self, (char[]){"wait"});
    assert_true(latch_wait(&room->seen.entered, LAB_PATIENCE));
}

static void scene_close(scene *self)
{
    raw_unsubscribe(self->room->client_connection, self->answers);
    natsmicro_server_destroy(self->room->server);
    self->room->server = NULL;
    lab_heard_destroy(&self->expired);
}

static natsmicro_server_counters counters_of(scene *self)
{
    natsmicro_server_counters counters;
    natsmicro_server_get_counters(self->room->server, &counters);
    return counters;
}

static bool one_waits(void *data)
{
    return counters_of(data).waiting == 1;
}

static bool is_past(void *time)
{
    return nm_now() >= *(int64_t *)time;
}

/* The call that waits has waited for so long. */
static void let_wait(scene *self, int64_t ms)
{
    assert_true(eventually(one_waits, self, LAB_PATIENCE));
    int64_t time = nm_deadline_in(ms);
    assert_true(eventually(is_past, &time, LAB_PATIENCE));
}

static void expect_answer(scene *self, const char *code)
{
    natsMsg *answer = raw_next(self->answers);
    assert_string_equal(code, raw_header(answer, "Nats-Service-Error-Code"));
    natsMsg_Destroy(answer);
}

/* A new request is served; on a busy machine its own time may be over first. */
static bool next_is_served(void *data)
{
    scene *self = data;
    ask(self, (char[]){"next"});
    natsMsg *answer = raw_next(self->answers);
    bool served = strcmp(raw_header(answer, "Nats-Service-Error-Code"), "") == 0;
    natsMsg_Destroy(answer);
    return served;
}

/* The figures of Ping, as discovery shows them, have this. */
static void expect_figures(scene *self, const char *part)
{
    natsMsg *reply = NULL;
    assert_int_equal(NATS_OK, natsConnection_RequestString(&reply, self->room->client_connection,
                                                           "$SRV.STATS.lab", "", LAB_PATIENCE));
    const char *text = natsMsg_GetData(reply);
    if (strstr(text, part) == NULL)
        fail_msg("no %s in %s", part, text);
    natsMsg_Destroy(reply);
}

/* ---- tests ---- */

static void a_request_whose_time_is_over_never_reaches_its_handler(void **state)
{
    scene_open(&here, *state, SHORT_MS);
    ask(&here, (char[]){"late"});
    let_wait(&here, SHORT_MS);
    expect_answer(&here, "DEADLINE_EXCEEDED"); /* of the call that holds the worker */
    latch_open(&here.room->seen.release);
    lab_expect_heard(&here.expired, "lab.v1.ping", "lab.v1.Lab.Ping", "before a worker was free");
    expect_answer(&here, "DEADLINE_EXCEEDED");
    assert_int_equal(1, latch_count(&here.room->seen.entered));
    assert_int_equal(1, counters_of(&here).expired);
    assert_int_equal(1, counters_of(&here).calls);
    expect_figures(&here, "\"num_requests\":2,\"num_errors\":2,\"last_error\":\"DEADLINE_EXCEEDED:"
                          "lab.v1.Lab.Ping: the call's time was over ");
    assert_true(eventually(next_is_served, &here, LAB_PATIENCE));
    scene_close(&here);
}

static void the_time_that_a_call_has_waited_is_taken_off_and_counted(void **state)
{
    scene_open(&here, *state, 0);
    ask(&here, (char[]){"next"});
    let_wait(&here, WAITED_MS);
    latch_open(&here.room->seen.release);
    assert_true(latch_wait_count(&here.room->seen.entered, 2, LAB_PATIENCE));
    assert_between(here.room->seen.number, 0, PROTO_MS - WAITED_MS);
    expect_answer(&here, "");
    expect_answer(&here, "");
    scene_close(&here); /* the hook runs after the answer */
    assert_between(here.duration, WAITED_MS * NM_NS_PER_MS, LAB_PATIENCE * NM_NS_PER_MS);
}

static void a_stream_whose_caller_has_no_time_left_is_not_begun(void **state)
{
    scene_open(&here, *state, 0);
    natsmicro_context *context = lab_context();
    natsmicro_context_set_timeout(context, SHORT_MS);
    Lab__V1__LabClient__CountUp *call;
    assert_ok(lab_count_up(here.room, 1, 0, context, &call));
    const Lab__V1__CountUpResponse *response;
    assert_status(NATSMICRO_DEADLINE_EXCEEDED,
                  lab__v1__lab_client__count_up__recv(call, &response));
    lab_expect_heard(&here.expired, "lab.v1.count_up", "lab.v1.Lab.CountUp",
                     "before a worker was free");
    latch_open(&here.room->seen.release);
    assert_int_equal(1, counters_of(&here).expired);
    assert_int_equal(0, latch_count(&here.room->seen.done));
    lab__v1__lab_client__count_up__close(call);
    natsmicro_context_destroy(context);
    scene_close(&here);
}

/* Nothing else says that the service is there, as a server stream is not acknowledged. */
static void a_plain_stream_that_has_waited_gets_its_sign_of_life_at_once(void **state)
{
    scene_open(&here, *state, 0);
    natsConnection *connection = here.room->client_connection;
    natsSubscription *arrives;
    assert_int_equal(NATS_OK, natsConnection_SubscribeSync(&arrives, connection, "_INBOX.stream"));
    raw_send(connection, &(raw_message){.subject = "lab.v1.count_up",
                                        .reply = "_INBOX.stream",
                                        .reply_to = "_INBOX.stream"});
    let_wait(&here, 1000);
    latch_open(&here.room->seen.release);
    assert_true(latch_wait(&here.room->seen.done, LAB_PATIENCE));
    int64_t begun = nm_now();
    natsMsg *word = raw_next(arrives);
    assert_string_equal("alive", raw_header(word, "Natsmicro-Control"));
    assert_between(nm_now() - begun, 0, 900 * NM_NS_PER_MS);
    raw_send(connection, &(raw_message){.subject = natsMsg_GetReply(word),
                                        .seq = "0",
                                        .end = "true",
                                        .code = "CANCELLED"});
    natsMsg_Destroy(word);
    scene_close(&here);
    raw_unsubscribe(connection, arrives);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        lab_test(a_request_whose_time_is_over_never_reaches_its_handler),
        lab_test(the_time_that_a_call_has_waited_is_taken_off_and_counted),
        lab_test(a_stream_whose_caller_has_no_time_left_is_not_begun),
        lab_test(a_plain_stream_that_has_waited_gets_its_sign_of_life_at_once),
    };
    return cmocka_run_group_tests(tests, lab_start_broker, lab_stop_broker);
}
