/*
 * Streams over several brokers: a cluster of three, a route that is cut, a leaf node, a
 * broker that is taken out of service, one that stands still, and one that takes smaller messages.
 * Nothing may be lost, repeated or out of order while brokers die and come back. The long forms are
 * in tests/torture; accounts_test.c has what crosses accounts.
 */
#include "integration/figures.h"
#include "integration/nodes.h"

#include <stdio.h>

/* Both sides move to another node whenever theirs is killed. */
static void streams_outlive_the_kill_of_each_node_in_turn(void **state)
{
    (void)state;
    nodes *here = nodes_open(&(cluster_options){.nodes = 3, .tells_clients = true}, 0, 1, NULL);
    traffic_start_all(&here->traffic, here->room.client);
    for (int node = 0; node < 3; node++) {
        traffic_wait_for_more(&here->traffic, RECOVERY_MS);
        cluster_kill(here->brokers, node);
        traffic_wait_for_more(&here->traffic, RECOVERY_MS);
        cluster_restart(here->brokers, node);
    }
    traffic_wait_for_more(&here->traffic, RECOVERY_MS);
    traffic_stop(&here->traffic);
    nodes_close(here);
}

/* As an operator does before an upgrade. */
static void streams_outlive_a_node_that_is_taken_out_of_service(void **state)
{
    (void)state;
    static const char config[] = "lame_duck_grace_period: 1s\nlame_duck_duration: 30s\n";
    nodes *here = nodes_open(
        &(cluster_options){.nodes = 2, .tells_clients = true, .config = config}, 0, 1, NULL);
    traffic_start_all(&here->traffic, here->room.client);
    traffic_wait_for_more(&here->traffic, RECOVERY_MS);
    cluster_retire(here->brokers, 0);
    traffic_wait_for_more(&here->traffic, RECOVERY_MS);
    traffic_stop(&here->traffic);
    nodes_close(here);
}

/* Each side keeps its node, but hears that nobody listens at the other's inbox. */
static void streams_outlive_a_cut_between_two_nodes(void **state)
{
    (void)state;
    nodes *here = nodes_open(&(cluster_options){.nodes = 2, .has_cut = true}, 0, 1, NULL);
    traffic_start_all(&here->traffic, here->room.client);
    for (int i = 0; i < 2; i++) {
        traffic_wait_for_more(&here->traffic, RECOVERY_MS);
        cluster_cut_route(here->brokers);
        pass_ms(1000);
        cluster_mend_route(here->brokers);
    }
    traffic_wait_for_more(&here->traffic, RECOVERY_MS);
    traffic_stop(&here->traffic);
    nodes_close(here);
}

/* The caller is at a leaf node, and the node that it hangs on is lost for longer than 5 s. */
static void streams_to_a_leaf_node_outlive_its_lost_link(void **state)
{
    (void)state;
    nodes *here = nodes_open(&(cluster_options){.nodes = 2, .has_leaf = true}, 1, 2, NULL);
    traffic_start_all(&here->traffic, here->room.client);
    traffic_wait_for_more(&here->traffic, RECOVERY_MS);
    cluster_kill(here->brokers, 0);
    pass_ms(PLAIN_OR_SANITIZED(6000, 2000));
    cluster_restart(here->brokers, 0);
    traffic_wait_for_more(&here->traffic, RECOVERY_MS);
    traffic_stop(&here->traffic);
    nodes_close(here);
}

/* Its client waits for the leaf node, and the other side hears that nobody listens. */
static void streams_outlive_the_loss_of_a_leaf_node(int server_node, int client_node)
{
    nodes *here = nodes_open(&(cluster_options){.nodes = 2, .has_leaf = true}, server_node,
                             client_node, NULL);
    traffic_start_all(&here->traffic, here->room.client);
    traffic_wait_for_more(&here->traffic, RECOVERY_MS);
    cluster_kill(here->brokers, 2);
    pass_ms(PLAIN_OR_SANITIZED(6000, 2000));
    cluster_restart(here->brokers, 2);
    traffic_wait_for_more(&here->traffic, RECOVERY_MS);
    traffic_stop(&here->traffic);
    nodes_close(here);
}

static void streams_outlive_the_loss_of_the_callers_leaf_node(void **state)
{
    (void)state;
    streams_outlive_the_loss_of_a_leaf_node(1, 2);
}

static void streams_outlive_the_loss_of_the_services_leaf_node(void **state)
{
    (void)state;
    streams_outlive_the_loss_of_a_leaf_node(2, 1);
}

