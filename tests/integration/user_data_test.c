/*
 * Data that hooks and interceptors attach to a call: the handler gets it, and it is freed once,
 * however the call ends.
 */
#include "integration/lab_service.h"

#include <stdlib.h>
#include <string.h>

/* ---- data that counts how often it is freed ---- */

/* Outlives all calls: each of their data points to the latch that counts. */
static void count_freed(void *data)
{
    latch_open(data);
}

typedef struct freed {
    latch latch;
    latch other;
} freed;

static freed *setup_freed(void)
{
    static freed self;
    latch_init(&self.latch);
    latch_init(&self.other);
    return &self;
}

static void attach(natsmicro_call *call, freed *data)
{
    natsmicro_call_set_user(call, &data->latch, count_freed);
}

/* ---- on a server ---- */

/* What the payload of a request asks the server's hook and handler to do. */
static bool is_told(const Lab__V1__PingRequest *request, const char *what)
{
    return strcmp(request->payload, what) == 0;
}

static natsmicro_status attach_before(natsmicro_call *call, void *user_data)
{
    attach(call, user_data);
    return natsmicro_call_header(call, "Refuse") == NULL ? NATSMICRO_OK : NATSMICRO_ABORTED;
}

/* It must still be there in `after`. */
static void look_after(natsmicro_call *call, natsmicro_status status, int64_t duration_ns,
                       void *user_data)
{
    freed *data = user_data;
    (void)status;
    (void)duration_ns;
    if (natsmicro_call_user(call) != &data->latch && natsmicro_call_user(call) != &data->other)
        latch_open(&data->latch); /* freed twice by then, which the test sees */
}

static void *finish_later(void *call)
{
    Lab__V1__LabServer__Ping typed = {call};
    Lab__V1__PingResponse response = LAB__V1__PING_RESPONSE__INIT;
    bool there = natsmicro_call_user(call) != NULL;
    natsmicro_status status = lab__v1__lab_server__ping__reply(&typed, &response);
    natsmicro_call_finish(call, there ? status : NATSMICRO_INTERNAL);
    return NULL;
}

static natsmicro_status use_data(Lab__V1__LabServer__Ping *call,
                                 const Lab__V1__PingRequest *request, void *user_data)
{
    freed *data = user_data;
    if (natsmicro_call_user(call->base) != &data->latch)
        return natsmicro_call_fail(call->base, NATSMICRO_INTERNAL, "there is no data");
    if (is_told(request, "replace"))
        natsmicro_call_set_user(call->base, &data->other, count_freed);
    if (is_told(request, "detach")) {
        natsmicro_status status = natsmicro_call_detach(call->base);
        pthread_t thread;
        if (status == NATSMICRO_OK && pthread_create(&thread, NULL, finish_later, call->base) == 0)
            pthread_detach(thread);
        return status;
    }
    Lab__V1__PingResponse response = LAB__V1__PING_RESPONSE__INIT;
    return lab__v1__lab_server__ping__reply(call, &response);
}

static freed *serve(lab *room)
{
    freed *data = setup_freed();
    Lab__V1__LabHandlers handlers = {.ping = use_data};
    natsmicro_server_options options = NATSMICRO_SERVER_OPTIONS_INIT;
    options.hooks = (natsmicro_hooks){attach_before, look_after, data};
    lab_serve_with(room, &handlers, data, &options, NULL);
    return data;
}

/* Ends the server, so that nothing is freed later. */
static void assert_freed(lab *room, freed *data, int count)
{
    assert_true(latch_wait_count(&data->latch, count, LAB_PATIENCE));
    natsmicro_server_destroy(room->server);
    room->server = NULL;
    assert_int_equal(latch_count(&data->latch), count);
}

static void a_handler_gets_the_data_which_is_freed_once(void **state)
{
    lab *room = *state;
    freed *data = serve(room);
    assert_ok(lab_ping_status(room, "", NULL));
    assert_ok(lab_ping_status(room, "", NULL));
    assert_freed(room, data, 2);
}

static void data_of_a_refused_call_is_freed_once(void **state)
{
    lab *room = *state;
    freed *data = serve(room);
    natsmicro_context *context = lab_context();
    assert_ok(natsmicro_context_set_header(context, "Refuse", "yes"));
    assert_status(NATSMICRO_ABORTED, lab_ping_status(room, "", context));
    natsmicro_context_destroy(context);
    assert_freed(room, data, 1);
}

