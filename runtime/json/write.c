/*
 * Write: messages as JSON, see json.h. It recurses once for each message in a message; a limit
 * stops it in a message that contains itself.
 */
#include "codec/field.h"
#include "json/keys.h"
#include "json/registry.h"
#include "json/text.h"
#include "json/write_known.h"
#include "json/write_scalar.h"

#include <math.h>

/* Deeper than any peer takes; the stack has room for it. */
#define MAX_DEPTH 1000

static bool write_message(nm_json_writer *w, const nm_json_type *type, const void *message);

static inline void append(nm_json_writer *w, char character)
{
    uint8_t *room = nm_buffer_reserve(w->out, 1);
    if (room == NULL)
        return;
    *room = (uint8_t)character;
    w->out->length++;
}

/* ---- values ---- */

/* protobuf-c takes a string of proto3 that is NULL for an empty one, but not in a list. */
static bool write_value(nm_json_writer *w, const nm_json_field *field, const void *at)
{
    if (field->kind == NM_JSON_MESSAGE)
        return write_message(w, field->type, nm_json_pointer_in(at, 0));
    return nm_json_write_scalar(w, field, at);
}

/* Writes a value that may be unset: of a wrapper, of an entry of a map, or by emit_defaults. */
static bool write_or_default(nm_json_writer *w, const nm_json_field *field, const void *at)
{
    bool is_pointer = field->kind == NM_JSON_STRING || field->kind == NM_JSON_MESSAGE;

    if (!is_pointer || nm_json_pointer_in(at, 0) != NULL)
        return write_value(w, field, at);
    if (field->kind == NM_JSON_MESSAGE)
        return write_message(w, field->type, field->type->initial);
    nm_buffer_append(w->out, "\"\"", 2);
    return true;
}

static bool write_list(nm_json_writer *w, nm_json_path *here, const void *message)
{
    const nm_json_field *field = here->field;
    size_t count = nm_json_size_in(message, field->quantifier_offset);
    const uint8_t *elements = nm_json_pointer_in(message, field->offset);
    size_t size = nm_json_kind_size(field->kind);

    if (count > 0 && elements == NULL)
        return nm_json_invalid(w, "a list that has a count, and no elements");
    append(w, '[');
    for (size_t i = 0; i < count; i++) {
        here->index = i;
        if (i > 0)
            append(w, ',');
        if (!write_value(w, field, elements + i * size))
            return false;
    }
    here->index = NM_JSON_NO_INDEX;
    append(w, ']');
    return true;
}

/* ---- maps ---- */

static bool check_message(nm_json_writer *w, const nm_json_type *type,
                          const ProtobufCMessage *message)
{
    if (message == NULL)
        return nm_json_invalid(w, "a message that is NULL");
    if (message->descriptor == NULL ||
        message->descriptor->magic != PROTOBUF_C__MESSAGE_DESCRIPTOR_MAGIC)
        return nm_json_invalid(w, "a message that was not initialized with its __INIT macro");
    if (!nm_is_same_type(message->descriptor, type->descriptor))
        return nm_json_refuse_write(w, NATSMICRO_INVALID_ARGUMENT, "a %s, not a %s",
                                    nm_type_name(message->descriptor), type->message->full_name);
    return true;
}

static bool write_entry(nm_json_writer *w, const nm_json_type *type, const void *entry)
{
    const nm_json_field *key = &type->fields[0];
    const nm_json_field *value = &type->fields[1];

    if (!nm_json_write_key(w, key, nm_json_in(entry, key->offset)))
        return false;
    append(w, ':');
    return write_or_default(w, value, nm_json_in(entry, value->offset));
}

