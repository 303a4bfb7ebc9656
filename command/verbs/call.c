/*
 * Call: the verb that calls a method.
 */
#include "invoke/call.h"
#include "invoke/open.h"
#include "text/report.h"
#include "verbs/verbs.h"

#include <unistd.h>

/* A method that streams requests reads standard input where no data is given. */
static const char *choose_data(const cmd_session *session, const cmd_words *words)
{
    const natsmicro_method_kind kind = session->method->kind;
    const char *data = session->settings->data;
    if (words->count > 1)
        data = words->items[1];
    if (data != NULL || kind == NATSMICRO_UNARY || kind == NATSMICRO_SERVER_STREAM)
        return data;
    if (isatty(STDIN_FILENO) == 1)
        cmd_say("requests are read from the terminal, a JSON document each; ^D ends them");
    return "-";
}

static int run_call(const cmd_settings *settings, const cmd_words *words)
{
    if (words->count > 1 && settings->data != NULL)
        return cmd_fail(CMD_WRONG_USAGE, "call: JSON and --data: one of them can count");
    cmd_session session;
    int result = cmd_session_open(&session, settings, words->items[0]);
    cmd_input input = {.fd = -1};
    if (result == CMD_DONE)
        result = cmd_input_open(&input, choose_data(&session, words));
    if (result == CMD_DONE)
        result = cmd_make_call(&session, &input);
    cmd_input_close(&input);
    cmd_session_close(&session);
    return result;
}

static const cmd_option data_options[] = {
    {'d', "data", "JSON", CMD_TEXT, offsetof(cmd_settings, data),
     "the requests: JSON documents; @FILE: those of a file; - or @-: of standard input"},
};

static const cmd_option_group data_group = {"Requests", data_options, 1};

const cmd_verb cmd_call = {
    "call",
    "METHOD [JSON]",
    "call a method",
    "Calls a method with JSON, and prints its responses as JSON, a line each, as\n"
    "they come. METHOD is a full name, as ls prints it: shop.v1.Stock.Take.\n"
    "\n"
    "A method that takes one request gets the JSON, or an empty message. One that\n"
    "streams requests gets a document after the other, in a line each or in several;\n"
    "without JSON and --data they are read from standard input.\n"
    "\n"
    "A call that fails prints code, text and data of the error to stderr, and ends\n"
    "with exit status 64 and the number of its status. ^C cancels the call, and the\n"
    "service is told.\n",
    "  natsmicro call shop.v1.Stock.Take '{\"item\":\"apples\",\"count\":3}'\n"
    "  natsmicro call shop.v1.Stock.Take -d @request.json -H 'Authorization:${TOKEN}'\n"
    "  natsmicro call shop.v1.Stock.Deliver < parcels.ndjson\n"
    "  natsmicro call shop.v1.Stock.Take --proto shop.proto -I proto -d '{}'\n",
    1,
    2,
    {&data_group, &cmd_call_options, &cmd_type_options, &cmd_wait_options, &cmd_connection_options,
     NULL},
    run_call};
