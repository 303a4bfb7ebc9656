/*
 * Stores: see stores.h. An object store has some of the options that a key-value bucket has, so
 * both are read as those of a key-value bucket.
 */
#include "model/stores.h"

#include "base/rules.h"
#include "model/checks.h"
#include "model/duration.h"
#include "model/extension.h"
#include "model/key_template.h"
#include "model/metadata.h"

#include <natsmicro/options.pb-c.h>

/* What brokers take at least. */
#define SHORTEST_TTL        (100 * GEN_NS_PER_MS)
#define SHORTEST_MARKER_TTL GEN_NS_PER_SECOND

/* What clients of key-value buckets take. */
#define LONGEST_HISTORY 64

typedef Natsmicro__KVStoreOptions gen_kv_options;
typedef Natsmicro__KVStoreOptions__MetadataEntry gen_kv_entry;

static const gen_extension kv_store_option = {50003, "kv_store"};
static const gen_extension object_store_option = {50004, "object_store"};

/* A method, and the option of it that is read. */
typedef struct gen_store_reader {
    const gen_extended *extended;
    const gen_extension *option;
    gen_bucket_kind kind;
} gen_store_reader;

static bool check_duration(const gen_store_reader *reader, const char *member,
                           const Google__Protobuf__Duration *duration, int64_t minimum, int64_t *ns)
{
    gen_context *context = reader->extended->context;
    const char *what = gen_pool_format(context->pool, "%s of %s", member, reader->option->name);
    return gen_check_duration(context, reader->extended->place, what, duration, minimum, ns);
}

/* ---- buckets ---- */

static bool check_name(const gen_store_reader *reader, const char *name)
{
    gen_context *context = reader->extended->context;
    const gen_place *place = reader->extended->place;
    if (name == NULL || name[0] == '\0')
        return gen_fail(context, place,
                        "bucket of %s is missing (write its name, in letters, digits, - and _)",
                        reader->option->name);
    const char *fault = nm_bucket_fault(name);
    if (fault != NULL)
        return gen_fail(context, place, "bucket \"%s\" of %s %s (write another name)", name,
                        reader->option->name, fault);
    return true;
}

static bool check_history(const gen_store_reader *reader, int32_t max_history)
{
    if (max_history < 0 || max_history > LONGEST_HISTORY)
        return gen_fail(reader->extended->context, reader->extended->place,
                        "max_history of %s is %d (write 1 to %d, or 0 for the default of 1)",
                        reader->option->name, max_history, LONGEST_HISTORY);
    return true;
}

static bool read_bucket(const gen_store_reader *reader, const gen_kv_options *options,
                        gen_bucket *bucket)
{
    gen_context *context = reader->extended->context;
    const gen_place *place = reader->extended->place;
    bucket->kind = reader->kind;
    bucket->name = options->bucket;
    if (options->description != NULL && options->description[0] != '\0')
        bucket->description = options->description;
    bucket->max_history = options->max_history;
    bucket->compression = options->compression;
    bucket->metadata.items = gen_pool_alloc(context->pool, options->n_metadata, sizeof(gen_pair));
    for (size_t i = 0; i < options->n_metadata; i++) {
        const gen_kv_entry *entry = options->metadata[i];
        gen_put_pair(&bucket->metadata, entry->key, entry->value);
    }
    const char *description =
        gen_pool_format(context->pool, "description of %s", reader->option->name);
    return check_name(reader, bucket->name) &&
           (bucket->description == NULL ||
            gen_check_text(context, place, description, bucket->description)) &&
           check_duration(reader, "ttl", options->ttl, SHORTEST_TTL, &bucket->ttl_ns) &&
           check_history(reader, bucket->max_history) &&
           check_duration(reader, "limit_marker_ttl", options->limit_marker_ttl,
                          SHORTEST_MARKER_TTL, &bucket->limit_marker_ttl_ns) &&
           gen_check_pairs(context, place, &bucket->metadata);
}

/* ---- writing ---- */

