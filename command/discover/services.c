/*
 * Services: see services.h.
 */
#include "discover/services.h"

#include "base/clock.h"
#include "base/random.h"
#include "base/rules.h"
#include "text/report.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_ANSWER_MS 2000
#define QUIET_MS        300
#define SEARCH_MS       1000 /* the same for a question that one answer is enough for */
#define LONGEST_MS      10000
#define MOST_BYTES      (16 << 20) /* of answers, which take many times as much as JSON */

/* Below it a double fits in an int64_t. */
#define LARGEST_NUMBER 9e18

/* ---- JSON of strangers ---- */

const char *cmd_text_of(const json_t *object, const char *member)
{
    const char *text = json_string_value(json_object_get(object, member));
    return text != NULL ? text : "";
}

int64_t cmd_number_of(const json_t *object, const char *member)
{
    const json_t *value = json_object_get(object, member);
    if (json_is_integer(value))
        return json_integer_value(value);
    double number = json_real_value(value);
    return number > -LARGEST_NUMBER && number < LARGEST_NUMBER ? (int64_t)number : 0;
}

bool cmd_is(const json_t *object, const char *member, const char *text)
{
    return strcmp(cmd_text_of(object, member), text) == 0;
}

/* ---- one request ---- */

/* Makes the inbox of the connection, if it has none. */
static natsStatus make_inbox(cmd_connection *connection)
{
    if (connection->answers != NULL)
        return NATS_OK;
    const char *prefix = connection->inbox_prefix != NULL ? connection->inbox_prefix : "_INBOX";
    char token[NM_TOKEN_LENGTH + 1];
    if (!nm_random_token(token) || snprintf(connection->inbox, sizeof(connection->inbox), "%s.%s",
                                            prefix, token) >= (int)sizeof(connection->inbox))
        return NATS_INVALID_ARG;
    char all[sizeof(connection->inbox) + 2];
    snprintf(all, sizeof(all), "%s.*", connection->inbox);
    return natsConnection_SubscribeSync(&connection->answers, connection->nats, all);
}

/* The subject for answers to the next question. */
static natsStatus next_inbox(cmd_connection *connection, char *inbox, size_t size)
{
    natsStatus status = make_inbox(connection);
    snprintf(inbox, size, "%s.%u", connection->inbox, ++connection->n_questions);
    return status;
}

/*
 * Waits for an answer there; late ones to earlier questions are dropped. NATS_NO_RESPONDERS: nobody
 * listens, which some releases of nats.c return as a message.
 */
static natsStatus next_answer(cmd_connection *connection, const char *inbox, int64_t timeout_ms,
                              natsMsg **answer)
{
    int64_t deadline = nm_deadline_in(timeout_ms);
    for (;;) {
        *answer = NULL;
        natsStatus status = natsSubscription_NextMsg(answer, connection->answers,
                                                     nm_later(nm_remaining_ms(deadline), 1));
        if (status != NATS_OK)
            return status;
        bool nobody = natsMsg_IsNoResponders(*answer);
        if (!nobody && strcmp(natsMsg_GetSubject(*answer), inbox) == 0)
            return NATS_OK;
        natsMsg_Destroy(*answer);
        if (nobody)
            return NATS_NO_RESPONDERS;
    }
}

natsStatus cmd_request(cmd_connection *connection, const char *subject, const char *data,
                       int64_t timeout_ms, natsMsg **answer)
{
    *answer = NULL;
    char inbox[NM_SUBJECT_LIMIT];
    natsStatus status = next_inbox(connection, inbox, sizeof(inbox));
    if (status == NATS_OK)
        status = natsConnection_PublishRequest(connection->nats, subject, inbox, data,
                                               (int)strlen(data));
    return status == NATS_OK ? next_answer(connection, inbox, timeout_ms, answer) : status;
}

/* ---- many answers ---- */

typedef struct cmd_verb_type {
    const char *verb;
    const char *type;
} cmd_verb_type;

static const cmd_verb_type verb_types[] = {
    {"PING", CMD_PING}, {"INFO", CMD_INFO}, {"STATS", CMD_STATS}, {"SCHEMA", CMD_SCHEMA}};

static bool is_asked(const cmd_question *question, const char *verb)
{
    return strcmp(question->verbs[0], verb) == 0 ||
           (question->verbs[1] != NULL && strcmp(question->verbs[1], verb) == 0);
}

static bool is_answer(const cmd_question *question, const json_t *json)
{
    if (!json_is_object(json) || cmd_is(json, "name", "") || cmd_is(json, "id", ""))
        return false;
    for (size_t i = 0; i < sizeof(verb_types) / sizeof(verb_types[0]); i++) {
        if (cmd_is(json, "type", verb_types[i].type))
            return is_asked(question, verb_types[i].verb);
    }
    return false;
}

/* What has come in answer to a question. */
typedef struct cmd_collection {
    const cmd_question *question;
    int64_t asked;
    json_t *known; /* an object with a member for each id and type */
    size_t bytes;
    cmd_answers *answers;
} cmd_collection;

/* A repeated answer of one instance counts once. */
static bool is_new(const cmd_collection *collection, const json_t *json)
{
    nm_buffer key = NM_BUFFER_INIT;
    nm_buffer_append_format(&key, "%s\n%s", cmd_text_of(json, "type"), cmd_text_of(json, "id"));
    const char *text = nm_buffer_string(&key);
    bool is_new = text != NULL && json_object_get(collection->known, text) == NULL &&
                  json_object_set_new(collection->known, text, json_true()) == 0;
    nm_buffer_free(&key);
    return is_new;
}

