/*
 * Orders an item in the shop, and prints the span of its call: the root of the trace whose other
 * spans the two services print.
 *
 *     client [nats://127.0.0.1:4222 [item]]
 */
#include "spans.nats-c.h"
#include "trace.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static natsConnection *connect_to(const char *url)
{
    natsOptions *options = NULL;
    natsConnection *connection = NULL;
    natsStatus status = natsOptions_Create(&options);
    if (status == NATS_OK)
        status = natsOptions_SetURL(options, url);
    if (status == NATS_OK && natsmicro_options_prepare(options) != NATSMICRO_OK)
        status = NATS_INVALID_ARG;
    if (status == NATS_OK)
        status = natsConnection_Connect(&connection, options);
    natsOptions_Destroy(options);
    if (status != NATS_OK)
        fprintf(stderr, "cannot connect to %s: %s\n", url, natsStatus_GetText(status));
    return connection;
}

static natsmicro_status order(natsConnection *connection, char *item)
{
    const natsmicro_interceptor *list[] = {&trace_of_client, NULL};
    natsmicro_client_options options = NATSMICRO_CLIENT_OPTIONS_INIT;
    options.interceptors = list;
    Spans__ShopClient *shop;
    natsmicro_status status = spans__shop_client__new(&shop, connection, &options);
    if (status != NATSMICRO_OK)
        return status;
    Spans__OrderRequest request = SPANS__ORDER_REQUEST__INIT;
    request.item = item;
    Spans__OrderResponse *response;
    status = spans__shop_client__order(shop, &request, NULL, &response);
    if (status == NATSMICRO_OK)
        printf("%d left\n", (int)response->left);
    spans__shop_client__order__free(response);
    spans__shop_client__destroy(shop);
    return status;
}

int main(int argc, char **argv)
{
    if (argc > 3 || (argc > 1 && argv[1][0] == '-')) {
        bool asked = argc == 2 && strcmp(argv[1], "--help") == 0;
        fprintf(asked ? stdout : stderr, "usage: client [URL of a nats-server [item]]\n");
        return asked ? EXIT_SUCCESS : EXIT_FAILURE;
    }
    natsConnection *connection = connect_to(argc > 1 ? argv[1] : NATS_DEFAULT_URL);
    if (connection == NULL)
        return EXIT_FAILURE;
    char tea[] = "tea";
    natsmicro_status status = order(connection, argc > 2 ? argv[2] : tea);
    if (status != NATSMICRO_OK)
        fprintf(stderr, "the order failed: %s\n", natsmicro_status_name(status));
    natsConnection_Destroy(connection);
    nats_Close();
    return status == NATSMICRO_OK ? EXIT_SUCCESS : EXIT_FAILURE;
}
