/*
 * Discovery: see discovery.h. Fields have the order in which other implementations send them.
 */
#include "discovery/discovery.h"

#include "base/buffer.h"
#include "base/utf8.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define NS_PER_S    INT64_C(1000000000)
#define REPLACEMENT "\xef\xbf\xbd" /* U+FFFD */

/* Appends a text; each byte that is not UTF-8 is replaced. */
static void append_valid(nm_buffer *out, const char *text)
{
    size_t left = strlen(text);

    while (left > 0) {
        size_t size = nm_utf8_length((const uint8_t *)text, left);

        if (size == 0)
            nm_buffer_append_string(out, REPLACEMENT);
        else
            nm_buffer_append(out, text, size);
        size += size == 0;
        text += size;
        left -= size;
    }
}

/*
 * Returns the text itself if it is UTF-8, else a mended copy in `mended`; NULL if memory is short.
 */
static const char *as_utf8(const char *text, nm_buffer *mended)
{
    if (text == NULL)
        return "";
    if (nm_utf8_is_valid((const uint8_t *)text, strlen(text)))
        return text;
    append_valid(mended, text);
    return nm_buffer_string(mended);
}

static bool set(json_t *object, const char *key, json_t *value)
{
    return json_object_set_new(object, key, value) == 0;
}

static bool set_string(json_t *object, const char *key, const char *text)
{
    nm_buffer key_mended = NM_BUFFER_INIT;
    nm_buffer text_mended = NM_BUFFER_INIT;
    const char *key_valid = as_utf8(key, &key_mended);
    const char *text_valid = as_utf8(text, &text_mended);
    bool done =
        key_valid != NULL && text_valid != NULL && set(object, key_valid, json_string(text_valid));

    nm_buffer_free(&key_mended);
    nm_buffer_free(&text_mended);
    return done;
}

/* JSON libraries read integers as signed, so a larger count is shown as the largest of these. */
static bool set_count(json_t *object, const char *key, uint64_t count)
{
    json_int_t number = count > (uint64_t)INT64_MAX ? INT64_MAX : (json_int_t)count;

    return set(object, key, json_integer(number));
}

static json_t *metadata_object(const natsmicro_metadata *metadata, size_t n_metadata)
{
    json_t *object = json_object();

    for (size_t i = 0; object != NULL && i < n_metadata; i++)
        if (!set_string(object, metadata[i].key, metadata[i].value)) {
            json_decref(object);
            return NULL;
        }
    return object;
}

/* An endpoint without metadata has null, as other implementations have. */
static json_t *endpoint_metadata(const nm_endpoint_info *endpoint)
{
    if (endpoint->n_metadata == 0)
        return json_null();
    return metadata_object(endpoint->metadata, endpoint->n_metadata);
}

static bool set_time(json_t *object, const char *key, int64_t ns)
{
    time_t seconds = (time_t)(ns / NS_PER_S);
    int64_t rest = ns % NS_PER_S;

    if (rest < 0) {
        rest += NS_PER_S;
        seconds--;
    }
    struct tm utc;
    if (gmtime_r(&seconds, &utc) == NULL)
        return false;
    char text[64];
    size_t length = strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &utc);
    snprintf(text + length, sizeof(text) - length, ".%09dZ", (int)rest);
    return set_string(object, key, text);
}

static bool set_identity(json_t *object, const nm_service_info *service, const char *type)
{
    return set_string(object, "name", service->name) && set_string(object, "id", service->id) &&
           set_string(object, "version", service->version) &&
           set(object, "metadata", metadata_object(service->metadata, service->n_metadata)) &&
           set_string(object, "type", type);
}

static bool set_endpoint(json_t *object, const nm_endpoint_info *endpoint)
{
    return set_string(object, "name", endpoint->name) &&
           set_string(object, "subject", endpoint->subject) &&
           set_string(object, "queue_group", endpoint->queue_group);
}

static bool fill_endpoint_info(json_t *object, const nm_endpoint_info *endpoint)
{
    return set_endpoint(object, endpoint) && set(object, "metadata", endpoint_metadata(endpoint));
}

