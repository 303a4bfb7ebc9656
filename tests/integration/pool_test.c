/*
 * The pool of workers: it grows with the running calls up to its limit, serves waiting calls in the
 * order in which they came, and ends threads when there is no work. Otherwise a user would lose
 * threads to a burst that is long over, or have a call overtaken by a later one.
 */
#include "integration/lab_service.h"

#define AT_ONCE 16
#define WAITING 8

/* More than the ten seconds after which a worker without work ends. */
#define IDLE_PATIENCE_MS 30000

typedef struct caller {
    pthread_t thread;
    lab *room;
    char payload[16];
    natsmicro_status status;
} caller;

static void *call_ping(void *argument)
{
    caller *self = argument;
    self->status = lab_ping_status(self->room, self->payload, NULL);
    return NULL;
}

static void start_caller(caller *self, lab *room, int number)
{
    self->room = room;
    snprintf(self->payload, sizeof(self->payload), "%d", number);
    assert_int_equal(0, pthread_create(&self->thread, NULL, call_ping, self));
}

static void join_caller(caller *self)
{
    pthread_join(self->thread, NULL);
    assert_ok(self->status);
}

/* ---- the handler: notes who came, and waits ---- */

static pthread_mutex_t order_lock = PTHREAD_MUTEX_INITIALIZER;
static int order[AT_ONCE + WAITING];
static int entered;
static int now_running;
static int most_running;

static natsmicro_status note_and_wait(Lab__V1__LabServer__Ping *call,
                                      const Lab__V1__PingRequest *request, void *user_data)
{
    lab_probe *seen = user_data;
    Lab__V1__PingResponse response = LAB__V1__PING_RESPONSE__INIT;
    pthread_mutex_lock(&order_lock);
    order[entered++] = (int)strtol(request->payload, NULL, 10);
    now_running++;
    most_running = now_running > most_running ? now_running : most_running;
    pthread_mutex_unlock(&order_lock);
    lab_probe_wait(seen);
    pthread_mutex_lock(&order_lock);
    now_running--;
    pthread_mutex_unlock(&order_lock);
    return lab__v1__lab_server__ping__reply(call, &response);
}

static void serve(lab *room, uint32_t max_calls)
{
    Lab__V1__LabHandlers handlers = {.ping = note_and_wait};
    natsmicro_server_options options = NATSMICRO_SERVER_OPTIONS_INIT;
    options.max_calls = max_calls;
    entered = now_running = most_running = 0;
    lab_serve_with(room, &handlers, &room->seen, &options, NULL);
}

static natsmicro_server_counters counters_of(natsmicro_server *server)
{
    natsmicro_server_counters counters;
    natsmicro_server_get_counters(server, &counters);
    return counters;
}

/* ---- tests ---- */

static uint64_t threads_before;

static bool threads_are_back(void *server)
{
    return counters_of(server).threads <= threads_before + 1;
}

static void workers_come_with_calls_and_go_without_them(void **state)
{
    lab *room = *state;
    serve(room, AT_ONCE);
    threads_before = counters_of(room->server).threads;
    caller callers[AT_ONCE];
    for (int i = 0; i < AT_ONCE; i++)
        start_caller(&callers[i], room, i);
    assert_true(latch_wait_count(&room->seen.entered, AT_ONCE, LAB_PATIENCE));
    assert_int_equal(AT_ONCE, counters_of(room->server).running);
    assert_true(counters_of(room->server).threads >= AT_ONCE);
    latch_open(&room->seen.release);
    for (int i = 0; i < AT_ONCE; i++)
        join_caller(&callers[i]);
    assert_true(eventually(threads_are_back, room->server, IDLE_PATIENCE_MS));
    assert_ok(lab_ping_status(room, "0", NULL)); /* and workers come again */
}

static int expected_waiting;

static bool that_many_wait(void *server)
{
    return counters_of(server).waiting == (uint64_t)expected_waiting;
}

static void what_waits_is_served_in_order_and_never_too_much_at_once(void **state)
{
    lab *room = *state;
    serve(room, 1);
    caller callers[1 + WAITING];
    start_caller(&callers[0], room, 0);
    assert_true(latch_wait(&room->seen.entered, LAB_PATIENCE));
    for (expected_waiting = 1; expected_waiting <= WAITING; expected_waiting++) {
        start_caller(&callers[expected_waiting], room, expected_waiting);
        assert_true(eventually(that_many_wait, room->server, LAB_PATIENCE));
    }
    latch_open(&room->seen.release);
    for (int i = 0; i <= WAITING; i++)
        join_caller(&callers[i]);
    assert_int_equal(1 + WAITING, entered);
    assert_int_equal(1, most_running);
    for (int i = 0; i <= WAITING; i++)
        assert_int_equal(i, order[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        lab_test(workers_come_with_calls_and_go_without_them),
        lab_test(what_waits_is_served_in_order_and_never_too_much_at_once),
    };
    return cmocka_run_group_tests(tests, lab_start_broker, lab_stop_broker);
}
