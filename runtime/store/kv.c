/*
 * KV: the verbs of key-value buckets; see store.h. The last message of a key's subject is its
 * value, unless it is a marker: then the key was deleted or purged, or has expired.
 */
#include "store/store.h"

#include "base/rules.h"
#include "store/bucket.h"
#include "store/message.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define NS_PER_S INT64_C(1000000000)

/* A creation finds a marker, or nothing any more, and is tried again: so often. */
#define CREATE_TRIES 8

/* ---- a verb ---- */

typedef struct verb {
    nm_bucket *bucket;
    int64_t deadline;
    nm_error *error;
    nm_buffer what;    /* `bucket "b", key "k"` */
    nm_buffer subject; /* as the stream has it */
    nm_buffer publish; /* as it is published to */
    nm_stored last;
} verb;

static const char *what_of(const verb *self)
{
    return (const char *)self->what.data;
}

static natsmicro_status check_key(const verb *self, const char *key)
{
    const char *fault = nm_kv_key_fault(key);
    if (fault == NULL)
        return NATSMICRO_OK;
    return nm_error_set(self->error, NATSMICRO_INVALID_ARGUMENT, "%s, key \"%.200s\": %s",
                        self->bucket->what, key != NULL ? key : "", fault);
}

static natsmicro_status name_all(verb *self, const char *key)
{
    const char *name = self->bucket->settings->name;
    nm_buffer_append_format(&self->what, "%s, key \"%.200s%s\"", self->bucket->what, key,
                            strlen(key) > 200 ? "…" : "");
    nm_buffer_append_format(&self->subject, "$KV.%s.%s", name, key);
    nm_buffer_append_format(&self->publish, "%s$KV.%s.%s", self->bucket->store->kv_prefix, name,
                            key);
    if (nm_buffer_string(&self->what) != NULL && nm_buffer_string(&self->subject) != NULL &&
        nm_buffer_string(&self->publish) != NULL)
        return NATSMICRO_OK;
    return nm_error_set(self->error, NATSMICRO_RESOURCE_EXHAUSTED, "%s, key \"%.200s\": no memory",
                        self->bucket->what, key);
}

static void free_names(verb *self)
{
    nm_buffer_free(&self->what);
    nm_buffer_free(&self->subject);
    nm_buffer_free(&self->publish);
}

/* Unless it is OK, there is nothing to leave. */
static natsmicro_status enter(verb *self, const char *key)
{
    natsmicro_status status = check_key(self, key);
    if (status == NATSMICRO_OK)
        status = name_all(self, key);
    if (status == NATSMICRO_OK)
        status = nm_requester_enter(&self->bucket->store->requester, what_of(self), self->error);
    if (status != NATSMICRO_OK)
        free_names(self);
    return status;
}

static natsmicro_status leave(verb *self, natsmicro_status status)
{
    nm_requester_leave(&self->bucket->store->requester);
    if (status == NATSMICRO_OK && self->error != NULL)
        nm_error_clear(self->error); /* of what was refused at first */
    nm_stored_free(&self->last);
    free_names(self);
    return status;
}

/* ---- reading ---- */

static bool is_marker(const nm_stored *stored)
{
    nm_bytes value;
    return nm_find_header(stored->headers, "KV-Operation", &value) ||
           nm_find_header(stored->headers, "Nats-Marker-Reason", &value);
}

static natsmicro_status look(verb *self)
{
    return nm_message_last(self->bucket, what_of(self), (const char *)self->subject.data,
                           self->deadline, &self->last, self->error);
}

/* For who writes: another server may not have yet what has refused the write. */
static natsmicro_status look_at_leader(verb *self)
{
    return nm_message_last_of_leader(self->bucket, what_of(self), (const char *)self->subject.data,
                                     self->deadline, &self->last, self->error);
}

static natsmicro_status get(verb *self, nm_buffer *value)
{
    natsmicro_status status = look(self);
    if (status != NATSMICRO_OK)
        return status;
    if (is_marker(&self->last))
        return nm_error_set(self->error, NATSMICRO_NOT_FOUND,
                            "%s: the value was deleted, or has expired", what_of(self));
    nm_buffer_append(value, self->last.payload.data, self->last.payload.length);
    if (value->failed)
        return nm_error_set(self->error, NATSMICRO_RESOURCE_EXHAUSTED,
                            "%s: no memory for a value of %zu bytes", what_of(self),
                            self->last.payload.length);
    return NATSMICRO_OK;
}

natsmicro_status nm_kv_get(nm_bucket *bucket, const char *key, int64_t deadline, nm_buffer *value,
                           nm_error *error)
{
    verb self = {.bucket = bucket, .deadline = deadline, .error = error};
    natsmicro_status status = enter(&self, key);
    return status == NATSMICRO_OK ? leave(&self, get(&self, value)) : status;
}

/* ---- writing ---- */

/* Longer than any value of a header that is written here. */
#define HEADER_SIZE 32

/* What a put knows of the last message: nothing, or its sequence, 0 for none. */
typedef struct expected {
    bool known;
    uint64_t sequence;
} expected;

/* The headers of what is published, with room for their values. */
typedef struct headers {
    nm_request_header items[3];
    size_t count;
    char sequence[HEADER_SIZE];
    char ttl[HEADER_SIZE];
} headers;

static void add_header(headers *to, const char *name, const char *value)
{
    to->items[to->count++] = (nm_request_header){name, value};
}

