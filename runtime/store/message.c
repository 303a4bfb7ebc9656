/*
 * Message: see message.h.
 *
 * A direct get is answered by nobody where the stream is gone or does not allow it any more, and
 * nats-server 2.9 does not even say that. So one that is not answered for a while asks for the
 * bucket's configuration again, and is then made anew, or another way.
 */
#include "store/message.h"

#include "base/base64.h"
#include "store/api.h"
#include "store/bucket.h"
#include "wire/header_block.h"

#include <inttypes.h>
#include <string.h>

/* How long a direct get waits first; twice as long each time, up to a limit. */
#define FIRST_PATIENCE_MS   500
#define LONGEST_PATIENCE_MS 8000

void nm_stored_free(nm_stored *stored)
{
    nm_answer_free(&stored->answer);
    nm_buffer_free(&stored->bytes);
    *stored = (nm_stored){0};
}

static natsmicro_status fail_absent(const char *what, nm_error *error)
{
    return nm_error_set(error, NATSMICRO_NOT_FOUND, "%s: nothing is stored there", what);
}

/* ---- direct gets ---- */

/* WOULD_BLOCK: nobody has answered. */
static natsmicro_status read_direct(const char *what, nm_stored *stored, nm_error *error)
{
    switch (stored->answer.status) {
    case NM_STATUS_NONE:
        break;
    case NM_STATUS_NOT_FOUND:
        return fail_absent(what, error);
    case NM_STATUS_NO_RESPONDERS:
        return NATSMICRO_WOULD_BLOCK;
    default:
        return nm_error_set(error, NATSMICRO_INTERNAL, "%s: the broker answers with the status %d",
                            what, stored->answer.status);
    }
    if (!nm_answer_number(&stored->answer, "Nats-Sequence", &stored->sequence))
        return nm_error_set(error, NATSMICRO_INTERNAL,
                            "%s: the broker's answer has no number of a message", what);
    stored->headers = stored->answer.headers;
    stored->payload = stored->answer.payload;
    return NATSMICRO_OK;
}

static natsmicro_status get_direct(nm_bucket *bucket, const char *what, const char *subject,
                                   int64_t until, nm_stored *stored, nm_error *error)
{
    nm_buffer whole = NM_BUFFER_INIT;
    nm_buffer_append_format(&whole, "%sDIRECT.GET.%s.%s", bucket->store->api, bucket->stream,
                            subject);
    nm_request request = {.what = what, .subject = nm_buffer_string(&whole)};
    natsmicro_status status = request.subject != NULL ? nm_ask(&bucket->store->requester, &request,
                                                               until, &stored->answer, error)
                                                      : nm_store_fail_memory(what, error);
    nm_buffer_free(&whole);
    return status == NATSMICRO_OK ? read_direct(what, stored, error) : status;
}

/* ---- gets from the leader ---- */

/* Appends what a member has in base64; `part` tells where, and points nowhere yet. */
static bool decode(const json_t *message, const char *member, nm_buffer *bytes, nm_bytes *part)
{
    const json_t *text = json_object_get(message, member);
    size_t length = json_string_length(text);
    *part = (nm_bytes){NULL, 0};
    if (length == 0)
        return text == NULL || json_is_string(text);
    uint8_t *room = nm_buffer_reserve(bytes, nm_base64_room(length));
    if (room == NULL || !nm_base64_read(json_string_value(text), length, room, &part->length))
        return false;
    bytes->length += part->length;
    return true;
}

static natsmicro_status read_message(const char *what, const json_t *object, nm_stored *stored,
                                     nm_error *error)
{
    const json_t *message = json_object_get(object, "message");
    json_int_t sequence = json_integer_value(json_object_get(message, "seq"));
    if (sequence <= 0 || !decode(message, "hdrs", &stored->bytes, &stored->headers) ||
        !decode(message, "data", &stored->bytes, &stored->payload))
        return stored->bytes.failed ? nm_store_fail_memory(what, error)
                                    : nm_error_set(error, NATSMICRO_INTERNAL,
                                                   "%s: the broker's answer has no message", what);
    stored->sequence = (uint64_t)sequence;
    stored->headers.data = stored->bytes.data;
    if (stored->headers.length > 0 && !nm_header_block_is(stored->headers))
        return nm_error_set(error, NATSMICRO_INTERNAL, "%s: the message's headers cannot be read",
                            what);
    stored->payload.data =
        stored->payload.length > 0 ? stored->bytes.data + stored->headers.length : NULL;
    return NATSMICRO_OK;
}

/* The message in an answer's JSON, or what its error means. */
static natsmicro_status read_object(const char *what, const json_t *object, const nm_api_error *api,
                                    nm_stored *stored, nm_error *error)
{
    if (api->number == NM_API_NONE)
        return read_message(what, object, stored, error);
    if (api->number == NM_API_STREAM_NOT_FOUND)
        return NATSMICRO_WOULD_BLOCK;
    if (api->number == NM_API_MESSAGE_NOT_FOUND)
        return fail_absent(what, error);
    return nm_api_fail(api, what, error);
}

static natsmicro_status get_from_leader(nm_bucket *bucket, const char *what, const char *subject,
                                        int64_t deadline, nm_stored *stored, nm_error *error)
{
    json_t *object;
    nm_api_error api;
    natsmicro_status status =
        nm_api_ask_with(bucket, what, "STREAM.MSG.GET", json_pack("{s:s}", "last_by_subj", subject),
                        deadline, &object, &api, error);
    if (status == NATSMICRO_OK)
        status = read_object(what, object, &api, stored, error);
    json_decref(object);
    return status;
}

