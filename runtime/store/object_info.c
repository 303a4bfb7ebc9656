/*
 * Object info: see object_info.h. The members have the order in which Go's client writes them.
 */
#include "store/object_info.h"

#include "base/base64.h"
#include "store/json_bounds.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

/* An info is a message of its own, so it is not larger than most brokers' max_payload. */
#define JSON_LIMIT ((size_t)1024 * 1024)

/* Other clients' infos have some twenty values, and what users add to them. */
#define JSON_VALUES 4096

#define DIGEST_KIND "SHA-256="

/* ---- reading ---- */

static natsmicro_status unreadable(nm_error *error, const char *what, const char *fault)
{
    return nm_error_set(error, NATSMICRO_INTERNAL, "%s: its info cannot be read: %s", what, fault);
}

/* Whether it can be one token of a subject that matches no other, and a part of a text in JSON. */
static bool is_token(const char *text, size_t limit)
{
    size_t length = strlen(text);
    if (length == 0 || length > limit)
        return false;
    for (size_t i = 0; i < length; i++)
        if (text[i] <= ' ' || text[i] > '~' || strchr(".*>\"\\", text[i]) != NULL)
            return false;
    return true;
}

/* A member that is missing, or null, is zero, as Go has it. False: it is something else. */
static bool read_count(const json_t *object, const char *key, uint64_t *count)
{
    const json_t *member = json_object_get(object, key);
    *count = 0;
    if (member == NULL || json_is_null(member))
        return true;
    if (!json_is_integer(member) || json_integer_value(member) < 0)
        return false;
    *count = (uint64_t)json_integer_value(member);
    return true;
}

/* The text of a member, "" where it is missing or null; NULL: it is something else. */
static const char *read_text(const json_t *object, const char *key)
{
    const json_t *member = json_object_get(object, key);
    return member == NULL || json_is_null(member) ? "" : json_string_value(member);
}

static void read_digest(nm_object_info *info, const char *text)
{
    const size_t kind = strlen(DIGEST_KIND);
    const size_t length = nm_base64_length(NM_SHA256_BYTES);
    uint8_t bytes[NM_SHA256_BYTES + 3];
    size_t count;
    if (strncmp(text, DIGEST_KIND, kind) != 0 || strlen(text + kind) > length ||
        !nm_base64_read(text + kind, strlen(text + kind), bytes, &count) ||
        count != NM_SHA256_BYTES)
        return;
    memcpy(info->digest, bytes, NM_SHA256_BYTES);
    info->has_digest = true;
}

/* Returns what is wrong with it; NULL: nothing. */
static const char *read_link(nm_object_info *info, const json_t *object)
{
    const json_t *link = json_object_get(json_object_get(object, "options"), "link");
    if (link == NULL || json_is_null(link))
        return NULL;
    const char *bucket = read_text(link, "bucket");
    const char *name = read_text(link, "name");
    if (bucket == NULL || name == NULL || nm_bucket_fault(bucket) != NULL)
        return "its link is to no bucket";
    if (name[0] != '\0' && nm_object_name_fault(name) != NULL)
        return "its link is to no object";
    strcpy(info->link_bucket, bucket);
    info->link_name = name[0] != '\0' ? strdup(name) : NULL;
    info->is_link = true;
    return name[0] != '\0' && info->link_name == NULL ? "memory is short" : NULL;
}

static const char *read_members(nm_object_info *info, const json_t *object)
{
    const char *nuid = read_text(object, "nuid");
    const char *digest = read_text(object, "digest");
    if (!json_is_object(object))
        return "it is no JSON object";
    if (!read_count(object, "size", &info->size) || !read_count(object, "chunks", &info->chunks))
        return "size or chunks are no count";
    if (nuid == NULL || (nuid[0] != '\0' && !is_token(nuid, NM_OBJECT_NUID_LIMIT)))
        return "its nuid is none";
    strcpy(info->nuid, nuid);
    if (digest != NULL)
        read_digest(info, digest);
    info->deleted = json_is_true(json_object_get(object, "deleted"));
    return read_link(info, object);
}

natsmicro_status nm_object_info_read(nm_object_info *info, nm_bytes json, const char *what,
                                     nm_error *error)
{
    nm_object_info_free(info);
    if (!nm_json_bounds_keep(json, JSON_LIMIT, JSON_VALUES))
        return unreadable(error, what, "it is too large");
    json_t *object = json.length > 0 ? json_loadb(json.data, json.length, 0, NULL) : NULL;
    const char *fault = read_members(info, object);
    json_decref(object);
    if (fault == NULL)
        return NATSMICRO_OK;
    nm_object_info_free(info);
    return unreadable(error, what, fault);
}

void nm_object_info_free(nm_object_info *info)
{
    free(info->link_name);
    *info = (nm_object_info){.size = 0};
}

/* ---- writing ---- */

/* Appends a member with a text of UTF-8. */
static void append_text(nm_buffer *json, const char *key, const char *text)
{
    json_t *value = json_string(text);
    char *written = value != NULL ? json_dumps(value, JSON_ENCODE_ANY) : NULL;
    if (written != NULL)
        nm_buffer_append_format(json, "\"%s\":%s,", key, written);
    else
        json->failed = true;
    free(written);
    json_decref(value);
}

void nm_object_info_write(nm_buffer *json, const char *bucket, const char *name,
                          const nm_object_info *info, size_t chunk_size)
{
    uint8_t digest[64];
    uint8_t *end = nm_base64_write_url_safe(digest, info->digest, NM_SHA256_BYTES);
    nm_buffer_append_string(json, "{");
    append_text(json, "name", name);
    nm_buffer_append_format(json, "\"options\":{\"max_chunk_size\":%zu},", chunk_size);
    append_text(json, "bucket", bucket);
    append_text(json, "nuid", info->nuid);
    /* Readers take the time of the message, but some insist on the member. */
    nm_buffer_append_format(json,
                            "\"size\":%llu,\"mtime\":\"0001-01-01T00:00:00Z\",\"chunks\":%llu",
                            (unsigned long long)info->size, (unsigned long long)info->chunks);
    nm_buffer_append_string(json, ",\"digest\":\"" DIGEST_KIND);
    nm_buffer_append(json, digest, (size_t)(end - digest));
    nm_buffer_append_string(json, "\"}");
}

/* ---- subjects ---- */

void nm_object_info_subject(nm_buffer *subject, const char *bucket, const char *name)
{
    size_t length = strlen(name);
    nm_buffer_append_format(subject, "$O.%s.M.", bucket);
    uint8_t *end = nm_buffer_reserve(subject, nm_base64_length(length));
    if (end == NULL)
        return;
    nm_base64_write_url_safe(end, name, length);
    subject->length += nm_base64_length(length);
}

void nm_object_chunks_subject(nm_buffer *subject, const char *bucket, const char *nuid)
{
    nm_buffer_append_format(subject, "$O.%s.C.%s", bucket, nuid);
}
