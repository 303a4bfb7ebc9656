/*
 * Config: see config.h.
 */
#include "store/config.h"

#include <stdlib.h>
#include <string.h>

/* Within this time brokers recognize a message that is published twice; at most a value's life. */
#define DUPLICATE_WINDOW_NS (INT64_C(120) * 1000 * 1000 * 1000)

static const nm_config_member members[] = {
    {"description", "description", NULL},
    {"max_age", "ttl", NULL},
    {"max_msgs_per_subject", "max_history", NULL},
    {"compression", "compression", "2.10"},
    {"metadata", "metadata", "2.10"},
    {"allow_msg_ttl", "limit_marker_ttl", "2.11"},
    {"subject_delete_marker_ttl", "limit_marker_ttl", "2.11"},
};

const nm_config_member *nm_config_find_member(const char *name)
{
    for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++)
        if (strcmp(members[i].name, name) == 0)
            return &members[i];
    return NULL;
}

/* ---- what is asked for ---- */

/* Sets a member, whose value it takes over; `good` becomes false where memory is short. */
static void set(json_t *object, const char *name, json_t *value, bool *good)
{
    if (json_object_set_new(object, name, value) != 0)
        *good = false;
}

static json_t *metadata_of(const natsmicro_stub_bucket *settings, bool *good)
{
    json_t *metadata = json_object();
    for (size_t i = 0; i < settings->n_metadata; i++)
        set(metadata, settings->metadata[i].key, json_string(settings->metadata[i].value), good);
    return metadata;
}

/* Whether all is there is to be checked once, at the end. */
static json_t *finish(json_t *object, bool good)
{
    if (good)
        return object;
    json_decref(object);
    return NULL;
}

/* The members that the settings name. */
static json_t *wanted(const nm_bucket *bucket)
{
    const natsmicro_stub_bucket *settings = bucket->settings;
    json_t *object = json_object();
    bool good = true;
    if (settings->description != NULL && settings->description[0] != '\0')
        set(object, "description", json_string(settings->description), &good);
    if (settings->ttl_ns > 0)
        set(object, "max_age", json_integer(settings->ttl_ns), &good);
    if (settings->compression)
        set(object, "compression", json_string("s2"), &good);
    if (settings->n_metadata > 0)
        set(object, "metadata", metadata_of(settings, &good), &good);
    if (settings->kind != NATSMICRO_STORE_KV)
        return finish(object, good);
    if (settings->max_history > 0)
        set(object, "max_msgs_per_subject", json_integer(settings->max_history), &good);
    if (settings->limit_marker_ttl_ns > 0) {
        set(object, "allow_msg_ttl", json_true(), &good);
        set(object, "subject_delete_marker_ttl", json_integer(settings->limit_marker_ttl_ns),
            &good);
    }
    return finish(object, good);
}

static json_t *subjects_of(const nm_bucket *bucket)
{
    const char *name = bucket->settings->name;
    if (bucket->settings->kind == NATSMICRO_STORE_KV)
        return json_pack("[s++]", "$KV.", name, ".>");
    return json_pack("[s++, s++]", "$O.", name, ".C.>", "$O.", name, ".M.>");
}

json_t *nm_config_new(const nm_bucket *bucket)
{
    bool is_kv = bucket->settings->kind == NATSMICRO_STORE_KV;
    json_t *config = json_pack("{s:s, s:o, s:s, s:i, s:i, s:i, s:i, s:s, s:s, s:i, s:b, s:b}",
                               "name", bucket->stream, "subjects", subjects_of(bucket), "retention",
                               "limits", "max_consumers", -1, "max_msgs", -1, "max_bytes", -1,
                               "max_msg_size", -1, "discard", "new", "storage", "file",
                               "num_replicas", 1, "allow_rollup_hdrs", true, "allow_direct", true);
    bool good = config != NULL;
    if (is_kv) {
        set(config, "max_msgs_per_subject", json_integer(1), &good);
        set(config, "deny_delete", json_true(), &good);
    }
    set(config, "duplicate_window", json_integer(DUPLICATE_WINDOW_NS), &good);
    config = finish(config, good);
    json_t *members_asked = wanted(bucket);
    json_t *whole =
        config != NULL && members_asked != NULL ? nm_config_with(config, members_asked) : NULL;
    json_decref(members_asked);
    json_decref(config);
    return whole;
}