/* Of entries with the same key only the last counts. */
static bool write_entries(nm_json_writer *w, nm_json_path *here, const nm_json_keys *keys)
{
    bool is_first = true;

    for (size_t i = 0; i < keys->count; i++) {
        if (i + 1 < keys->count && nm_json_keys_equal(&keys->keys[i], &keys->keys[i + 1]))
            continue;
        here->entry = keys->keys[i].entry;
        if (!is_first)
            append(w, ',');
        is_first = false;
        if (!write_entry(w, here->field->type, here->entry))
            return false;
    }
    here->entry = NULL;
    return true;
}

static bool write_sorted(nm_json_writer *w, nm_json_path *here, const void *const *entries,
                         size_t count)
{
    nm_json_keys keys;

    if (!nm_json_keys_init(&keys, here->field->type, entries, count)) {
        w->out->failed = true;
        return true;
    }
    bool done = write_entries(w, here, &keys);
    nm_json_keys_free(&keys);
    return done;
}

static bool write_map(nm_json_writer *w, nm_json_path *here, const void *message)
{
    const nm_json_field *field = here->field;
    size_t count = nm_json_size_in(message, field->quantifier_offset);
    const void *const *entries = nm_json_pointer_in(message, field->offset);

    if (count > 0 && entries == NULL)
        return nm_json_invalid(w, "a map that has a count, and no entries");
    for (size_t i = 0; i < count; i++)
        if (!check_message(w, field->type, entries[i]))
            return false;
    append(w, '{');
    w->depth++; /* an entry is a message */
    if (count > 0 && !write_sorted(w, here, entries, count))
        return false;
    w->depth--;
    append(w, '}');
    return true;
}

/* ---- messages ---- */

/* Whether a field of proto3 is neither zero nor empty. -0.0 is not zero. */
static bool has_value(const nm_json_field *field, const void *at)
{
    switch (field->kind) {
    case NM_JSON_STRING: {
        const char *string = nm_json_pointer_in(at, 0);
        return string != NULL && string[0] != '\0';
    }
    case NM_JSON_BYTES: {
        ProtobufCBinaryData bytes;
        memcpy(&bytes, at, sizeof(bytes));
        return bytes.len > 0;
    }
    case NM_JSON_MESSAGE:
        return nm_json_pointer_in(at, 0) != NULL;
    case NM_JSON_INT64:
    case NM_JSON_UINT64:
    case NM_JSON_DOUBLE:
        return nm_json_int64_in(at, 0) != 0;
    default:
        return nm_json_int32_in(at, 0) != 0;
    }
}

/* Whether the pointer of a string or a message is set; other kinds have none. */
static bool has_pointer(const nm_json_field *field, const void *at)
{
    if (field->kind != NM_JSON_STRING && field->kind != NM_JSON_MESSAGE)
        return true;
    const void *pointer = nm_json_pointer_in(at, 0);
    return pointer != NULL && pointer != field->default_value;
}

static bool is_set(const nm_json_field *field, const void *message)
{
    const void *at = nm_json_in(message, field->offset);

    if (field->shape != NM_JSON_SINGLE)
        return nm_json_size_in(message, field->quantifier_offset) > 0;
    switch (field->presence) {
    case NM_JSON_ALWAYS:
        return true;
    case NM_JSON_IF_HAS:
        return nm_json_int32_in(message, field->quantifier_offset) != 0;
    case NM_JSON_IF_CHOSEN:
        return (uint32_t)nm_json_int32_in(message, field->quantifier_offset) == field->number &&
               has_pointer(field, at);
    case NM_JSON_IF_POINTER:
        return has_pointer(field, at);
    default:
        return has_value(field, at);
    }
}

/* Whether emit_defaults asks for a field that is not set. */
static bool shows_default(const nm_json_writer *w, const nm_json_field *field)
{
    return w->options.emit_defaults &&
           (field->shape != NM_JSON_SINGLE || field->presence == NM_JSON_IF_VALUE);
}

static void append_name(nm_json_writer *w, const nm_json_field *field, bool is_first)
{
    const nm_bytes *member = w->options.proto_names ? &field->proto.member : &field->json.member;

    nm_buffer_append(w->out, (const char *)member->data + is_first, member->length - is_first);
}

