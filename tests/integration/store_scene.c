/*
 * See store_scene.h.
 */
#include "integration/store_scene.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int64_t store_patience(void)
{
    return nm_deadline_in(STORE_PATIENCE_MS);
}

static void drop_stray(nm_link *link, natsMsg *message, void *data)
{
    (void)link;
    (void)data;
    natsMsg_Destroy(message);
}

void store_scene_open_at(store_scene *self, const char *url, const nm_store_options *options)
{
    self->connection = connect_to_url(url);
    self->peer = connect_to_url(url);
    nm_events_init(&self->events, NULL, NULL, NATSMICRO_LOG_OFF);
    const nm_link_options link = {
        .connection = self->connection, .events = &self->events, .on_stray = drop_stray};
    assert_ok(nm_link_new(&self->link, &link, &self->error));
    assert_ok(nm_store_new(&self->store, self->link, options, &self->error));
}

void store_scene_open(store_scene *self, const char *config)
{
    *self = (store_scene){.error = NM_ERROR_INIT};
    self->where = broker_start(&(broker_options){.jetstream = true, .config = config});
    store_scene_open_at(self, broker_url(self->where), NULL);
}

void store_scene_close(store_scene *self)
{
    nm_store_end(self->store);
    nm_link_destroy(self->link);
    nm_store_destroy(self->store);
    natsConnection_Destroy(self->connection);
    natsConnection_Destroy(self->peer);
    nm_error_clear(&self->error);
    broker_stop(self->where);
}

void store_assert_says(const nm_error *error, const char *words)
{
    if (strstr(nm_error_text(error), words) == NULL)
        fail_msg("the text does not say '%s': %s", words, nm_error_text(error));
}

bool store_broker_is_older(const store_scene *self, int major, int minor)
{
    bool older = broker_is_older(self->where, major, minor);
    if (older)
        printf("# needs nats-server %d.%d, and this one is older\n", major, minor);
    return older;
}

/* ---- buckets of the store ---- */

natsmicro_stub_bucket store_settings(natsmicro_stub_bucket_kind kind, const char *name)
{
    return (natsmicro_stub_bucket){.kind = kind, .name = name};
}

nm_bucket *store_make(store_scene *self, const natsmicro_stub_bucket *settings)
{
    nm_bucket *bucket = nm_store_bucket(self->store, settings);
    assert_non_null(bucket);
    nm_buffer differs = NM_BUFFER_INIT;
    natsmicro_status status = nm_bucket_make(bucket, store_patience(), &differs, &self->error);
    if (status != NATSMICRO_OK)
        fail_msg("%s", nm_error_text(&self->error));
    assert_int_equal(0, differs.length);
    nm_buffer_free(&differs);
    return bucket;
}

/* ---- keys ---- */

natsmicro_status store_put(store_scene *self, nm_bucket *bucket, const char *key, const char *value,
                           natsmicro_stub_write_mode mode)
{
    return nm_kv_put(bucket, key, (nm_bytes){value, strlen(value)}, &(nm_kv_write){.mode = mode},
                     store_patience(), &self->error);
}

void store_assert_value(store_scene *self, nm_bucket *bucket, const char *key, const char *value)
{
    nm_buffer got = NM_BUFFER_INIT;
    if (nm_kv_get(bucket, key, store_patience(), &got, &self->error) != NATSMICRO_OK)
        fail_msg("%s", nm_error_text(&self->error));
    assert_int_equal(strlen(value), got.length);
    if (got.length > 0)
        assert_memory_equal(value, got.data, got.length);
    nm_buffer_free(&got);
}

void store_assert_no_value(store_scene *self, nm_bucket *bucket, const char *key,
                           natsmicro_status status)
{
    nm_buffer got = NM_BUFFER_INIT;
    assert_status(status, nm_kv_get(bucket, key, store_patience(), &got, &self->error));
    assert_int_equal(0, got.length);
    nm_buffer_free(&got);
}

/* ---- the peer ---- */

char *store_ask(const store_scene *self, const char *subject, const char *payload)
{
    natsMsg *answer = NULL;
    natsStatus status =
        natsConnection_RequestString(&answer, self->peer, subject, payload, STORE_PATIENCE_MS);
    if (status != NATS_OK)
        fail_msg("%s: %s", subject, natsStatus_GetText(status));
    size_t length = (size_t)natsMsg_GetDataLength(answer);
    char *text = malloc(length + 1);
    assert_non_null(text);
    memcpy(text, natsMsg_GetData(answer), length);
    text[length] = '\0';
    natsMsg_Destroy(answer);
    return text;
}

char *store_api(const store_scene *self, const char *verb, const char *stream, const char *payload)
{
    char subject[512];
    snprintf(subject, sizeof(subject), "$JS.API.%s.%s", verb, stream);
    char *answer = store_ask(self, subject, payload);
    if (strstr(answer, "\"error\"") != NULL)
        fail_msg("%s: %s", subject, answer);
    return answer;
}
