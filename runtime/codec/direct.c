/*
 * Direct: see direct.h. Decoding and encoding both walk along the fields of the plan once.
 */
#include "codec/direct.h"

#include "base/utf8.h"
#include "codec/field.h"

#include <string.h>

/* A longer field is left out if that is allowed: copying it costs more than a piece of its own. */
#define LONG_CONTENT ((size_t)4096)

#define LONGEST_BOOL 9 /* of ten bytes, bits above the 64th would be lost, and each makes it true */

_Static_assert(sizeof(protobuf_c_boolean) == 4, "protobuf-c's booleans are as wide as its int32");

/* ---- decoding ---- */

/* The field of a tag, for fields out of order; or NULL. */
static const nm_plan_field *find_field(const nm_plan *plan, uint64_t tag)
{
    for (const nm_plan_field *field = plan->fields; field < plan->fields + plan->n_fields; field++)
        if (field->tag == tag)
            return field;
    return NULL;
}

static inline bool holds_content(const nm_plan_field *field)
{
    return field->kind == NM_PLAN_STRING || field->kind == NM_PLAN_BYTES;
}

/* Whether the member of a number has 64 bits; if not, it has 32. */
static inline bool is_wide(nm_plan_kind kind)
{
    return kind == NM_PLAN_VARINT64 || kind == NM_PLAN_SINT64 || kind == NM_PLAN_FIXED64;
}

static inline void store_number(nm_plan_kind kind, uint8_t *member, uint64_t number)
{
    uint32_t narrow = (uint32_t)number;

    if (is_wide(kind))
        memcpy(member, &number, sizeof(number));
    else
        memcpy(member, &narrow, sizeof(narrow));
}

static inline uint64_t load_number(nm_plan_kind kind, const uint8_t *member)
{
    uint64_t number;

    if (is_wide(kind)) {
        memcpy(&number, member, sizeof(number));
        return number;
    }
    uint32_t narrow;
    memcpy(&narrow, member, sizeof(narrow));
    return narrow;
}

static inline bool take_number(nm_cursor *s, nm_plan_kind kind, uint64_t *number)
{
    switch (kind) {
    case NM_PLAN_FIXED32:
        return nm_take_fixed(s, 4, number);
    case NM_PLAN_FIXED64:
        return nm_take_fixed(s, 8, number);
    case NM_PLAN_BOOL:
        return nm_take_varint(s, LONGEST_BOOL, number);
    default:
        return nm_take_varint(s, NM_VARINT_SIZE, number);
    }
}

/* The value of the member for a number as it was written. */
static inline uint64_t read_number(nm_plan_kind kind, uint64_t number)
{
    switch (kind) {
    case NM_PLAN_SINT32:
        return (uint32_t)number >> 1 ^ (0 - (number & 1));
    case NM_PLAN_SINT64:
        return number >> 1 ^ (0 - (number & 1));
    case NM_PLAN_BOOL:
        return number != 0;
    default:
        return number;
    }
}

static bool take_string(nm_cursor content, uint8_t *member, nm_arena *arena)
{
    size_t length = nm_cursor_left(&content);
    char *string = nm_arena_alloc(arena, length + 1);

    if (string == NULL || !nm_utf8_is_valid(content.at, length))
        return false;
    memcpy(string, content.at, length);
    string[length] = '\0';
    memcpy(member, &string, sizeof(string));
    return true;
}

static bool take_bytes(nm_cursor content, uint8_t *member, nm_arena *arena)
{
    ProtobufCBinaryData bytes = {nm_cursor_left(&content), NULL};

    if (bytes.len > 0) {
        bytes.data = nm_arena_alloc(arena, bytes.len);
        if (bytes.data == NULL)
            return false;
        memcpy(bytes.data, content.at, bytes.len);
    }
    memcpy(member, &bytes, sizeof(bytes));
    return true;
}

