/*
 * Object requests: see object_requests.h.
 */
#include "store/object_requests.h"

#include "store/api.h"
#include "store/bucket.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- the place ---- */

/* The buffer's text, which the caller frees; NULL: no memory. */
static char *take_string(nm_buffer *text)
{
    char *string = nm_buffer_string(text) != NULL ? (char *)text->data : NULL;
    if (string == NULL)
        nm_buffer_free(text);
    return string;
}

natsmicro_status nm_object_place_init(nm_object_place *place, nm_bucket *bucket, const char *name,
                                      nm_error *error)
{
    *place = (nm_object_place){.bucket = bucket};
    const char *fault = nm_object_name_fault(name);
    if (fault != NULL)
        return nm_error_set(error, NATSMICRO_INVALID_ARGUMENT, "%s: the name of an object %s",
                            bucket->what, fault);
    nm_buffer what = NM_BUFFER_INIT;
    nm_buffer subject = NM_BUFFER_INIT;
    nm_buffer_append_format(&what, "%s, object \"%.200s%s\"", bucket->what, name,
                            strlen(name) > 200 ? "…" : "");
    nm_object_info_subject(&subject, bucket->settings->name, name);
    place->name = strdup(name);
    place->what = take_string(&what);
    place->info_subject = take_string(&subject);
    if (place->name != NULL && place->what != NULL && place->info_subject != NULL)
        return NATSMICRO_OK;
    nm_object_place_free(place);
    return nm_store_fail_memory(bucket->what, error);
}

void nm_object_place_free(nm_object_place *place)
{
    free(place->name);
    free(place->what);
    free(place->info_subject);
    *place = (nm_object_place){NULL, NULL, NULL, NULL};
}

/* Nobody was there for a request. FAILED_PRECONDITION: the bucket is gone. */
static natsmicro_status fail_unanswered(const nm_object_place *place, int64_t deadline,
                                        nm_error *error)
{
    nm_bucket_forget(place->bucket);
    nm_bucket_facts facts;
    natsmicro_status status = nm_bucket_know(place->bucket, place->what, deadline, &facts, error);
    if (status != NATSMICRO_OK)
        return status;
    return nm_error_set(error, NATSMICRO_UNAVAILABLE, "%s: nobody answers for its stream %s",
                        place->what, place->bucket->stream);
}

/* ---- infos ---- */

natsmicro_status nm_object_find(const nm_object_place *place, int64_t deadline,
                                nm_object_info *info, uint64_t *sequence, nm_error *error)
{
    nm_stored stored = {0};
    natsmicro_status status = nm_message_last_of_leader(
        place->bucket, place->what, place->info_subject, deadline, &stored, error);
    *sequence = status == NATSMICRO_OK ? stored.sequence : 0;
    if (status == NATSMICRO_OK)
        status = nm_object_info_read(info, stored.payload, place->what, error);
    nm_stored_free(&stored);
    return status;
}

natsmicro_status nm_object_send_info(const nm_object_place *place, nm_exchange *exchange,
                                     nm_bytes json, uint64_t last, uint64_t tag, nm_error *error)
{
    char sequence[24];
    snprintf(sequence, sizeof(sequence), "%" PRIu64, last);
    const nm_request_header headers[] = {{"Nats-Rollup", "sub"},
                                         {"Nats-Expected-Last-Subject-Sequence", sequence}};
    const nm_request request = {.what = place->what,
                                .subject = place->info_subject,
                                .headers = headers,
                                .n_headers = sizeof(headers) / sizeof(headers[0]),
                                .payload = json,
                                .stores = true,
                                .tag = tag};
    return nm_exchange_send(exchange, &request, error);
}

/* ---- chunks ---- */

natsmicro_status nm_object_send_chunk(const nm_object_place *place, nm_exchange *exchange,
                                      const char *nuid, nm_bytes chunk, nm_error *error)
{
    nm_buffer subject = NM_BUFFER_INIT;
    nm_object_chunks_subject(&subject, place->bucket->settings->name, nuid);
    const nm_request request = {.what = place->what,
                                .subject = nm_buffer_string(&subject),
                                .payload = chunk,
                                .stores = true};
    natsmicro_status status = request.subject != NULL ? nm_exchange_send(exchange, &request, error)
                                                      : nm_store_fail_memory(place->what, error);
    nm_buffer_free(&subject);
    return status;
}

natsmicro_status nm_object_read_ack(const nm_object_place *place, const nm_answer *answer,
                                    int64_t deadline, nm_error *error)
{
    if (answer->status == NM_STATUS_NO_RESPONDERS)
        return fail_unanswered(place, deadline, error);
    return nm_message_read_ack(place->bucket, place->what, answer, NULL, error);
}

natsmicro_status nm_object_ask_chunk(const nm_object_place *place, nm_exchange *exchange,
                                     const char *nuid, uint64_t sequence, bool direct,
                                     nm_error *error)
{
    nm_buffer subject = NM_BUFFER_INIT;
    nm_buffer payload = NM_BUFFER_INIT;
    nm_buffer_append_format(&subject, "%s%s.%s", place->bucket->store->api,
                            direct ? "DIRECT.GET" : "STREAM.MSG.GET", place->bucket->stream);
    nm_buffer_append_format(&payload, "{\"seq\":%" PRIu64 ",\"next_by_subj\":\"", sequence);
    nm_object_chunks_subject(&payload, place->bucket->settings->name, nuid);
    nm_buffer_append_string(&payload, "\"}");
    const nm_request request = {.what = place->what,
                                .subject = nm_buffer_string(&subject),
                                .payload = {payload.data, payload.length},
                                .tag = sequence};
    natsmicro_status status = request.subject != NULL && !payload.failed
                                  ? nm_exchange_send(exchange, &request, error)
                                  : nm_store_fail_memory(place->what, error);
    nm_buffer_free(&subject);
    nm_buffer_free(&payload);
    return status;
}

natsmicro_status nm_object_read_chunk(const nm_object_place *place, nm_stored *chunk, bool direct,
                                      int64_t deadline, nm_error *error)
{
    natsmicro_status status = nm_stored_read(chunk, place->what, direct, error);
    return status == NATSMICRO_WOULD_BLOCK ? fail_unanswered(place, deadline, error) : status;
}

natsmicro_status nm_object_purge(const nm_object_place *place, const char *nuid, int64_t deadline,
                                 nm_error *error)
{
    nm_buffer chunks = NM_BUFFER_INIT;
    nm_object_chunks_subject(&chunks, place->bucket->settings->name, nuid);
    const char *subject = nm_buffer_string(&chunks);
    json_t *question = subject != NULL ? json_pack("{s:s}", "filter", subject) : NULL;
    nm_buffer_free(&chunks);
    json_t *object;
    nm_api_error api;
    natsmicro_status status = nm_api_ask_with(place->bucket, place->what, "STREAM.PURGE", question,
                                              deadline, &object, &api, error);
    if (status == NATSMICRO_OK && api.number != NM_API_NONE)
        status = nm_api_fail(&api, place->what, error);
    json_decref(object);
    return status;
}
