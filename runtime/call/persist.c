/*
 * Persist: see persist.h.
 */
#include "call/persist.h"

#include "call/key.h"
#include "call/stores.h"
#include "store/object.h"

/* A call without a deadline: how long its caller waits if it has the default timeout. */
#define DEFAULT_WAIT_MS 5000

/* What such a call has at least, as its caller may wait for longer. */
#define LEAST_WAIT_MS 1000

/* Before the deadline, for the way of the text that says why a call failed. */
#define MOST_RESERVE_MS 500

/* Storing one response in one store. */
typedef struct persist {
    natsmicro_call *call;
    const nm_method_store *store;
    const char *name; /* of such stores, for texts */
    nm_bytes response;
    int64_t deadline;
    nm_buffer key;
    const char *shown_key; /* NULL: there is none yet */
    bool makes_bucket;     /* what failed is the making of the bucket */
} persist;

static int64_t call_deadline(const natsmicro_call *call, int64_t now)
{
    int64_t deadline = nm_stream_wait_deadline(call->stream);
    if (deadline != NM_NEVER)
        return deadline;
    return nm_later(nm_after(call->started, nm_duration(DEFAULT_WAIT_MS)),
                    nm_after(now, nm_duration(LEAST_WAIT_MS)));
}

static int64_t store_deadline(const natsmicro_call *call, bool required)
{
    int64_t now = nm_now();
    int64_t deadline = call_deadline(call, now);
    int64_t left = deadline > now ? deadline - now : 0;
    return required ? deadline - nm_earlier(left / 10, nm_duration(MOST_RESERVE_MS))
                    : now + left / 2;
}

/* ---- one store ---- */

static natsmicro_status put(persist *self, nm_error *error)
{
    const nm_method_store *store = self->store;
    if (store->stub->bucket.kind == NATSMICRO_STORE_OBJECT)
        return nm_object_put(store->bucket, self->shown_key, self->response, self->deadline, error);
    const nm_kv_write write = nm_stores_write(store);
    return nm_kv_put(store->bucket, self->shown_key, self->response, &write, self->deadline, error);
}

/* The broker has lost the bucket, or was out of reach when the service was added. */
static natsmicro_status make_bucket(persist *self, nm_error *error)
{
    const natsmicro_call *call = self->call;
    natsmicro_status status = nm_stores_make_bucket(
        call->method, self->store, nm_link_events(call->link), self->deadline, error);
    self->makes_bucket = status != NATSMICRO_OK;
    return status;
}

/* With Go's words in front. The text of a bucket names no key. */
static natsmicro_status fail(const persist *self, nm_error *error)
{
    const char *text = nm_error_text(error);
    if (error->status == NATSMICRO_FAILED_PRECONDITION &&
        nm_bucket_lacks_jetstream(self->store->bucket))
        return nm_error_set(error, NATSMICRO_INTERNAL, "%s persistence requires JetStream: %s",
                            self->name, text);
    if (self->makes_bucket)
        return nm_error_set(error, NATSMICRO_INTERNAL,
                            "failed to open %s bucket \"%s\": key \"%.200s\": %s", self->name,
                            self->store->stub->bucket.name, self->shown_key, text);
    return nm_error_set(error, NATSMICRO_INTERNAL, "failed to persist %s response to %s: %s",
                        self->call->method->stub->name, self->name, text);
}

static natsmicro_status store(persist *self, nm_error *error)
{
    natsmicro_status status =
        nm_key_write(self->store->stub, self->call->request, &self->key, error);
    if (status != NATSMICRO_OK)
        return fail(self, error);
    self->shown_key = nm_buffer_string(&self->key);
    status = put(self, error);
    if (status == NATSMICRO_FAILED_PRECONDITION && nm_bucket_is_missing(self->store->bucket)) {
        status = make_bucket(self, error);
        if (status == NATSMICRO_OK)
            status = put(self, error);
    }
    return status == NATSMICRO_OK ? NATSMICRO_OK : fail(self, error);
}

/* OK also where the failure does not concern the caller, which an event tells of then. */
static natsmicro_status persist_in(natsmicro_call *call, const nm_method_store *in,
                                   const char *name, nm_bytes response, nm_error *error)
{
    if (in->stub == NULL)
        return NATSMICRO_OK;
    persist self = {.call = call,
                    .store = in,
                    .name = name,
                    .response = response,
                    .deadline = store_deadline(call, in->stub->required),
                    .key = NM_BUFFER_INIT};
    natsmicro_status status = store(&self, error);
    if (status != NATSMICRO_OK && !in->stub->required) {
        nm_stores_tell(call->method, nm_link_events(call->link), nm_error_text(error));
        nm_error_clear(error);
        status = NATSMICRO_OK;
    }
    nm_buffer_free(&self.key);
    return status;
}

natsmicro_status nm_persist(natsmicro_call *call, nm_bytes response, nm_error *error)
{
    const nm_method_stores *stores = call->method->stores;
    natsmicro_status status = persist_in(call, &stores->kv, "KV", response, error);
    if (status == NATSMICRO_OK)
        status = persist_in(call, &stores->object, "Object Store", response, error);
    return status;
}
