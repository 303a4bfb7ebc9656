/*
 * Outages of one broker while the other side's lives: for as long as the broker tells that side
 * that nobody listens, it must wait for the peer; and a peer that is really gone must be told. What
 * is promised by default is 8 s; with gone_limit_ms at 30 s, 15 and 20 s (TORTURE=long).
 */
#include "integration/figures.h"
#include "integration/nodes.h"
#include "torture/torture.h"

#include <stdio.h>
#include <string.h>

#define SERVER 0
#define CLIENT 1

static const nodes_limits by_default = {.idle_timeout_ms = 30000};
static const nodes_limits patient = {.idle_timeout_ms = 60000, .gone_limit_ms = 30000};

/* ---- a node that is down ---- */

/* How long it takes until everything moves again. */
static void expect_to_go_on(nodes *here, const char *what, int seconds)
{
    int64_t began = now_ms();
    traffic_wait_for_more(&here->traffic, RECOVERY_MS);
    report("%s for %d s: %lld ms until all streams go on", what, seconds,
           (long long)(now_ms() - began));
    traffic_stop(&here->traffic);
    nodes_close(here);
}

static void kill_for(nodes *here, int node, const char *what, int seconds)
{
    traffic_wait_for_more(&here->traffic, RECOVERY_MS);
    cluster_kill(here->brokers, node);
    pass_ms(1000 * seconds);
    cluster_restart(here->brokers, node);
    expect_to_go_on(here, what, seconds);
}

static void outlive_node(int node, bool has_uploads, int seconds, const nodes_limits *limits)
{
    nodes *here = nodes_open(&(cluster_options){.nodes = 2}, SERVER, CLIENT, limits);
    traffic_start(&here->traffic, TRAFFIC_DOWNLOAD, here->room.client);
    traffic_start(&here->traffic, TRAFFIC_COUNT, here->room.client);
    if (has_uploads) {
        traffic_start(&here->traffic, TRAFFIC_UPLOAD, here->room.client);
        traffic_start(&here->traffic, TRAFFIC_SUM, here->room.client);
    }
    kill_for(here, node, node == SERVER ? "the service's node down" : "the caller's node down",
             seconds);
}

static void the_callers_node_is_down_for_8_s(void **state)
{
    (void)state;
    outlive_node(CLIENT, true, 8, &by_default);
}

static void the_services_node_is_down_for_8_s(void **state)
{
    (void)state;
    outlive_node(SERVER, true, 8, &by_default);
}

/* A caller that only reads hears of it by its probe, after 5 s. */
static void the_services_node_is_down_for_12_s_under_a_reader(void **state)
{
    (void)state;
    outlive_node(SERVER, false, 12, &by_default);
}

static void the_callers_node_is_down_for_20_s(void **state)
{
    (void)state;
    skip_unless_long();
    outlive_node(CLIENT, true, 20, &patient);
}

static void the_services_node_is_down_for_20_s(void **state)
{
    (void)state;
    skip_unless_long();
    outlive_node(SERVER, true, 20, &patient);
}

/* Both sides lose it, so only the idle limit counts. */
static void the_only_broker_is_down_for_20_s(void **state)
{
    (void)state;
    nodes *here = nodes_open(&(cluster_options){.nodes = 1}, 0, 0, &by_default);
    traffic_start_all(&here->traffic, here->room.client);
    kill_for(here, 0, "the only broker down", 20);
}

#define LEAF 2

static void the_callers_leaf_node_is_down_for_8_s(void **state)
{
    (void)state;
    nodes *here =
        nodes_open(&(cluster_options){.nodes = LEAF, .has_leaf = true}, CLIENT, LEAF, &by_default);
    traffic_start_all(&here->traffic, here->room.client);
    kill_for(here, LEAF, "the caller's leaf node down", 8);
}

/* ---- a node that stands still ---- */

static void the_services_node_is_paused_for_8_s(void **state)
{
    (void)state;
    nodes *here = nodes_open(&(cluster_options){.nodes = 2}, SERVER, CLIENT, &by_default);
    traffic_start_all(&here->traffic, here->room.client);
    traffic_wait_for_more(&here->traffic, RECOVERY_MS);
    broker_pause(cluster_node(here->brokers, SERVER));
    pass_ms(8000);
    broker_resume(cluster_node(here->brokers, SERVER));
    expect_to_go_on(here, "the service's node paused", 8);
}

/* ---- a route that is cut ---- */

