/*
 * Scan: see scan.h. It recurses once for each level of nesting, and uses less of the stack than
 * unpack would: max_depth bounds both.
 */
#include "codec/scan.h"

#include "base/utf8.h"
#include "codec/field.h"

#include <string.h>

typedef struct walk {
    const uint8_t *start; /* of the outermost message */
    uint32_t max_depth;
    nm_error *error;
} walk;

static natsmicro_status fail_at(const walk *w, const uint8_t *at, const char *reason)
{
    return nm_error_set(w->error, NATSMICRO_INVALID_ARGUMENT, "byte %zu: %s",
                        (size_t)(at - w->start), reason);
}

static natsmicro_status fail_field(const walk *w, const ProtobufCMessageDescriptor *descriptor,
                                   const ProtobufCFieldDescriptor *field, const char *reason)
{
    char number[NM_FIELD_NUMBER_SIZE];

    return nm_error_set(w->error, NATSMICRO_INVALID_ARGUMENT, "field %s.%s: %s",
                        nm_type_name(descriptor), nm_field_name(field, number), reason);
}

/* Takes a value; `content` becomes that of a length-delimited one. Returns the fault, or NULL. */
static const char *take_value(nm_cursor *s, unsigned wire_type, nm_cursor *content)
{
    uint64_t ignored;

    switch (wire_type) {
    case NM_WIRE_VARINT:
        return nm_take_varint(s, NM_VARINT_SIZE, &ignored) ? NULL : "truncated varint";
    case NM_WIRE_FIXED64:
        return nm_take_fixed(s, 8, &ignored) ? NULL : "truncated 64-bit value";
    case NM_WIRE_DELIMITED:
        return nm_take_delimited(s, content);
    case NM_WIRE_FIXED32:
        return nm_take_fixed(s, 4, &ignored) ? NULL : "truncated 32-bit value";
    case 3:
    case 4:
        return "a group, which protobuf-c cannot decode";
    default:
        return "unknown wire type";
    }
}

/* Checks the elements of a packed field. Returns the fault, or NULL. */
static const char *check_packed(nm_cursor elements, unsigned element_wire_type)
{
    size_t run = 0;

    if (element_wire_type == NM_WIRE_FIXED32)
        return nm_cursor_left(&elements) % 4 == 0 ? NULL : "packed: not a multiple of 4 bytes";
    if (element_wire_type == NM_WIRE_FIXED64)
        return nm_cursor_left(&elements) % 8 == 0 ? NULL : "packed: not a multiple of 8 bytes";
    for (; elements.at < elements.end; elements.at++) {
        run = *elements.at < 0x80 ? 0 : run + 1;
        if (run == NM_VARINT_SIZE)
            return "packed: a varint of more than 10 bytes";
    }
    return run == 0 ? NULL : "packed: truncated varint";
}

static const char *check_string(nm_cursor string)
{
    if (nm_utf8_is_valid(string.at, nm_cursor_left(&string)))
        return NULL;
    return memchr(string.at, 0, nm_cursor_left(&string)) != NULL ? "a string that contains NUL"
                                                                 : "not UTF-8";
}

static natsmicro_status scan_message(const walk *w, const ProtobufCMessageDescriptor *descriptor,
                                     nm_cursor bytes, uint32_t depth);

/* Checks the value of a known field; `content` is that of a length-delimited one. */
static natsmicro_status scan_field(const walk *w, const ProtobufCMessageDescriptor *descriptor,
                                   const ProtobufCFieldDescriptor *field, unsigned wire_type,
                                   nm_cursor content, uint32_t depth)
{
    unsigned expected = nm_wire_type_of(field->type);
    const char *reason = NULL;

    if (wire_type != expected) {
        if (wire_type != NM_WIRE_DELIMITED || field->label != PROTOBUF_C_LABEL_REPEATED)
            return fail_field(w, descriptor, field, "a value of the wrong type");
        reason = check_packed(content, expected);
    } else if (field->type == PROTOBUF_C_TYPE_STRING) {
        reason = check_string(content);
    } else if (field->type == PROTOBUF_C_TYPE_MESSAGE) {
        return scan_message(w, field->descriptor, content, depth + 1);
    }
    if (reason != NULL)
        return fail_field(w, descriptor, field, reason);
    return NATSMICRO_OK;
}

