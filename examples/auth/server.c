/*
 * A service behind tokens, to copy: an interceptor finds out who calls, refuses strangers, and
 * hands the caller's name to the handlers. It serves until it is interrupted.
 *
 *     server [nats://127.0.0.1:4222]
 */
#include "auth.nats-c.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- users ---- */

typedef struct user {
    const char *token;
    const char *name;
} user;

/* Yours are in a file or a database, and only hashes of the tokens. */
static const user users[] = {{"tea for two", "ann"}, {"apple pie", "bob"}};

/* Takes the same time whatever differs, so that a token cannot be guessed byte by byte. */
static bool is_token(const char *expected, const char *given)
{
    size_t length = strlen(expected);
    if (strlen(given) != length)
        return false;
    unsigned char difference = 0;
    for (size_t i = 0; i < length; i++)
        difference |= (unsigned char)(expected[i] ^ given[i]);
    return difference == 0;
}

static const char *find_name(const char *token)
{
    const char *name = NULL;
    for (size_t i = 0; i < sizeof(users) / sizeof(users[0]); i++)
        if (is_token(users[i].token, token))
            name = users[i].name;
    return name;
}

/* ---- the interceptor ---- */

/* Runs around each handler, in its thread. What it attaches is freed when the call is over. */
static natsmicro_status authenticate(natsmicro_call *call, const ProtobufCMessage *request,
                                     natsmicro_next *next, void *user_data)
{
    static const char scheme[] = "Bearer ";
    (void)user_data;
    const char *header = natsmicro_call_header(call, "Authorization");
    if (header == NULL || strncmp(header, scheme, strlen(scheme)) != 0)
        return natsmicro_call_fail(call, NATSMICRO_UNAUTHENTICATED, "%s needs a token",
                                   natsmicro_call_method(call));
    const char *name = find_name(header + strlen(scheme));
    if (name == NULL)
        return natsmicro_call_fail(call, NATSMICRO_UNAUTHENTICATED, "the token is not known");
    char *copy = strdup(name);
    if (copy == NULL)
        return NATSMICRO_RESOURCE_EXHAUSTED;
    natsmicro_call_set_user(call, copy, free);
    return natsmicro_next_run(next, request);
}

/* ---- handlers ---- */

static natsmicro_status get_name(Auth__AccountServer__GetName *call,
                                 const Auth__GetNameRequest *request, void *user_data)
{
    (void)request;
    (void)user_data;
    Auth__GetNameResponse response = AUTH__GET_NAME_RESPONSE__INIT;
    response.name = natsmicro_call_user(call->base);
    return auth__account_server__get_name__reply(call, &response);
}

static natsmicro_status greetings(Auth__AccountServer__Greetings *call,
                                  const Auth__GreetingsRequest *request, void *user_data)
{
    (void)user_data;
    char text[64];
    snprintf(text, sizeof(text), "hello %s", (const char *)natsmicro_call_user(call->base));
    Auth__Greeting greeting = AUTH__GREETING__INIT;
    greeting.text = text;
    natsmicro_status status = NATSMICRO_OK;
    for (int32_t i = 0; i < request->count && status == NATSMICRO_OK; i++)
        status = auth__account_server__greetings__send(call, &greeting);
    return status;
}

static const Auth__AccountHandlers handlers = {.get_name = get_name, .greetings = greetings};

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
    natsmicro_interceptor guard = NATSMICRO_INTERCEPTOR_INIT;
    guard.handle = authenticate;
    const natsmicro_interceptor *list[] = {&guard, NULL};
    natsmicro_server_options options = NATSMICRO_SERVER_OPTIONS_INIT;
    options.interceptors = list;

    natsmicro_server *server = NULL;
    natsmicro_status status = natsmicro_server_new(&server, connection, &options);
    if (status != NATSMICRO_OK)
        return status;
    status = auth__account_server__add(server, &handlers, NULL, NULL);
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
    if (argc > 2 || (argc > 1 && argv[1][0] == '-')) {
        bool asked = argc == 2 && strcmp(argv[1], "--help") == 0;
        fprintf(asked ? stdout : stderr, "usage: server [URL of a nats-server]\n");
        return asked ? EXIT_SUCCESS : EXIT_FAILURE;
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
