/*
 * Open: see open.h.
 */
#include "invoke/open.h"

#include "invoke/interrupt.h"
#include "invoke/stub.h"
#include "text/report.h"
#include "types/load.h"

/* A hook sees the call, so that it can be cancelled. */
static natsmicro_status before_call(natsmicro_call *call, void *user_data)
{
    (void)user_data;
    cmd_set_call(call);
    return NATSMICRO_OK;
}

static void after_call(natsmicro_call *call, natsmicro_status status, int64_t duration_ns,
                       void *user_data)
{
    (void)call;
    (void)status;
    (void)duration_ns;
    (void)user_data;
    cmd_set_call(NULL);
}

static int make_client(cmd_session *session)
{
    natsmicro_client_options options = NATSMICRO_CLIENT_OPTIONS_INIT;
    const char *prefix = session->connection.inbox_prefix;
    const char *prefixes[] = {"_INBOX.", NULL, NULL};
    if (prefix != NULL)
        prefixes[1] = gen_pool_format(session->settings->pool, "%s.", prefix);
    options.hooks = (natsmicro_hooks){before_call, after_call, NULL};
    options.inbox_prefix = prefix;
    options.allowed_inbox_prefixes = prefixes;
    options.plain_streams = session->settings->plain_streams;
    natsmicro_status status = natsmicro_stub_client_new(&session->client, &session->stub,
                                                        session->connection.nats, &options);
    if (status != NATSMICRO_OK)
        return cmd_fail_with(status, "%s", natsmicro_last_error());
    return cmd_make_context(session, &session->context);
}

int cmd_session_open(cmd_session *session, const cmd_settings *settings, const char *method)
{
    *session = (cmd_session){.settings = settings, .types = {.set = NM_BUFFER_INIT}};
    cmd_catch_interrupts();
    int result = CMD_DONE;
    if (cmd_has_own_types(settings)) /* what is wrong with them is told before a broker is needed */
        result = cmd_load_types(settings, NULL, method, &session->types);
    if (result == CMD_DONE)
        result = cmd_connect(settings, &session->connection);
    if (result == CMD_DONE && !cmd_has_own_types(settings))
        result = cmd_load_types(settings, &session->connection, method, &session->types);
    if (result != CMD_DONE)
        return result;
    session->method = cmd_find_method(&session->types, method);
    if (session->method == NULL)
        return CMD_WRONG_USAGE;
    result = cmd_make_stub(session);
    return result == CMD_DONE ? make_client(session) : result;
}

void cmd_session_close(cmd_session *session)
{
    natsmicro_context_destroy(session->context);
    natsmicro_stub_client_destroy(session->client);
    cmd_disconnect(&session->connection);
    nm_json_free(session->json);
    nm_dynamic_free(session->dynamic);
    cmd_types_free(&session->types);
}