static bool add(cmd_collection *collection, json_t *json)
{
    cmd_answers *answers = collection->answers;
    cmd_answer *items = realloc(answers->items, (answers->count + 1) * sizeof(*items));
    if (items == NULL) {
        json_decref(json);
        return false;
    }
    answers->items = items;
    items[answers->count++] = (cmd_answer){json, (uint64_t)(nm_now() - collection->asked)};
    return true;
}

/* Takes an answer, if it is one; true if no more are waited for. */
static bool take(cmd_collection *collection, natsMsg *message)
{
    const cmd_question *question = collection->question;
    size_t length = (size_t)natsMsg_GetDataLength(message);
    json_t *json = json_loadb(natsMsg_GetData(message), length, 0, NULL);
    if (json == NULL || !is_answer(question, json) || !is_new(collection, json)) {
        json_decref(json);
        return false;
    }
    collection->bytes += length;
    bool enough = question->is_enough != NULL && question->is_enough(json, question->data);
    if (!add(collection, json) || enough)
        return enough;
    if (collection->bytes <= MOST_BYTES)
        return false;
    cmd_say("the answers have more than %d bytes: those that come later are left out", MOST_BYTES);
    return true;
}

/* A search ends as soon as it finds. To wait longer only delays the news that it did not. */
static int64_t quiet_after(const cmd_settings *settings, const cmd_question *question)
{
    if (settings->wait_ms > 0)
        return settings->wait_ms;
    return question->is_enough != NULL ? SEARCH_MS : QUIET_MS;
}

/* Collects until it is quiet, or nobody listens to any of the questions. */
static natsStatus collect(const cmd_settings *settings, cmd_connection *connection,
                          const char *inbox, cmd_collection *collection)
{
    int64_t quiet_ms = quiet_after(settings, collection->question);
    int64_t first_ms = nm_later(quiet_ms, FIRST_ANSWER_MS);
    int64_t end = nm_after(collection->asked, nm_duration(nm_later(first_ms, LONGEST_MS)));
    size_t deaf = collection->question->verbs[1] == NULL;
    while (deaf < 2) {
        natsMsg *message = NULL;
        int64_t patience_ms = collection->answers->count == 0 ? first_ms : quiet_ms;
        natsStatus status =
            next_answer(connection, inbox, nm_earlier(patience_ms, nm_remaining_ms(end)), &message);
        deaf += status == NATS_NO_RESPONDERS;
        if (status != NATS_OK && status != NATS_NO_RESPONDERS)
            return status == NATS_TIMEOUT ? NATS_OK : status;
        bool enough = status == NATS_OK && take(collection, message);
        natsMsg_Destroy(message);
        if (enough || nm_now() >= end)
            return NATS_OK;
    }
    return NATS_OK;
}

static int compare(const void *a, const void *b)
{
    const json_t *first = ((const cmd_answer *)a)->json;
    const json_t *second = ((const cmd_answer *)b)->json;
    int order = strcmp(cmd_text_of(first, "name"), cmd_text_of(second, "name"));
    return order != 0 ? order : strcmp(cmd_text_of(first, "id"), cmd_text_of(second, "id"));
}

/* The connection may have lost the permission's name; the broker's complaint has it. */
static int tell(const cmd_connection *connection, const char *subject, natsStatus status)
{
    const char *complaint = cmd_broker_complaint();
    if (*complaint != '\0')
        return cmd_fail_with(NATSMICRO_PERMISSION_DENIED, "%s at %s: %s", subject, connection->url,
                             complaint);
    if (status == NATS_OK)
        return CMD_DONE;
    return cmd_fail_with(NATSMICRO_UNAVAILABLE, "%s at %s: %s", subject, connection->url,
                         natsStatus_GetText(status));
}

static natsStatus publish(cmd_connection *connection, const cmd_question *question,
                          const char *inbox, char *subject, size_t size)
{
    natsStatus status = NATS_OK;
    for (size_t i = 0; i < 2 && question->verbs[i] != NULL && status == NATS_OK; i++) {
        snprintf(subject, size, "$SRV.%s%s%s", question->verbs[i],
                 question->name != NULL ? "." : "", question->name != NULL ? question->name : "");
        status = natsConnection_PublishRequest(connection->nats, subject, inbox, "", 0);
    }
    return status == NATS_OK ? natsConnection_Flush(connection->nats) : status;
}

int cmd_ask(const cmd_settings *settings, cmd_connection *connection, const cmd_question *question,
            cmd_answers *answers)
{
    *answers = (cmd_answers){NULL, 0};
    if (question->name != NULL && nm_service_name_fault(question->name) != NULL)
        return cmd_fail(CMD_WRONG_USAGE, "service \"%s\": %s", question->name,
                        nm_service_name_fault(question->name));
    cmd_collection collection = {
        .question = question, .asked = nm_now(), .known = json_object(), .answers = answers};
    char subject[NM_SERVICE_NAME_LIMIT + 32] = "";
    char inbox[NM_SUBJECT_LIMIT];
    natsStatus status = next_inbox(connection, inbox, sizeof(inbox));
    if (status == NATS_OK)
        status = publish(connection, question, inbox, subject, sizeof(subject));
    if (status == NATS_OK)
        status = collect(settings, connection, inbox, &collection);
    json_decref(collection.known);
    if (answers->count == 0)
        return tell(connection, subject, status);
    qsort(answers->items, answers->count, sizeof(*answers->items), compare);
    return CMD_DONE;
}

void cmd_answers_free(cmd_answers *answers)
{
    for (size_t i = 0; i < answers->count; i++)
        json_decref(answers->items[i].json);
    free(answers->items);
    *answers = (cmd_answers){NULL, 0};
}