/* As on a machine that swaps, or is moved: connections stay, and nothing moves on them. */
static void streams_outlive_a_pause_of_the_callers_node(void **state)
{
    (void)state;
    nodes *here = nodes_open(&(cluster_options){.nodes = 2}, 0, 1, NULL);
    traffic_start_all(&here->traffic, here->room.client);
    traffic_wait_for_more(&here->traffic, RECOVERY_MS);
    broker_pause(cluster_node(here->brokers, 1));
    traffic_wait_until_held_up(&here->traffic, RECOVERY_MS);
    broker_resume(cluster_node(here->brokers, 1));
    traffic_wait_for_more(&here->traffic, RECOVERY_MS);
    traffic_stop(&here->traffic);
    nodes_close(here);
}

/* ---- a node with a smaller max_payload ---- */

#define SMALLER 4096

/* The second node, where both sides or one of them come when the first is lost. */
static nodes *open_with_a_smaller_node(int server_node, int client_node)
{
    char config[64];
    snprintf(config, sizeof(config), "max_payload: %d\n", SMALLER);
    return nodes_open(&(cluster_options){.nodes = 2, .tells_clients = true, .last_config = config},
                      server_node, client_node, NULL);
}

/*
 * Whoever is at the first node moves to the second, with a whole window under way: the first node
 * has taken it, and passes nothing on any more.
 */
static void move_to_the_smaller_node(nodes *here)
{
    broker_pause(cluster_node(here->brokers, 0));
    traffic_wait_until_held_up(&here->traffic, RECOVERY_MS);
    cluster_kill(here->brokers, 0);
}

/* Frames that are filled, or put together while they wait, are larger than the new broker takes. */
static void frames_are_cut_anew_at_a_node_with_a_smaller_max_payload(void **state)
{
    (void)state;
    nodes *here = open_with_a_smaller_node(0, 0);
    traffic_start(&here->traffic, TRAFFIC_SUM, here->room.client);
    traffic_start(&here->traffic, TRAFFIC_COUNT, here->room.client);
    traffic_wait_for_more(&here->traffic, RECOVERY_MS);
    move_to_the_smaller_node(here);
    traffic_wait_for_more(&here->traffic, RECOVERY_MS);
    traffic_stop(&here->traffic);
    nodes_close(here);
}

/*
 * Messages of 16 KiB are kept, and no broker will ever take them: the call ends at once on both
 * sides, and the connection, which serves others, lives on.
 */
static void a_kept_message_that_is_too_large_ends_its_call_only(traffic_kind kind, int server_node,
                                                                int client_node)
{
    nodes *here = open_with_a_smaller_node(server_node, client_node);
    traffic *lane = &here->traffic.lanes[kind];
    traffic_start(&here->traffic, kind, here->room.client);
    traffic_wait_for_more(&here->traffic, RECOVERY_MS);
    move_to_the_smaller_node(here);
    assert_status(NATSMICRO_RESOURCE_EXHAUSTED, traffic_wait_for_end(lane, RECOVERY_MS));
    assert_true(lab_has_figure(lane->text, SMALLER));
    assert_true(lab_has_figure(lane->text, 16 * 1024 + 4)); /* the message */
    assert_true(latch_wait(&lane->handled, LAB_PATIENCE));
    assert_status(NATSMICRO_RESOURCE_EXHAUSTED, lane->service_status);
    assert_true(eventually(nodes_are_served, here, LAB_PATIENCE));
    nodes_close(here);
}

static void a_kept_request_that_is_too_large_ends_its_call_only(void **state)
{
    (void)state;
    a_kept_message_that_is_too_large_ends_its_call_only(TRAFFIC_UPLOAD, 1, 0);
}

static void a_kept_response_that_is_too_large_ends_its_call_only(void **state)
{
    (void)state;
    a_kept_message_that_is_too_large_ends_its_call_only(TRAFFIC_DOWNLOAD, 0, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(streams_outlive_the_kill_of_each_node_in_turn),
        cmocka_unit_test(streams_outlive_a_node_that_is_taken_out_of_service),
        cmocka_unit_test(streams_outlive_a_cut_between_two_nodes),
        cmocka_unit_test(streams_to_a_leaf_node_outlive_its_lost_link),
        cmocka_unit_test(streams_outlive_the_loss_of_the_callers_leaf_node),
        cmocka_unit_test(streams_outlive_the_loss_of_the_services_leaf_node),
        cmocka_unit_test(streams_outlive_a_pause_of_the_callers_node),
        cmocka_unit_test(frames_are_cut_anew_at_a_node_with_a_smaller_max_payload),
        cmocka_unit_test(a_kept_request_that_is_too_large_ends_its_call_only),
        cmocka_unit_test(a_kept_response_that_is_too_large_ends_its_call_only),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
