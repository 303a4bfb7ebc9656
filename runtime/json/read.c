/*
 * Read: JSON into messages, see json.h. It recurses once for each message in a message, at most
 * max_depth times.
 */
#include "codec/scan.h"
#include "json/find_type.h"
#include "json/keys.h"
#include "json/lex.h"
#include "json/read_known.h"
#include "json/read_scalar.h"
#include "json/registry.h"
#include "json/text.h"

static bool read_message(nm_json_reader *r, const nm_json_type *type, ProtobufCMessage **message);

/* ---- values ---- */

static bool read_value(nm_json_reader *r, const nm_json_field *field, void *at)
{
    if (field->kind != NM_JSON_MESSAGE)
        return nm_json_read_scalar(r, field, at);
    ProtobufCMessage *message;
    if (!read_message(r, field->type, &message))
        return false;
    memcpy(at, &message, sizeof(message));
    return true;
}

static void set_presence(const nm_json_field *field, void *message)
{
    const protobuf_c_boolean has = 1;
    void *at = nm_json_at(message, field->quantifier_offset);

    if (field->presence == NM_JSON_IF_HAS)
        memcpy(at, &has, sizeof(has));
    else if (field->presence == NM_JSON_IF_CHOSEN)
        memcpy(at, &field->number, sizeof(field->number));
}

/* Reads the value of a field that the message does not have yet. */
static bool read_single(nm_json_reader *r, const nm_json_field *field, void *message)
{
    if (field->presence == NM_JSON_IF_CHOSEN &&
        nm_json_int32_in(message, field->quantifier_offset) != 0)
        return nm_json_refuse(r, r->at, "another member of its oneof is there, too");
    if (!read_value(r, field, nm_json_at(message, field->offset)))
        return false;
    if (r->is_dropped)
        r->is_dropped = false;
    else
        set_presence(field, message);
    return true;
}

/* Makes the list of what is on the stack from `start` on. */
static bool store_list(nm_json_reader *r, const nm_json_field *field, size_t start, size_t size,
                       void *message)
{
    size_t bytes = r->stack.length - start;
    size_t count = bytes / size;

    r->stack.length = start;
    if (count == 0)
        return true;
    void *list = nm_json_alloc(r, bytes);
    if (list == NULL)
        return false;
    memcpy(list, r->stack.data + start, bytes);
    memcpy(nm_json_at(message, field->offset), &list, sizeof(list));
    memcpy(nm_json_at(message, field->quantifier_offset), &count, sizeof(count));
    return true;
}

static bool read_element(nm_json_reader *r, const nm_json_field *field, size_t size)
{
    union {
        uint64_t number;
        void *pointer;
        ProtobufCBinaryData bytes;
    } element;

    if (!read_value(r, field, &element))
        return false;
    if (!r->is_dropped)
        return nm_json_push(r, &element, size);
    r->is_dropped = false;
    return true;
}

static bool read_list(nm_json_reader *r, nm_json_path *here, void *message)
{
    const nm_json_field *field = here->field;
    size_t start = r->stack.length;
    size_t size = nm_json_kind_size(field->kind);

    if (!nm_json_take(r, '[', "an array"))
        return false;
    for (size_t i = 0; nm_json_take_next(r, i == 0, ']'); i++) {
        here->index = i;
        if (!read_element(r, field, size))
            return false;
    }
    here->index = NM_JSON_NO_INDEX;
    return r->status == NATSMICRO_OK && store_list(r, field, start, size, message);
}

/* ---- maps ---- */

static ProtobufCMessage *new_message(nm_json_reader *r, const nm_json_type *type)
{
    ProtobufCMessage *message = nm_json_alloc(r, type->descriptor->sizeof_message);

    if (message != NULL)
        memcpy(message, type->initial, type->descriptor->sizeof_message);
    return message;
}

static bool read_entry(nm_json_reader *r, nm_json_path *here)
{
    const nm_json_type *type = here->field->type;
    ProtobufCMessage *entry = new_message(r, type);

    if (entry == NULL ||
        !nm_json_read_key(r, &type->fields[0], nm_json_at(entry, type->fields[0].offset)))
        return false;
    set_presence(&type->fields[0], entry);
    here->entry = entry;
    if (!nm_json_take(r, ':', "':'") ||
        !read_value(r, &type->fields[1], nm_json_at(entry, type->fields[1].offset)))
        return false;
    here->entry = NULL;
    if (!r->is_dropped) {
        set_presence(&type->fields[1], entry);
        return nm_json_push(r, &entry, sizeof(entry));
    }
    r->is_dropped = false;
    return true;
}