static bool write_field(nm_json_writer *w, nm_json_path *here, const void *message)
{
    const nm_json_field *field = here->field;

    if (field->shape == NM_JSON_LIST)
        return write_list(w, here, message);
    if (field->shape == NM_JSON_MAP)
        return write_map(w, here, message);
    if (field->presence == NM_JSON_IF_VALUE)
        return write_or_default(w, field, nm_json_in(message, field->offset));
    return write_value(w, field, nm_json_in(message, field->offset));
}

static bool write_members(nm_json_writer *w, const nm_json_type *type, const void *message,
                          bool is_first)
{
    nm_json_path here = {w->path, NULL, NULL, NM_JSON_NO_INDEX};

    w->path = &here;
    for (size_t i = 0; i < type->n_fields; i++) {
        const nm_json_field *field = &type->fields[i];
        if (!is_set(field, message) && !shows_default(w, field))
            continue;
        here.field = field;
        append_name(w, field, is_first);
        is_first = false;
        if (!write_field(w, &here, message))
            return false;
    }
    w->path = here.parent;
    return true;
}

static bool write_object(nm_json_writer *w, const nm_json_type *type, const void *message)
{
    append(w, '{');
    if (!write_members(w, type, message, true))
        return false;
    append(w, '}');
    return true;
}

/* ---- well-known types that contain values ---- */

static bool write_only_field(nm_json_writer *w, const nm_json_type *type, const void *message)
{
    nm_json_path here = {w->path, &type->fields[0], NULL, NM_JSON_NO_INDEX};

    w->path = &here;
    bool done = type->known == NM_JSON_WRAPPER
                    ? write_or_default(w, here.field, nm_json_in(message, here.field->offset))
                    : write_field(w, &here, message);
    w->path = here.parent;
    return done;
}

static bool is_finite_number(const nm_json_field *field, const void *at)
{
    if (field->kind != NM_JSON_DOUBLE)
        return true;
    double number;
    memcpy(&number, at, sizeof(number));
    return isfinite(number) != 0;
}

static bool write_kind(nm_json_writer *w, const nm_json_type *type, const void *message)
{
    for (size_t i = 0; i < type->n_fields; i++) {
        const nm_json_field *field = &type->fields[i];
        const void *at = nm_json_in(message, field->offset);
        if (!is_set(field, message))
            continue;
        if (!is_finite_number(field, at))
            return nm_json_invalid(w, "a Value that is NaN or infinite");
        return write_value(w, field, at);
    }
    return nm_json_invalid(w, "a Value that has no kind");
}

/* ---- Any ---- */

static bool has_own_form(const nm_json_type *type)
{
    return type->known != NM_JSON_ORDINARY && type->known != NM_JSON_EMPTY;
}

static bool write_in_any(nm_json_writer *w, const nm_json_type *type, const void *message)
{
    if (!has_own_form(type))
        return write_members(w, type, message, false);
    nm_buffer_append_string(w->out, ",\"value\":");
    return write_message(w, type, message);
}

static bool write_packed(nm_json_writer *w, const nm_json_type *type, ProtobufCBinaryData packed)
{
    nm_codec_limits limits = {MAX_DEPTH - w->depth, 0};
    nm_arena arena = NM_ARENA_INIT;
    nm_error error = NM_ERROR_INIT;
    ProtobufCMessage *message;
    natsmicro_status status =
        nm_decode(type->descriptor, packed.data, packed.len, &limits, &arena, &message, &error);
    bool done = status == NATSMICRO_OK
                    ? write_in_any(w, type, message)
                    : nm_json_refuse_write(w, status, "a %s in an Any: %s",
                                           type->message->full_name, nm_error_text(&error));
    nm_arena_free(&arena);
    nm_error_clear(&error);
    return done;
}

