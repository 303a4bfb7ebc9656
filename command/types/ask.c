/*
 * Ask: see ask.h. All that comes is a stranger's: its size is limited, its SHA-256 checked, and
 * what it says is read by runtime/schema, which checks it.
 */
#include "types/ask.h"

#include "base/base64.h"
#include "base/clock.h"
#include "base/rules.h"
#include "text/digest.h"
#include "text/report.h"
#include "types/set.h"

#include <stdio.h>
#include <string.h>

/* For all parts together: who sends single bytes must not keep anybody waiting. */
#define PARTS_TIMEOUT_MS 30000
#define PART_TIMEOUT_MS  5000

/* ---- which service ---- */

/* Whether a name is `wanted`, or a method of it: "shop.v1.Stock" has "shop.v1.Stock.Take". */
static bool is_of(const char *method, const char *wanted)
{
    size_t length = strlen(wanted);
    return strncmp(method, wanted, length) == 0 &&
           (method[length] == '\0' || method[length] == '.');
}

static bool has_wanted(const json_t *answer, const void *data)
{
    const char *wanted = data;
    if (!cmd_is(answer, "type", CMD_SCHEMA))
        return false;
    if (cmd_is(answer, "name", wanted))
        return true;
    size_t index;
    json_t *endpoint;
    json_array_foreach(json_object_get(answer, "endpoints"), index, endpoint)
    {
        if (is_of(cmd_text_of(endpoint, "method"), wanted))
            return true;
    }
    return false;
}

/* The methods of all answers in the service that `wanted` would be in, for a text. */
static void list_methods(const cmd_answers *answers, const char *wanted, nm_buffer *list)
{
    const char *dot = strrchr(wanted, '.');
    size_t length = dot != NULL ? (size_t)(dot - wanted) + 1 : 0;
    for (size_t i = 0; i < answers->count; i++) {
        size_t index;
        json_t *endpoint;
        json_array_foreach(json_object_get(answers->items[i].json, "endpoints"), index, endpoint)
        {
            const char *method = cmd_text_of(endpoint, "method");
            if (length == 0 || strncmp(method, wanted, length) != 0)
                continue;
            nm_buffer_append_format(list, "%s%s", list->length > 0 ? ", " : "", method + length);
        }
        if (list->length > 0)
            return;
    }
}

static int tell_missing(const cmd_connection *connection, const cmd_answers *answers,
                        const char *wanted)
{
    nm_buffer list = NM_BUFFER_INIT;
    list_methods(answers, wanted, &list);
    const char *methods = nm_buffer_string(&list);
    const char *dot = strrchr(wanted, '.');
    if (methods != NULL && *methods != '\0' && dot != NULL)
        cmd_say("%.*s has no method %s: it has %s", (int)(dot - wanted), wanted, dot + 1, methods);
    else if (answers->count > 0)
        cmd_say("no service that tells its types has %s (natsmicro ls lists them; for others use "
                "--proto or --descriptor-set)",
                wanted);
    else
        cmd_say("no service at %s tells its types (natsmicro ls lists services; for those in other "
                "languages use --proto or --descriptor-set)",
                connection->url);
    nm_buffer_free(&list);
    return CMD_CALL_FAILED + NATSMICRO_UNAVAILABLE;
}

static int find_service(const cmd_settings *settings, cmd_connection *connection,
                        const char *wanted, json_t **schema)
{
    const cmd_question question = {{"SCHEMA", NULL}, NULL, has_wanted, wanted};
    cmd_answers answers;
    int result = cmd_ask(settings, connection, &question, &answers);
    for (size_t i = 0; i < answers.count && *schema == NULL; i++) {
        if (has_wanted(answers.items[i].json, wanted))
            *schema = json_incref(answers.items[i].json);
    }
    if (result == CMD_DONE && *schema == NULL)
        result = tell_missing(connection, &answers, wanted);
    cmd_answers_free(&answers);
    return result;
}

/* ---- its bytes ---- */