static bool read_write_mode(const gen_store_reader *reader, const gen_kv_options *options,
                            gen_store *store)
{
    switch (options->write_mode) {
    case NATSMICRO__KVWRITE_MODE__KV_WRITE_MODE_UNSPECIFIED:
        store->write_mode = store->key_ttl_ns == 0 ? GEN_LAST_WRITE_WINS : GEN_COMPARE_AND_SET;
        return true;
    case NATSMICRO__KVWRITE_MODE__KV_WRITE_MODE_LAST_WRITE_WINS:
        store->write_mode = GEN_LAST_WRITE_WINS;
        return true;
    case NATSMICRO__KVWRITE_MODE__KV_WRITE_MODE_COMPARE_AND_SET:
        store->write_mode = GEN_COMPARE_AND_SET;
        return true;
    case NATSMICRO__KVWRITE_MODE__KV_WRITE_MODE_CREATE_ONLY:
        store->write_mode = GEN_CREATE_ONLY;
        return true;
    default:
        return gen_fail(reader->extended->context, reader->extended->place,
                        "write_mode of %s is %d, which this plugin does not know (write a name of "
                        "KVWriteMode in natsmicro/options.proto)",
                        reader->option->name, (int)options->write_mode);
    }
}

static bool read_policy(const gen_store_reader *reader, const gen_kv_options *options,
                        gen_store *store)
{
    switch (options->persist_failure_policy) {
    case NATSMICRO__KVPERSIST_FAILURE_POLICY__KV_PERSIST_FAILURE_POLICY_UNSPECIFIED:
    case NATSMICRO__KVPERSIST_FAILURE_POLICY__KV_PERSIST_FAILURE_POLICY_BEST_EFFORT:
        return true;
    case NATSMICRO__KVPERSIST_FAILURE_POLICY__KV_PERSIST_FAILURE_POLICY_REQUIRED:
        store->required = true;
        return true;
    default:
        return gen_fail(reader->extended->context, reader->extended->place,
                        "persist_failure_policy of %s is %d, which this plugin does not know "
                        "(write a name of KVPersistFailurePolicy in natsmicro/options.proto)",
                        reader->option->name, (int)options->persist_failure_policy);
    }
}

static bool read_writing(const gen_store_reader *reader, const gen_kv_options *options,
                         gen_store *store)
{
    store->client_only = options->client_only;
    return check_duration(reader, "key_ttl", options->key_ttl, SHORTEST_MARKER_TTL,
                          &store->key_ttl_ns) &&
           check_duration(reader, "purge_ttl", options->purge_ttl, SHORTEST_MARKER_TTL,
                          &store->purge_ttl_ns) &&
           read_write_mode(reader, options, store) && read_policy(reader, options, store);
}

/* ---- what is allowed, and not what it seems ---- */

static void warn_of_fraction(const gen_store_reader *reader, const char *member, int64_t ttl_ns)
{
    gen_context *context = reader->extended->context;
    if (ttl_ns % GEN_NS_PER_SECOND != 0)
        gen_warn(context, reader->extended->place,
                 "%s of %s is %s, which brokers cut to whole seconds (write seconds without nanos)",
                 member, reader->option->name, gen_duration_in_words(ttl_ns).text);
}

