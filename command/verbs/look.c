/*
 * Look: the verbs that look at services and call none: ls, info, stats, ping.
 */
#include "discover/services.h"
#include "show/services.h"
#include "text/report.h"
#include "text/show.h"
#include "text/table.h"
#include "verbs/verbs.h"

#include <time.h>

#define INTERVAL_MS 2000

#define DISCOVERY_TEXT                                                              \
    "Answers are collected until none has come for --wait, for 10 s at most; the\n" \
    "first one may take 2 s.\n"

/* ---- once or again and again ---- */

typedef struct cmd_look {
    cmd_question question;
    void (*show)(const cmd_settings *settings, const cmd_answers *answers);
} cmd_look;

static int look_once(const cmd_settings *settings, cmd_connection *connection, const cmd_look *look)
{
    cmd_answers answers;
    int result = cmd_ask(settings, connection, &look->question, &answers);
    if (settings->watch && cmd_columns(stdout) > 0)
        fputs("\033[H\033[J", stdout);
    if (result == CMD_DONE && answers.count == 0 && look->question.name != NULL)
        result = cmd_fail_with(NATSMICRO_UNAVAILABLE, "no service \"%s\" answered at %s",
                               look->question.name, connection->url);
    else if (result == CMD_DONE && answers.count == 0)
        cmd_say("no service answered at %s", connection->url);
    if (result == CMD_DONE && (answers.count > 0 || settings->json))
        look->show(settings, &answers);
    cmd_answers_free(&answers);
    if (fflush(stdout) != 0)
        return cmd_fail_output();
    return result;
}

/* With --watch a service that is gone may come back: only a lost connection ends it. */
static int look(const cmd_settings *settings, const cmd_look *look)
{
    cmd_connection connection;
    int result = cmd_connect(settings, &connection);
    if (result == CMD_DONE)
        result = look_once(settings, &connection, look);
    while (settings->watch && connection.nats != NULL && ferror(stdout) == 0) {
        int64_t ms = settings->interval_ms > 0 ? settings->interval_ms : INTERVAL_MS;
        struct timespec pause = {(time_t)(ms / 1000), (long)(ms % 1000) * 1000000};
        nanosleep(&pause, NULL);
        result = look_once(settings, &connection, look);
    }
    cmd_disconnect(&connection);
    return result;
}

/* ---- the verbs ---- */

/*
 * These go to shells that complete words. A stranger's name with other characters is none that a
 * service may have.
 */
static void show_name(const json_t *object, const char *member)
{
    const char *name = cmd_text_of(object, member);
    if (cmd_is_plain_name(name))
        puts(name);
}

static void show_names(const json_t *services, const char *member)
{
    size_t index;
    json_t *service;
    json_array_foreach(services, index, service)
    {
        if (member == NULL) {
            show_name(service, "name");
            continue;
        }
        size_t k;
        json_t *endpoint;
        json_array_foreach(json_object_get(service, "endpoints"), k, endpoint)
            show_name(endpoint, member);
    }
}

static void show_joined(const cmd_settings *settings, const cmd_answers *answers,
                        void (*show)(const json_t *services))
{
    json_t *services = cmd_join_answers(answers);
    if (settings->services)
        show_names(services, NULL);
    else if (settings->methods)
        show_names(services, "method");
    else if (settings->json)
        cmd_show_json(services);
    else
        show(services);
    json_decref(services);
}

static void show_list(const cmd_settings *settings, const cmd_answers *answers)
{
    show_joined(settings, answers, cmd_show_list);
}

static void show_info(const cmd_settings *settings, const cmd_answers *answers)
{
    show_joined(settings, answers, cmd_show_info);
}

static void show_answers(const cmd_settings *settings, const cmd_answers *answers,
                         void (*show)(const cmd_answers *answers))
{
    if (!settings->json) {
        show(answers);
        return;
    }
    json_t *array = cmd_array_of(answers);
    cmd_show_json(array);
    json_decref(array);
}

static void show_stats(const cmd_settings *settings, const cmd_answers *answers)
{
    show_answers(settings, answers, cmd_show_stats);
}

static void show_ping(const cmd_settings *settings, const cmd_answers *answers)
{
    show_answers(settings, answers, cmd_show_ping);
}

static const char *first_word(const cmd_words *words)
{
    return words->count > 0 ? words->items[0] : NULL;
}

static int run_ls(const cmd_settings *settings, const cmd_words *words)
{
    const cmd_look it = {{{"INFO", "SCHEMA"}, first_word(words), NULL, NULL}, show_list};
    return look(settings, &it);
}

static int run_info(const cmd_settings *settings, const cmd_words *words)
{
    const cmd_look it = {{{"INFO", NULL}, first_word(words), NULL, NULL}, show_info};
    return look(settings, &it);
}

static int run_stats(const cmd_settings *settings, const cmd_words *words)
{
    const cmd_look it = {{{"STATS", NULL}, first_word(words), NULL, NULL}, show_stats};
    return look(settings, &it);
}

static int run_ping(const cmd_settings *settings, const cmd_words *words)
{
    const cmd_look it = {{{"PING", NULL}, first_word(words), NULL, NULL}, show_ping};
    return look(settings, &it);
}

/* ---- their options and help ---- */

static const cmd_option ls_options[] = {
    {0, "methods", NULL, CMD_FLAG, offsetof(cmd_settings, methods),
     "print the full names of methods alone, one a line"},
    {0, "services", NULL, CMD_FLAG, offsetof(cmd_settings, services),
     "print the names of services alone, one a line"},
};

static const cmd_option_group ls_group = {"Names", ls_options,
                                          sizeof(ls_options) / sizeof(ls_options[0])};

const cmd_verb cmd_ls = {
    "ls",
    "[SERVICE]",
    "services, their methods, kinds and types",
    "Lists the services on the broker: name, version, running instances, description;\n"
    "and their methods: kind, request and response. Types are known where a service\n"
    "answers $SRV.SCHEMA, as those of this library do. Of others the subjects are\n"
    "listed; use --proto to call them.\n"
    "\n" DISCOVERY_TEXT,
    "  natsmicro ls\n"
    "  natsmicro ls shop --json\n",
    0,
    1,
    {&ls_group, &cmd_discovery_options, &cmd_connection_options, NULL},
    run_ls};

const cmd_verb cmd_info = {
    "info",
    "[SERVICE]",
    "what services say of themselves",
    "Shows what services answer to $SRV.INFO: instances, metadata, and of each\n"
    "endpoint its subject, queue group and metadata.\n"
    "\n" DISCOVERY_TEXT,
    "  natsmicro info shop\n",
    0,
    1,
    {&cmd_discovery_options, &cmd_connection_options, NULL},
    run_info};

const cmd_verb cmd_stats = {
    "stats",
    "[SERVICE]",
    "requests, errors and times of each instance",
    "Shows what services answer to $SRV.STATS: for each instance how long it is up,\n"
    "and for each of its endpoints the number of requests, how many of them failed,\n"
    "how long one took on average, and the last error.\n"
    "\n" DISCOVERY_TEXT,
    "  natsmicro stats shop --watch\n",
    0,
    1,
    {&cmd_discovery_options, &cmd_connection_options, NULL},
    run_stats};

const cmd_verb cmd_ping = {
    "ping",
    "[SERVICE]",
    "which instances answer, and how fast",
    "Asks services for a sign of life, $SRV.PING, and shows how long each instance\n"
    "took to answer.\n"
    "\n" DISCOVERY_TEXT,
    "  natsmicro ping\n",
    0,
    1,
    {&cmd_discovery_options, &cmd_connection_options, NULL},
    run_ping};
