/*
 * See nodes.h.
 */
#include "integration/nodes.h"

#include <stdlib.h>

bool nodes_are_served(void *data)
{
    nodes *self = data;
    /* The handlers have no Ping. */
    return lab_ping_status(&self->room, "", NULL) == NATSMICRO_UNIMPLEMENTED;
}

nodes *nodes_connect(cluster *brokers, const char *server_url, const char *client_url,
                     const nodes_limits *limits)
{
    static const nodes_limits usual = {.idle_timeout_ms = 30000};
    natsmicro_server_options server = NATSMICRO_SERVER_OPTIONS_INIT;
    natsmicro_client_options client = NATSMICRO_CLIENT_OPTIONS_INIT;
    nodes *self = malloc(sizeof(*self));
    if (self == NULL)
        support_die("no memory");
    self->brokers = brokers;
    if (limits == NULL)
        limits = &usual;
    server.idle_timeout_ms = client.idle_timeout_ms = limits->idle_timeout_ms;
    server.gone_limit_ms = client.gone_limit_ms = limits->gone_limit_ms;
    server.window_bytes = client.window_bytes = TRAFFIC_WINDOW_BYTES;
    server.window_messages = client.window_messages = TRAFFIC_WINDOW_MESSAGES;
    traffic_init(&self->traffic);
    lab_open_at(&self->room, server_url, client_url);
    lab_serve_with(&self->room, &traffic_handlers, &self->traffic, &server, NULL);
    lab_call_with(&self->room, &client);
    assert_true(eventually(nodes_are_served, self, LAB_PATIENCE));
    return self;
}

nodes *nodes_open(const cluster_options *options, int server_node, int client_node,
                  const nodes_limits *limits)
{
    cluster *brokers = cluster_start(options);
    return nodes_connect(brokers, cluster_url(brokers, server_node),
                         cluster_url(brokers, client_node), limits);
}

void nodes_close(nodes *self)
{
    lab_close(&self->room);
    cluster_stop(self->brokers);
    traffic_destroy(&self->traffic);
    free(self);
}
