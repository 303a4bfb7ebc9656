/*
 * API: see api.h.
 */
#include "store/api.h"

#include "base/buffer.h"

#include <stdlib.h>
#include <string.h>

/* An election takes a second or so. */
#define LEADER_WAIT_MS 100

bool nm_api_wait_for_leader(nm_bucket *bucket, int64_t deadline)
{
    int64_t until = nm_deadline_in(LEADER_WAIT_MS);
    if (until >= deadline)
        return false;
    return nm_requester_wait(&bucket->store->requester, until);
}

/* The broker has said so; what was known of the bucket before does not count any more. */
static void note_no_jetstream(nm_bucket *bucket)
{
    pthread_mutex_lock(&bucket->lock);
    bucket->facts = (nm_bucket_facts){.no_jetstream = true};
    pthread_mutex_unlock(&bucket->lock);
}

static natsmicro_status fail_without_jetstream(const char *what, const char *subject,
                                               nm_error *error)
{
    return nm_error_set(error, NATSMICRO_FAILED_PRECONDITION,
                        "%s: there is no JetStream here: nobody answers %s", what, subject);
}

static natsmicro_status ask_once(nm_bucket *bucket, const nm_request *request, int64_t deadline,
                                 json_t **object, nm_api_error *api, nm_error *error)
{
    nm_answer answer = {0};
    natsmicro_status status = nm_ask(&bucket->store->requester, request, deadline, &answer, error);
    if (status != NATSMICRO_OK)
        return status;
    if (answer.status == NM_STATUS_NO_RESPONDERS) {
        note_no_jetstream(bucket);
        status = fail_without_jetstream(request->what, request->subject, error);
    } else {
        status = nm_answer_json(&answer, request->what, object, api, error);
    }
    nm_answer_free(&answer);
    if (status == NATSMICRO_OK &&
        (api->number == NM_API_NOT_ENABLED || api->number == NM_API_NOT_ENABLED_FOR_ACCOUNT)) {
        note_no_jetstream(bucket);
        json_decref(*object);
        *object = NULL;
        status = nm_api_fail(api, request->what, error);
    }
    return status;
}

/* Who has been told that there is no leader, and nothing after that, is told so. */
static natsmicro_status ask(nm_bucket *bucket, const nm_request *request, int64_t deadline,
                            json_t **object, nm_api_error *api, nm_error *error)
{
    nm_api_error before = {.number = NM_API_NONE};
    for (;;) {
        natsmicro_status status = ask_once(bucket, request, deadline, object, api, error);
        if (status == NATSMICRO_DEADLINE_EXCEEDED && before.number != NM_API_NONE)
            return nm_api_fail(&before, request->what, error);
        if (status != NATSMICRO_OK || api->number != NM_API_CLUSTER_NOT_AVAILABLE ||
            !nm_api_wait_for_leader(bucket, deadline))
            return status;
        before = *api;
        json_decref(*object);
        *object = NULL;
    }
}

natsmicro_status nm_api_ask(nm_bucket *bucket, const char *what, const char *verb,
                            const char *payload, int64_t deadline, json_t **object,
                            nm_api_error *api, nm_error *error)
{
    *object = NULL;
    nm_buffer subject = NM_BUFFER_INIT;
    nm_buffer_append_format(&subject, "%s%s.%s", bucket->store->api, verb, bucket->stream);
    nm_request request = {
        .what = what, .subject = nm_buffer_string(&subject), .payload = {payload, strlen(payload)}};
    natsmicro_status status = request.subject != NULL
                                  ? ask(bucket, &request, deadline, object, api, error)
                                  : nm_store_fail_memory(what, error);
    nm_buffer_free(&subject);
    return status;
}

natsmicro_status nm_api_ask_with(nm_bucket *bucket, const char *what, const char *verb,
                                 json_t *question, int64_t deadline, json_t **object,
                                 nm_api_error *api, nm_error *error)
{
    *object = NULL;
    char *text = question != NULL ? json_dumps(question, JSON_COMPACT) : NULL;
    json_decref(question);
    if (text == NULL)
        return nm_store_fail_memory(what, error);
    natsmicro_status status = nm_api_ask(bucket, what, verb, text, deadline, object, api, error);
    free(text);
    return status;
}