static bool refuse_twice(nm_json_reader *r, nm_json_path *here, const nm_json_keys *keys)
{
    for (size_t i = 1; i < keys->count; i++)
        if (nm_json_keys_equal(&keys->keys[i - 1], &keys->keys[i])) {
            here->entry = keys->keys[i].entry;
            return nm_json_refuse(r, r->at, "the key is there twice");
        }
    return true;
}

static bool check_keys(nm_json_reader *r, nm_json_path *here, const void *message)
{
    size_t count = nm_json_size_in(message, here->field->quantifier_offset);
    const void *const *entries = nm_json_pointer_in(message, here->field->offset);

    if (count < 2)
        return true;
    nm_json_keys keys;
    if (!nm_json_keys_init(&keys, here->field->type, entries, count))
        return nm_json_exhausted(r);
    bool done = refuse_twice(r, here, &keys);
    nm_json_keys_free(&keys);
    return done;
}

static bool refuse_depth(nm_json_reader *r)
{
    return nm_json_refuse(r, r->at, "messages nested deeper than the %u of max_depth",
                          (unsigned)r->max_depth);
}

static bool read_map(nm_json_reader *r, nm_json_path *here, void *message)
{
    size_t start = r->stack.length;

    if (!nm_json_take(r, '{', "an object"))
        return false;
    if (r->depth >= r->max_depth) /* an entry is a message */
        return refuse_depth(r);
    r->depth++;
    for (bool is_first = true; nm_json_take_next(r, is_first, '}'); is_first = false)
        if (!read_entry(r, here))
            return false;
    r->depth--;
    return r->status == NATSMICRO_OK &&
           store_list(r, here->field, start, sizeof(ProtobufCMessage *), message) &&
           check_keys(r, here, message);
}

/* ---- members of an object ---- */

/* An object while its members are read. */
typedef struct object {
    nm_json_path here;
    const nm_json_type *type;
    ProtobufCMessage *message;
    uint64_t *seen; /* a bit for each field */
    uint64_t first_seen;
    size_t guess;   /* the field that may come next */
    bool is_in_any; /* it has a member "@type", which has been read */
    bool has_type;  /* that member has been passed again */
} object;

static bool object_init(object *o, nm_json_reader *r, const nm_json_type *type,
                        ProtobufCMessage *message, bool is_in_any)
{
    *o = (object){.here = {r->path, NULL, NULL, NM_JSON_NO_INDEX},
                  .type = type,
                  .message = message,
                  .is_in_any = is_in_any};
    o->seen = &o->first_seen;
    if (type->n_fields <= 64)
        return true;
    size_t size = (type->n_fields + 63) / 64 * sizeof(o->seen[0]);
    o->seen = nm_json_alloc(r, size);
    if (o->seen != NULL)
        memset(o->seen, 0, size);
    return o->seen != NULL;
}

static bool is_seen(const object *o, size_t i)
{
    return (o->seen[i / 64] >> (i % 64) & 1) != 0;
}

/* Takes the name and colon of the next member if they are those of the field that is guessed. */
static const nm_json_field *take_guessed(nm_json_reader *r, const object *o)
{
    if (o->guess >= o->type->n_fields)
        return NULL;
    const nm_json_field *field = &o->type->fields[o->guess];
    const char *expected = (const char *)field->json.member.data + 1; /* without the comma */
    size_t length = field->json.member.length - 1;
    if ((size_t)(r->end - r->at) < length || memcmp(r->at, expected, length) != 0)
        return NULL;
    r->at += length;
    return field;
}

#define LONGEST_NAME 256

/* The member "@type" of an Any, or one that no field has. */
static bool skip_member(nm_json_reader *r, object *o, const uint8_t *start,
                        const nm_json_string *name)
{
    bool is_type = o->is_in_any && nm_json_string_is(name, "@type");

    if (is_type && o->has_type)
        return nm_json_refuse(r, start, "the member is there twice");
    o->has_type = o->has_type || is_type;
    if (!is_type && !r->options.ignore_unknown) {
        size_t end = (size_t)(r->at - start);
        return nm_json_refuse(r, start, "%s has no field %.*s", o->type->message->full_name,
                              (int)nm_json_shown((const char *)start, end), (const char *)start);
    }
    return nm_json_take(r, ':', "':'") && nm_json_skip(r);
}

