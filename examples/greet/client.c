/*
 * A client of the greeting service, to copy: it calls a method of each of the four kinds.
 *
 *     client [nats://127.0.0.1:4222]
 */
#include "greet.nats-c.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* How many names it sends to GreetClientStream. */
#define NAMES 5

/*
 * A text of a peer may hold any characters, and a terminal acts on some of them. So this shows all
 * but plain ASCII as \x and two digits; what does not fit is left out. examples/blob/text.c shows
 * other languages, too.
 */
typedef struct shown_text {
    char text[1024];
} shown_text;

static shown_text show(const char *text)
{
    size_t used = 0;
    shown_text shown;
    for (; *text != '\0' && used + sizeof("\\x00") <= sizeof(shown.text); text++) {
        bool plain = *text >= ' ' && *text <= '~';
        used += (size_t)sprintf(shown.text + used, plain ? "%c" : "\\x%02x", (unsigned char)*text);
    }
    shown.text[used] = '\0';
    return shown;
}

/* Prints the error of a unary call, or of a stream that could not be opened: the context has it. */
static natsmicro_status report(const char *what, natsmicro_status status,
                               const natsmicro_context *context)
{
    fprintf(stderr, "%s: %s: %s\n", what, show(natsmicro_context_error_code(context)).text,
            show(natsmicro_context_error_message(context)).text);
    return status;
}

/* Prints the error of an open stream: its call has it. */
static natsmicro_status report_call(const char *what, natsmicro_status status, natsmicro_call *call)
{
    fprintf(stderr, "%s: %s: %s\n", what, show(natsmicro_call_error_code(call)).text,
            show(natsmicro_call_error_message(call)).text);
    return status;
}

static natsmicro_status call_unary(Greet__GreetServiceClient *client, natsmicro_context *context)
{
    printf("[start to test TRIPLE unary call]\n");
    Greet__GreetRequest request = GREET__GREET_REQUEST__INIT;
    request.name = "triple";

    Greet__GreetResponse *response;
    natsmicro_status status =
        greet__greet_service_client__greet(client, &request, context, &response);
    if (status != NATSMICRO_OK)
        return report("Greet", status, context);

    printf("TRIPLE unary call resp: [%s]\n", show(response->greeting).text);
    greet__greet_service_client__greet__free(response);
    return NATSMICRO_OK;
}

/* Sends one name, reads one greeting, ends its own direction, and reads the service's end. */
static natsmicro_status talk(Greet__GreetServiceClient__GreetStream *call)
{
    Greet__GreetStreamRequest request = GREET__GREET_STREAM_REQUEST__INIT;
    request.name = "triple";
    natsmicro_status status = greet__greet_service_client__greet_stream__send(call, &request);
    if (status != NATSMICRO_OK)
        return report_call("GreetStream", status, call->base);

    const Greet__GreetStreamResponse *response;
    status = greet__greet_service_client__greet_stream__recv(call, &response);
    if (status != NATSMICRO_OK)
        return report_call("GreetStream", status, call->base);
    printf("TRIPLE bidi stream resp: [%s]\n", show(response->greeting).text);

    status = greet__greet_service_client__greet_stream__close_send(call);
    if (status != NATSMICRO_OK)
        return report_call("GreetStream", status, call->base);

    status = greet__greet_service_client__greet_stream__recv(call, &response);
    if (status != NATSMICRO_END)
        return report_call("GreetStream", status, call->base);
    return NATSMICRO_OK;
}

static natsmicro_status call_bidi_stream(Greet__GreetServiceClient *client,
                                         natsmicro_context *context)
{
    printf("[start to test TRIPLE bidi stream]\n");
    Greet__GreetServiceClient__GreetStream *call;
    natsmicro_status status = greet__greet_service_client__greet_stream(client, context, &call);
    if (status != NATSMICRO_OK)
        return report("GreetStream", status, context);

    status = talk(call);
    greet__greet_service_client__greet_stream__close(call);
    return status;
}

