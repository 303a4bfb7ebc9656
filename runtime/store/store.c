/*
 * Store: see store.h. This file makes and ends stores; bucket.c, kv.c and object.c have the verbs.
 */
#include "store/store.h"

#include "base/rules.h"
#include "store/leftovers.h"
#include "store/state.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DEFAULT_API "$JS.API"

/* The two parts, one after the other. NULL: no memory. */
static char *join(const char *first, const char *second, const char *third)
{
    size_t size = strlen(first) + strlen(second) + strlen(third) + 1;
    char *joined = malloc(size);
    if (joined != NULL)
        snprintf(joined, size, "%s%s%s", first, second, third);
    return joined;
}

static natsmicro_status check_options(const nm_store_options *options, nm_error *error)
{
    if (options->domain != NULL && options->prefix != NULL)
        return nm_error_set(error, NATSMICRO_INVALID_ARGUMENT,
                            "JetStream's domain and prefix cannot both be set");
    const char *fault = NULL;
    if (options->domain != NULL)
        fault = strchr(options->domain, '.') != NULL ? "must not contain a dot"
                                                     : nm_subject_fault(options->domain);
    if (fault != NULL)
        return nm_error_set(error, NATSMICRO_INVALID_ARGUMENT, "JetStream's domain \"%s\": %s",
                            options->domain, fault);
    if (options->prefix != NULL)
        fault = nm_subject_fault(options->prefix);
    if (fault != NULL)
        return nm_error_set(error, NATSMICRO_INVALID_ARGUMENT, "JetStream's prefix \"%s\": %s",
                            options->prefix, fault);
    return NATSMICRO_OK;
}

static char *make_api(const nm_store_options *options)
{
    if (options->domain != NULL)
        return join("$JS.", options->domain, ".API.");
    return join(options->prefix != NULL ? options->prefix : DEFAULT_API, ".", "");
}

natsmicro_status nm_store_new(nm_store **store_out, nm_link *link, const nm_store_options *options,
                              nm_error *error)
{
    const nm_store_options none = {NULL, NULL};
    if (options == NULL)
        options = &none;
    *store_out = NULL;
    natsmicro_status status = check_options(options, error);
    if (status != NATSMICRO_OK)
        return status;
    nm_store *store = calloc(1, sizeof(*store));
    char *api = make_api(options);
    if (store == NULL || api == NULL) {
        free(store);
        free(api);
        return nm_error_set(error, NATSMICRO_RESOURCE_EXHAUSTED, "no memory for a store");
    }
    store->api = api;
    /* A domain's or an account's exports take values below the prefix of the API, as Go has it. */
    store->kv_prefix = strcmp(api, DEFAULT_API ".") == 0 ? "" : api;
    pthread_mutex_init(&store->lock, NULL);
    nm_requester_init(&store->requester, link);
    *store_out = store;
    return NATSMICRO_OK;
}

void nm_store_end(nm_store *store)
{
    if (store != NULL)
        nm_requester_end(&store->requester);
}

/* ---- its buckets ---- */

void nm_bucket_free(nm_bucket *bucket)
{
    nm_leftovers_free(bucket->leftovers);
    pthread_mutex_destroy(&bucket->lock);
    free(bucket->stream);
    free(bucket->what);
    free(bucket);
}

nm_bucket *nm_bucket_new(nm_store *store, const natsmicro_stub_bucket *settings)
{
    nm_bucket *bucket = calloc(1, sizeof(*bucket));
    if (bucket == NULL)
        return NULL;
    pthread_mutex_init(&bucket->lock, NULL);
    bucket->store = store;
    bucket->settings = settings;
    bucket->stream =
        join(settings->kind == NATSMICRO_STORE_KV ? "KV_" : "OBJ_", settings->name, "");
    bucket->what = join("bucket \"", settings->name, "\"");
    if (bucket->stream != NULL && bucket->what != NULL)
        return bucket;
    nm_bucket_free(bucket);
    return NULL;
}

void nm_store_destroy(nm_store *store)
{
    if (store == NULL)
        return;
    while (store->buckets != NULL) {
        nm_bucket *bucket = store->buckets;
        store->buckets = bucket->next;
        nm_bucket_free(bucket);
    }
    nm_requester_free(&store->requester);
    pthread_mutex_destroy(&store->lock);
    free(store->api);
    free(store);
}

static nm_bucket *find_bucket(nm_store *store, const natsmicro_stub_bucket *settings)
{
    nm_bucket *bucket = store->buckets;
    while (bucket != NULL && (bucket->settings->kind != settings->kind ||
                              strcmp(bucket->settings->name, settings->name) != 0))
        bucket = bucket->next;
    return bucket;
}

nm_bucket *nm_store_bucket(nm_store *store, const natsmicro_stub_bucket *settings)
{
    pthread_mutex_lock(&store->lock);
    nm_bucket *bucket = find_bucket(store, settings);
    if (bucket == NULL) {
        bucket = nm_bucket_new(store, settings);
        if (bucket != NULL) {
            bucket->next = store->buckets;
            store->buckets = bucket;
        }
    }
    pthread_mutex_unlock(&store->lock);
    return bucket;
}