static bool take_content(nm_cursor *s, const nm_plan_field *field, uint8_t *member, nm_arena *arena)
{
    nm_cursor content;

    if (nm_take_delimited(s, &content) != NULL)
        return false;
    return field->kind == NM_PLAN_STRING ? take_string(content, member, arena)
                                         : take_bytes(content, member, arena);
}

static inline bool take_value(nm_cursor *s, const nm_plan_field *field, uint8_t *member,
                              nm_arena *arena)
{
    uint64_t number = 0;

    if (holds_content(field))
        return take_content(s, field, member, arena);
    if (!take_number(s, field->kind, &number))
        return false;
    store_number(field->kind, member, read_number(field->kind, number));
    return true;
}

/*
 * Whether protobuf-c, too, would have had memory for `count` fields. From the 17th on it lists them
 * in the arena, 32 bytes each, in blocks of 32, 64 and so on.
 */
static bool has_memory(const nm_arena *arena, size_t count)
{
    return arena->limit == 0 || arena->limit - arena->used >= 64 * (count + 16);
}

ProtobufCMessage *nm_direct_unpack(const nm_plan *plan, const uint8_t *bytes, size_t length,
                                   nm_arena *arena)
{
    nm_cursor s = nm_cursor_over(bytes, length);
    const nm_plan_field *field = plan->fields;
    const nm_plan_field *end = plan->fields + plan->n_fields;
    uint64_t seen = 0;
    size_t count = 0;
    uint8_t *message =
        plan->is_simple ? nm_arena_alloc(arena, plan->descriptor->sizeof_message) : NULL;

    if (message == NULL)
        return NULL;
    plan->descriptor->message_init((ProtobufCMessage *)(void *)message);
    for (; s.at < s.end; field++, count++) {
        uint64_t tag = 0;

        if (!nm_take_varint(&s, NM_VARINT32_SIZE, &tag))
            return NULL;
        if (field == end || field->tag != tag) /* seldom: fields come in order */
            field = find_field(plan, tag);
        if (field == NULL || !take_value(&s, field, message + field->offset, arena))
            return NULL;
        if (field->has_offset != 0)
            memcpy(message + field->has_offset, &field->has_value, sizeof(field->has_value));
        seen |= field->bit;
    }
    if ((plan->required & ~seen) != 0 || (count > 16 && !has_memory(arena, count)))
        return NULL;
    return (ProtobufCMessage *)(void *)message;
}

/* ---- encoding ---- */

/* The number to write for a member; a negative int32 is written with 64 bits. */
static inline uint64_t number_of(const nm_plan_field *field, const uint8_t *member)
{
    uint64_t number = load_number(field->kind, member);

    switch (field->kind) {
    case NM_PLAN_INT32:
        return (uint64_t)(int64_t)(int32_t)number;
    case NM_PLAN_SINT32:
        return (uint32_t)(number << 1) ^ (uint32_t)(0 - (number >> 31));
    case NM_PLAN_SINT64:
        return number << 1 ^ (0 - (number >> 63));
    case NM_PLAN_BOOL:
        return number != 0;
    default:
        return number;
    }
}

static uint8_t *put_fixed(uint8_t *at, uint64_t number, size_t size)
{
    for (size_t i = 0; i < size; i++)
        *at++ = (uint8_t)(number >> (8 * i));
    return at;
}

/* Whether the message says that the field is set, by a member has_… or …_case. */
static inline bool has(const nm_plan_field *field, const uint8_t *message)
{
    uint32_t value;

    memcpy(&value, message + field->has_offset, sizeof(value));
    return field->presence == NM_PLAN_IF_CHOSEN ? value == field->has_value : value != 0;
}