/* Only what creates a key gets a TTL of its own: clients in other languages write it so, too. */
static void warn_of_ttls(const gen_store_reader *reader, const gen_store *store)
{
    gen_context *context = reader->extended->context;
    const gen_place *place = reader->extended->place;
    const gen_bucket *bucket = &store->bucket;
    const char *member = store->key_ttl_ns != 0 ? "key_ttl" : "purge_ttl";
    bool has_ttl = store->key_ttl_ns != 0 || store->purge_ttl_ns != 0;
    warn_of_fraction(reader, "key_ttl", store->key_ttl_ns);
    warn_of_fraction(reader, "purge_ttl", store->purge_ttl_ns);
    if (has_ttl && bucket->limit_marker_ttl_ns == 0 && !store->client_only)
        gen_warn(
            context, place,
            "%s of %s has no limit_marker_ttl beside it, and a bucket that is made without one "
            "takes no such TTL (set limit_marker_ttl)",
            member, reader->option->name);
    if (store->key_ttl_ns != 0 && bucket->max_history > 1 &&
        store->key_ttl_ns < bucket->limit_marker_ttl_ns)
        gen_warn(context, place,
                 "key_ttl of %s is less than limit_marker_ttl, and in a bucket with a max_history "
                 "brokers keep values for limit_marker_ttl at least (set a longer key_ttl)",
                 reader->option->name);
    if (store->key_ttl_ns != 0 && store->write_mode != GEN_CREATE_ONLY)
        gen_warn(
            context, place,
            "key_ttl of %s holds for the value that creates a key only: one that a later write "
            "puts in its place no longer expires so (set write_mode: "
            "KV_WRITE_MODE_CREATE_ONLY, or use ttl)",
            reader->option->name);
}

static void warn(const gen_store_reader *reader, const gen_store *store)
{
    if (store->client_only && store->required)
        gen_warn(reader->extended->context, reader->extended->place,
                 "persist_failure_policy of %s has no effect with client_only: the service stores "
                 "nothing (remove one of the two)",
                 reader->option->name);
    warn_of_ttls(reader, store);
}

/* ---- the options ---- */

static bool read_store(const gen_store_reader *reader, const gen_kv_options *options,
                       const gen_method_proto *proto, gen_buckets *buckets, gen_method *method)
{
    const gen_extended *extended = reader->extended;
    const char *name = reader->option->name;
    if (method->kind != GEN_UNARY)
        return gen_fail(extended->context, extended->place,
                        "the option (natsmicro.%s) is for methods with one request and one "
                        "response (stream neither of them, or remove the option)",
                        name);
    gen_store *store = &method->stores[method->n_stores++];
    const gen_key_template template = {extended->place, name, options->key_template,
                                       gen_type_name(proto->input_type), reader->kind};
    if (!read_bucket(reader, options, &store->bucket) ||
        !gen_read_key_template(extended->context, extended->sources, &template, &store->key) ||
        !read_writing(reader, options, store) ||
        !gen_add_bucket(extended->context, buckets, &store->bucket, name, extended->place))
        return false;
    warn(reader, store);
    return true;
}

static bool read_kv_store(const gen_extended *extended, const gen_method_proto *proto,
                          gen_buckets *buckets, gen_method *method)
{
    const gen_store_reader reader = {extended, &kv_store_option, GEN_KV_BUCKET};
    const void *found;
    if (!gen_read_extension(extended, &kv_store_option, &natsmicro__kvstore_options__descriptor,
                            &found))
        return false;
    return found == NULL || read_store(&reader, found, proto, buckets, method);
}

static bool read_object_store(const gen_extended *extended, const gen_method_proto *proto,
                              gen_buckets *buckets, gen_method *method)
{
    const gen_store_reader reader = {extended, &object_store_option, GEN_OBJECT_BUCKET};
    const void *found;
    if (!gen_read_extension(extended, &object_store_option,
                            &natsmicro__object_store_options__descriptor, &found))
        return false;
    const Natsmicro__ObjectStoreOptions *options = found;
    if (options == NULL)
        return true;
    gen_kv_options as_kv = NATSMICRO__KVSTORE_OPTIONS__INIT;
    as_kv.bucket = options->bucket;
    as_kv.key_template = options->key_template;
    as_kv.ttl = options->ttl;
    as_kv.description = options->description;
    as_kv.client_only = options->client_only;
    as_kv.compression = options->compression;
    return read_store(&reader, &as_kv, proto, buckets, method);
}

bool gen_read_stores(gen_context *context, const gen_sources *sources, const gen_place *place,
                     const gen_method_proto *proto, gen_buckets *buckets, gen_method *method)
{
    const gen_extended extended = {context, sources, place,
                                   proto->options == NULL ? NULL : &proto->options->base};
    return read_kv_store(&extended, proto, buckets, method) &&
           read_object_store(&extended, proto, buckets, method);
}