/* Takes a tag. Returns the fault, or NULL. */
static const char *take_tag(nm_cursor *s, uint32_t *number, unsigned *wire_type)
{
    uint64_t tag = 0;

    if (!nm_take_varint(s, NM_VARINT32_SIZE, &tag))
        return "truncated tag";
    if (tag >> 3 == 0 || tag >> 3 > NM_LARGEST_FIELD_NUMBER)
        return "an invalid field number";
    *number = (uint32_t)(tag >> 3);
    *wire_type = (unsigned)(tag & 7);
    return NULL;
}

/*
 * The field of a number, or NULL. Fields mostly come in order or repeat, so the last one found and
 * the next one are tried before a search.
 */
static const ProtobufCFieldDescriptor *find_field(const ProtobufCMessageDescriptor *descriptor,
                                                  const ProtobufCFieldDescriptor *last,
                                                  uint32_t number)
{
    if (descriptor->n_fields == 0)
        return NULL;
    if (last->id == number)
        return last;
    if (last + 1 < descriptor->fields + descriptor->n_fields && last[1].id == number)
        return last + 1;
    return protobuf_c_message_descriptor_get_field(descriptor, number);
}

/* Whether well-formed bytes contain a field of that number. */
static bool holds_field(nm_cursor bytes, uint32_t wanted)
{
    uint32_t number = 0;
    unsigned wire_type = 0;
    nm_cursor content;

    while (bytes.at < bytes.end) {
        take_tag(&bytes, &number, &wire_type);
        if (number == wanted)
            return true;
        take_value(&bytes, wire_type, &content);
    }
    return false;
}

/* Checks that required fields of proto2 are there. The bytes are known to be well-formed. */
static natsmicro_status check_required(const walk *w, const ProtobufCMessageDescriptor *descriptor,
                                       nm_cursor bytes)
{
    for (unsigned i = 0; i < descriptor->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &descriptor->fields[i];

        if (field->label == PROTOBUF_C_LABEL_REQUIRED && field->default_value == NULL &&
            !holds_field(bytes, field->id))
            return fail_field(w, descriptor, field, "required, but missing");
    }
    return NATSMICRO_OK;
}

static natsmicro_status scan_message(const walk *w, const ProtobufCMessageDescriptor *descriptor,
                                     nm_cursor bytes, uint32_t depth)
{
    const ProtobufCFieldDescriptor *last = descriptor->fields;
    nm_cursor s = bytes;

    if (depth > w->max_depth)
        return nm_error_set(w->error, NATSMICRO_INVALID_ARGUMENT,
                            "byte %zu: messages nested deeper than the %u of max_depth",
                            (size_t)(s.at - w->start), (unsigned)w->max_depth);
    while (s.at < s.end) {
        const uint8_t *tag_at = s.at;
        uint32_t number = 0;
        unsigned wire_type = 0;
        nm_cursor content = {NULL, NULL};
        const char *reason = take_tag(&s, &number, &wire_type);

        if (reason == NULL)
            reason = take_value(&s, wire_type, &content);
        if (reason != NULL)
            return fail_at(w, tag_at, reason);
        const ProtobufCFieldDescriptor *field = find_field(descriptor, last, number);
        if (field == NULL)
            continue;
        last = field;
        natsmicro_status status = scan_field(w, descriptor, field, wire_type, content, depth);
        if (status != NATSMICRO_OK)
            return status;
    }
    return check_required(w, descriptor, bytes);
}

natsmicro_status nm_scan(const ProtobufCMessageDescriptor *descriptor, const uint8_t *bytes,
                         size_t length, uint32_t max_depth, nm_error *error)
{
    nm_cursor whole = nm_cursor_over(bytes, length);
    walk w = {whole.at, max_depth, error};

    return scan_message(&w, descriptor, whole, 1);
}
