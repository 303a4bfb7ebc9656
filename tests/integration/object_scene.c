/*
 * See object_scene.h.
 */
#include "integration/object_scene.h"

#include "store/object_info.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const natsmicro_stub_bucket bucket_settings = {.kind = NATSMICRO_STORE_OBJECT, .name = "b"};

/* ---- beginning and end ---- */

static void make_stream(object_scene *self, const char *members)
{
    char config[1024];
    snprintf(config, sizeof(config),
             "{\"name\":\"OBJ_b\",\"subjects\":[\"$O.b.C.>\",\"$O.b.M.>\"],\"discard\":\"new\","
             "\"storage\":\"file\",\"num_replicas\":1,\"allow_rollup_hdrs\":true%s}",
             members != NULL ? members : ",\"allow_direct\":true");
    json_t *answer = object_api(self, "STREAM.CREATE.OBJ_b", config);
    json_t *error = json_object_get(answer, "error");
    if (error != NULL)
        fail_msg("%s", json_string_value(json_object_get(error, "description")));
    json_decref(answer);
}

void object_scene_open(object_scene *self, const char *config, const char *stream)
{
    store_scene_open(&self->base, config);
    self->bucket = nm_store_bucket(self->base.store, &bucket_settings);
    assert_non_null(self->bucket);
    make_stream(self, stream);
}

void object_scene_close(object_scene *self)
{
    store_scene_close(&self->base);
}

nm_bucket *object_scene_bucket(object_scene *self, const natsmicro_stub_bucket *settings)
{
    nm_bucket *bucket = nm_store_bucket(self->base.store, settings);
    assert_non_null(bucket);
    return bucket;
}

/* ---- verbs ---- */

uint8_t *object_bytes(size_t length, unsigned seed)
{
    uint8_t *bytes = malloc(length > 0 ? length : 1);
    assert_non_null(bytes);
    uint32_t state = seed * 2654435761u + 1;
    for (size_t i = 0; i < length; i++) {
        state = state * 1664525u + 1013904223u;
        bytes[i] = (uint8_t)(state >> 24);
    }
    return bytes;
}

natsmicro_status object_put(object_scene *self, const char *name, const void *data, size_t length)
{
    return nm_object_put(self->bucket, name, (nm_bytes){data, length}, store_patience(),
                         &self->base.error);
}

natsmicro_status object_get(object_scene *self, const char *name, nm_buffer *value)
{
    nm_buffer_reset(value);
    return nm_object_get(self->bucket, name, SIZE_MAX, store_patience(), value, &self->base.error);
}

void object_put_bytes(object_scene *self, const char *name, size_t length, unsigned seed)
{
    uint8_t *bytes = object_bytes(length, seed);
    natsmicro_status status = object_put(self, name, bytes, length);
    free(bytes);
    if (status != NATSMICRO_OK)
        fail_msg("%s", nm_error_text(&self->base.error));
}

void object_expect_bytes(object_scene *self, const char *name, size_t length, unsigned seed)
{
    nm_buffer value = NM_BUFFER_INIT;
    if (object_get(self, name, &value) != NATSMICRO_OK)
        fail_msg("%s", nm_error_text(&self->base.error));
    uint8_t *bytes = object_bytes(length, seed);
    assert_int_equal(length, value.length);
    assert_true(length == 0 || memcmp(bytes, value.data, length) == 0);
    free(bytes);
    nm_buffer_free(&value);
}

/* ---- what another client does ---- */

json_t *object_api(object_scene *self, const char *verb, const char *payload)
{
    char subject[256];
    snprintf(subject, sizeof(subject), "$JS.API.%s", verb);
    natsMsg *answer = NULL;
    assert_int_equal(NATS_OK, natsConnection_RequestString(&answer, self->base.peer, subject,
                                                           payload, STORE_PATIENCE_MS));
    json_t *object =
        json_loadb(natsMsg_GetData(answer), (size_t)natsMsg_GetDataLength(answer), 0, NULL);
    assert_non_null(object);
    natsMsg_Destroy(answer);
    return object;
}

void object_publish(object_scene *self, const char *subject, const void *data, size_t length)
{
    natsMsg *message = NULL;
    natsMsg *answer = NULL;
    assert_int_equal(NATS_OK, natsMsg_Create(&message, subject, NULL, data, (int)length));
    if (strstr(subject, ".M.") != NULL)
        assert_int_equal(NATS_OK, natsMsgHeader_Set(message, "Nats-Rollup", "sub"));
    assert_int_equal(
        NATS_OK, natsConnection_RequestMsg(&answer, self->base.peer, message, STORE_PATIENCE_MS));
    assert_null(strstr(natsMsg_GetData(answer), "error"));
    natsMsg_Destroy(message);
    natsMsg_Destroy(answer);
}

void object_store_info(object_scene *self, const char *name, const char *json)
{
    nm_buffer subject = NM_BUFFER_INIT;
    nm_object_info_subject(&subject, "b", name);
    object_publish(self, nm_buffer_string(&subject), json, strlen(json));
    nm_buffer_free(&subject);
}

json_t *object_info(object_scene *self, const char *name)
{
    nm_buffer subject = NM_BUFFER_INIT;
    nm_buffer_append_string(&subject, "$JS.API.DIRECT.GET.OBJ_b.");
    nm_object_info_subject(&subject, "b", name);
    natsMsg *answer = NULL;
    assert_int_equal(NATS_OK, natsConnection_RequestString(&answer, self->base.peer,
                                                           nm_buffer_string(&subject), "",
                                                           STORE_PATIENCE_MS));
    json_t *info =
        json_loadb(natsMsg_GetData(answer), (size_t)natsMsg_GetDataLength(answer), 0, NULL);
    assert_non_null(info);
    natsMsg_Destroy(answer);
    nm_buffer_free(&subject);
    return info;
}

/* The counts of chunks by subject. */
static json_t *count_chunks(object_scene *self)
{
    json_t *answer = object_api(self, "STREAM.INFO.OBJ_b", "{\"subjects_filter\":\"$O.b.C.>\"}");
    json_t *state = json_object_get(answer, "state");
    assert_non_null(state);
    json_t *subjects = json_incref(json_object_get(state, "subjects"));
    json_decref(answer);
    return subjects;
}

size_t object_chunks(object_scene *self, size_t *messages)
{
    json_t *subjects = count_chunks(self);
    size_t count = json_object_size(subjects);
    *messages = 0;
    const char *subject;
    json_t *number;
    json_object_foreach(subjects, subject, number)
    {
        (void)subject;
        *messages += (size_t)json_integer_value(number);
    }
    json_decref(subjects);
    return count;
}

void object_assert_tidy(object_scene *self, const char *name)
{
    json_t *info = object_info(self, name);
    json_t *subjects = count_chunks(self);
    char subject[128];
    snprintf(subject, sizeof(subject), "$O.b.C.%s",
             json_string_value(json_object_get(info, "nuid")));
    json_int_t chunks = json_integer_value(json_object_get(info, "chunks"));
    assert_int_equal(chunks > 0 ? 1 : 0, json_object_size(subjects));
    assert_int_equal(chunks, json_integer_value(json_object_get(subjects, subject)));
    json_decref(subjects);
    json_decref(info);
}
