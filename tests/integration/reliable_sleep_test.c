/*
 * A reader that sleeps: ten million messages wait for it, neither the sender nor the broker keeps
 * more of them than a window, and all arrive. Otherwise a user would lose messages, or the
 * machine's memory.
 *
 * NATSMICRO_TEST_MESSAGES is the number of messages. Under sanitizers they are fewer, and memory is
 * not judged.
 */
#include "integration/figures.h"
#include "integration/lab_service.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/*
 * A window has 4 MiB of messages; the rest is what a process, a connection and nats-server take
 * anyway.
 */
#define SENDER_KIB 24576
#define BROKER_KIB 49152

#define NAPS 10

/* How long it may take until the window is full and nothing comes any more. */
#define NAP_MS 30000

static int32_t messages(void)
{
    return (int32_t)figure("NATSMICRO_TEST_MESSAGES", 10 * 1000 * 1000, 200 * 1000);
}

/* ---- the second process: it sends, in one direction or the other ---- */

static int serve_numbers(const char *url)
{
    natsConnection *connection = connect_to_url(url);
    natsmicro_server *server = NULL;
    if (natsmicro_server_new(&server, connection, NULL) != NATSMICRO_OK ||
        lab__v1__lab_server__add(server, &lab_handlers, NULL, NULL) != NATSMICRO_OK ||
        natsConnection_FlushTimeout(connection, LAB_PATIENCE) != NATS_OK)
        return 1;
    printf("serving\n");
    fflush(stdout);
    return natsmicro_server_run(server) == NATSMICRO_OK ? 0 : 2;
}

/* Sends all values, and stays until it is killed, so that its memory can be read. */
static int send_values(const char *url)
{
    natsConnection *connection = connect_to_url(url);
    Lab__V1__LabClient *client = lab_new_client(connection);
    Lab__V1__SumResponse *response = NULL;
    Lab__V1__LabClient__Sum *call;
    natsmicro_status status = lab__v1__lab_client__sum(client, NULL, &call);
    if (status != NATSMICRO_OK)
        return 1;
    for (int32_t i = 0; i < messages() && status == NATSMICRO_OK; i++)
        status = lab_sum_send(call, i);
    if (status == NATSMICRO_OK)
        status = lab__v1__lab_client__sum__close_and_recv(call, &response);
    natsmicro_stream_metrics metrics;
    natsmicro_call_get_metrics(call->base, &metrics);
    printf("%d %" PRIu64 " %" PRIu64 "\n", (int)status, metrics.stalls, metrics.retransmitted);
    fflush(stdout);
    lab__v1__lab_client__sum__free(response);
    lab__v1__lab_client__sum__close(call);
    for (;;)
        pause();
}

/* ---- the reader ---- */

typedef struct nap {
    natsmicro_call *call;
    uint64_t last;
    int still; /* checks in a row at which nothing had come */
} nap;

/* The window is full when nothing has come for a hundred checks, one each millisecond. */
static bool nothing_comes(void *data)
{
    nap *self = data;
    natsmicro_stream_metrics metrics;
    natsmicro_call_get_metrics(self->call, &metrics);
    self->still = metrics.messages_received == self->last ? self->still + 1 : 0;
    self->last = metrics.messages_received;
    return self->still == 100;
}

/* In the middle of every tenth of the messages, sleeps until the sender cannot send any more. */
static bool sleep_at(natsmicro_call *call, int32_t read)
{
    nap self = {.call = call};
    if (read % (messages() / NAPS) != messages() / NAPS / 2)
        return true;
    return eventually(nothing_comes, &self, NAP_MS) &&
           self.last <= (uint64_t)read + 1048576; /* the window's messages, at most */
}

static void judge_memory(const char *what, pid_t pid, uint64_t before_kib, uint64_t most_kib)
{
    uint64_t peak = peak_memory_kib(pid);
    report("%s: %" PRIu64 " KiB before, %" PRIu64 " KiB at the most", what, before_kib, peak);
    assert_true(PLAIN_OR_SANITIZED(peak, 0) < most_kib);
}

typedef struct scene {
    broker *where;
    natsConnection *connection;
    child sender;
    uint64_t broker_kib;
    uint64_t sender_kib;
    int64_t began;
} scene;

static void scene_open(scene *self)
{
    memset(self, 0, sizeof(*self));
    self->where = broker_start(NULL);
    self->connection = connect_to(self->where);
    self->broker_kib = memory_kib(broker_process(self->where));
    self->began = now_ms();
}

