/*
 * A thousand calls of each kind, half of them abandoned in the middle, leave nothing: no memory, no
 * thread, no subscription. This finds leaks that grow with each call; sanitizers find the others.
 */
#include "integration/lab_service.h"
#include "support/sanitized.h"

#include <dirent.h>
#include <stdio.h>
#include <unistd.h>

#define CALLS   1000
#define WAIT_MS 15000

/* In bytes. Sanitizers keep freed memory for a while, and look for leaks themselves. */
#define GROWTH_LIMIT PLAIN_OR_SANITIZED(768 * 1024, 1024 * 1024 * 1024)

static lab room;
static natsConnection *connection;
static Lab__V1__LabClient *client;

static int open_room(void **state)
{
    (void)state;
    lab_open_held(&room, NULL);
    connection = connect_to(room.nats);
    client = lab_new_client(connection);
    return 0;
}

static int close_room(void **state)
{
    (void)state;
    lab__v1__lab_client__destroy(client);
    natsConnection_Destroy(connection);
    lab_close(&room);
    return 0;
}

/* ---- one call of each pattern ---- */

static void unary(bool abandoned)
{
    Lab__V1__PingRequest request = LAB__V1__PING_REQUEST__INIT;
    Lab__V1__PingResponse *response = NULL;
    request.fail = abandoned;
    assert_status(abandoned ? NATSMICRO_NOT_FOUND : NATSMICRO_OK,
                  lab__v1__lab_client__ping(client, &request, NULL, &response));
    lab__v1__lab_client__ping__free(response);
}

static void server_stream(bool abandoned)
{
    Lab__V1__CountUpRequest request = LAB__V1__COUNT_UP_REQUEST__INIT;
    Lab__V1__LabClient__CountUp *call = NULL;
    const Lab__V1__CountUpResponse *number = NULL;
    request.count = abandoned ? 100 : 2;
    assert_ok(lab__v1__lab_client__count_up(client, &request, NULL, &call));
    assert_ok(lab__v1__lab_client__count_up__recv(call, &number));
    while (!abandoned && lab__v1__lab_client__count_up__recv(call, &number) == NATSMICRO_OK)
        continue;
    lab__v1__lab_client__count_up__close(call);
}

static void client_stream(bool abandoned)
{
    Lab__V1__LabClient__Sum *call = NULL;
    Lab__V1__SumRequest item = LAB__V1__SUM_REQUEST__INIT;
    Lab__V1__SumResponse *response = NULL;
    assert_ok(lab__v1__lab_client__sum(client, NULL, &call));
    assert_ok(lab__v1__lab_client__sum__send(call, &item));
    if (!abandoned)
        assert_ok(lab__v1__lab_client__sum__close_and_recv(call, &response));
    lab__v1__lab_client__sum__free(response);
    lab__v1__lab_client__sum__close(call);
}

static void bidi_stream(bool abandoned)
{
    Lab__V1__LabClient__Chat *call = NULL;
    Lab__V1__ChatMessage line = LAB__V1__CHAT_MESSAGE__INIT;
    const Lab__V1__ChatMessage *echo = NULL;
    assert_ok(lab__v1__lab_client__chat(client, NULL, &call));
    assert_ok(lab__v1__lab_client__chat__send(call, &line));
    assert_ok(lab__v1__lab_client__chat__recv(call, &echo));
    if (!abandoned) {
        assert_ok(lab__v1__lab_client__chat__close_send(call));
        assert_status(NATSMICRO_END, lab__v1__lab_client__chat__recv(call, &echo));
    }
    lab__v1__lab_client__chat__close(call);
}

/* ---- counting ---- */

static size_t resident_bytes(void)
{
    unsigned long total = 0;
    unsigned long resident = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    assert_non_null(file);
    assert_int_equal(2, fscanf(file, "%lu %lu", &total, &resident));
    fclose(file);
    return (size_t)resident * (size_t)sysconf(_SC_PAGESIZE);
}

static size_t threads(void)
{
    size_t count = 0;
    DIR *tasks = opendir("/proc/self/task");
    assert_non_null(tasks);
    while (readdir(tasks) != NULL)
        count++;
    closedir(tasks);
    return count;
}

