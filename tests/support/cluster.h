/*
 * Cluster: several brokers for one test that are one cluster, and brokers that are leaf nodes of
 * it. Each is a broker of its own, on free ports and with a folder of its own; a node keeps its
 * ports when it is started again.
 *
 * Clients stay with the node that they have connected to, unless the cluster is told to tell them
 * of the others. All functions may be called from any thread, one at a time for one cluster. When
 * one of them fails, the machine is not fit for the test: the program says why and aborts.
 */
#ifndef SUPPORT_CLUSTER_H
#define SUPPORT_CLUSTER_H

#include "support/broker.h"
#include "support/proxy.h"

#include <stdbool.h>

#define CLUSTER_MOST_NODES 3

typedef struct cluster cluster;

typedef struct cluster_options {
    int nodes;
    bool tells_clients; /* clients learn all nodes, and move to another when theirs is lost */
    bool has_leaf;      /* one more broker, as a leaf node of the first node */
    bool has_cut;       /* only of two nodes: their route runs through a proxy that can cut it */
    const char *config; /* more lines for the configuration of each, or NULL */
    const char *last_config; /* and for that of the last node alone */
} cluster_options;

/*
 * Starts a cluster; when it returns, each node has a route to each other, and the leaf is linked.
 */
cluster *cluster_start(const cluster_options *options);

/* Returns the URL of a node; of the leaf, if `node` is the number of nodes. */
const char *cluster_url(const cluster *self, int node);

/* Returns a node, to look at it or to pause it. */
broker *cluster_node(const cluster *self, int node);

/* Kills a node, and starts it again; that returns when the cluster is whole again. */
void cluster_kill(cluster *self, int node);
void cluster_restart(cluster *self, int node);

/* Cuts the route, and mends it; that returns when the cluster is whole again. */
void cluster_cut_route(cluster *self);
void cluster_mend_route(cluster *self);

/*
 * Takes a node out of service, in its lame duck mode. Returns when it has ended; its clients have
 * been sent away before.
 */
void cluster_retire(cluster *self, int node);

/* Ends all nodes and frees the cluster. NULL is allowed. */
void cluster_stop(cluster *self);

#endif
