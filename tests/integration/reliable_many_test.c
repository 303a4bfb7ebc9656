/*
 * A thousand bidirectional streams at once between two processes. Each gets its own messages, in
 * order, to the end; the memory of a stream is reported. Otherwise messages of one conversation
 * would come up in another.
 *
 * NATSMICRO_TEST_CALLS is the number of streams.
 */
#include "integration/figures.h"
#include "integration/lab_service.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ROUNDS 10
#define BURST  20 /* messages of a round that are sent before the first is read */

static int calls(void)
{
    return (int)figure("NATSMICRO_TEST_CALLS", 1000, 150);
}

static int serve(const char *url)
{
    natsConnection *connection = connect_to_url(url);
    natsmicro_server *server = NULL;
    natsmicro_server_options options = NATSMICRO_SERVER_OPTIONS_INIT;
    options.max_calls = (uint32_t)calls();
    if (natsmicro_server_new(&server, connection, &options) != NATSMICRO_OK ||
        lab__v1__lab_server__add(server, &lab_handlers, NULL, NULL) != NATSMICRO_OK ||
        natsConnection_FlushTimeout(connection, LAB_PATIENCE) != NATS_OK)
        return 1;
    printf("serving\n");
    fflush(stdout);
    return natsmicro_server_run(server) == NATSMICRO_OK ? 0 : 2;
}

static void send_burst(Lab__V1__LabClient__Chat *call, int which, int round)
{
    char text[64];
    for (int i = 0; i < BURST; i++) {
        snprintf(text, sizeof(text), "%d %d %d", which, round, i);
        assert_ok(lab_chat_send(call, text));
    }
}

static void recv_burst(Lab__V1__LabClient__Chat *call, int which, int round)
{
    const Lab__V1__ChatMessage *line;
    char text[64];
    for (int i = 0; i < BURST; i++) {
        snprintf(text, sizeof(text), "%d %d %d", which, round, i);
        assert_ok(lab__v1__lab_client__chat__recv(call, &line));
        assert_string_equal(text, line->text);
    }
}

static void close_all(Lab__V1__LabClient__Chat **open)
{
    for (int i = 0; i < calls(); i++)
        assert_ok(lab__v1__lab_client__chat__close_send(open[i]));
    const Lab__V1__ChatMessage *line;
    for (int i = 0; i < calls(); i++) {
        assert_status(NATSMICRO_END, lab__v1__lab_client__chat__recv(open[i], &line));
        lab__v1__lab_client__chat__close(open[i]);
    }
}

static void report_memory(const char *what, uint64_t before_kib, uint64_t after_kib)
{
    uint64_t more = after_kib > before_kib ? after_kib - before_kib : 0;
    report("%s: %" PRIu64 " KiB before, %" PRIu64 " KiB with %d streams: %" PRIu64
           " bytes a stream",
           what, before_kib, after_kib, calls(), more * 1024 / (uint64_t)calls());
}

static void a_thousand_streams_at_once_keep_apart(void **state)
{
    broker *where = broker_start(NULL);
    natsConnection *connection = connect_to(where);
    natsmicro_client_options options = NATSMICRO_CLIENT_OPTIONS_INIT;
    Lab__V1__LabClient__Chat **open = calloc((size_t)calls(), sizeof(*open));
    (void)state;
    child service;
    child_start(&service, "serve", broker_url(where));
    char line[64];
    assert_true(child_line(&service, line, sizeof(line), LAB_PATIENCE));
    options.timeout_ms = 60000;
    Lab__V1__LabClient *client;
    assert_ok(lab__v1__lab_client__new(&client, connection, &options));
    uint64_t ours = memory_kib(getpid());
    uint64_t theirs = memory_kib(service.pid);
    int64_t began = now_ms();
    for (int i = 0; i < calls(); i++)
        assert_ok(lab__v1__lab_client__chat(client, NULL, &open[i]));
    int64_t opened = now_ms();
    for (int round = 0; round < ROUNDS; round++) {
        for (int i = 0; i < calls(); i++)
            send_burst(open[i], i, round);
        for (int i = 0; i < calls(); i++)
            recv_burst(open[i], i, round);
    }
    natsmicro_stream_metrics metrics;
    natsmicro_call_get_metrics(open[0]->base, &metrics);
    assert_true(metrics.reliable);
    report("%d streams opened in %lld ms; %d messages there and back in %lld ms", calls(),
           (long long)(opened - began), calls() * ROUNDS * BURST, (long long)(now_ms() - opened));
    report_memory("caller", ours, memory_kib(getpid()));
    report_memory("service, a thread each", theirs, memory_kib(service.pid));
    close_all(open);
    free(open);
    lab__v1__lab_client__destroy(client);
    natsConnection_Destroy(connection);
    child_kill(&service);
    broker_stop(where);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_thousand_streams_at_once_keep_apart),
    };
    if (argc > 2 && strcmp(argv[1], "serve") == 0)
        return serve(argv[2]);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
