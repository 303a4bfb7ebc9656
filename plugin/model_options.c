/*
 * Model: natsmicro's options of services and methods, with their defaults. protobuf-c knows no
 * extensions, so they are dug out of the unknown fields; whether a value is right is asked in
 * model_check.c.
 */
#include "model_internal.h"

#include "wire.h"

#include <stdlib.h>
#include <string.h>

/* An option of natsmicro/options.proto. */
typedef struct gen_option {
    uint32_t number;
    const char *name;
} gen_option;

static const gen_option service_option = {50001, "service"};
static const gen_option endpoint_option = {50002, "endpoint"};
static const gen_option kv_store_option = {50003, "kv_store"};
static const gen_option object_store_option = {50004, "object_store"};
static const gen_option stream_option = {50005, "stream"};
static const gen_option chunked_io_option = {50006, "chunked_io"};

/* Its numbers are of the range that everybody may use: they say nothing by themselves. */
static bool is_declared(const gen_build *build, const gen_option *option)
{
    for (size_t i = 0; i < build->n_sources; i++) {
        const gen_source *source = &build->sources[i];
        if (strcmp(source->scope.package, "natsmicro") != 0)
            continue;
        for (size_t k = 0; k < source->proto->n_extension; k++) {
            const Google__Protobuf__FieldDescriptorProto *extension = source->proto->extension[k];
            if (extension->name != NULL && strcmp(extension->name, option->name) == 0 &&
                extension->number == (int32_t)option->number)
                return true;
        }
    }
    return false;
}

static gen_extension_state find_option(const gen_build *build, const ProtobufCMessage *options,
                                       const gen_option *option, gen_bytes *payload)
{
    return is_declared(build, option)
               ? gen_wire_extension(build->pool, options, option->number, payload)
               : GEN_EXTENSION_ABSENT;
}

/*
 * Reads an option into *message: NULL when it is not set. The caller names the type by its
 * descriptor.
 */
static bool read_option(gen_build *build, const gen_place *place, const ProtobufCMessage *options,
                        const gen_option *option, const ProtobufCMessageDescriptor *descriptor,
                        const void **message)
{
    ProtobufCAllocator allocator = gen_wire_allocator(build->pool);
    gen_bytes payload;
    gen_extension_state state = find_option(build, options, option, &payload);
    *message = NULL;
    if (state == GEN_EXTENSION_ABSENT)
        return true;
    if (state == GEN_EXTENSION_PRESENT)
        *message = protobuf_c_message_unpack(descriptor, &allocator, payload.length, payload.data);
    if (*message == NULL)
        return gen_fail(build, place,
                        "the option (natsmicro.%s) is malformed (import "
                        "\"natsmicro/options.proto\" as this plugin ships it)",
                        option->name);
    return true;
}

static const char *or_default(const char *value, const char *preset)
{
    return value == NULL || value[0] == '\0' ? preset : value;
}

/* ---- metadata ---- */

/* Map entries of both options messages have this shape. */
typedef Natsmicro__ServiceOptions__MetadataEntry gen_service_entry;
typedef Natsmicro__EndpointOptions__MetadataEntry gen_endpoint_entry;

static int compare_pairs(const void *a, const void *b)
{
    const gen_pair *first = a;
    const gen_pair *second = b;
    return strcmp(first->key, second->key);
}

/* Of a map's entries with one key the last counts; the rest is sorted, as protoc's order is not. */
static void put_pair(gen_pairs *pairs, const char *key, const char *value)
{
    for (size_t i = 0; i < pairs->count; i++) {
        if (strcmp(pairs->items[i].key, key) == 0) {
            pairs->items[i].value = value;
            return;
        }
    }
    pairs->items[pairs->count++] = (gen_pair){key, value};
}

static bool check_pairs(gen_build *build, const gen_place *place, gen_pairs *pairs)
{
    qsort(pairs->items, pairs->count, sizeof(gen_pair), compare_pairs);
    for (size_t i = 0; i < pairs->count; i++) {
        if (!gen_check_metadata_key(build, place, pairs->items[i].key) ||
            !gen_check_text(build, place, "a value of metadata", pairs->items[i].value))
            return false;
    }
    return true;
}

/* ---- services ---- */