static bool write_typed(nm_json_writer *w, const nm_json_type *any, const char *url,
                        ProtobufCBinaryData packed)
{
    nm_error error = NM_ERROR_INIT;
    const nm_json_type *type;
    natsmicro_status status = nm_json_bind_any(any->json, url, strlen(url), &type, &error);

    if (status != NATSMICRO_OK) {
        nm_json_refuse_write(w, status, "%s", nm_error_text(&error));
        nm_error_clear(&error);
        return false;
    }
    nm_buffer_append_string(w->out, "{\"@type\":");
    if (!nm_json_put_string(w->out, (const uint8_t *)url, strlen(url)))
        return nm_json_invalid(w, "not UTF-8");
    if (!write_packed(w, type, packed))
        return false;
    append(w, '}');
    return true;
}

/* An Any in an Any is decoded once more, so their number is limited, too. */
static bool write_any(nm_json_writer *w, const nm_json_type *type, const void *message)
{
    const char *url = nm_json_pointer_in(message, type->fields[0].offset);
    ProtobufCBinaryData packed;

    memcpy(&packed, nm_json_in(message, type->fields[1].offset), sizeof(packed));
    if ((url == NULL || url[0] == '\0') && packed.len == 0) {
        nm_buffer_append_string(w->out, "{}");
        return true;
    }
    if (url == NULL || (packed.data == NULL && packed.len > 0))
        return nm_json_invalid(w,
                               "an Any without a type, or without the data that its length says");
    if (w->any_depth == NM_DEFAULT_MAX_DEPTH)
        return nm_json_refuse_write(w, NATSMICRO_INVALID_ARGUMENT, "more than %d Any in each other",
                                    NM_DEFAULT_MAX_DEPTH);
    w->any_depth++;
    bool done = write_typed(w, type, url, packed);
    w->any_depth--;
    return done;
}

/* ---- all messages ---- */

static bool write_content(nm_json_writer *w, const nm_json_type *type, const void *message)
{
    switch (type->known) {
    case NM_JSON_ANY:
        return write_any(w, type, message);
    case NM_JSON_TIMESTAMP:
        return nm_json_write_timestamp(w, type, message);
    case NM_JSON_DURATION:
        return nm_json_write_duration(w, type, message);
    case NM_JSON_FIELD_MASK:
        return nm_json_write_field_mask(w, type, message);
    case NM_JSON_STRUCT:
    case NM_JSON_LIST_VALUE:
    case NM_JSON_WRAPPER:
        return write_only_field(w, type, message);
    case NM_JSON_VALUE:
        return write_kind(w, type, message);
    default:
        return write_object(w, type, message);
    }
}

static bool write_message(nm_json_writer *w, const nm_json_type *type, const void *message)
{
    if (!check_message(w, type, message))
        return false;
    if (w->depth >= MAX_DEPTH)
        return nm_json_refuse_write(w, NATSMICRO_INVALID_ARGUMENT, "messages nested deeper than %d",
                                    MAX_DEPTH);
    w->depth++;
    bool done = write_content(w, type, message);
    w->depth--;
    return done;
}

natsmicro_status nm_json_write(const nm_json_type *type, const void *message,
                               const nm_json_options *options, nm_buffer *buffer, nm_error *error)
{
    nm_json_writer w = {.out = buffer, .error = error, .status = NATSMICRO_OK};
    size_t start = buffer->length;

    if (message == NULL)
        return nm_error_set(error, NATSMICRO_INVALID_ARGUMENT, "the %s to send is NULL",
                            type->message->full_name);
    if (options != NULL)
        w.options = *options;
    bool done = write_message(&w, type, message);
    if (done && buffer->failed)
        done = nm_json_refuse_write(&w, NATSMICRO_RESOURCE_EXHAUSTED,
                                    "no memory for the JSON of the %s", type->message->full_name);
    if (!done)
        buffer->length = start;
    return w.status;
}