natsmicro_status nm_stored_read(nm_stored *stored, const char *what, bool direct, nm_error *error)
{
    if (direct)
        return read_direct(what, stored, error);
    if (stored->answer.status == NM_STATUS_NO_RESPONDERS)
        return NATSMICRO_WOULD_BLOCK;
    json_t *object;
    nm_api_error api;
    natsmicro_status status = nm_answer_json(&stored->answer, what, &object, &api, error);
    if (status == NATSMICRO_OK)
        status = read_object(what, object, &api, stored, error);
    json_decref(object);
    return status;
}

/* ---- either ---- */

/* A try; WOULD_BLOCK: what is known of the bucket may be wrong. */
static natsmicro_status get_once(nm_bucket *bucket, const char *what, const char *subject,
                                 bool of_leader, int64_t until, int64_t deadline, nm_stored *stored,
                                 nm_error *error)
{
    nm_bucket_facts facts;
    natsmicro_status status = nm_bucket_know(bucket, what, deadline, &facts, error);
    if (status != NATSMICRO_OK)
        return status;
    nm_stored_free(stored);
    if (of_leader || !facts.allow_direct)
        return get_from_leader(bucket, what, subject, deadline, stored, error);
    status = get_direct(bucket, what, subject, until, stored, error);
    return status == NATSMICRO_DEADLINE_EXCEEDED && until < deadline ? NATSMICRO_WOULD_BLOCK
                                                                     : status;
}

/* Nobody was there to answer: the bucket is gone, or there is no leader for a moment. */
static natsmicro_status wait_for_answerer(nm_bucket *bucket, const char *what, int64_t deadline,
                                          nm_error *error)
{
    nm_bucket_forget(bucket);
    nm_bucket_facts facts;
    natsmicro_status status = nm_bucket_know(bucket, what, deadline, &facts, error);
    if (status == NATSMICRO_OK && !nm_api_wait_for_leader(bucket, deadline))
        status = nm_error_set(error, NATSMICRO_UNAVAILABLE, "%s: its stream %s has no leader", what,
                              bucket->stream);
    return status;
}

static natsmicro_status get_last(nm_bucket *bucket, const char *what, const char *subject,
                                 bool of_leader, int64_t deadline, nm_stored *stored,
                                 nm_error *error)
{
    natsmicro_status status = NATSMICRO_OK;
    for (int64_t patience = FIRST_PATIENCE_MS; status == NATSMICRO_OK;
         patience = nm_earlier(2 * patience, LONGEST_PATIENCE_MS)) {
        int64_t until = nm_earlier(deadline, nm_deadline_in(patience));
        status = get_once(bucket, what, subject, of_leader, until, deadline, stored, error);
        if (status != NATSMICRO_WOULD_BLOCK)
            return status;
        nm_bucket_forget(bucket);
        status = nm_now() < until ? wait_for_answerer(bucket, what, deadline, error) : NATSMICRO_OK;
    }
    return status;
}

natsmicro_status nm_message_last(nm_bucket *bucket, const char *what, const char *subject,
                                 int64_t deadline, nm_stored *stored, nm_error *error)
{
    return get_last(bucket, what, subject, false, deadline, stored, error);
}

natsmicro_status nm_message_last_of_leader(nm_bucket *bucket, const char *what, const char *subject,
                                           int64_t deadline, nm_stored *stored, nm_error *error)
{
    return get_last(bucket, what, subject, true, deadline, stored, error);
}

/* ---- publishing ---- */

static natsmicro_status fail_unreadable(const char *what, nm_error *error)
{
    return nm_error_set(
        error, NATSMICRO_INTERNAL,
        "%s: the broker's answer is no acknowledgement, and it may have been stored", what);
}

natsmicro_status nm_message_read_ack(nm_bucket *bucket, const char *what, const nm_answer *answer,
                                     uint64_t *sequence, nm_error *error)
{
    json_t *object;
    nm_api_error api;
    if (nm_answer_json(answer, what, &object, &api, error) != NATSMICRO_OK)
        return fail_unreadable(what, error);
    json_int_t number = json_integer_value(json_object_get(object, "seq"));
    json_decref(object);
    if (api.number == NM_API_TTL_DISABLED)
        nm_bucket_forget(bucket);
    if (api.number != NM_API_NONE)
        return nm_api_fail(&api, what, error);
    if (number <= 0)
        return fail_unreadable(what, error);
    if (sequence != NULL)
        *sequence = (uint64_t)number;
    return NATSMICRO_OK;
}

/* WOULD_BLOCK: nobody was there to get it, or the stream has refused it for a moment. */
static natsmicro_status publish_once(nm_bucket *bucket, const nm_request *request, int64_t deadline,
                                     uint64_t *sequence, nm_error *error)
{
    nm_answer answer = {0};
    natsmicro_status status = nm_ask(&bucket->store->requester, request, deadline, &answer, error);
    if (status != NATSMICRO_OK)
        return status;
    if (answer.status != NM_STATUS_NO_RESPONDERS)
        status = nm_message_read_ack(bucket, request->what, &answer, sequence, error);
    if (answer.status == NM_STATUS_NO_RESPONDERS || status == NATSMICRO_UNAVAILABLE)
        status = NATSMICRO_WOULD_BLOCK;
    nm_answer_free(&answer);
    return status;
}

natsmicro_status nm_message_publish(nm_bucket *bucket, const nm_request *request, int64_t deadline,
                                    uint64_t *sequence, nm_error *error)
{
    natsmicro_status status;
    while ((status = publish_once(bucket, request, deadline, sequence, error)) ==
           NATSMICRO_WOULD_BLOCK) {
        status = wait_for_answerer(bucket, request->what, deadline, error);
        if (status != NATSMICRO_OK)
            return status;
    }
    return status;
}
