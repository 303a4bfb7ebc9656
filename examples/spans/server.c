/*
 * Two services whose calls are traced, to copy: `server shop` takes orders, and calls
 * `server stock` for each of them. Each prints its spans, and serves until it is interrupted.
 *
 *     server shop|stock [nats://127.0.0.1:4222]
 */
#include "spans.nats-c.h"
#include "trace.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- handlers ---- */

static natsmicro_status take(Spans__StockServer__Take *call, const Spans__TakeRequest *request,
                             void *user_data)
{
    (void)user_data;
    if (strcmp(request->item, "tea") != 0)
        return natsmicro_call_fail(call->base, NATSMICRO_NOT_FOUND, "there is only tea");
    Spans__TakeResponse response = SPANS__TAKE_RESPONSE__INIT;
    response.left = 42;
    return spans__stock_server__take__reply(call, &response);
}

static natsmicro_status ask_stock(Spans__ShopServer__Order *call, Spans__StockClient *stock,
                                  natsmicro_context *context, const char *item)
{
    Spans__TakeRequest request = SPANS__TAKE_REQUEST__INIT;
    request.item = (char *)(uintptr_t)item;
    Spans__TakeResponse *taken;
    natsmicro_status status = spans__stock_client__take(stock, &request, context, &taken);
    if (status != NATSMICRO_OK)
        return natsmicro_call_fail(call->base, status, "%s",
                                   natsmicro_context_error_message(context));
    Spans__OrderResponse response = SPANS__ORDER_RESPONSE__INIT;
    response.left = taken->left;
    spans__stock_client__take__free(taken);
    return spans__shop_server__order__reply(call, &response);
}

/* What it calls is a part of its caller's trace, and has what is left of its caller's time. */
static natsmicro_status order(Spans__ShopServer__Order *call, const Spans__OrderRequest *request,
                              void *stock)
{
    natsmicro_context *context;
    natsmicro_status status = natsmicro_context_new(&context);
    if (status != NATSMICRO_OK)
        return status;
    status = natsmicro_context_follow(context, call->base,
                                      NATSMICRO_FOLLOW_TRACE | NATSMICRO_FOLLOW_DEADLINE);
    if (status == NATSMICRO_OK)
        status = ask_stock(call, stock, context, request->item);
    natsmicro_context_destroy(context);
    return status;
}

static const Spans__ShopHandlers shop_handlers = {.order = order};
static const Spans__StockHandlers stock_handlers = {.take = take};

/* ---- the program ---- */

/* The signal handler can reach the server only through a global variable. */
static natsmicro_server *running_server;

static void stop(int signal_number)
{
    (void)signal_number;
    natsmicro_server_stop(running_server);
}

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

static natsmicro_status run(natsmicro_server *server)
{
    running_server = server;
    struct sigaction action = {.sa_handler = stop};
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    printf("ready\n");
    fflush(stdout);
    natsmicro_status status = natsmicro_server_run(server);
    signal(SIGINT, SIG_DFL);
    signal(SIGTERM, SIG_DFL);
    return status;
}

static natsmicro_status serve(natsConnection *connection, bool is_shop)
{
    const natsmicro_interceptor *of_server[] = {&trace_of_server, NULL};
    const natsmicro_interceptor *of_client[] = {&trace_of_client, NULL};
    natsmicro_server_options options = NATSMICRO_SERVER_OPTIONS_INIT;
    natsmicro_client_options client_options = NATSMICRO_CLIENT_OPTIONS_INIT;
    options.interceptors = of_server;
    client_options.interceptors = of_client;

    Spans__StockClient *stock = NULL;
    natsmicro_server *server = NULL;
    natsmicro_status status = natsmicro_server_new(&server, connection, &options);
    if (status == NATSMICRO_OK && is_shop)
        status = spans__stock_client__new(&stock, connection, &client_options);
    if (status == NATSMICRO_OK)
        status = is_shop ? spans__shop_server__add(server, &shop_handlers, stock, NULL)
                         : spans__stock_server__add(server, &stock_handlers, NULL, NULL);
    if (status == NATSMICRO_OK)
        status = run(server);
    else
        fprintf(stderr, "cannot serve: %s\n", natsmicro_last_error());
    natsmicro_server_destroy(server);
    spans__stock_client__destroy(stock);
    return status;
}

int main(int argc, char **argv)
{
    bool is_shop = argc > 1 && strcmp(argv[1], "shop") == 0;
    if (argc > 3 || argc < 2 || (!is_shop && strcmp(argv[1], "stock") != 0)) {
        bool asked = argc == 2 && strcmp(argv[1], "--help") == 0;
        fprintf(asked ? stdout : stderr, "usage: server shop|stock [URL of a nats-server]\n");
        return asked ? EXIT_SUCCESS : EXIT_FAILURE;
    }
    natsConnection *connection = connect_to(argc > 2 ? argv[2] : NATS_DEFAULT_URL);
    if (connection == NULL)
        return EXIT_FAILURE;
    natsmicro_status status = serve(connection, is_shop);
    natsConnection_Destroy(connection);
    nats_Close();
    return status == NATSMICRO_OK ? EXIT_SUCCESS : EXIT_FAILURE;
}
