/*
 * A client of the service behind tokens, to copy: an interceptor sets the token of each call, unary
 * calls and streams, so that none can forget it.
 *
 *     AUTH_TOKEN="tea for two" client [nats://127.0.0.1:4222]
 */
#include "auth.nats-c.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- the interceptor ---- */

static natsmicro_status set_token(natsmicro_call *call, const char *token)
{
    if (token == NULL)
        return NATSMICRO_OK; /* the service says what it thinks of that */
    char header[256];
    int length = snprintf(header, sizeof(header), "Bearer %s", token);
    if (length < 0 || (size_t)length >= sizeof(header))
        return natsmicro_call_fail(call, NATSMICRO_INVALID_ARGUMENT, "the token is too long");
    return natsmicro_call_set_header(call, "Authorization", header);
}

static natsmicro_status call_with_token(natsmicro_call *call, const ProtobufCMessage *request,
                                        ProtobufCMessage **response, natsmicro_next *next,
                                        void *token)
{
    natsmicro_status status = set_token(call, token);
    return status == NATSMICRO_OK ? natsmicro_next_call(next, request, response) : status;
}

static natsmicro_status open_with_token(natsmicro_call *call, const ProtobufCMessage *request,
                                        natsmicro_next *next, void *token)
{
    natsmicro_status status = set_token(call, token);
    return status == NATSMICRO_OK ? natsmicro_next_run(next, request) : status;
}

/* ---- calls ---- */

/* A text of a peer may hold any characters, and a terminal acts on some of them. */
static void print_text(FILE *to, const char *text)
{
    for (; *text != '\0'; text++)
        fputc(*text >= ' ' && *text <= '~' ? *text : '?', to);
    fputc('\n', to);
}

static natsmicro_status report(natsmicro_status status, const char *code, const char *text)
{
    fprintf(stderr, "%.32s: ", code);
    print_text(stderr, text);
    return status;
}

static natsmicro_status ask_name(Auth__AccountClient *client, natsmicro_context *context)
{
    Auth__GetNameRequest request = AUTH__GET_NAME_REQUEST__INIT;
    Auth__GetNameResponse *response;
    natsmicro_status status = auth__account_client__get_name(client, &request, context, &response);
    if (status != NATSMICRO_OK)
        return report(status, natsmicro_status_name(status),
                      natsmicro_context_error_message(context));
    print_text(stdout, response->name);
    auth__account_client__get_name__free(response);
    return NATSMICRO_OK;
}

static natsmicro_status read_greetings(Auth__AccountClient *client, natsmicro_context *context)
{
    Auth__GreetingsRequest request = AUTH__GREETINGS_REQUEST__INIT;
    request.count = 2;
    Auth__AccountClient__Greetings *call;
    natsmicro_status status = auth__account_client__greetings(client, &request, context, &call);
    if (status != NATSMICRO_OK)
        return report(status, natsmicro_status_name(status),
                      natsmicro_context_error_message(context));
    const Auth__Greeting *greeting;
    while ((status = auth__account_client__greetings__recv(call, &greeting)) == NATSMICRO_OK)
        print_text(stdout, greeting->text);
    if (status == NATSMICRO_END)
        status = NATSMICRO_OK;
    else
        report(status, natsmicro_status_name(status), natsmicro_call_error_message(call->base));
    auth__account_client__greetings__close(call);
    return status;
}

/* ---- the program ---- */

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

static natsmicro_status make_client(Auth__AccountClient **client, natsConnection *connection)
{
    natsmicro_interceptor signer = NATSMICRO_INTERCEPTOR_INIT;
    signer.call = call_with_token;
    signer.open = open_with_token;
    signer.user_data = getenv("AUTH_TOKEN");
    const natsmicro_interceptor *list[] = {&signer, NULL};
    natsmicro_client_options options = NATSMICRO_CLIENT_OPTIONS_INIT;
    options.interceptors = list;
    return auth__account_client__new(client, connection, &options);
}

int main(int argc, char **argv)
{
    if (argc > 2 || (argc > 1 && argv[1][0] == '-')) {
        bool asked = argc == 2 && strcmp(argv[1], "--help") == 0;
        fprintf(asked ? stdout : stderr, "usage: [AUTH_TOKEN=…] client [URL of a nats-server]\n");
        return asked ? EXIT_SUCCESS : EXIT_FAILURE;
    }
    natsConnection *connection = connect_to(argc > 1 ? argv[1] : NATS_DEFAULT_URL);
    if (connection == NULL)
        return EXIT_FAILURE;

    Auth__AccountClient *client = NULL;
    natsmicro_context *context = NULL;
    natsmicro_status status = make_client(&client, connection);
    if (status == NATSMICRO_OK)
        status = natsmicro_context_new(&context);
    if (status != NATSMICRO_OK)
        fprintf(stderr, "cannot make a client: %s\n", natsmicro_last_error());
    else
        status = ask_name(client, context);
    if (status == NATSMICRO_OK)
        status = read_greetings(client, context);

    natsmicro_context_destroy(context);
    auth__account_client__destroy(client);
    natsConnection_Destroy(connection);
    nats_Close();
    return status == NATSMICRO_OK ? EXIT_SUCCESS : EXIT_FAILURE;
}
