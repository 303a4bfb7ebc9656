/*
 * A cluster of three whose nodes are killed in turn, again and again, under blobs and small
 * messages in both directions. Service and caller move from node to node. All must come, once, in
 * order.
 */
#include "integration/figures.h"
#include "integration/nodes.h"
#include "torture/torture.h"

#define NODES        3
#define SHORT_ROUNDS 5
#define LONG_ROUNDS  60

static void nothing_is_lost_while_nodes_are_killed_in_turn(void **state)
{
    (void)state;
    int rounds = torture_is_short() ? SHORT_ROUNDS : LONG_ROUNDS;
    nodes *here = nodes_open(&(cluster_options){.nodes = NODES, .tells_clients = true}, 0, 1, NULL);
    traffic_start_all(&here->traffic, here->room.client);
    traffic_wait_for_more(&here->traffic, RECOVERY_MS);
    for (int i = 0; i < rounds * NODES; i++) {
        cluster_kill(here->brokers, i % NODES);
        traffic_wait_for_more(&here->traffic, RECOVERY_MS);
        cluster_restart(here->brokers, i % NODES);
        traffic_wait_for_more(&here->traffic, RECOVERY_MS);
    }
    traffic_stop(&here->traffic);
    for (int i = 0; i < TRAFFIC_KINDS; i++)
        report("%d kills: stream %d of %llu, %llu frames or messages sent again", rounds * NODES, i,
               (unsigned long long)here->traffic.lanes[i].sent.amount,
               (unsigned long long)here->traffic.lanes[i].retransmitted);
    nodes_close(here);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_lost_while_nodes_are_killed_in_turn),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
