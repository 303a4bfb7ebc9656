/*
 * JSON: protobuf's JSON mapping of messages, both ways. A type of messages is bound once: its
 * protobuf-c descriptor, generated or dynamic, to the schema's names. Then it is written straight
 * from a message, and read straight into one.
 */
#ifndef NM_JSON_JSON_H
#define NM_JSON_JSON_H

#include "base/buffer.h"
#include "codec/codec.h" /* nm_codec_limits, nm_arena */
#include "dynamic/dynamic.h"

/* The bound types of one schema. Binding takes a lock; a bound type does not change. Any thread. */
typedef struct nm_json nm_json;
typedef struct nm_json_type nm_json_type;

/* Schema and dynamic (for messages in Any) must outlive it. NULL: no memory, or no random bytes. */
nm_json *nm_json_new(const nm_schema *schema, nm_dynamic *dynamic);
void nm_json_free(nm_json *json); /* NULL is allowed */

/*
 * Binds a descriptor, and all that it contains, to a message of the schema. Asked again, it returns
 * the same type.
 * FAILED_PRECONDITION: descriptor and schema do not fit, with a text that names the field.
 */
natsmicro_status nm_json_bind(nm_json *json, const ProtobufCMessageDescriptor *descriptor,
                              const nm_schema_message *message, const nm_json_type **type,
                              nm_error *error);

typedef struct nm_json_options {
    bool ignore_unknown; /* reading: members that no field has, and unknown names of enums */
    bool emit_defaults;  /* writing: also fields without presence that hold their default */
    bool proto_names;    /* writing: names as in the .proto */
} nm_json_options;       /* NULL: all false */

/*
 * Appends a message as one line of JSON to the buffer (nothing is appended unless OK).
 * INVALID_ARGUMENT: as nm_encode has it; a well-known type out of its range; an Any whose type the
 * schema does not have. Errors name the field's path: "order.lines[3].price".
 */
natsmicro_status nm_json_write(const nm_json_type *type, const void *message,
                               const nm_json_options *options, nm_buffer *buffer, nm_error *error);

/*
 * Reads one JSON value into the arena, which is reset first. Depth and memory count as they do for
 * nm_decode. INVALID_ARGUMENT with field path, what is wrong, and line and column:
 * "field order.lines[3].price: \"x\" is not a number (line 1, column 17)".
 */
natsmicro_status nm_json_read(const nm_json_type *type, const uint8_t *text, size_t length,
                              const nm_json_options *options, const nm_codec_limits *limits,
                              nm_arena *arena, ProtobufCMessage **message, nm_error *error);

#endif