static void add_ttl(headers *to, int64_t ttl_ns)
{
    if (ttl_ns <= 0)
        return;
    if (ttl_ns % NS_PER_S == 0)
        snprintf(to->ttl, HEADER_SIZE, "%" PRId64 "s", ttl_ns / NS_PER_S);
    else
        snprintf(to->ttl, HEADER_SIZE, "%" PRId64 "ns", ttl_ns);
    add_header(to, "Nats-TTL", to->ttl);
}

static natsmicro_status publish_with(verb *self, nm_bytes value, const headers *with)
{
    const nm_request request = {.what = what_of(self),
                                .subject = (const char *)self->publish.data,
                                .headers = with->items,
                                .n_headers = with->count,
                                .payload = value,
                                .stores = true};
    return nm_message_publish(self->bucket, &request, self->deadline, NULL, self->error);
}

static natsmicro_status publish(verb *self, nm_bytes value, expected last, int64_t ttl_ns)
{
    headers with = {.count = 0};
    snprintf(with.sequence, HEADER_SIZE, "%" PRIu64, last.sequence);
    if (last.known)
        add_header(&with, "Nats-Expected-Last-Subject-Sequence", with.sequence);
    add_ttl(&with, ttl_ns);
    return publish_with(self, value, &with);
}

/* An older broker takes a time to live, and keeps the value for ever. */
static natsmicro_status check_bucket(verb *self, int64_t ttl_ns, const char *option)
{
    nm_bucket_facts facts;
    natsmicro_status status =
        nm_bucket_know(self->bucket, what_of(self), self->deadline, &facts, self->error);
    if (status != NATSMICRO_OK || ttl_ns <= 0 || facts.allow_msg_ttl)
        return status;
    return nm_error_set(self->error, NATSMICRO_FAILED_PRECONDITION,
                        "%s: %s needs a bucket that allows messages a time to live: one with a "
                        "limit_marker_ttl, and nats-server 2.11 or later",
                        what_of(self), option);
}

/*
 * Writes a value where there is none. ALREADY_EXISTS: there is one, which `last` tells of. A marker
 * is as good as none, but for its sequence.
 */
static natsmicro_status create(verb *self, nm_bytes value, int64_t ttl_ns, expected *last)
{
    *last = (expected){true, 0};
    for (int i = 0; i < CREATE_TRIES; i++) {
        natsmicro_status status = publish(self, value, *last, ttl_ns);
        if (status != NATSMICRO_ABORTED)
            return status;
        status = look_at_leader(self);
        if (status != NATSMICRO_OK && status != NATSMICRO_NOT_FOUND)
            return status;
        last->sequence = status == NATSMICRO_OK ? self->last.sequence : 0;
        if (status == NATSMICRO_OK && !is_marker(&self->last))
            break;
    }
    return nm_error_set(self->error, NATSMICRO_ALREADY_EXISTS, "%s: a value is there already",
                        what_of(self));
}

static natsmicro_status compare_and_set(verb *self, nm_bytes value, const nm_kv_write *write)
{
    expected last;
    natsmicro_status status = create(self, value, write->ttl_ns, &last);
    if (status != NATSMICRO_ALREADY_EXISTS)
        return status;
    status = publish(self, value, last, 0);
    if (status == NATSMICRO_ABORTED)
        return nm_error_set(self->error, NATSMICRO_ABORTED,
                            "%s: the value was changed in between, and this one is not stored",
                            what_of(self));
    return status;
}

/* Only a value that is created can have a time to live, so a plain one need not be. */
static natsmicro_status put_last(verb *self, nm_bytes value, const nm_kv_write *write)
{
    if (write->ttl_ns > 0) {
        expected last;
        natsmicro_status status = create(self, value, write->ttl_ns, &last);
        if (status != NATSMICRO_ALREADY_EXISTS)
            return status;
    }
    return publish(self, value, (expected){false, 0}, 0);
}

static natsmicro_status put(verb *self, nm_bytes value, const nm_kv_write *write)
{
    natsmicro_status status = check_bucket(self, write->ttl_ns, "key_ttl");
    if (status != NATSMICRO_OK)
        return status;
    expected last;
    switch (write->mode) {
    case NATSMICRO_STORE_CREATE:
        return create(self, value, write->ttl_ns, &last);
    case NATSMICRO_STORE_COMPARE_AND_SET:
        return compare_and_set(self, value, write);
    default:
        return put_last(self, value, write);
    }
}

natsmicro_status nm_kv_put(nm_bucket *bucket, const char *key, nm_bytes value,
                           const nm_kv_write *write, int64_t deadline, nm_error *error)
{
    verb self = {.bucket = bucket, .deadline = deadline, .error = error};
    natsmicro_status status = enter(&self, key);
    return status == NATSMICRO_OK ? leave(&self, put(&self, value, write)) : status;
}

static natsmicro_status purge(verb *self, int64_t ttl_ns)
{
    natsmicro_status status = check_bucket(self, ttl_ns, "purge_ttl");
    if (status != NATSMICRO_OK)
        return status;
    headers with = {.count = 0};
    add_header(&with, "KV-Operation", "PURGE");
    add_header(&with, "Nats-Rollup", "sub");
    add_ttl(&with, ttl_ns);
    return publish_with(self, (nm_bytes){NULL, 0}, &with);
}

natsmicro_status nm_kv_purge(nm_bucket *bucket, const char *key, int64_t ttl_ns, int64_t deadline,
                             nm_error *error)
{
    verb self = {.bucket = bucket, .deadline = deadline, .error = error};
    natsmicro_status status = enter(&self, key);
    return status == NATSMICRO_OK ? leave(&self, purge(&self, ttl_ns)) : status;
}