/* ---- what is there ---- */

/* Whether all entries that are asked for are there. */
static bool has_entries(const json_t *there, json_t *asked)
{
    const char *key;
    json_t *value;
    json_object_foreach(asked, key, value)
    {
        if (!json_equal(json_object_get(there, key), value))
            return false;
    }
    return true;
}

static bool is_as_asked(const char *name, const json_t *there, json_t *asked)
{
    return strcmp(name, "metadata") == 0 ? has_entries(there, asked) : json_equal(there, asked);
}

json_t *nm_config_differences(const nm_bucket *bucket, const json_t *config)
{
    json_t *asked = wanted(bucket);
    const char *name;
    json_t *value;
    void *next;
    json_object_foreach_safe(asked, next, name, value)
    {
        if (is_as_asked(name, json_object_get(config, name), value))
            json_object_del(asked, name);
    }
    return asked;
}

const char *nm_config_dropped(const nm_bucket *bucket, const json_t *config)
{
    json_t *differences = nm_config_differences(bucket, config);
    const char *first = json_object_iter_key(json_object_iter(differences));
    const nm_config_member *member = first != NULL ? nm_config_find_member(first) : NULL;
    json_decref(differences);
    return member != NULL ? member->name : NULL;
}

json_t *nm_config_with(const json_t *config, const json_t *changed)
{
    json_t *whole = json_deep_copy(config);
    json_t *given = json_deep_copy(changed);
    bool good = whole != NULL && given != NULL;
    json_t *metadata = json_object_get(given, "metadata");
    json_t *others = json_object_get(config, "metadata");
    if (metadata != NULL && others != NULL) /* entries that others have made stay */
        good = good && json_object_update_missing(metadata, others) == 0;
    good = good && json_object_update(whole, given) == 0;
    json_int_t age = json_integer_value(json_object_get(whole, "max_age"));
    json_int_t window = json_integer_value(json_object_get(whole, "duplicate_window"));
    if (age > 0 && window > age)
        set(whole, "duplicate_window", json_integer(age), &good);
    json_decref(given);
    return finish(whole, good);
}

void nm_config_describe(nm_buffer *text, const json_t *config, const char *member)
{
    const json_t *value = json_object_get(config, member);
    char *dumped = value != NULL ? json_dumps(value, JSON_ENCODE_ANY | JSON_SORT_KEYS) : NULL;
    nm_buffer_append_string(text, dumped != NULL ? dumped : "not set");
    free(dumped);
}

/* ---- what kind of bucket it is ---- */

static bool is_set(const json_t *value)
{
    return json_is_true(value) || json_object_size(value) > 0 || json_array_size(value) > 0;
}

/* Members of a stream whose messages come from elsewhere, or go there, or stay as they are. */
static const char *find_fault(const nm_bucket *bucket, const json_t *config)
{
    static const char *const names[] = {"mirror", "sources", "subject_transform", "sealed",
                                        "no_ack"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (is_set(json_object_get(config, names[i])))
            return names[i];
    json_t *subjects = subjects_of(bucket);
    bool same = json_equal(subjects, json_object_get(config, "subjects"));
    json_decref(subjects);
    return same ? NULL : "subjects";
}

nm_bucket_facts nm_config_facts(const nm_bucket *bucket, const json_t *config)
{
    return (nm_bucket_facts){
        .known = true,
        .fault = find_fault(bucket, config),
        .allow_direct = json_is_true(json_object_get(config, "allow_direct")),
        .allow_msg_ttl = json_is_true(json_object_get(config, "allow_msg_ttl")),
    };
}