static bool nothing_runs(void *unused)
{
    (void)unused;
    natsmicro_server_counters counters;
    natsmicro_server_get_counters(room.server, &counters);
    return counters.running == 0;
}

static void make_calls(void (*one)(bool abandoned), int count)
{
    for (int i = 0; i < count; i++)
        one(i % 2 == 1);
    assert_true(eventually(nothing_runs, NULL, WAIT_MS));
}

static void expect_no_growth(void (*one)(bool abandoned))
{
    make_calls(one, CALLS / 2); /* fills the caches */
    size_t memory = resident_bytes();
    size_t own_threads = threads();
    size_t subscriptions = broker_subscriptions(room.nats);
    natsmicro_server_counters before;
    natsmicro_server_get_counters(room.server, &before);

    make_calls(one, CALLS);
    natsmicro_server_counters after;
    natsmicro_server_get_counters(room.server, &after);
    assert_int_equal(before.subscriptions, after.subscriptions);
    assert_int_equal(subscriptions, broker_subscriptions(room.nats));
    assert_int_equal(CALLS, after.calls - before.calls);
    /* A few more workers may be waiting for the next call. */
    assert_between(threads(), 1, own_threads + 16);
    /*
     * A heap takes memory that it keeps for later only once; a leak grows with each thousand calls.
     */
    for (int i = 0; i < 2 && resident_bytes() > memory + GROWTH_LIMIT; i++) {
        memory = resident_bytes();
        make_calls(one, CALLS);
    }
    assert_between(resident_bytes(), 0, memory + GROWTH_LIMIT);
}

static void unary_calls_leave_nothing(void **state)
{
    (void)state;
    expect_no_growth(unary);
}

static void server_streams_leave_nothing(void **state)
{
    (void)state;
    expect_no_growth(server_stream);
}

static void client_streams_leave_nothing(void **state)
{
    (void)state;
    expect_no_growth(client_stream);
}

static void bidi_streams_leave_nothing(void **state)
{
    (void)state;
    expect_no_growth(bidi_stream);
}

/* ---- clients and servers themselves ---- */

/* nats.c and the broker free these some time later. */
static bool subscriptions_are(void *number)
{
    return broker_subscriptions(room.nats) == *(size_t *)number;
}

static bool threads_are_at_most(void *number)
{
    return threads() <= *(size_t *)number;
}

static void make_and_destroy(natsConnection *own, Lab__V1__LabHandlers *handlers)
{
    natsmicro_server *server = NULL;
    natsmicro_service_options options = NATSMICRO_SERVICE_OPTIONS_INIT;
    natsmicro_client_options client_options = NATSMICRO_CLIENT_OPTIONS_INIT;
    Lab__V1__LabClient *other = NULL;
    options.subject_prefix = client_options.subject_prefix = "other";
    assert_ok(natsmicro_server_new(&server, own, NULL));
    assert_ok(lab__v1__lab_server__add(server, handlers, &room.seen, &options));
    assert_ok(lab__v1__lab_client__new(&other, own, &client_options));
    assert_ok(lab_ping_by(other, NULL));
    lab__v1__lab_client__destroy(other);
    natsmicro_server_destroy(server);
}

static void clients_and_servers_leave_nothing(void **state)
{
    Lab__V1__LabHandlers handlers = lab_held_handlers;
    (void)state;
    natsConnection *own = connect_to(room.nats);
    make_and_destroy(own, &handlers); /* starts what nats.c starts only once */
    size_t subscriptions = broker_subscriptions(room.nats);
    size_t own_threads = threads();
    for (int i = 0; i < 20; i++)
        make_and_destroy(own, &handlers);
    assert_true(eventually(subscriptions_are, &subscriptions, WAIT_MS));
    assert_true(eventually(threads_are_at_most, &own_threads, WAIT_MS));
    natsConnection_Destroy(own);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        /*
         * This test comes first: later, idle workers of the room's server end, which would hide
         * threads that stay.
         */
        cmocka_unit_test(clients_and_servers_leave_nothing),
        cmocka_unit_test(unary_calls_leave_nothing),
        cmocka_unit_test(server_streams_leave_nothing),
        cmocka_unit_test(client_streams_leave_nothing),
        cmocka_unit_test(bidi_streams_leave_nothing),
    };
    return cmocka_run_group_tests(tests, open_room, close_room);
}