/* Takes the next member's name. *field is NULL if its value has been passed over, too. */
static bool take_name(nm_json_reader *r, object *o, const nm_json_field **field)
{
    if (nm_json_peek(r) == '"') {
        *field = take_guessed(r, o);
        if (*field != NULL)
            return true;
    }
    const uint8_t *start = r->at;
    nm_json_string string;
    if (!nm_json_take_string(r, &string, "a member's name"))
        return false;
    uint8_t room[LONGEST_NAME];
    const uint8_t *name = nm_json_characters(&string, room, sizeof(room));
    *field = name == NULL ? NULL : nm_json_find_field(o->type, name, string.length);
    return *field == NULL ? skip_member(r, o, start, &string) : nm_json_take(r, ':', "':'");
}

static const char missing[] = "required, but missing";

/* A required field that has a default need not be there, as protobuf-c has it. */
static bool is_required(const nm_json_field *field)
{
    return field->presence == NM_JSON_ALWAYS && field->default_value == NULL;
}

static bool read_field(nm_json_reader *r, object *o, const nm_json_field *field)
{
    bool takes_null = field->shape == NM_JSON_SINGLE && nm_json_takes_null(field);

    if (nm_json_peek(r) == 'n' && !takes_null)
        return is_required(field) ? nm_json_refuse(r, r->at, "%s", missing)
                                  : nm_json_take_literal(r, "null");
    if (field->shape == NM_JSON_LIST)
        return read_list(r, &o->here, o->message);
    if (field->shape == NM_JSON_MAP)
        return read_map(r, &o->here, o->message);
    return read_single(r, field, o->message);
}

static bool read_member(nm_json_reader *r, object *o)
{
    nm_json_peek(r);
    const uint8_t *start = r->at;
    const nm_json_field *field;

    o->here.field = NULL;
    if (!take_name(r, o, &field) || field == NULL)
        return r->status == NATSMICRO_OK;
    size_t i = (size_t)(field - o->type->fields);
    o->here.field = field;
    if (is_seen(o, i))
        return nm_json_refuse(r, start, "the member is there twice");
    o->seen[i / 64] |= UINT64_C(1) << (i % 64);
    o->guess = i + 1;
    return read_field(r, o, field);
}

static bool check_required(nm_json_reader *r, object *o)
{
    for (size_t i = 0; o->type->has_required && i < o->type->n_fields; i++) {
        const nm_json_field *field = &o->type->fields[i];
        if (!is_required(field) || is_seen(o, i))
            continue;
        o->here.field = field;
        return nm_json_refuse(r, r->at, "%s", missing);
    }
    return true;
}

static bool read_object(nm_json_reader *r, const nm_json_type *type, ProtobufCMessage *message,
                        bool is_in_any)
{
    object o;

    if (!object_init(&o, r, type, message, is_in_any) || !nm_json_take(r, '{', "an object"))
        return false;
    r->path = &o.here;
    for (bool is_first = true; nm_json_take_next(r, is_first, '}'); is_first = false)
        if (!read_member(r, &o))
            return false;
    if (r->status != NATSMICRO_OK || !check_required(r, &o))
        return false;
    r->path = o.here.parent;
    return true;
}

/* ---- well-known types that contain values ---- */

static bool read_only_field(nm_json_reader *r, const nm_json_type *type, void *message)
{
    nm_json_path here = {r->path, &type->fields[0], NULL, NM_JSON_NO_INDEX};

    r->path = &here;
    bool done;
    if (type->known == NM_JSON_WRAPPER)
        done = read_single(r, here.field, message);
    else if (type->known == NM_JSON_STRUCT)
        done = read_map(r, &here, message);
    else
        done = read_list(r, &here, message);
    r->path = here.parent;
    return done;
}

