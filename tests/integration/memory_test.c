/*
 * Short memory: each allocation that a call makes in its caller's thread fails once, and each time
 * the context says what the function returned, and why. What has no memory when it comes in is not
 * left out silently either.
 *
 * The program is linked with wrappers of the functions that allocate (mk/tests.mk). They stand in
 * for them in the library and in the tests, not in nats.c.
 */
#include "integration/lab_service.h"

#include <stdlib.h>
#include <string.h>

/* ---- allocations that fail ---- */

/* Of this thread: the number of allocations until one fails; 0: none does. */
static _Thread_local int until_failure;

static bool fails(void)
{
    return until_failure > 0 && --until_failure == 0;
}

/* Of the library's threads: the number of the state of a transport that fails, and of a name. */
static atomic_int failing_state;
static atomic_int failing_name;

static bool is_the_one(atomic_int *number)
{
    return atomic_load(number) > 0 && atomic_fetch_sub(number, 1) == 1;
}

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *memory, size_t size);
void *__real_aligned_alloc(size_t alignment, size_t size);
char *__real_strdup(const char *text);
char *__real_strndup(const char *text, size_t length);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *memory, size_t size);
void *__wrap_aligned_alloc(size_t alignment, size_t size);
char *__wrap_strdup(const char *text);
char *__wrap_strndup(const char *text, size_t length);

void *__wrap_malloc(size_t size)
{
    return fails() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
    return fails() ? NULL : __real_calloc(count, size);
}

void *__wrap_realloc(void *memory, size_t size)
{
    return fails() ? NULL : __real_realloc(memory, size);
}

void *__wrap_aligned_alloc(size_t alignment, size_t size)
{
    return fails() || is_the_one(&failing_state) ? NULL : __real_aligned_alloc(alignment, size);
}

char *__wrap_strdup(const char *text)
{
    return fails() ? NULL : __real_strdup(text);
}

char *__wrap_strndup(const char *text, size_t length)
{
    return fails() || is_the_one(&failing_name) ? NULL : __real_strndup(text, length);
}

/* ---- calls ---- */

/* More allocations than a call makes in its caller's thread. */
#define MANY 200

static natsmicro_status call_ping(Lab__V1__LabClient *client, natsmicro_context *context)
{
    return lab_ping_by(client, context);
}

static natsmicro_status open_sum(Lab__V1__LabClient *client, natsmicro_context *context)
{
    Lab__V1__LabClient__Sum *call;
    natsmicro_status status = lab__v1__lab_client__sum(client, context, &call);
    int left = until_failure;
    until_failure = 0;
    lab__v1__lab_client__sum__close(call);
    until_failure = left;
    return status;
}

static natsmicro_status open_count_up(Lab__V1__LabClient *client, natsmicro_context *context)
{
    Lab__V1__CountUpRequest request = LAB__V1__COUNT_UP_REQUEST__INIT;
    Lab__V1__LabClient__CountUp *call;
    natsmicro_status status = lab__v1__lab_client__count_up(client, &request, context, &call);
    int left = until_failure;
    until_failure = 0;
    lab__v1__lab_client__count_up__close(call);
    until_failure = left;
    return status;
}

/* What failed is told, in the context and with a text that is more than the status's name. */
static void expect_told(const natsmicro_context *context, natsmicro_status status)
{
    const char *text = natsmicro_context_error_message(context);
    assert_status(status, natsmicro_context_status(context));
    assert_status(NATSMICRO_RESOURCE_EXHAUSTED, status);
    assert_string_not_equal(text, "");
    assert_string_not_equal(text, natsmicro_status_name(status));
}

/*
 * Fails the first allocation of a call, then the second of another, and so on, until a call makes
 * fewer. A call that does not need what failed passes. Returns how many calls have failed.
 */
static int fail_each(Lab__V1__LabClient *client, natsmicro_context *context,
                     natsmicro_status (*call)(Lab__V1__LabClient *, natsmicro_context *))
{
    int failed = 0;
    for (int i = 1; i < MANY; i++) {
        until_failure = i;
        natsmicro_status status = call(client, context);
        bool reached = until_failure == 0;
        until_failure = 0;
        if (status != NATSMICRO_OK) {
            expect_told(context, status);
            failed++;
        } else
            assert_ok(natsmicro_context_status(context));
        if (!reached)
            return failed;
    }
    fail_msg("a call allocates more than %d times", MANY);
    return failed;
}

/* Each with a client of its own, because a client keeps the memory of its calls. */
static void expect_each_told(lab *room,
                             natsmicro_status (*call)(Lab__V1__LabClient *, natsmicro_context *))
{
    natsmicro_client_options options = NATSMICRO_CLIENT_OPTIONS_INIT;
    natsmicro_context *context = lab_context();
    assert_ok(natsmicro_context_set_header(context, "Trace", "1"));
    lab_call_with(room, &options);
    assert_true(fail_each(room->client, context, call) > 0);
    natsmicro_context_destroy(context);
}

static void a_call_without_memory_is_told_in_its_context(void **state)
{
    lab *room = *state;
    lab_serve(room, NULL, NULL);
    expect_each_told(room, call_ping);
    expect_each_told(room, open_count_up);
    expect_each_told(room, open_sum);
}

/* ---- headers ---- */

