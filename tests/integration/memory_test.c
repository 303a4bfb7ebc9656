/*
 * Short memory in a caller: each allocation that a call makes in its caller's thread fails once,
 * and each time the context says what the function returned, and why.
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

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *memory, size_t size);
void *__real_aligned_alloc(size_t alignment, size_t size);
char *__real_strdup(const char *text);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *memory, size_t size);
void *__wrap_aligned_alloc(size_t alignment, size_t size);
char *__wrap_strdup(const char *text);

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
    return fails() ? NULL : __real_aligned_alloc(alignment, size);
}

char *__wrap_strdup(const char *text)
{
    return fails() ? NULL : __real_strdup(text);
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

static int run(void)
{
    const struct CMUnitTest tests[] = {
        lab_test(a_call_without_memory_is_told_in_its_context),
        lab_test(a_header_without_memory_is_told_in_its_context),
    };
    return cmocka_run_group_tests(tests, lab_start_broker, lab_stop_broker);
}

int main(void)
{
    return run_on_both_streams(run);
}
