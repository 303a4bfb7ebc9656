/*
 * Blob: the verbs for chunked methods: put, get.
 */
#include "invoke/blob.h"
#include "invoke/open.h"
#include "text/report.h"
#include "verbs/verbs.h"

/* ---- put ---- */

static int run_put(const cmd_settings *settings, const cmd_words *words)
{
    cmd_session session;
    int result = cmd_session_open(&session, settings, words->items[0]);
    if (result == CMD_DONE)
        result = cmd_put(&session, words->count > 1 ? words->items[1] : "-");
    cmd_session_close(&session);
    return result;
}

const cmd_verb cmd_put_verb = {
    "put",
    "METHOD [FILE]",
    "send a file or a pipe to a chunked method",
    "Sends a blob to a method that takes one, which has the option\n"
    "(natsmicro.chunked_io): a file, or standard input where FILE is - or missing.\n"
    "Prints the response as JSON, and size and SHA-256 of what was sent to stderr.\n"
    "On a terminal there is a progress bar. ^C cancels the call, so that the service\n"
    "takes no part for the whole.\n",
    "  natsmicro put files.File.Upload big.iso -H Name:big.iso\n"
    "  tar c . | natsmicro put files.File.Upload -H Name:home.tar\n",
    1,
    2,
    {&cmd_call_options, &cmd_type_options, &cmd_wait_options, &cmd_connection_options, NULL},
    run_put};

/* ---- get ---- */

static int run_get(const cmd_settings *settings, const cmd_words *words)
{
    if (words->count > 1 && settings->data != NULL)
        return cmd_fail(CMD_WRONG_USAGE, "get: JSON and --data: one of them can count");
    cmd_session session;
    int result = cmd_session_open(&session, settings, words->items[0]);
    cmd_input input = {.fd = -1};
    if (result == CMD_DONE)
        result = cmd_input_open(&input, words->count > 1 ? words->items[1] : settings->data);
    if (result == CMD_DONE)
        result = cmd_get(&session, &input, settings->output != NULL ? settings->output : "-");
    cmd_input_close(&input);
    cmd_session_close(&session);
    return result;
}

static const cmd_option get_options[] = {
    {'o', "output", "FILE", CMD_TEXT, offsetof(cmd_settings, output),
     "write the blob there, whole or not at all (standard output)"},
    {'d', "data", "JSON", CMD_TEXT, offsetof(cmd_settings, data),
     "the request; @FILE: that of a file; - or @-: of standard input"},
};

static const cmd_option_group get_group = {"Blob", get_options, 2};

const cmd_verb cmd_get_verb = {
    "get",
    "METHOD [JSON]",
    "receive a file from a chunked method",
    "Receives a blob from a method that returns one, which has the option\n"
    "(natsmicro.chunked_io), into a file or to standard output. A file is there\n"
    "whole, or not at all. Prints size and SHA-256 of what was received to stderr.\n"
    "On a terminal there is a progress bar. ^C cancels the call.\n",
    "  natsmicro get files.File.Download '{\"name\":\"big.iso\"}' -o big.iso\n"
    "  natsmicro get files.File.Download '{\"name\":\"home.tar\"}' | tar t\n",
    1,
    2,
    {&get_group, &cmd_call_options, &cmd_type_options, &cmd_wait_options, &cmd_connection_options,
     NULL},
    run_get};
