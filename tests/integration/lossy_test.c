/*
 * Reliable streams over a network that loses, repeats, delays, swaps and cuts frames: a short stream
 * is where each frame matters most (the first, the end). Every one has to come to its end with all
 * messages in order. The proxy prints its seed; LOSSY_SEED takes one, LOSSY_STREAMS how many of each kind.
 */
#include "integration/lab_service.h"
#include "support/proxy.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MESSAGES 40

static long from_environment(const char *name, long otherwise)
{
    const char *value = getenv(name);
    return value == NULL ? otherwise : strtol(value, NULL, 10);
}

/* A room where everything between the two sides passes the proxy, once in each direction. */
static proxy *open_behind_proxy(lab *room)
{
    const proxy_faults faults = {
        .subjects = "_INBOX.",
        .seed = (uint64_t)from_environment("LOSSY_SEED", 0),
        .drop = 30,
        .duplicate = 30,
        .reorder = 30,
        .truncate = 10,
        .delay = 30,
        .max_delay_ms = 30,
    };
    const natsmicro_client_options options = NATSMICRO_CLIENT_OPTIONS_INIT;
    lab_open(room);
    proxy *between = proxy_start(room->nats, &faults);
    natsConnection *to_client = room->client_connection;
    natsConnection_Destroy(room->server_connection);
    room->server_connection = connect_to_url(proxy_url(between));
    room->client_connection = connect_to_url(proxy_url(between));
    lab_call_with(room, &options);
    natsConnection_Destroy(to_client);
    lab_serve(room, NULL, NULL);
    return between;
}

static void count_up_once(lab *room)
{
    Lab__V1__LabClient__CountUp *call;
    int32_t received;
    bool in_order;
    assert_ok(lab_count_up(room, MESSAGES, 0, NULL, &call));
    assert_status(NATSMICRO_END, lab_count_all(call, &received, &in_order));
    assert_int_equal(received, MESSAGES);
    assert_true(in_order);
    lab__v1__lab_client__count_up__close(call);
}

static void sum_once(lab *room)
{
    Lab__V1__LabClient__Sum *call;
    Lab__V1__SumRequest item = LAB__V1__SUM_REQUEST__INIT;
    Lab__V1__SumResponse *response = NULL;
    assert_ok(lab__v1__lab_client__sum(room->client, NULL, &call));
    for (item.value = 1; item.value <= MESSAGES; item.value++)
        assert_ok(lab__v1__lab_client__sum__send(call, &item));
    assert_ok(lab__v1__lab_client__sum__close_and_recv(call, &response));
    assert_int_equal(response->total, MESSAGES * (MESSAGES + 1) / 2);
    assert_int_equal(response->count, MESSAGES);
    lab__v1__lab_client__sum__free(response);
    lab__v1__lab_client__sum__close(call);
}

static void chat_once(lab *room)
{
    Lab__V1__LabClient__Chat *call;
    const Lab__V1__ChatMessage *echo;
    assert_ok(lab__v1__lab_client__chat(room->client, NULL, &call));
    for (int i = 0; i < 4; i++) {
        char text[16];
        Lab__V1__ChatMessage line = LAB__V1__CHAT_MESSAGE__INIT;
        snprintf(text, sizeof text, "%d", i);
        line.text = text;
        assert_ok(lab__v1__lab_client__chat__send(call, &line));
        assert_ok(lab__v1__lab_client__chat__recv(call, &echo));
        assert_string_equal(echo->text, text);
    }
    assert_ok(lab__v1__lab_client__chat__close_send(call));
    assert_status(NATSMICRO_END, lab__v1__lab_client__chat__recv(call, &echo));
    lab__v1__lab_client__chat__close(call);
}

static void short_streams_complete_whatever_is_lost(void **state)
{
    (void)state;
    lab room;
    proxy *between = open_behind_proxy(&room);
    long streams = from_environment("LOSSY_STREAMS", 20);
    proxy_counts counts;

    for (long i = 0; i < streams; i++) {
        count_up_once(&room);
        sum_once(&room);
        chat_once(&room);
    }
    proxy_get_counts(between, &counts);
    assert_true(counts.dropped > 0 && counts.duplicated > 0 && counts.reordered > 0);
    lab_close(&room);
    proxy_stop(between);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(short_streams_complete_whatever_is_lost),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