static bool read_error_codes(gen_build *build, const gen_place *place,
                             const Natsmicro__ServiceOptions *options, gen_service *service)
{
    service->error_codes =
        gen_pool_alloc(build->pool, options->n_error_codes, sizeof(gen_error_code));
    for (size_t i = 0; i < options->n_error_codes; i++) {
        const char *code = options->error_codes[i];
        if (!gen_check_error_code(build, place, code))
            return false;
        for (size_t j = 0; j < i; j++) {
            if (strcmp(code, options->error_codes[j]) == 0)
                return gen_fail(build, place, "error_codes has \"%s\" twice (remove one)", code);
        }
        char *lower = gen_pool_copy(build->pool, code, strlen(code));
        for (char *at = lower; *at != '\0'; at++)
            *at = *at >= 'A' && *at <= 'Z' ? (char)(*at - 'A' + 'a') : *at;
        service->error_codes[service->n_error_codes++] = (gen_error_code){code, lower};
    }
    return true;
}

static bool read_identity(gen_build *build, const gen_place *place, const char *proto_name,
                          const Natsmicro__ServiceOptions *options, gen_service *service)
{
    service->subject_prefix =
        or_default(options->subject_prefix, gen_names_subject(build->pool, proto_name));
    service->name = or_default(options->name, proto_name);
    service->version = or_default(options->version, "1.0.0");
    service->description = or_default(
        options->description,
        gen_pool_format(build->pool, "%s - generated by protoc-gen-nats-micro", proto_name));
    return gen_check_subject_prefix(build, place, service->subject_prefix) &&
           gen_check_name(build, place, service->name) &&
           gen_check_version(build, place, service->version) &&
           gen_check_text(build, place, "description", service->description);
}

bool gen_read_service_options(gen_build *build, const gen_place *place,
                              const gen_service_proto *proto, gen_service *service,
                              gen_service_settings *settings)
{
    static const Natsmicro__ServiceOptions none = NATSMICRO__SERVICE_OPTIONS__INIT;
    const void *found;
    if (!read_option(build, place, proto->options == NULL ? NULL : &proto->options->base,
                     &service_option, &natsmicro__service_options__descriptor, &found))
        return false;
    const Natsmicro__ServiceOptions *options = found == NULL ? &none : found;
    settings->skip = options->skip;
    settings->queue_group_disabled = options->queue_group_disabled;
    if (settings->skip)
        return true;
    if (options->json)
        return gen_fail(build, place,
                        "the option json is not supported yet (remove it, or skip the service)");
    service->metadata.items = gen_pool_alloc(build->pool, options->n_metadata, sizeof(gen_pair));
    for (size_t i = 0; i < options->n_metadata; i++) {
        const gen_service_entry *entry = options->metadata[i];
        put_pair(&service->metadata, entry->key, entry->value);
    }
    return read_identity(build, place, proto->name, options, service) &&
           gen_check_timeout(build, place, options->timeout, &service->timeout_ms) &&
           check_pairs(build, place, &service->metadata) &&
           read_error_codes(build, place, options, service);
}

/* ---- methods ---- */

static bool read_endpoint(gen_build *build, const gen_place *place,
                          const Natsmicro__EndpointOptions *options, gen_method *method)
{
    method->queue_group_disabled = options->queue_group_disabled;
    method->pending_msg_limit = options->pending_msg_limit;
    method->pending_bytes_limit = options->pending_bytes_limit;
    method->metadata.items = gen_pool_alloc(build->pool, options->n_metadata, sizeof(gen_pair));
    for (size_t i = 0; i < options->n_metadata; i++) {
        const gen_endpoint_entry *entry = options->metadata[i];
        put_pair(&method->metadata, entry->key, entry->value);
    }
    return gen_check_timeout(build, place, options->timeout, &method->timeout_ms) &&
           gen_check_limit(build, place, "pending_msg_limit", method->pending_msg_limit) &&
           gen_check_limit(build, place, "pending_bytes_limit", method->pending_bytes_limit) &&
           check_pairs(build, place, &method->metadata);
}

