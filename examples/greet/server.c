/*
 * The greeting service, to copy. It serves until it is interrupted, and then lets running calls
 * finish.
 *
 *     server [nats://127.0.0.1:4222]
 */
#include "greet.nats-c.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* How many greetings GreetServerStream sends. */
#define GREETINGS 5

/* Bounds what GreetClientStream joins, so that no caller can make it use up all memory. */
#define MOST_JOINED_BYTES 65536

/* ---- handlers ---- */

/* reply and send encode the response before they return, so it may live on the stack. */

static natsmicro_status greet(Greet__GreetServiceServer__Greet *call,
                              const Greet__GreetRequest *request, void *user_data)
{
    (void)user_data;
    if (request->name[0] == '\0')
        return natsmicro_call_fail(call->base, NATSMICRO_INVALID_ARGUMENT, "name is empty");

    Greet__GreetResponse response = GREET__GREET_RESPONSE__INIT;
    response.greeting = request->name;
    return greet__greet_service_server__greet__reply(call, &response);
}

/*
 * Bidirectional stream: recv returns END once the caller has closed its direction. Returning END
 * ends the stream just as OK does.
 */
static natsmicro_status greet_stream(Greet__GreetServiceServer__GreetStream *call, void *user_data)
{
    (void)user_data;
    const Greet__GreetStreamRequest *request;
    natsmicro_status status;
    while ((status = greet__greet_service_server__greet_stream__recv(call, &request)) ==
           NATSMICRO_OK) {
        Greet__GreetStreamResponse response = GREET__GREET_STREAM_RESPONSE__INIT;
        response.greeting = request->name;
        status = greet__greet_service_server__greet_stream__send(call, &response);
        if (status != NATSMICRO_OK)
            return status;
    }
    return status;
}

/* Client stream: a message lives until the next recv, so the names are copied. */
static natsmicro_status greet_client_stream(Greet__GreetServiceServer__GreetClientStream *call,
                                            void *user_data)
{
    (void)user_data;
    char joined[MOST_JOINED_BYTES] = "";
    size_t length = 0;
    const Greet__GreetClientStreamRequest *request;
    natsmicro_status status;
    while ((status = greet__greet_service_server__greet_client_stream__recv(call, &request)) ==
           NATSMICRO_OK) {
        size_t room = sizeof(joined) - length;
        int written =
            snprintf(joined + length, room, "%s%s", length == 0 ? "" : ",", request->name);
        if (written < 0 || (size_t)written >= room)
            return natsmicro_call_fail(call->base, NATSMICRO_RESOURCE_EXHAUSTED,
                                       "the names have more than %d bytes", MOST_JOINED_BYTES - 1);
        length += (size_t)written;
    }
    if (status != NATSMICRO_END)
        return status;

    Greet__GreetClientStreamResponse response = GREET__GREET_CLIENT_STREAM_RESPONSE__INIT;
    response.greeting = joined;
    return greet__greet_service_server__greet_client_stream__reply(call, &response);
}

/*
 * Server stream: when a send fails, the caller is gone or the time is up, so the handler returns.
 */
static natsmicro_status greet_server_stream(Greet__GreetServiceServer__GreetServerStream *call,
                                            const Greet__GreetServerStreamRequest *request,
                                            void *user_data)
{
    (void)user_data;
    Greet__GreetServerStreamResponse response = GREET__GREET_SERVER_STREAM_RESPONSE__INIT;
    response.greeting = request->name;
    for (int i = 0; i < GREETINGS; i++) {
        natsmicro_status status =
            greet__greet_service_server__greet_server_stream__send(call, &response);
        if (status != NATSMICRO_OK)
            return status;
    }
    return NATSMICRO_OK;
}

static const Greet__GreetServiceHandlers handlers = {
    .greet = greet,
    .greet_stream = greet_stream,
    .greet_client_stream = greet_client_stream,
    .greet_server_stream = greet_server_stream,
};

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

static natsmicro_status serve(natsConnection *connection)
{
    natsmicro_server *server = NULL;
    natsmicro_status status = natsmicro_server_new(&server, connection, NULL);
    if (status != NATSMICRO_OK)
        return status;

    status = greet__greet_service_server__add(server, &handlers, NULL, NULL);
    if (status == NATSMICRO_OK) {
        running_server = server;
        struct sigaction action = {.sa_handler = stop};
        sigaction(SIGINT, &action, NULL);
        sigaction(SIGTERM, &action, NULL);
        printf("ready\n");
        fflush(stdout);
        status = natsmicro_server_run(server);
        signal(SIGINT, SIG_DFL);
        signal(SIGTERM, SIG_DFL);
    }
    natsmicro_server_destroy(server);
    return status;
}

int main(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "--help") == 0) {
        printf("usage: server [URL]\n"
               "Serves until it is interrupted. The URL is " NATS_DEFAULT_URL " otherwise.\n");
        return EXIT_SUCCESS;
    }
    natsConnection *connection = connect_to(argc > 1 ? argv[1] : NATS_DEFAULT_URL);
    if (connection == NULL)
        return EXIT_FAILURE;

    natsmicro_status status = serve(connection);
    if (status != NATSMICRO_OK)
        fprintf(stderr, "the service ended: %s\n", natsmicro_last_error());

    natsConnection_Destroy(connection);
    nats_Close();
    return status == NATSMICRO_OK ? EXIT_SUCCESS : EXIT_FAILURE;
}
