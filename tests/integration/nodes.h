/*
 * Nodes: a service at one node of a cluster, a client at another, and traffic between them.
 */
#ifndef INTEGRATION_NODES_H
#define INTEGRATION_NODES_H

#include "integration/traffic.h"
#include "support/cluster.h"

/* How long it may take until traffic goes on after a fault, in milliseconds. */
#define RECOVERY_MS 30000

typedef struct nodes {
    cluster *brokers;
    lab room;
    traffic_lanes traffic;
} nodes;

/* What the two sides' options have in common; 0: the library's default. */
typedef struct nodes_limits {
    int64_t idle_timeout_ms;
    int64_t gone_limit_ms;
} nodes_limits;

/*
 * Starts a cluster, the service and the client. Returns once the client reaches the service.
 * `limits` may be NULL: an idle limit of 30 s. A test that fails leaves all of it running, so
 * nothing of it is on the test's stack.
 */
nodes *nodes_open(const cluster_options *options, int server_node, int client_node,
                  const nodes_limits *limits);

/* Does the same with a cluster that is there already, which the nodes own from now on. */
nodes *nodes_connect(cluster *brokers, const char *server_url, const char *client_url,
                     const nodes_limits *limits);

/* For eventually: whether a call of the client reaches the service. `data`: the nodes. */
bool nodes_are_served(void *data);

/* Ends everything, with the cluster. */
void nodes_close(nodes *self);

#endif