static void data_of_a_detached_call_lives_until_it_is_finished(void **state)
{
    lab *room = *state;
    freed *data = serve(room);
    assert_ok(lab_ping_status(room, "detach", NULL));
    assert_freed(room, data, 1);
}

static void data_that_is_replaced_is_freed_once(void **state)
{
    lab *room = *state;
    freed *data = serve(room);
    assert_ok(lab_ping_status(room, "replace", NULL));
    assert_freed(room, data, 1);
    assert_int_equal(latch_count(&data->other), 1);
}

/* ---- on a client ---- */

static natsmicro_status attach_to_call(natsmicro_call *call, const ProtobufCMessage *request,
                                       ProtobufCMessage **response, natsmicro_next *next,
                                       void *user_data)
{
    attach(call, user_data);
    natsmicro_next_call(next, request, response);
    if (*response != NULL)
        protobuf_c_message_free_unpacked(*response, NULL);
    return natsmicro_next_call(next, request, response);
}

static void data_of_a_clients_calls_is_freed_once(void **state)
{
    lab *room = *state;
    freed *data = setup_freed();
    natsmicro_interceptor interceptor = NATSMICRO_INTERCEPTOR_INIT;
    interceptor.call = attach_to_call;
    interceptor.user_data = data;
    lab_serve(room, NULL, NULL);
    lab_call_through(room, &interceptor);
    assert_ok(lab_ping_status(room, "", NULL));
    assert_int_equal(latch_count(&data->latch), 1); /* for two tries */

    Lab__V1__LabClient__Chat *call;
    assert_ok(lab__v1__lab_client__chat(room->client, NULL, &call));
    attach(call->base, data);
    lab__v1__lab_client__destroy(room->client);
    room->client = NULL;
    assert_ptr_equal(natsmicro_call_user(call->base), &data->latch);
    lab__v1__lab_client__chat__close(call);
    assert_int_equal(latch_count(&data->latch), 2);
}

/* ---- keys ---- */

static void data_of_several_makers_have_a_key_each(void **state)
{
    static const char mine, yours, nobodys;
    lab *room = *state;
    freed *data = setup_freed();
    lab_serve(room, NULL, NULL);
    Lab__V1__LabClient__Chat *chat;
    assert_ok(lab__v1__lab_client__chat(room->client, NULL, &chat));
    natsmicro_call *call = chat->base;
    assert_null(natsmicro_call_user(call));
    assert_ok(natsmicro_call_set_value(call, &mine, &data->latch, count_freed));
    assert_ok(natsmicro_call_set_value(call, &yours, &data->other, count_freed));
    assert_ptr_equal(natsmicro_call_value(call, &mine), &data->latch);
    assert_ptr_equal(natsmicro_call_value(call, &yours), &data->other);
    assert_null(natsmicro_call_value(call, &nobodys));
    assert_null(natsmicro_call_user(call));

    char not_freed[] = "not freed";
    assert_ok(natsmicro_call_set_value(call, &mine, not_freed, NULL));
    assert_int_equal(latch_count(&data->latch), 1);
    assert_ptr_equal(natsmicro_call_value(call, &mine), not_freed);
    lab__v1__lab_client__chat__close(chat);
    assert_int_equal(latch_count(&data->latch), 1);
    assert_int_equal(latch_count(&data->other), 1);

    /* The next call, which may be made of the same memory, has none of it. */
    assert_ok(lab__v1__lab_client__chat(room->client, NULL, &chat));
    assert_null(natsmicro_call_value(chat->base, &yours));
    lab__v1__lab_client__chat__close(chat);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        lab_test(a_handler_gets_the_data_which_is_freed_once),
        lab_test(data_of_a_refused_call_is_freed_once),
        lab_test(data_of_a_detached_call_lives_until_it_is_finished),
        lab_test(data_that_is_replaced_is_freed_once),
        lab_test(data_of_a_clients_calls_is_freed_once),
        lab_test(data_of_several_makers_have_a_key_each),
    };
    return cmocka_run_group_tests(tests, lab_start_broker, lab_stop_broker);
}
