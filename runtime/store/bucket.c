/*
 * Bucket: see bucket.h and store.h. Makes a bucket as its settings ask for it, and keeps what
 * answers tell of it. Two instances may make it at once: whoever comes later finds it there.
 */
#include "store/bucket.h"

#include "store/api.h"
#include "store/config.h"
#include "store/store.h"

#include <stdlib.h>
#include <string.h>

/* ---- what is known ---- */

static void keep(nm_bucket *bucket, nm_bucket_facts facts)
{
    pthread_mutex_lock(&bucket->lock);
    bucket->facts = facts;
    pthread_mutex_unlock(&bucket->lock);
}

void nm_bucket_forget(nm_bucket *bucket)
{
    keep(bucket, (nm_bucket_facts){0});
}

bool nm_bucket_is_missing(nm_bucket *bucket)
{
    pthread_mutex_lock(&bucket->lock);
    bool is_missing = bucket->facts.missing;
    pthread_mutex_unlock(&bucket->lock);
    return is_missing;
}

bool nm_bucket_lacks_jetstream(nm_bucket *bucket)
{
    pthread_mutex_lock(&bucket->lock);
    bool lacks = bucket->facts.no_jetstream;
    pthread_mutex_unlock(&bucket->lock);
    return lacks;
}

/* One of another kind may become a right one, so it is not kept. */
static natsmicro_status learn(nm_bucket *bucket, const char *what, const json_t *config,
                              nm_bucket_facts *facts, nm_error *error)
{
    *facts = nm_config_facts(bucket, config);
    if (facts->fault == NULL) {
        keep(bucket, *facts);
        return NATSMICRO_OK;
    }
    nm_bucket_forget(bucket);
    return nm_error_set(error, NATSMICRO_FAILED_PRECONDITION,
                        "%s: its stream %s is no bucket to read and write: see \"%s\" in its "
                        "configuration",
                        what, bucket->stream, facts->fault);
}

static natsmicro_status fail_missing(nm_bucket *bucket, const char *what, nm_error *error)
{
    keep(bucket, (nm_bucket_facts){.missing = true});
    return nm_error_set(error, NATSMICRO_FAILED_PRECONDITION,
                        "%s: there is no such bucket: JetStream has no stream %s", what,
                        bucket->stream);
}

/* An answer with a configuration, or an error. The caller gives *object back. */
static natsmicro_status ask_info(nm_bucket *bucket, const char *what, int64_t deadline,
                                 json_t **object, nm_api_error *api, nm_error *error)
{
    natsmicro_status status =
        nm_api_ask(bucket, what, "STREAM.INFO", "", deadline, object, api, error);
    if (status != NATSMICRO_OK)
        return status;
    if (api->number == NM_API_NONE && !json_is_object(json_object_get(*object, "config"))) {
        json_decref(*object);
        *object = NULL;
        return nm_error_set(error, NATSMICRO_INTERNAL,
                            "%s: the broker's answer has no configuration", what);
    }
    return NATSMICRO_OK;
}

static natsmicro_status find_out(nm_bucket *bucket, const char *what, int64_t deadline,
                                 nm_bucket_facts *facts, nm_error *error)
{
    json_t *object;
    nm_api_error api;
    natsmicro_status status = ask_info(bucket, what, deadline, &object, &api, error);
    if (status != NATSMICRO_OK)
        return status;
    if (api.number == NM_API_STREAM_NOT_FOUND)
        status = fail_missing(bucket, what, error);
    else if (api.number != NM_API_NONE)
        status = nm_api_fail(&api, what, error);
    else
        status = learn(bucket, what, json_object_get(object, "config"), facts, error);
    json_decref(object);
    return status;
}

natsmicro_status nm_bucket_know(nm_bucket *bucket, const char *what, int64_t deadline,
                                nm_bucket_facts *facts, nm_error *error)
{
    pthread_mutex_lock(&bucket->lock);
    *facts = bucket->facts;
    pthread_mutex_unlock(&bucket->lock);
    return facts->known ? NATSMICRO_OK : find_out(bucket, what, deadline, facts, error);
}

/* ---- making ---- */

/* What the making of a bucket is told, and tells. */
typedef struct making {
    nm_bucket *bucket;
    int64_t deadline;
    nm_buffer *differs;
    nm_error *error;
    nm_api_error api; /* of the last answer */
    json_t *config;   /* owned; of the last answer that has one */
} making;

/* Keeps the configuration of an answer that has one, and gives the answer back. */
static void take_config(making *self, natsmicro_status status, json_t *answer)
{
    json_t *config = json_object_get(answer, "config");
    if (status == NATSMICRO_OK && self->api.number == NM_API_NONE && config != NULL) {
        json_decref(self->config);
        self->config = json_incref(config);
    }
    json_decref(answer);
}

/* Asks with a payload of JSON, which it takes over; NULL: there was no memory for it. */
static natsmicro_status ask_with(making *self, const char *verb, json_t *payload)
{
    json_t *object;
    natsmicro_status status = nm_api_ask_with(self->bucket, self->bucket->what, verb, payload,
                                              self->deadline, &object, &self->api, self->error);
    take_config(self, status, object);
    return status;
}

static natsmicro_status look(making *self)
{
    json_t *object;
    natsmicro_status status = ask_info(self->bucket, self->bucket->what, self->deadline, &object,
                                       &self->api, self->error);
    take_config(self, status, object);
    return status;
}