/* Writes the field if it is set; returns the end of what it wrote. */
static inline uint8_t *put_number(uint8_t *at, const nm_plan_field *field, const uint8_t *message)
{
    uint64_t number = number_of(field, message + field->offset);
    bool is_set = true;

    if (field->presence == NM_PLAN_IF_VALUE)
        is_set = (number & field->significant) != 0;
    else if (field->presence != NM_PLAN_ALWAYS)
        is_set = has(field, message);
    if (!is_set)
        return at;
    at = nm_varint_write(at, field->tag);
    if (field->kind == NM_PLAN_FIXED32)
        return put_fixed(at, number, 4);
    if (field->kind == NM_PLAN_FIXED64)
        return put_fixed(at, number, 8);
    return nm_varint_write(at, number);
}

/* Finds whether a string is set, and its bytes. False: protobuf-c must encode the message. */
static bool string_of(const nm_plan_field *field, const uint8_t *message, nm_bytes *content,
                      bool *is_set)
{
    const char *string;

    memcpy(&string, message + field->offset, sizeof(string));
    if (field->presence == NM_PLAN_IF_VALUE)
        *is_set = string != NULL && string[0] != '\0';
    else if (field->presence != NM_PLAN_ALWAYS)
        *is_set = string != NULL && string != field->default_value;
    if (string == NULL)
        return !*is_set;
    *content = (nm_bytes){string, strlen(string)};
    return nm_utf8_is_valid(content->data, content->length);
}

/* The same for a bytes field. */
static bool bytes_of(const nm_plan_field *field, const uint8_t *message, nm_bytes *content,
                     bool *is_set)
{
    ProtobufCBinaryData bytes;

    memcpy(&bytes, message + field->offset, sizeof(bytes));
    if (field->presence == NM_PLAN_IF_VALUE)
        *is_set = bytes.len != 0;
    else if (field->presence == NM_PLAN_IF_HAS)
        *is_set = has(field, message);
    *content = (nm_bytes){bytes.data, bytes.len};
    return bytes.data != NULL || bytes.len == 0;
}

/* Appends the field if it is set, and reserves room for all numbers that may follow. */
static bool append_content(const nm_plan *plan, const nm_plan_field *field, const uint8_t *message,
                           nm_buffer *buffer, nm_left_out *left_out)
{
    if (field->presence == NM_PLAN_IF_CHOSEN && !has(field, message))
        return true; /* the value of another member may be in its place */
    nm_bytes content = {NULL, 0};
    bool is_set = true;
    bool is_plain = field->kind == NM_PLAN_STRING ? string_of(field, message, &content, &is_set)
                                                  : bytes_of(field, message, &content, &is_set);

    if (!is_plain || !is_set)
        return is_plain;
    if (content.length > INT_MAX)
        return false;
    size_t copied =
        left_out != NULL && left_out->content.length == 0 && content.length > LONG_CONTENT
            ? 0
            : content.length;
    uint8_t *at = nm_buffer_reserve(buffer, copied + plan->room);
    if (at == NULL)
        return false;
    at = nm_varint_write(at, field->tag);
    at = nm_varint_write(at, content.length);
    buffer->length = (size_t)(at - buffer->data) + copied;
    if (copied > 0)
        memcpy(at, content.data, copied);
    else if (content.length > 0)
        *left_out = (nm_left_out){content, buffer->length};
    return true;
}

bool nm_direct_pack(const nm_plan *plan, const ProtobufCMessage *message, nm_buffer *buffer,
                    nm_left_out *left_out)
{
    const uint8_t *members = (const uint8_t *)message;
    const nm_plan_field *end = plan->fields + plan->n_fields;

    if (!plan->is_simple || message == NULL || message->descriptor != plan->descriptor ||
        message->n_unknown_fields > 0)
        return false;
    uint8_t *at = nm_buffer_reserve(buffer, plan->room);
    if (at == NULL)
        return false;
    for (const nm_plan_field *field = plan->fields; field < end; field++) {
        if (!holds_content(field)) {
            at = put_number(at, field, members);
            continue;
        }
        buffer->length = (size_t)(at - buffer->data);
        if (!append_content(plan, field, members, buffer, left_out))
            return false;
        at = buffer->data + buffer->length;
    }
    buffer->length = (size_t)(at - buffer->data);
    return true;
}