/* Appends the data of a part, of which there is some. */
static bool take_part(const json_t *part, size_t size, nm_buffer *set)
{
    const char *data = cmd_text_of(part, "data");
    size_t length = strlen(data);
    size_t bytes = 0;
    uint8_t *room = nm_buffer_reserve(set, nm_base64_room(length));
    if (room == NULL || cmd_number_of(part, "total") != (int64_t)size ||
        cmd_number_of(part, "offset") != (int64_t)set->length ||
        !nm_base64_read(data, length, room, &bytes) || bytes == 0 || bytes > size - set->length)
        return false;
    set->length += bytes;
    return true;
}

static int ask_part(cmd_connection *connection, const char *subject, size_t size, int64_t deadline,
                    nm_buffer *set)
{
    int64_t timeout_ms = nm_earlier(nm_remaining_ms(deadline), PART_TIMEOUT_MS);
    char question[64];
    snprintf(question, sizeof(question), "{\"offset\":%zu}", set->length);
    natsMsg *answer = NULL;
    natsStatus status = cmd_request(connection, subject, question, timeout_ms, &answer);
    if (status != NATS_OK)
        return cmd_fail_with(NATSMICRO_UNAVAILABLE, "%s: %s", subject, natsStatus_GetText(status));
    const char *error = NULL;
    if (natsMsgHeader_Get(answer, "Nats-Service-Error", &error) != NATS_OK)
        error = NULL;
    int result = CMD_DONE;
    json_t *part =
        json_loadb(natsMsg_GetData(answer), (size_t)natsMsg_GetDataLength(answer), 0, NULL);
    if (error != NULL)
        result = cmd_fail_with(NATSMICRO_INTERNAL, "%s: %s", subject, error);
    else if (!take_part(part, size, set))
        result = cmd_fail_with(NATSMICRO_INTERNAL, "%s: an answer is malformed at offset %zu",
                               subject, set->length);
    json_decref(part);
    natsMsg_Destroy(answer);
    return result;
}

static int ask_bytes(cmd_connection *connection, const json_t *schema, nm_buffer *set)
{
    const char *name = cmd_text_of(schema, "name");
    const char *id = cmd_text_of(schema, "id");
    const json_t *descriptors = json_object_get(schema, "descriptors");
    int64_t size = cmd_number_of(descriptors, "size");
    if (size <= 0)
        return cmd_fail_with(NATSMICRO_UNAVAILABLE,
                             "service %s was generated without descriptors: use --proto or "
                             "--descriptor-set",
                             name);
    if (size > CMD_LARGEST_SET)
        return cmd_fail_with(NATSMICRO_RESOURCE_EXHAUSTED,
                             "service %s: its types have %lld bytes, more than %d", name,
                             (long long)size, CMD_LARGEST_SET);
    char subject[NM_SUBJECT_LIMIT + 1];
    if (snprintf(subject, sizeof(subject), "$SRV.SCHEMA.%s.%s", name, id) >= (int)sizeof(subject) ||
        nm_subject_fault(subject) != NULL)
        return cmd_fail_with(NATSMICRO_INTERNAL, "service \"%s\", id \"%s\": no name of a service",
                             name, id);
    int result = CMD_DONE;
    int64_t deadline = nm_deadline_in(PARTS_TIMEOUT_MS);
    while (result == CMD_DONE && set->length < (size_t)size)
        result = ask_part(connection, subject, (size_t)size, deadline, set);
    cmd_hex digest;
    cmd_digest_of(set->data, set->length, digest);
    if (result == CMD_DONE && !cmd_is(descriptors, "sha256", digest))
        result = cmd_fail_with(NATSMICRO_DATA_LOSS,
                               "%s: the types do not have the SHA-256 that "
                               "the service told",
                               subject);
    return result;
}

int cmd_ask_types(const cmd_settings *settings, cmd_connection *connection, const char *wanted,
                  nm_buffer *set, json_t **schema)
{
    *schema = NULL;
    int result = find_service(settings, connection, wanted, schema);
    if (result == CMD_DONE)
        result = ask_bytes(connection, *schema, set);
    return result;
}