/* The broker has taken all that was asked for; an old one drops what it does not know. */
static natsmicro_status check_dropped(making *self)
{
    const char *name = nm_config_dropped(self->bucket, self->config);
    const nm_config_member *member = name != NULL ? nm_config_find_member(name) : NULL;
    if (member == NULL)
        return NATSMICRO_OK;
    if (member->since == NULL)
        return nm_error_set(self->error, NATSMICRO_INTERNAL,
                            "%s: the broker has not set %s as it was asked for", self->bucket->what,
                            member->setting);
    return nm_error_set(self->error, NATSMICRO_FAILED_PRECONDITION,
                        "%s: the broker is too old for %s: nats-server %s and later have that",
                        self->bucket->what, member->setting, member->since);
}

/* Notes what could not be changed, and why. */
static void note_refused(making *self, const char *name, const json_t *asked)
{
    const nm_config_member *member = nm_config_find_member(name);
    if (self->differs->length > 0)
        nm_buffer_append_string(self->differs, "; ");
    nm_buffer_append_format(self->differs, "%s is ", member != NULL ? member->setting : name);
    nm_config_describe(self->differs, self->config, name);
    nm_buffer_append_string(self->differs, " in the broker, and not ");
    nm_config_describe(self->differs, asked, name);
    nm_buffer_append_format(self->differs, ": %s (JetStream's error %d)", self->api.text,
                            self->api.number);
}

/* Whether the answer says that the configuration asked for cannot be. */
static bool is_refusal(const nm_api_error *api)
{
    return api->number != NM_API_NONE && api->number != NM_API_CLUSTER_NOT_AVAILABLE &&
           api->number != NM_API_STREAM_NOT_FOUND;
}

static natsmicro_status update(making *self, const json_t *members)
{
    natsmicro_status status =
        ask_with(self, "STREAM.UPDATE", nm_config_with(self->config, members));
    if (status == NATSMICRO_OK && self->api.number != NM_API_NONE && !is_refusal(&self->api))
        status = nm_api_fail(&self->api, self->bucket->what, self->error);
    return status;
}

/* One after the other, so that one that cannot be changed does not hold up the others. */
static natsmicro_status update_each(making *self, json_t *members)
{
    const char *name;
    json_t *value;
    json_object_foreach(members, name, value)
    {
        json_t *one = json_pack("{s:O}", name, value);
        natsmicro_status status =
            one != NULL ? update(self, one) : nm_store_fail_memory(self->bucket->what, self->error);
        if (status == NATSMICRO_OK && self->api.number != NM_API_NONE)
            note_refused(self, name, members);
        json_decref(one);
        if (status != NATSMICRO_OK)
            return status;
    }
    return NATSMICRO_OK;
}

static natsmicro_status change(making *self)
{
    json_t *members = nm_config_differences(self->bucket, self->config);
    if (members == NULL)
        return nm_store_fail_memory(self->bucket->what, self->error);
    natsmicro_status status = NATSMICRO_OK;
    if (json_object_size(members) > 0) {
        status = update(self, members);
        if (status == NATSMICRO_OK && self->api.number == NM_API_NONE)
            status = check_dropped(self);
        else if (status == NATSMICRO_OK)
            status = update_each(self, members);
    }
    json_decref(members);
    return status;
}

/* One that is there is taken as it is, but for what the settings name. */
static natsmicro_status adopt(making *self)
{
    nm_bucket_facts facts;
    natsmicro_status status =
        learn(self->bucket, self->bucket->what, self->config, &facts, self->error);
    if (status == NATSMICRO_OK)
        status = change(self);
    if (self->config != NULL && status == NATSMICRO_OK)
        status = learn(self->bucket, self->bucket->what, self->config, &facts, self->error);
    return status;
}

static natsmicro_status create(making *self)
{
    natsmicro_status status = ask_with(self, "STREAM.CREATE", nm_config_new(self->bucket));
    if (status != NATSMICRO_OK)
        return status;
    if (self->api.number == NM_API_STREAM_EXISTS) /* by now */
        status = look(self);
    if (status == NATSMICRO_OK && self->api.number != NM_API_NONE)
        status = nm_api_fail(&self->api, self->bucket->what, self->error);
    if (status == NATSMICRO_OK && self->config == NULL)
        status = nm_error_set(self->error, NATSMICRO_INTERNAL,
                              "%s: the broker's answer has no configuration", self->bucket->what);
    return status == NATSMICRO_OK ? adopt(self) : status;
}

static natsmicro_status make(making *self)
{
    natsmicro_status status = look(self);
    if (status != NATSMICRO_OK)
        return status;
    if (self->api.number == NM_API_STREAM_NOT_FOUND)
        return create(self);
    if (self->api.number != NM_API_NONE)
        return nm_api_fail(&self->api, self->bucket->what, self->error);
    return adopt(self);
}

natsmicro_status nm_bucket_make(nm_bucket *bucket, int64_t deadline, nm_buffer *differs,
                                nm_error *error)
{
    nm_buffer_reset(differs);
    natsmicro_status status = nm_requester_enter(&bucket->store->requester, bucket->what, error);
    if (status != NATSMICRO_OK)
        return status;
    making self = {.bucket = bucket, .deadline = deadline, .differs = differs, .error = error};
    status = make(&self);
    json_decref(self.config);
    nm_requester_leave(&bucket->store->requester);
    if (status == NATSMICRO_OK && error != NULL)
        nm_error_clear(error); /* of what was refused at first */
    return status;
}
