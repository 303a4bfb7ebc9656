/*
 * Bench: the verb that measures a method.
 */
#include "invoke/bench.h"
#include "invoke/open.h"
#include "text/report.h"
#include "verbs/verbs.h"

static int run_bench(const cmd_settings *settings, const cmd_words *words)
{
    if (words->count > 1 && settings->data != NULL)
        return cmd_fail(CMD_WRONG_USAGE, "bench: JSON and --data: one of them can count");
    cmd_session session;
    int result = cmd_session_open(&session, settings, words->items[0]);
    cmd_input input = {.fd = -1};
    if (result == CMD_DONE)
        result = cmd_input_open(&input, words->count > 1 ? words->items[1] : settings->data);
    if (result == CMD_DONE)
        result = cmd_bench(&session, &input);
    cmd_input_close(&input);
    cmd_session_close(&session);
    return result;
}

static const cmd_option bench_options[] = {
    {'c', "concurrency", "NUMBER", CMD_NUMBER, offsetof(cmd_settings, concurrency),
     "how many calls are made at a time (1)"},
    {'d', "duration", "TIME", CMD_DURATION, offsetof(cmd_settings, duration_ms),
     "for how long (10s)"},
    {0, "data", "JSON", CMD_TEXT, offsetof(cmd_settings, data),
     "the request; @FILE: that of a file; - or @-: of standard input"},
};

static const cmd_option_group bench_group = {"Bench", bench_options, 3};

const cmd_verb cmd_bench_verb = {
    "bench",
    "METHOD [JSON]",
    "measure calls a second and latency",
    "Calls a unary method with the same request for a while, and prints how many\n"
    "calls there were a second, and how long one took: mean, percentiles, longest.\n"
    "^C ends it early, and prints what there is. If calls failed, the first of these\n"
    "is told, and the exit status is that of its status.\n",
    "  natsmicro bench shop.v1.Stock.Take '{\"item\":\"apples\",\"count\":1}' -c 8 -d 10s\n",
    1,
    2,
    {&bench_group, &cmd_call_options, &cmd_type_options, &cmd_wait_options, &cmd_connection_options,
     NULL},
    run_bench};