static natsmicro_status send_names(Greet__GreetServiceClient__GreetClientStream *call)
{
    Greet__GreetClientStreamRequest request = GREET__GREET_CLIENT_STREAM_REQUEST__INIT;
    request.name = "triple";
    natsmicro_status status = NATSMICRO_OK;
    for (int i = 0; i < NAMES && status == NATSMICRO_OK; i++)
        status = greet__greet_service_client__greet_client_stream__send(call, &request);
    /* END is no error here: the service has answered already, and wants no more names. */
    if (status != NATSMICRO_OK && status != NATSMICRO_END)
        return report_call("GreetClientStream", status, call->base);

    Greet__GreetClientStreamResponse *response;
    status = greet__greet_service_client__greet_client_stream__close_and_recv(call, &response);
    if (status != NATSMICRO_OK)
        return report_call("GreetClientStream", status, call->base);

    printf("TRIPLE client stream resp: [%s]\n", show(response->greeting).text);
    greet__greet_service_client__greet_client_stream__free(response);
    return NATSMICRO_OK;
}

static natsmicro_status call_client_stream(Greet__GreetServiceClient *client,
                                           natsmicro_context *context)
{
    printf("[start to test TRIPLE client stream]\n");
    Greet__GreetServiceClient__GreetClientStream *call;
    natsmicro_status status =
        greet__greet_service_client__greet_client_stream(client, context, &call);
    if (status != NATSMICRO_OK)
        return report("GreetClientStream", status, context);

    status = send_names(call);
    greet__greet_service_client__greet_client_stream__close(call);
    return status;
}

static natsmicro_status call_server_stream(Greet__GreetServiceClient *client,
                                           natsmicro_context *context)
{
    printf("[start to test TRIPLE server stream]\n");
    Greet__GreetServerStreamRequest request = GREET__GREET_SERVER_STREAM_REQUEST__INIT;
    request.name = "triple";

    Greet__GreetServiceClient__GreetServerStream *call;
    natsmicro_status status =
        greet__greet_service_client__greet_server_stream(client, &request, context, &call);
    if (status != NATSMICRO_OK)
        return report("GreetServerStream", status, context);

    /* A response lives until the next recv. END says that all of them have come. */
    const Greet__GreetServerStreamResponse *response;
    while ((status = greet__greet_service_client__greet_server_stream__recv(call, &response)) ==
           NATSMICRO_OK)
        printf("TRIPLE server stream resp: [%s]\n", show(response->greeting).text);
    if (status == NATSMICRO_END)
        status = NATSMICRO_OK;
    else
        report_call("GreetServerStream", status, call->base);
    greet__greet_service_client__greet_server_stream__close(call);
    return status;
}

static natsmicro_status call_all(Greet__GreetServiceClient *client, natsmicro_context *context)
{
    natsmicro_status status = call_unary(client, context);
    if (status == NATSMICRO_OK)
        status = call_bidi_stream(client, context);
    if (status == NATSMICRO_OK)
        status = call_client_stream(client, context);
    if (status == NATSMICRO_OK)
        status = call_server_stream(client, context);
    return status;
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

int main(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "--help") == 0) {
        printf("usage: client [URL]\n"
               "Calls a method of each of the four kinds. The URL is " NATS_DEFAULT_URL
               " otherwise.\n");
        return EXIT_SUCCESS;
    }
    natsConnection *connection = connect_to(argc > 1 ? argv[1] : NATS_DEFAULT_URL);
    if (connection == NULL)
        return EXIT_FAILURE;

    Greet__GreetServiceClient *client = NULL;
    natsmicro_context *context = NULL;
    natsmicro_status status = greet__greet_service_client__new(&client, connection, NULL);
    if (status == NATSMICRO_OK)
        status = natsmicro_context_new(&context);
    if (status == NATSMICRO_OK)
        status = call_all(client, context);
    else
        fprintf(stderr, "cannot make a client: %s\n", natsmicro_last_error());

    natsmicro_context_destroy(context);
    greet__greet_service_client__destroy(client);
    natsConnection_Destroy(connection);
    nats_Close();
    return status == NATSMICRO_OK ? EXIT_SUCCESS : EXIT_FAILURE;
}
