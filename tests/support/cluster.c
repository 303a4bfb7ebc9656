/*
 * See cluster.h. Each node first listens for routes on a port that nats-server chooses; then all
 * configurations are written anew with the ports of all, for the next start.
 */
#include "support/cluster.h"

#include "support/process.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define PATIENCE_MS 30000

struct cluster {
    cluster_options options;
    broker *nodes[CLUSTER_MOST_NODES + 1]; /* the leaf is the last */
    int route_ports[CLUSTER_MOST_NODES];
    int leaf_port; /* of the first node */
    bool is_down[CLUSTER_MOST_NODES + 1];
    proxy *route; /* from the second node to the first */
};

static void add_text(char *text, size_t size, const char *format, int number)
{
    size_t length = strlen(text);
    int added = snprintf(text + length, size - length, format, number);
    if (added < 0 || (size_t)added >= size - length)
        support_die("the configuration of a node is too long");
}

/* Which port leads from one node to another. */
static int way_to(const cluster *self, int node)
{
    if (node != 0 || self->route == NULL)
        return self->route_ports[node];
    return atoi(strrchr(proxy_url(self->route), ':') + 1);
}

/*
 * Over a route that can be cut only the second node connects: the first has no other way to it. A
 * node connects to those whose ports are known.
 */
static void write_node(const cluster *self, int node, char *text, size_t size)
{
    int own = self->route_ports[node];
    snprintf(text, size, "server_name: node%d\ncluster {\n  name: tests\n", node);
    add_text(text, size, "  listen: \"127.0.0.1:%d\"\n", own != 0 ? own : -1);
    add_text(text, size,
             self->options.tells_clients ? "  no_advertise: false\n  routes: ["
                                         : "  no_advertise: true\n  routes: [",
             0);
    for (int other = 0; other < self->options.nodes; other++)
        if (other != node && self->route_ports[other] != 0 && (node != 0 || !self->options.has_cut))
            add_text(text, size, " \"nats://127.0.0.1:%d\"\n", way_to(self, other));
    add_text(text, size, " ]\n}\n", 0);
    if (node == 0 && self->options.has_leaf)
        add_text(text, size, "leafnodes { listen: \"127.0.0.1:%d\" }\n",
                 self->leaf_port != 0 ? self->leaf_port : -1);
    if (self->options.config != NULL)
        strncat(text, self->options.config, size - strlen(text) - 1);
    if (self->options.last_config != NULL && node == self->options.nodes - 1)
        strncat(text, self->options.last_config, size - strlen(text) - 1);
}

/* ---- whole ---- */

static int running_nodes(const cluster *self)
{
    int running = 0;
    for (int i = 0; i < self->options.nodes; i++)
        running += !self->is_down[i];
    return running;
}

static bool is_whole(const cluster *self)
{
    int others = running_nodes(self) - 1;
    for (int i = 0; i < self->options.nodes; i++)
        if (!self->is_down[i] &&
            broker_count_values(self->nodes[i], "/routez", "\"remote_id\": \"") < others)
            return false;
    if (!self->options.has_leaf || self->is_down[0] || self->is_down[self->options.nodes])
        return true;
    return broker_figure(self->nodes[self->options.nodes], "/varz", NULL, "\"leafnodes\":") > 0;
}

static void wait_until_whole(const cluster *self)
{
    const struct timespec pause = {0, 10 * 1000000};
    int64_t deadline = now_ms() + PATIENCE_MS;
    while (!is_whole(self)) {
        if (now_ms() >= deadline)
            support_die("the cluster was not whole in time");
        nanosleep(&pause, NULL);
    }
}

/* ---- starting ---- */

static void start_node(cluster *self, int node)
{
    char config[4096];
    write_node(self, node, config, sizeof(config));
    self->nodes[node] = broker_start(&(broker_options){.config = config});
    self->route_ports[node] =
        (int)broker_figure(self->nodes[node], "/varz", NULL, "\"cluster_port\":");
    if (self->route_ports[node] <= 0)
        support_die("node %d takes no routes", node);
    if (node == 0 && self->options.has_cut)
        self->route = proxy_start_before(self->route_ports[0]);
    if (node == 0 && self->options.has_leaf)
        self->leaf_port = (int)broker_figure(self->nodes[0], "/varz", "\"leaf\":", "\"port\":");
}

static void start_leaf(cluster *self)
{
    char config[1024];
    snprintf(config, sizeof(config),
             "server_name: leaf\nleafnodes { reconnect: 1, remotes: [ { url: "
             "\"nats-leaf://127.0.0.1:%d\" } ] }\n",
             self->leaf_port);
    self->nodes[self->options.nodes] = broker_start(&(broker_options){.config = config});
}

cluster *cluster_start(const cluster_options *options)
{
    cluster *self = calloc(1, sizeof(*self));
    if (self == NULL)
        support_die("no memory");
    self->options = *options;
    for (int i = 0; i < options->nodes; i++)
        start_node(self, i);
    if (options->has_leaf)
        start_leaf(self);
    for (int i = 0; i < options->nodes; i++) {
        char config[4096];
        write_node(self, i, config, sizeof(config));
        broker_set_config(self->nodes[i], &(broker_options){.config = config});
    }
    wait_until_whole(self);
    return self;
}

const char *cluster_url(const cluster *self, int node)
{
    return broker_url(self->nodes[node]);
}

broker *cluster_node(const cluster *self, int node)
{
    return self->nodes[node];
}

/* ---- outages ---- */

void cluster_kill(cluster *self, int node)
{
    self->is_down[node] = true;
    broker_kill(self->nodes[node]);
}

void cluster_restart(cluster *self, int node)
{
    broker_restart(self->nodes[node]);
    self->is_down[node] = false;
    wait_until_whole(self);
}

void cluster_cut_route(cluster *self)
{
    proxy_set_cut(self->route, true);
}

void cluster_mend_route(cluster *self)
{
    proxy_set_cut(self->route, false);
    wait_until_whole(self);
}

void cluster_retire(cluster *self, int node)
{
    self->is_down[node] = true;
    broker_retire(self->nodes[node], PATIENCE_MS);
}

void cluster_stop(cluster *self)
{
    if (self == NULL)
        return;
    proxy_stop(self->route);
    for (int i = 0; i <= CLUSTER_MOST_NODES; i++)
        broker_stop(self->nodes[i]);
    free(self);
}