static void a_header_without_memory_is_told_in_its_context(void **state)
{
    (void)state;
    natsmicro_context *context = lab_context();
    until_failure = 1;
    natsmicro_status status = natsmicro_context_add_header(context, "Trace", "1");
    until_failure = 0;
    expect_told(context, status);
    assert_non_null(strstr(natsmicro_context_error_message(context), "Trace"));
    natsmicro_context_destroy(context);
}

/* ---- what comes in ---- */

#define MINUTES 600000

/* A client that offers reliable streams, whatever the service makes of it. */
static Lab__V1__LabClient *new_offering_client(lab *room)
{
    Lab__V1__LabClient *client;
    assert_ok(lab__v1__lab_client__new(&client, room->client_connection, NULL));
    return client;
}

/*
 * The first call stays open, so that the server has no memory of an earlier one for the second. So
 * its state is made first, and fails second on the caller's side. That call stays open, too, and
 * limits are long: only the caller's word ends the handler.
 */
static void a_caller_without_memory_for_the_stream_tells_the_service(void **state)
{
    lab *room = *state;
    natsmicro_server_options options = NATSMICRO_SERVER_OPTIONS_INIT;
    options.gone_limit_ms = options.idle_timeout_ms = MINUTES;
    options.plain_streams = streams_are_plain();
    lab_serve_with(room, &lab_held_handlers, &room->seen, &options, NULL);
    Lab__V1__LabClient *first = new_offering_client(room);
    Lab__V1__LabClient *second = new_offering_client(room);
    Lab__V1__LabClient__Chat *open_chat;
    assert_ok(lab__v1__lab_client__chat(first, NULL, &open_chat));

    atomic_store(&failing_state, 2);
    Lab__V1__LabClient__Chat *chat;
    assert_status(NATSMICRO_RESOURCE_EXHAUSTED, lab__v1__lab_client__chat(second, NULL, &chat));
    assert_int_equal(0, atomic_load(&failing_state));
    assert_true(latch_wait(&room->seen.done, LAB_PATIENCE));
    assert_status(NATSMICRO_CANCELLED, (natsmicro_status)atomic_load(&room->seen.returned));
    lab__v1__lab_client__chat__close(chat);
    lab__v1__lab_client__destroy(second);
    lab__v1__lab_client__chat__close(open_chat);
    lab__v1__lab_client__destroy(first);
}

static natsmicro_status answer_with_header(Lab__V1__LabServer__Ping *call,
                                           const Lab__V1__PingRequest *request, void *user_data)
{
    (void)user_data;
    Lab__V1__PingResponse response = LAB__V1__PING_RESPONSE__INIT;
    response.payload = request->payload;
    assert_ok(natsmicro_call_set_header(call->base, "Trace", "1"));
    return lab__v1__lab_server__ping__reply(call, &response);
}

static natsmicro_status count_with_trailer(Lab__V1__LabServer__CountUp *call,
                                           const Lab__V1__CountUpRequest *request, void *user_data)
{
    (void)request;
    (void)user_data;
    assert_ok(natsmicro_call_set_trailer(call->base, "Trace", "1"));
    return NATSMICRO_OK;
}

static void headers_without_memory_end_the_call(void **state)
{
    lab *room = *state;
    static const Lab__V1__LabHandlers handlers = {.ping = answer_with_header,
                                                  .count_up = count_with_trailer};
    lab_serve(room, &handlers, NULL);
    natsmicro_context *context = lab_context();
    atomic_store(&failing_name, 1);
    assert_status(NATSMICRO_RESOURCE_EXHAUSTED, lab_ping_status(room, "a", context));
    assert_non_null(strstr(natsmicro_context_error_message(context), "headers"));

    assert_ok(natsmicro_context_set_header(context, "Trace", "1"));
    atomic_store(&failing_name, 1); /* the server's copy */
    assert_status(NATSMICRO_RESOURCE_EXHAUSTED, lab_ping_status(room, "a", context));
    assert_non_null(strstr(natsmicro_context_error_message(context), "request's headers"));
    assert_int_equal(0, atomic_load(&failing_name));
    natsmicro_context_destroy(context);
}

/* A reliable stream asks for the end again. */
static void trailers_without_memory_are_not_left_out(void **state)
{
    lab *room = *state;
    static const Lab__V1__LabHandlers handlers = {.ping = answer_with_header,
                                                  .count_up = count_with_trailer};
    lab_serve(room, &handlers, NULL);
    atomic_store(&failing_name, 1);
    Lab__V1__LabClient__CountUp *call;
    assert_ok(lab_count_up(room, 0, 0, NULL, &call));
    const Lab__V1__CountUpResponse *response;
    natsmicro_status status = lab__v1__lab_client__count_up__recv(call, &response);
    if (status == NATSMICRO_END)
        assert_string_equal("1", natsmicro_call_trailer(call->base, "Trace"));
    else
        assert_status(NATSMICRO_RESOURCE_EXHAUSTED, status);
    lab__v1__lab_client__count_up__close(call);
}

static int run(void)
{
    const struct CMUnitTest tests[] = {
        lab_test(a_call_without_memory_is_told_in_its_context),
        lab_test(a_header_without_memory_is_told_in_its_context),
        lab_test(a_caller_without_memory_for_the_stream_tells_the_service),
        lab_test(headers_without_memory_end_the_call),
        lab_test(trailers_without_memory_are_not_left_out),
    };
    return cmocka_run_group_tests(tests, lab_start_broker, lab_stop_broker);
}

int main(void)
{
    return run_on_both_streams(run);
}
