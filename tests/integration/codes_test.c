/*
 * Each built-in code has a function that fails with it and a check that knows it. What a user would
 * lose is a mistake in a string that no compiler sees.
 */
#include "integration/lab_service.h"

#include <string.h>

typedef natsmicro_status (*fail_function)(natsmicro_call *call, const char *format, ...)
    NATSMICRO_PRINTF(2, 3);

typedef struct built_in {
    natsmicro_status status;
    fail_function fail_with;
    bool (*is)(const char *error_code);
} built_in;

#define CODE(STATUS, name)                                                  \
    {                                                                       \
        NATSMICRO_##STATUS, natsmicro_call_fail_##name, natsmicro_is_##name \
    }

static const built_in codes[] = {
    CODE(CANCELLED, cancelled),
    CODE(UNKNOWN, unknown),
    CODE(INVALID_ARGUMENT, invalid_argument),
    CODE(DEADLINE_EXCEEDED, deadline_exceeded),
    CODE(NOT_FOUND, not_found),
    CODE(ALREADY_EXISTS, already_exists),
    CODE(PERMISSION_DENIED, permission_denied),
    CODE(RESOURCE_EXHAUSTED, resource_exhausted),
    CODE(FAILED_PRECONDITION, failed_precondition),
    CODE(ABORTED, aborted),
    CODE(OUT_OF_RANGE, out_of_range),
    CODE(UNIMPLEMENTED, unimplemented),
    CODE(INTERNAL, internal),
    CODE(UNAVAILABLE, unavailable),
    CODE(DATA_LOSS, data_loss),
    CODE(UNAUTHENTICATED, unauthenticated),
};

#define N_CODES ((int)(sizeof(codes) / sizeof(codes[0])))

/* Fails with the code that the request has the number of. */
static natsmicro_status ping(Lab__V1__LabServer__Ping *call, const Lab__V1__PingRequest *request,
                             void *user_data)
{
    (void)user_data;
    return codes[request->fail].fail_with(call->base, "code %d", (int)request->fail);
}

static void each_code_fails_with_its_own(void **state)
{
    lab *self = *state;
    static const Lab__V1__LabHandlers handlers = {.ping = ping};
    lab_serve(self, &handlers, NULL);
    natsmicro_context *context = lab_context();
    for (int i = 0; i < N_CODES; i++) {
        Lab__V1__PingRequest request = LAB__V1__PING_REQUEST__INIT;
        request.fail = i;
        Lab__V1__PingResponse *response;
        assert_status(codes[i].status,
                      lab__v1__lab_client__ping(self->client, &request, context, &response));
        assert_non_null(strstr(natsmicro_context_error_message(context), "code "));
        for (int k = 0; k < N_CODES; k++)
            assert_int_equal(i == k, codes[k].is(natsmicro_context_error_code(context)));
    }
    natsmicro_context_destroy(context);
}

static void a_check_knows_numbers_and_nothing_else(void **state)
{
    (void)state;
    assert_true(natsmicro_is_not_found("404"));
    assert_true(natsmicro_is_unavailable("503"));
    for (int i = 0; i < N_CODES; i++) {
        assert_false(codes[i].is(NULL));
        assert_false(codes[i].is(""));
        assert_false(codes[i].is("QUOTA_EXCEEDED"));
    }
}

/* What a tool of another implementation reads, and what a client of ours makes of it. */
static void numbers_are_written_where_they_are_asked_for(void **state)
{
    lab *self = *state;
    static const Lab__V1__LabHandlers handlers = {.ping = ping};
    natsmicro_server_options options = NATSMICRO_SERVER_OPTIONS_INIT;
    options.numeric_codes = true;
    lab_serve_with(self, &handlers, NULL, &options, NULL);
    natsmicro_context *context = lab_context();
    for (int i = 0; i < N_CODES; i++) {
        Lab__V1__PingRequest request = LAB__V1__PING_REQUEST__INIT;
        request.fail = i;
        Lab__V1__PingResponse *response;
        natsmicro_status status =
            lab__v1__lab_client__ping(self->client, &request, context, &response);
        natsmicro_status expected = codes[i].status;
        if (expected == NATSMICRO_ABORTED)
            expected = NATSMICRO_ALREADY_EXISTS; /* they have one number */
        if (expected == NATSMICRO_UNKNOWN || expected == NATSMICRO_DATA_LOSS)
            expected = NATSMICRO_INTERNAL;
        assert_status(expected, status);
        const char *code = natsmicro_context_error_code(context);
        assert_int_equal(3, strlen(code));
        assert_int_equal(3, strspn(code, "0123456789"));
    }
    natsmicro_context_destroy(context);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        lab_test(each_code_fails_with_its_own),
        lab_test(numbers_are_written_where_they_are_asked_for),
        cmocka_unit_test(a_check_knows_numbers_and_nothing_else),
    };
    return cmocka_run_group_tests(tests, lab_start_broker, lab_stop_broker);
}