/* The field of a Value, by what its value begins with. */
static const nm_json_field *kind_of(const nm_json_type *type, uint8_t next)
{
    switch (next) {
    case 'n':
        return &type->fields[0];
    case '"':
        return &type->fields[2];
    case 't':
    case 'f':
        return &type->fields[3];
    case '{':
        return &type->fields[4];
    case '[':
        return &type->fields[5];
    default:
        return nm_json_begins_number(next) ? &type->fields[1] : NULL;
    }
}

static bool read_kind(nm_json_reader *r, const nm_json_type *type, void *message)
{
    const nm_json_field *field = kind_of(type, nm_json_peek(r));

    return field == NULL ? nm_json_unexpected(r, "a value") : read_single(r, field, message);
}

/* ---- Any ---- */

/* The type's message in an Any, from the object's first byte on. */
static bool read_in_any(nm_json_reader *r, const nm_json_type *type, ProtobufCMessage *message);

/* Packs a message into an Any. Memory is counted as for a copy of its bytes. */
static bool pack(nm_json_reader *r, const nm_json_type *any, void *into, char *url,
                 const ProtobufCMessage *message)
{
    ProtobufCBinaryData packed = {protobuf_c_message_get_packed_size(message), NULL};

    packed.data = nm_json_alloc(r, packed.len);
    if (packed.data == NULL)
        return false;
    protobuf_c_message_pack(message, packed.data);
    memcpy(nm_json_at(into, any->fields[0].offset), &url, sizeof(url));
    memcpy(nm_json_at(into, any->fields[1].offset), &packed, sizeof(packed));
    set_presence(&any->fields[0], into);
    set_presence(&any->fields[1], into);
    return true;
}

static bool bind_type(nm_json_reader *r, const nm_json_type *any, const uint8_t *at,
                      const char *url, const nm_json_type **type)
{
    nm_error error = NM_ERROR_INIT;
    natsmicro_status status = nm_json_bind_any(any->json, url, strlen(url), type, &error);

    if (status == NATSMICRO_INVALID_ARGUMENT)
        nm_json_refuse(r, at, "%s", nm_error_text(&error));
    else if (status != NATSMICRO_OK)
        r->status = nm_error_set(r->error, status, "%s", nm_error_text(&error));
    nm_error_clear(&error);
    return status == NATSMICRO_OK;
}

/* An Any without members is empty. */
static bool read_any(nm_json_reader *r, const nm_json_type *any, void *into)
{
    const uint8_t *url_at;

    if (!nm_json_find_type(r, &url_at) || url_at == NULL)
        return r->status == NATSMICRO_OK;
    const uint8_t *start = r->at;
    r->at = url_at;
    const nm_json_type *type;
    char *url;
    if (!nm_json_read_scalar(r, &any->fields[0], &url) || !bind_type(r, any, url_at, url, &type))
        return false;
    r->at = start;
    ProtobufCMessage *message = new_message(r, type);
    return message != NULL && read_in_any(r, type, message) && pack(r, any, into, url, message);
}

/* ---- all messages ---- */

static bool read_content(nm_json_reader *r, const nm_json_type *type, ProtobufCMessage *message)
{
    switch (type->known) {
    case NM_JSON_ANY:
        return read_any(r, type, message);
    case NM_JSON_TIMESTAMP:
    case NM_JSON_DURATION:
        return nm_json_read_time(r, type, message);
    case NM_JSON_FIELD_MASK:
        return nm_json_read_field_mask(r, type, message);
    case NM_JSON_STRUCT:
    case NM_JSON_LIST_VALUE:
    case NM_JSON_WRAPPER:
        return read_only_field(r, type, message);
    case NM_JSON_VALUE:
        return read_kind(r, type, message);
    default:
        return read_object(r, type, message, false);
    }
}

static bool read_nested(nm_json_reader *r, const nm_json_type *type, ProtobufCMessage *message)
{
    nm_json_peek(r);
    if (r->depth >= r->max_depth)
        return refuse_depth(r);
    r->depth++;
    bool done = read_content(r, type, message);
    r->depth--;
    return done;
}

static bool read_message(nm_json_reader *r, const nm_json_type *type, ProtobufCMessage **message)
{
    *message = new_message(r, type);
    return *message != NULL && read_nested(r, type, *message);
}

/* The members of an Any whose content has a form of its own. */
typedef struct any_members {
    bool has_type;
    bool has_value;
} any_members;

