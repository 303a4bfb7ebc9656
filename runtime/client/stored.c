/*
 * Stored: what a client gets from the stores of its methods, puts there and purges, by a finished
 * key. No service has a part in it, so there is no call. The thread that uses a store has a
 * reference to the client, and a destruction ends what it waits for.
 */
#include "base/last_error.h"
#include "call/context.h"
#include "call/stores.h"
#include "call/stub.h"
#include "client/state.h"
#include "store/object.h"

/* One use of a store. */
typedef struct use {
    natsmicro_client *client;
    const nm_method *method;
    const nm_method_store *store;
    const char *key;
    int64_t deadline;
    nm_buffer value; /* encoded */
    nm_error error;
} use;

/* ---- before and after ---- */

/* As a unary call's. */
static natsmicro_status set_deadline(use *self, const natsmicro_context *context)
{
    int64_t limit_ms = nm_client_timeout_ms(self->method, context);
    if (limit_ms < 0)
        return nm_error_set(&self->error, NATSMICRO_DEADLINE_EXCEEDED,
                            "the context's timeout of %lld ms had passed before",
                            (long long)limit_ms);
    self->deadline = nm_after(nm_now(), nm_duration(limit_ms));
    return NATSMICRO_OK;
}

/* The statuses of this are those of the functions of stub.h. */
static natsmicro_status begin(use *self, natsmicro_client *client, size_t method_index,
                              natsmicro_stub_bucket_kind kind, const char *key,
                              natsmicro_context *context)
{
    nm_context_clear(context);
    *self = (use){.client = client,
                  .method = &client->methods[method_index],
                  .key = key,
                  .value = NM_BUFFER_INIT,
                  .error = NM_ERROR_INIT};
    nm_client_reference(client);
    self->store = nm_stores_of(self->method, kind);
    if (self->store->stub == NULL)
        return nm_error_set(&self->error, NATSMICRO_FAILED_PRECONDITION, "it has no %s",
                            nm_store_option(kind));
    if (key == NULL)
        return nm_error_set(&self->error, NATSMICRO_INVALID_ARGUMENT, "the key is NULL");
    return set_deadline(self, context);
}

/* The last step. The context, and the thread's last error, have a failure's text. */
static natsmicro_status end(use *self, natsmicro_status status, natsmicro_context *context)
{
    if (status != NATSMICRO_OK) {
        nm_error_set(&self->error, status, "%s: %s", self->method->full_name,
                     nm_error_text(&self->error));
        nm_last_error_note(status, &self->error);
        if (context != NULL)
            nm_error_copy(&context->error, &self->error);
    }
    nm_error_clear(&self->error);
    nm_buffer_free(&self->value);
    nm_client_unreference(self->client);
    return status;
}

static natsmicro_status refuse_null(natsmicro_context *context, const char *argument)
{
    return nm_context_fail(context, nm_last_error_null("the use of a method's store", argument));
}

/* ---- reading ---- */

/* What lies there is another program's to answer for, not the argument's of this call. */
static natsmicro_status decode(use *self, void **value)
{
    nm_error cause = NM_ERROR_INIT;
    ProtobufCMessage *message = NULL;
    natsmicro_status status =
        nm_form_decode_owned(&self->method->response, self->value.data, self->value.length,
                             &self->client->settings.limits, &message, &cause);
    if (status == NATSMICRO_INVALID_ARGUMENT)
        status = NATSMICRO_INTERNAL;
    if (status != NATSMICRO_OK)
        nm_error_set(&self->error, status,
                     "bucket \"%s\", key \"%.200s\": the value cannot be decoded: %s",
                     self->store->stub->bucket.name, self->key, nm_error_text(&cause));
    nm_error_clear(&cause);
    *value = message;
    return status;
}

static natsmicro_status fetch(use *self)
{
    nm_bucket *bucket = self->store->bucket;
    if (self->store->stub->bucket.kind == NATSMICRO_STORE_KV)
        return nm_kv_get(bucket, self->key, self->deadline, &self->value, &self->error);
    size_t limit = self->client->settings.limits.max_decode_bytes;
    return nm_object_get(bucket, self->key, limit, self->deadline, &self->value, &self->error);
}

static natsmicro_status get(natsmicro_client *client, size_t method_index,
                            natsmicro_stub_bucket_kind kind, const char *key,
                            natsmicro_context *context, void **value)
{
    if (value == NULL)
        return refuse_null(context, "value");
    *value = NULL;
    if (client == NULL)
        return refuse_null(context, "client");
    use self;
    natsmicro_status status = begin(&self, client, method_index, kind, key, context);
    if (status == NATSMICRO_OK)
        status = fetch(&self);
    if (status == NATSMICRO_OK)
        status = decode(&self, value);
    return end(&self, status, context);
}

natsmicro_status natsmicro_stub_kv_get(natsmicro_client *client, size_t method_index,
                                       const char *key, natsmicro_context *context, void **value)
{
    return get(client, method_index, NATSMICRO_STORE_KV, key, context, value);
}

natsmicro_status natsmicro_stub_object_get(natsmicro_client *client, size_t method_index,
                                           const char *name, natsmicro_context *context,
                                           void **value)
{
    return get(client, method_index, NATSMICRO_STORE_OBJECT, name, context, value);
}

/* ---- writing ---- */

static natsmicro_status store(use *self)
{
    nm_bucket *bucket = self->store->bucket;
    const nm_bytes value = {self->value.data, self->value.length};
    if (self->store->stub->bucket.kind == NATSMICRO_STORE_OBJECT)
        return nm_object_put(bucket, self->key, value, self->deadline, &self->error);
    const nm_kv_write write = nm_stores_write(self->store);
    return nm_kv_put(bucket, self->key, value, &write, self->deadline, &self->error);
}

static natsmicro_status put(natsmicro_client *client, size_t method_index,
                            natsmicro_stub_bucket_kind kind, const char *key, const void *value,
                            natsmicro_context *context)
{
    if (client == NULL)
        return refuse_null(context, "client");
    use self;
    natsmicro_status status = begin(&self, client, method_index, kind, key, context);
    if (status == NATSMICRO_OK)
        status = nm_form_encode(&self.method->response, value, &self.value, &self.error);
    if (status == NATSMICRO_OK)
        status = store(&self);
    return end(&self, status, context);
}

natsmicro_status natsmicro_stub_kv_put(natsmicro_client *client, size_t method_index,
                                       const char *key, const void *value,
                                       natsmicro_context *context)
{
    return put(client, method_index, NATSMICRO_STORE_KV, key, value, context);
}

natsmicro_status natsmicro_stub_object_put(natsmicro_client *client, size_t method_index,
                                           const char *name, const void *value,
                                           natsmicro_context *context)
{
    return put(client, method_index, NATSMICRO_STORE_OBJECT, name, value, context);
}

natsmicro_status natsmicro_stub_kv_purge(natsmicro_client *client, size_t method_index,
                                         const char *key, natsmicro_context *context)
{
    if (client == NULL)
        return refuse_null(context, "client");
    use self;
    natsmicro_status status = begin(&self, client, method_index, NATSMICRO_STORE_KV, key, context);
    if (status == NATSMICRO_OK)
        status = nm_kv_purge(self.store->bucket, key, self.store->stub->purge_ttl_ns, self.deadline,
                             &self.error);
    return end(&self, status, context);
}