static bool refuse_stores(gen_build *build, const gen_place *place, const ProtobufCMessage *options)
{
    gen_bytes payload;
    if (find_option(build, options, &kv_store_option, &payload) != GEN_EXTENSION_ABSENT)
        return gen_fail(build, place,
                        "the option (natsmicro.kv_store) is not supported yet (remove it, or skip "
                        "the method)");
    if (find_option(build, options, &object_store_option, &payload) != GEN_EXTENSION_ABSENT)
        return gen_fail(build, place,
                        "the option (natsmicro.object_store) is not supported yet (remove it, or "
                        "skip the method)");
    return true;
}

static bool read_stream(gen_build *build, const gen_place *place, const ProtobufCMessage *options,
                        gen_method *method)
{
    const void *found;
    if (!read_option(build, place, options, &stream_option, &natsmicro__stream_options__descriptor,
                     &found))
        return false;
    const Natsmicro__StreamOptions *stream = found;
    if (stream == NULL)
        return true;
    if (method->kind == GEN_UNARY)
        return gen_fail(build, place,
                        "the option (natsmicro.stream) is for methods that stream (stream the "
                        "request or the response, or remove the option)");
    if (stream->max_inflight < 0)
        return gen_fail(build, place,
                        "max_inflight is %d (write 0 for the default of 1048576, or more)",
                        stream->max_inflight);
    method->max_inflight = stream->max_inflight;
    return true;
}

/* The one field of a chunk message: bytes, singular, of this name. */
static bool is_chunk_message(const gen_message_proto *message, const char *field_name)
{
    if (message->n_field != 1)
        return false;
    const Google__Protobuf__FieldDescriptorProto *field = message->field[0];
    return field->name != NULL && strcmp(field->name, field_name) == 0 &&
           field->type == GOOGLE__PROTOBUF__FIELD_DESCRIPTOR_PROTO__TYPE__TYPE_BYTES &&
           field->label != GOOGLE__PROTOBUF__FIELD_DESCRIPTOR_PROTO__LABEL__LABEL_REPEATED;
}

static bool read_chunked_io(gen_build *build, const gen_place *place, const gen_method_proto *proto,
                            gen_method *method)
{
    const void *found;
    if (!read_option(build, place, &proto->options->base, &chunked_io_option,
                     &natsmicro__chunked_iooptions__descriptor, &found))
        return false;
    const Natsmicro__ChunkedIOOptions *options = found;
    if (options == NULL)
        return true;
    if (method->kind == GEN_UNARY || method->kind == GEN_BIDI_STREAM)
        return gen_fail(build, place,
                        "the option (natsmicro.chunked_io) is for methods that stream in one "
                        "direction (stream the request or the response, or remove the option)");
    if (options->default_chunk_size < 0)
        return gen_fail(build, place, "default_chunk_size is %d (write 0 for 65536, or more)",
                        options->default_chunk_size);
    const char *type = method->kind == GEN_CLIENT_STREAM ? proto->input_type : proto->output_type;
    const char *full_name = type == NULL ? "" : type + (*type == '.');
    const gen_known_message *chunk = gen_find_message(build, full_name);
    method->chunk_field = or_default(options->chunk_field, "data");
    method->default_chunk_size =
        options->default_chunk_size == 0 ? 65536 : options->default_chunk_size;
    if (!gen_names_is_identifier(method->chunk_field) || chunk == NULL ||
        !is_chunk_message(chunk->proto, method->chunk_field))
        return gen_fail(build, place,
                        "with the option (natsmicro.chunked_io), %s must have exactly one field, "
                        "\"bytes %s\" (change the message, or chunk_field)",
                        full_name, method->chunk_field);
    return true;
}

bool gen_read_method_options(gen_build *build, const gen_place *place,
                             const gen_method_proto *proto, gen_method *method, bool *skip)
{
    static const Natsmicro__EndpointOptions none = NATSMICRO__ENDPOINT_OPTIONS__INIT;
    *skip = false;
    if (proto->options == NULL)
        return true;
    const void *found;
    if (!read_option(build, place, &proto->options->base, &endpoint_option,
                     &natsmicro__endpoint_options__descriptor, &found))
        return false;
    const Natsmicro__EndpointOptions *options = found == NULL ? &none : found;
    *skip = options->skip;
    if (*skip)
        return true;
    return read_endpoint(build, place, options, method) &&
           refuse_stores(build, place, &proto->options->base) &&
           read_stream(build, place, &proto->options->base, method) &&
           read_chunked_io(build, place, proto, method);
}