static bool read_any_member(nm_json_reader *r, const nm_json_type *type, ProtobufCMessage *message,
                            any_members *members)
{
    nm_json_peek(r);
    const uint8_t *start = r->at;
    nm_json_string name;
    if (!nm_json_take_string(r, &name, "a member's name") || !nm_json_take(r, ':', "':'"))
        return false;
    bool is_value = nm_json_string_is(&name, "value");
    bool is_type = nm_json_string_is(&name, "@type");
    if (is_value ? members->has_value : is_type && members->has_type)
        return nm_json_refuse(r, start, "the member is there twice");
    members->has_value = members->has_value || is_value;
    members->has_type = members->has_type || is_type;
    if (is_value)
        return read_nested(r, type, message);
    if (!is_type && !r->options.ignore_unknown)
        return nm_json_refuse(r, start, "an Any of %s has members \"@type\" and \"value\" only",
                              type->message->full_name);
    return nm_json_skip(r);
}

/* Some implementations write an Empty with a value, some without. */
static bool read_own_form(nm_json_reader *r, const nm_json_type *type, ProtobufCMessage *message)
{
    any_members members = {false, false};

    if (!nm_json_take(r, '{', "an object"))
        return false;
    for (bool is_first = true; nm_json_take_next(r, is_first, '}'); is_first = false)
        if (!read_any_member(r, type, message, &members))
            return false;
    if (r->status == NATSMICRO_OK && !members.has_value && type->known != NM_JSON_EMPTY)
        nm_json_refuse(r, r->at, "an Any of %s without \"value\"", type->message->full_name);
    return r->status == NATSMICRO_OK;
}

static bool read_in_any(nm_json_reader *r, const nm_json_type *type, ProtobufCMessage *message)
{
    if (r->depth >= r->max_depth)
        return refuse_depth(r);
    r->depth++;
    bool done = type->known == NM_JSON_ORDINARY ? read_object(r, type, message, true)
                                                : read_own_form(r, type, message);
    r->depth--;
    return done;
}

/* ---- the text ---- */

/*
 * Whether the text is the binary encoding of the message: a service or a client that does not know
 * that the other one speaks JSON. Its first byte may be a line feed, which JSON passes over.
 */
static bool looks_binary(const nm_json_reader *r)
{
    size_t length = (size_t)(r->end - r->start);
    bool has_odd = memchr("{[\"-0123456789tfn ", r->start[0], 18) == NULL;

    for (size_t i = 0; !has_odd && i < length; i++)
        has_odd = r->start[i] < 0x20 && !nm_json_is_space(r->start[i]);
    return has_odd &&
           nm_scan(r->descriptor, r->start, length, r->max_depth, NULL, NULL) == NATSMICRO_OK;
}

static bool read_text(nm_json_reader *r, const nm_json_type *type, ProtobufCMessage **message)
{
    nm_json_peek(r);
    const uint8_t *first = r->at;
    if (!read_message(r, type, message)) {
        if (r->fault == first && looks_binary(r))
            r->status = nm_error_set(r->error, NATSMICRO_INVALID_ARGUMENT,
                                     "this looks like binary protobuf, not JSON: a %s was expected "
                                     "as JSON",
                                     type->message->full_name);
        return false;
    }
    if (nm_json_peek(r) != 0 || r->at != r->end)
        return nm_json_refuse(r, r->at, "more text after the end of the message");
    return true;
}

natsmicro_status nm_json_read(const nm_json_type *type, const uint8_t *text, size_t length,
                              const nm_json_options *options, const nm_codec_limits *limits,
                              nm_arena *arena, ProtobufCMessage **message, nm_error *error)
{
    *message = NULL;
    nm_arena_reset(arena);
    arena->limit = nm_codec_memory_limit(limits);
    if (length == 0)
        return nm_error_set(error, NATSMICRO_INVALID_ARGUMENT,
                            "an empty payload is not JSON: an empty message is {}");
    nm_json_reader r;
    nm_json_reader_init(&r, text, length, arena);
    r.options = options != NULL ? *options : (nm_json_options){false, false, false};
    r.max_depth = nm_codec_depth_limit(limits);
    r.descriptor = type->descriptor;
    r.error = error;
    if (!read_text(&r, type, message))
        *message = NULL;
    nm_json_reader_free(&r);
    return r.status;
}
