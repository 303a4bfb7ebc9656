/*
 * Answer: see answer.h.
 */
#include "store/answer.h"

#include "base/headers.h"
#include "store/json_bounds.h"
#include "wire/header_block.h"

#include <stdio.h>
#include <string.h>

/* Of headers: those of a stored message are whatever its publisher sent. */
#define HEADER_LIMIT ((size_t)4 * 1024 * 1024)

/* Of JSON: a stored message of the largest max_payload, in base64. */
#define JSON_LIMIT ((size_t)96 * 1024 * 1024)

/* The answers that we ask for have fewer than a hundred values. */
#define JSON_VALUES ((size_t)32 * 1024)

/* ---- headers ---- */

static int read_status(nm_bytes text)
{
    const char *at = text.data;
    int status = 0;
    for (size_t i = 0; i < text.length; i++) {
        if (at[i] < '0' || at[i] > '9')
            return NM_STATUS_NONE;
        status = status * 10 + (at[i] - '0');
    }
    return status;
}

bool nm_answer_take(nm_answer *answer, natsMsg *message)
{
    nm_answer_free(answer);
    answer->message = message;
    const char *payload = natsMsg_GetData(message);
    answer->payload = (nm_bytes){payload, (size_t)natsMsg_GetDataLength(message)};
    nm_header_block_state state =
        nm_header_block_find(natsMsg_GetSubject(message), natsMsg_GetReply(message), payload,
                             HEADER_LIMIT, &answer->headers);
    if (state != NM_HEADER_BLOCK_FOUND)
        return state == NM_HEADER_BLOCK_NONE;
    nm_header_reader reader;
    nm_bytes status;
    nm_bytes description;
    nm_header_reader_begin(&reader, answer->headers, &status, &description);
    answer->status = read_status(status);
    return true;
}

void nm_answer_free(nm_answer *answer)
{
    natsMsg_Destroy(answer->message);
    *answer = (nm_answer){.tag = answer->tag};
}

bool nm_find_header(nm_bytes block, const char *name, nm_bytes *value)
{
    if (block.length == 0)
        return false;
    nm_header_reader reader;
    nm_bytes status;
    nm_bytes description;
    nm_header_reader_begin(&reader, block, &status, &description);
    nm_bytes found;
    while (nm_header_reader_next(&reader, &found, value))
        if (nm_header_name_is(found, name))
            return true;
    return false;
}

bool nm_answer_header(const nm_answer *answer, const char *name, nm_bytes *value)
{
    return nm_find_header(answer->headers, name, value);
}

bool nm_answer_number(const nm_answer *answer, const char *name, uint64_t *value)
{
    nm_bytes text;
    if (!nm_answer_header(answer, name, &text) || text.length == 0 || text.length > 19)
        return false;
    *value = 0;
    for (size_t i = 0; i < text.length; i++) {
        char digit = ((const char *)text.data)[i];
        if (digit < '0' || digit > '9')
            return false;
        *value = *value * 10 + (uint64_t)(digit - '0');
    }
    return true;
}

/* ---- JSON ---- */

static void read_error(const json_t *object, nm_api_error *api)
{
    *api = (nm_api_error){.number = NM_API_NONE};
    const json_t *told = json_object_get(object, "error");
    if (!json_is_object(told))
        return;
    const char *text = json_string_value(json_object_get(told, "description"));
    api->code = (int)json_integer_value(json_object_get(told, "code"));
    api->number = (int)json_integer_value(json_object_get(told, "err_code"));
    if (api->number == NM_API_NONE)
        api->number = api->code != 0 ? api->code : -1;
    snprintf(api->text, sizeof(api->text), "%s", text != NULL ? text : "no description");
}

natsmicro_status nm_answer_json(const nm_answer *answer, const char *what, json_t **object,
                                nm_api_error *api, nm_error *error)
{
    *object = NULL;
    *api = (nm_api_error){.number = NM_API_NONE};
    nm_bytes text = answer->payload;
    if (text.length == 0)
        return nm_error_set(error, NATSMICRO_INTERNAL, "%s: the broker's answer is empty", what);
    if (!nm_json_bounds_keep(text, JSON_LIMIT, JSON_VALUES))
        return nm_error_set(error, NATSMICRO_INTERNAL,
                            "%s: the broker's answer of %zu bytes is larger than any that is "
                            "expected",
                            what, text.length);
    json_error_t fault;
    *object = json_loadb(text.data, text.length, 0, &fault);
    if (!json_is_object(*object)) {
        json_decref(*object);
        *object = NULL;
        return nm_error_set(error, NATSMICRO_INTERNAL, "%s: the broker's answer is no JSON object",
                            what);
    }
    read_error(*object, api);
    return NATSMICRO_OK;
}

static natsmicro_status status_of(const nm_api_error *api)
{
    switch (api->number) {
    case NM_API_CLUSTER_NOT_AVAILABLE:
    case NM_API_SEQUENCE_NOT_READY:
        return NATSMICRO_UNAVAILABLE;
    case NM_API_MESSAGE_NOT_FOUND:
        return NATSMICRO_NOT_FOUND;
    case NM_API_NOT_ENABLED_FOR_ACCOUNT:
    case NM_API_NOT_ENABLED:
    case NM_API_STREAM_NOT_FOUND:
    case NM_API_SEALED:
    case NM_API_TTL_DISABLED:
        return NATSMICRO_FAILED_PRECONDITION;
    case NM_API_ACCOUNT_RESOURCES:
    case NM_API_RESOURCES:
    case NM_API_MEMORY_RESOURCES:
    case NM_API_STORAGE_RESOURCES:
    case NM_API_MESSAGE_TOO_LARGE:
    case NM_API_STORE_FAILED:
        return NATSMICRO_RESOURCE_EXHAUSTED;
    case NM_API_WRONG_LAST_SEQUENCE:
    case NM_API_WRONG_LAST_SEQUENCE_CONSTANT:
        return NATSMICRO_ABORTED;
    default:
        return NATSMICRO_INTERNAL;
    }
}

/* What the broker's own text does not say. */
static const char *explain(const nm_api_error *api)
{
    if (api->number == NM_API_STORE_FAILED)
        return "the bucket is full, or cannot be written: ";
    return api->number == NM_API_MESSAGE_TOO_LARGE ? "the value is too large for the bucket: " : "";
}

natsmicro_status nm_store_fail_memory(const char *what, nm_error *error)
{
    return nm_error_set(error, NATSMICRO_RESOURCE_EXHAUSTED, "%s: no memory", what);
}

natsmicro_status nm_api_fail(const nm_api_error *api, const char *what, nm_error *error)
{
    return nm_error_set(error, status_of(api), "%s: %s%s (JetStream's error %d)", what,
                        explain(api), api->text, api->number);
}