static void scene_close(scene *self)
{
    report("%d messages in %lld ms, with %d naps", (int)messages(),
           (long long)(now_ms() - self->began), NAPS);
    judge_memory("sender", self->sender.pid, self->sender_kib, SENDER_KIB);
    judge_memory("broker", broker_process(self->where), self->broker_kib, BROKER_KIB);
    child_kill(&self->sender);
    natsConnection_Destroy(self->connection);
    broker_stop(self->where);
}

static void a_sleeping_caller_gets_all_of_a_server_stream(void **state)
{
    Lab__V1__CountUpRequest request = LAB__V1__COUNT_UP_REQUEST__INIT;
    int32_t read = 0;
    (void)state;
    scene here;
    scene_open(&here);
    child_start(&here.sender, "serve", broker_url(here.where));
    char line[64];
    assert_true(child_line(&here.sender, line, sizeof(line), LAB_PATIENCE));
    here.sender_kib = memory_kib(here.sender.pid);
    Lab__V1__LabClient *client = lab_new_client(here.connection);
    request.count = messages();
    Lab__V1__LabClient__CountUp *call;
    assert_ok(lab__v1__lab_client__count_up(client, &request, NULL, &call));
    natsmicro_status status;
    const Lab__V1__CountUpResponse *response;
    while ((status = lab__v1__lab_client__count_up__recv(call, &response)) == NATSMICRO_OK) {
        if (response->number != read)
            fail_msg("%d came instead of %d", response->number, read);
        read++;
        assert_true(sleep_at(call->base, read));
    }
    assert_status(NATSMICRO_END, status);
    assert_int_equal(messages(), read);
    lab__v1__lab_client__count_up__close(call);
    lab__v1__lab_client__destroy(client);
    scene_close(&here);
}

typedef struct sleeper {
    int32_t read;
    bool in_order;
    bool slept; /* at each nap the sender stood still */
    natsmicro_status status;
    latch done;
} sleeper;

static natsmicro_status sleepy_sum(Lab__V1__LabServer__Sum *call, void *user_data)
{
    sleeper *self = user_data;
    Lab__V1__SumResponse response = LAB__V1__SUM_RESPONSE__INIT;
    self->in_order = self->slept = true;
    const Lab__V1__SumRequest *request;
    natsmicro_status status;
    while ((status = lab__v1__lab_server__sum__recv(call, &request)) == NATSMICRO_OK) {
        self->in_order &= request->value == self->read;
        self->read++;
        self->slept &= sleep_at(call->base, self->read);
    }
    self->status = status;
    latch_open(&self->done);
    return status == NATSMICRO_END ? lab__v1__lab_server__sum__reply(call, &response) : status;
}

static void a_sleeping_handler_gets_all_of_a_client_stream(void **state)
{
    static const Lab__V1__LabHandlers handlers = {.sum = sleepy_sum};
    sleeper reader = {.read = 0};
    (void)state;
    latch_init(&reader.done);
    scene here;
    scene_open(&here);
    natsmicro_server *server;
    assert_ok(natsmicro_server_new(&server, here.connection, NULL));
    assert_ok(lab__v1__lab_server__add(server, &handlers, &reader, NULL));
    assert_int_equal(NATS_OK, natsConnection_FlushTimeout(here.connection, LAB_PATIENCE));
    child_start(&here.sender, "send", broker_url(here.where));
    here.sender_kib = memory_kib(here.sender.pid);
    char line[64];
    assert_true(child_line(&here.sender, line, sizeof(line), 200000));
    report("the sender ended with, stalled and sent again: %s", line);
    assert_true(latch_wait(&reader.done, LAB_PATIENCE));
    assert_status(NATSMICRO_END, reader.status);
    assert_true(reader.in_order);
    assert_true(reader.slept);
    assert_int_equal(messages(), reader.read);
    assert_int_equal(0, strncmp(line, "0 ", 2)); /* OK */
    natsmicro_server_destroy(server);
    latch_destroy(&reader.done);
    scene_close(&here);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_sleeping_caller_gets_all_of_a_server_stream),
        cmocka_unit_test(a_sleeping_handler_gets_all_of_a_client_stream),
    };
    if (argc > 2 && strcmp(argv[1], "serve") == 0)
        return serve_numbers(argv[2]);
    if (argc > 2 && strcmp(argv[1], "send") == 0)
        return send_values(argv[2]);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