static bool fill_endpoint_stats(json_t *object, const nm_endpoint_info *endpoint)
{
    uint64_t average =
        endpoint->num_requests == 0 ? 0 : endpoint->processing_time / endpoint->num_requests;

    return set_endpoint(object, endpoint) &&
           set_count(object, "num_requests", endpoint->num_requests) &&
           set_count(object, "num_errors", endpoint->num_errors) &&
           set_string(object, "last_error", endpoint->last_error) &&
           set_count(object, "processing_time", endpoint->processing_time) &&
           set_count(object, "average_processing_time", average);
}

static bool set_bytes(json_t *object, const char *key, nm_bytes text)
{
    return set(object, key, json_stringn(text.length != 0 ? text.data : "", text.length));
}

static bool fill_endpoint_schema(json_t *object, const nm_endpoint_info *endpoint)
{
    return set_string(object, "subject", endpoint->subject) &&
           set_string(object, "method", endpoint->method) &&
           set_string(object, "kind", endpoint->kind) &&
           set_bytes(object, "request", endpoint->request) &&
           set_bytes(object, "response", endpoint->response) &&
           (endpoint->chunk_field == NULL ||
            set_string(object, "chunk_field", endpoint->chunk_field)) &&
           set(object, "json", json_boolean(endpoint->json));
}

typedef bool (*fill_endpoint)(json_t *object, const nm_endpoint_info *endpoint);

static bool append_endpoint(json_t *array, const nm_endpoint_info *endpoint, fill_endpoint fill)
{
    json_t *object = json_object();

    if (object != NULL && fill(object, endpoint))
        return json_array_append_new(array, object) == 0;
    json_decref(object);
    return false;
}

static json_t *endpoint_array(const nm_service_info *service, fill_endpoint fill)
{
    json_t *array = json_array();

    for (size_t i = 0; array != NULL && i < service->n_endpoints; i++)
        if (!append_endpoint(array, &service->endpoints[i], fill)) {
            json_decref(array);
            return NULL;
        }
    return array;
}

static int append_text(const char *text, size_t length, void *buffer)
{
    nm_buffer_append(buffer, text, length);
    return ((nm_buffer *)buffer)->failed ? -1 : 0;
}

/*
 * Prints and frees the object; NULL if it was not filled or memory is short. The text is in memory
 * of malloc's, because the user may have given jansson another allocator.
 */
static char *print(json_t *object, bool filled)
{
    nm_buffer text = NM_BUFFER_INIT;

    if (!filled || json_dump_callback(object, append_text, &text, JSON_COMPACT) != 0 ||
        nm_buffer_string(&text) == NULL)
        nm_buffer_free(&text);
    json_decref(object);
    return (char *)text.data;
}

char *nm_discovery_ping(const nm_service_info *service)
{
    json_t *object = json_object();

    return print(object, set_identity(object, service, "io.nats.micro.v1.ping_response"));
}

char *nm_discovery_info(const nm_service_info *service)
{
    json_t *object = json_object();

    return print(object, set_identity(object, service, "io.nats.micro.v1.info_response") &&
                             set_string(object, "description", service->description) &&
                             set(object, "endpoints", endpoint_array(service, fill_endpoint_info)));
}

char *nm_discovery_stats(const nm_service_info *service)
{
    json_t *object = json_object();

    return print(object,
                 set_identity(object, service, "io.nats.micro.v1.stats_response") &&
                     set_time(object, "started", service->started) &&
                     set(object, "endpoints", endpoint_array(service, fill_endpoint_stats)));
}

/* What a caller needs to ask for the descriptors, and to know them again. */
static json_t *descriptors_object(const nm_service_info *service)
{
    json_t *object = json_object();

    if (set_string(object, "sha256", service->set_sha256) &&
        set_count(object, "size", service->set_size))
        return object;
    json_decref(object);
    return NULL;
}

char *nm_discovery_schema(const nm_service_info *service)
{
    json_t *object = json_object();

    return print(object,
                 set_identity(object, service, "io.natsmicro.v1.schema_response") &&
                     set(object, "endpoints", endpoint_array(service, fill_endpoint_schema)) &&
                     (service->set_sha256 == NULL ||
                      set(object, "descriptors", descriptors_object(service))));
}