static void outlive_cut(int seconds, const nodes_limits *limits)
{
    nodes *here =
        nodes_open(&(cluster_options){.nodes = 2, .has_cut = true}, SERVER, CLIENT, limits);
    traffic_start_all(&here->traffic, here->room.client);
    traffic_wait_for_more(&here->traffic, RECOVERY_MS);
    cluster_cut_route(here->brokers);
    pass_ms(1000 * seconds);
    cluster_mend_route(here->brokers);
    expect_to_go_on(here, "a route cut", seconds);
}

static void the_route_is_cut_for_8_s(void **state)
{
    (void)state;
    outlive_cut(8, &by_default);
}

static void the_route_is_cut_for_15_s(void **state)
{
    (void)state;
    skip_unless_long();
    outlive_cut(15, &patient);
}

/* ---- a peer that is really gone ---- */

/* The longest that a side may take by default to hear of its peer's death, and some slack. */
#define TOLD_WITHIN_MS 15000
#define SLACK_MS       1500

/* In a second process: serves until it is killed. */
static int serve(const char *url)
{
    natsConnection *connection = connect_to_url(url);
    natsmicro_server *server = NULL;
    lab_probe probe;
    lab_probe_init(&probe);
    if (natsmicro_server_new(&server, connection, NULL) != NATSMICRO_OK ||
        lab__v1__lab_server__add(server, &lab_held_handlers, &probe, NULL) != NATSMICRO_OK ||
        natsConnection_FlushTimeout(connection, LAB_PATIENCE) != NATS_OK)
        return 1;
    printf("serving\n");
    fflush(stdout);
    return natsmicro_server_run(server) == NATSMICRO_OK ? 0 : 2;
}

static void be_told_of_a_killed_service(bool plain)
{
    broker *where = broker_start(NULL);
    child service;
    child_start(&service, "serve", broker_url(where));
    char line[64];
    assert_true(child_line(&service, line, sizeof(line), LAB_PATIENCE));
    lab room;
    lab_open_at(&room, broker_url(where), broker_url(where));
    natsmicro_client_options options = NATSMICRO_CLIENT_OPTIONS_INIT;
    options.idle_timeout_ms = by_default.idle_timeout_ms;
    options.plain_streams = plain;
    lab_call_with(&room, &options);
    Lab__V1__LabClient__CountUp *call;
    assert_ok(lab_count_up(&room, LAB_ONE_AND_WAIT, 0, NULL, &call));
    const Lab__V1__CountUpResponse *number;
    assert_ok(lab__v1__lab_client__count_up__recv(call, &number));
    child_kill(&service);
    int64_t began = now_ms();
    assert_status(NATSMICRO_UNAVAILABLE, lab__v1__lab_client__count_up__recv(call, &number));
    int64_t took = now_ms() - began;
    report("a killed service was told of after %lld ms on a %s stream", (long long)took,
           plain ? "plain" : "reliable");
    assert_between(took, 1000, TOLD_WITHIN_MS + SLACK_MS);
    assert_non_null(strstr(natsmicro_call_error_message(call->base), "is gone"));
    lab__v1__lab_client__count_up__close(call);
    lab_close(&room);
    broker_stop(where);
}

static void a_killed_service_is_told_of_within_15_s(void **state)
{
    (void)state;
    be_told_of_a_killed_service(false);
}

static void so_it_is_on_a_plain_stream(void **state)
{
    (void)state;
    be_told_of_a_killed_service(true);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_callers_node_is_down_for_8_s),
        cmocka_unit_test(the_services_node_is_down_for_8_s),
        cmocka_unit_test(the_services_node_is_down_for_12_s_under_a_reader),
        cmocka_unit_test(the_only_broker_is_down_for_20_s),
        cmocka_unit_test(the_callers_leaf_node_is_down_for_8_s),
        cmocka_unit_test(the_services_node_is_paused_for_8_s),
        cmocka_unit_test(the_route_is_cut_for_8_s),
        cmocka_unit_test(a_killed_service_is_told_of_within_15_s),
        cmocka_unit_test(so_it_is_on_a_plain_stream),
        cmocka_unit_test(the_callers_node_is_down_for_20_s),
        cmocka_unit_test(the_services_node_is_down_for_20_s),
        cmocka_unit_test(the_route_is_cut_for_15_s),
    };
    if (argc > 2 && strcmp(argv[1], "serve") == 0)
        return serve(argv[2]);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
