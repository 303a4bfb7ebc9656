/*
 * Scan: see scan.h. It recurses once for each level of nesting, and uses less of the stack than
 * unpack would: max_depth bounds both.
 */
#include "codec/scan.h"

#include "base/utf8.h"
#include "codec/item.h"

#include <string.h>

typedef struct walk {
    const uint8_t *start; /* of the outermost message */
    uint32_t max_depth;
    bool may_join;     /* the caller joins what is in pieces */
    bool is_in_pieces; /* found, if the caller joins */
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

static natsmicro_status scan_message(walk *w, const ProtobufCMessageDescriptor *descriptor,
                                     nm_cursor bytes, uint32_t depth);

/* Checks the value of a known field. */
static natsmicro_status scan_field(walk *w, const ProtobufCMessageDescriptor *descriptor,
                                   const ProtobufCFieldDescriptor *field, const nm_item *item,
                                   uint32_t depth)
{
    unsigned expected = nm_wire_type_of(field->type);
    const char *reason = NULL;

    if (item->wire_type != expected) {
        if (item->wire_type != NM_WIRE_DELIMITED || field->label != PROTOBUF_C_LABEL_REPEATED)
            return fail_field(w, descriptor, field, "a value of the wrong type");
        reason = check_packed(item->content, expected);
    } else if (field->type == PROTOBUF_C_TYPE_STRING) {
        reason = check_string(item->content);
    } else if (field->type == PROTOBUF_C_TYPE_MESSAGE) {
        return scan_message(w, field->descriptor, item->content, depth + 1);
    }
    if (reason != NULL)
        return fail_field(w, descriptor, field, reason);
    return NATSMICRO_OK;
}

/* Whether well-formed bytes contain a field of that number. */
static bool holds_field(nm_cursor bytes, uint32_t wanted)
{
    nm_item item;

    while (bytes.at < bytes.end && nm_take_item(&bytes, &item) == NULL)
        if (item.number == wanted)
            return true;
    return false;
}

/*
 * Checks that required fields of proto2 are there. The bytes are known to be well-formed. A piece
 * may lack fields that another piece has; so may one that another member of its oneof replaces.
 */
static natsmicro_status check_required(walk *w, const ProtobufCMessageDescriptor *descriptor,
                                       nm_cursor bytes)
{
    for (unsigned i = 0; i < descriptor->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &descriptor->fields[i];

        if (field->label != PROTOBUF_C_LABEL_REQUIRED || field->default_value != NULL ||
            holds_field(bytes, field->id))
            continue;
        if (!w->may_join)
            return fail_field(w, descriptor, field, "required, but missing");
        w->is_in_pieces = true;
    }
    return NATSMICRO_OK;
}

/*
 * Notes that a single message occurs. 64 fields have a bit each; fields that share one only make
 * the caller join a message that is in one piece.
 */
static inline void note_message(walk *w, const ProtobufCMessageDescriptor *descriptor,
                                const ProtobufCFieldDescriptor *field, uint64_t *seen)
{
    uint64_t bit = UINT64_C(1) << ((field - descriptor->fields) & 63);

    if ((*seen & bit) != 0)
        w->is_in_pieces = true;
    *seen |= bit;
}

static natsmicro_status scan_message(walk *w, const ProtobufCMessageDescriptor *descriptor,
                                     nm_cursor bytes, uint32_t depth)
{
    const ProtobufCFieldDescriptor *last = descriptor->fields;
    nm_cursor s = bytes;
    nm_item item = {.start = NULL};
    uint64_t seen = 0;

    if (depth > w->max_depth)
        return nm_error_set(w->error, NATSMICRO_INVALID_ARGUMENT,
                            "byte %zu: messages nested deeper than the %u of max_depth",
                            (size_t)(s.at - w->start), (unsigned)w->max_depth);
    while (s.at < s.end) {
        const char *reason = nm_take_item(&s, &item);
        if (reason != NULL)
            return fail_at(w, item.start, reason);
        const ProtobufCFieldDescriptor *field = nm_find_field(descriptor, last, item.number);
        if (field == NULL)
            continue;
        last = field;
        if (nm_is_single_message(field))
            note_message(w, descriptor, field, &seen);
        natsmicro_status status = scan_field(w, descriptor, field, &item, depth);
        if (status != NATSMICRO_OK)
            return status;
    }
    return check_required(w, descriptor, bytes);
}

natsmicro_status nm_scan(const ProtobufCMessageDescriptor *descriptor, const uint8_t *bytes,
                         size_t length, uint32_t max_depth, bool *is_in_pieces, nm_error *error)
{
    nm_cursor whole = nm_cursor_over(bytes, length);
    walk w = {whole.at, max_depth, is_in_pieces != NULL, false, error};
    natsmicro_status status = scan_message(&w, descriptor, whole, 1);

    if (is_in_pieces != NULL)
        *is_in_pieces = w.is_in_pieces;
    return status;
}
