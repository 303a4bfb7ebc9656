/*
 * Type: what the writer and the reader must know of a type of messages: its protobuf-c descriptor
 * and the schema's names, brought together once. A bound type does not change. Any thread.
 */
#ifndef NM_JSON_TYPE_H
#define NM_JSON_TYPE_H

#include "base/bytes.h"
#include "json/json.h"

/* Types that are written and read in the same way. */
typedef enum nm_json_kind {
    NM_JSON_INT32, /* and sint32, sfixed32 */
    NM_JSON_UINT32,
    NM_JSON_INT64,
    NM_JSON_UINT64,
    NM_JSON_FLOAT,
    NM_JSON_DOUBLE,
    NM_JSON_BOOL,
    NM_JSON_ENUM,
    NM_JSON_STRING,
    NM_JSON_BYTES,
    NM_JSON_MESSAGE
} nm_json_kind;

typedef enum nm_json_shape { NM_JSON_SINGLE, NM_JSON_LIST, NM_JSON_MAP } nm_json_shape;

/* When a single field counts as set. */
typedef enum nm_json_presence {
    NM_JSON_ALWAYS,     /* required, of proto2 */
    NM_JSON_IF_HAS,     /* has_… is set */
    NM_JSON_IF_CHOSEN,  /* …_case of its oneof is its number; proto3's optional is a oneof, too */
    NM_JSON_IF_POINTER, /* not NULL or the default: a message, a string of proto2 */
    NM_JSON_IF_VALUE    /* of proto3: it is not zero or empty */
} nm_json_presence;

/* The messages that JSON has forms of its own for. */
typedef enum nm_json_known {
    NM_JSON_ORDINARY,
    NM_JSON_EMPTY, /* ordinary, but for an Any of it */
    NM_JSON_ANY,
    NM_JSON_TIMESTAMP,
    NM_JSON_DURATION,
    NM_JSON_FIELD_MASK,
    NM_JSON_STRUCT,
    NM_JSON_LIST_VALUE,
    NM_JSON_VALUE,
    NM_JSON_WRAPPER
} nm_json_known;

/* A name, as the schema has it, and as a member of an object begins with it. */
typedef struct nm_json_name {
    const char *text;
    size_t length;
    nm_bytes member; /* `,"name":` */
} nm_json_name;

typedef struct nm_json_field {
    nm_json_kind kind;
    nm_json_shape shape;
    nm_json_presence presence;
    uint32_t number;
    size_t offset;            /* in the message, as the next one */
    size_t quantifier_offset; /* of has_…, …_case or n_… */
    nm_json_type *type;       /* of a message; of a map: its entries, which have fields 0 and 1 */
    const nm_schema_enum *enumeration;
    bool is_nameless;          /* JSON does not name it: a wrapper's, a Struct's */
    bool is_null_value;        /* an enum that is google.protobuf.NullValue */
    const void *default_value; /* of proto2, as protobuf-c has it; or NULL */
    nm_json_name json;
    nm_json_name proto;
} nm_json_field;

/* Other numbers for each nm_json: a stranger cannot choose names that all share a slot. */
typedef struct nm_json_secret {
    uint64_t start;
    uint64_t factor; /* odd */
} nm_json_secret;

struct nm_json_type {
    nm_json *json; /* for messages in Any */
    nm_json_secret secret;
    const ProtobufCMessageDescriptor *descriptor;
    const nm_schema_message *message;
    nm_json_type *next;            /* in the order of their binding */
    nm_json_type *next_of_message; /* another descriptor of the same message */
    nm_json_known known;
    bool has_required;
    void *initial;   /* a message with nothing set, to copy */
    uint8_t *names;  /* all `member`s, one after the other */
    uint32_t *slots; /* a hash table: number of the name + 1; 2 * field: JSON's, + 1: the proto's */
    size_t n_slots;  /* a power of two */
    size_t n_fields;
    nm_json_field fields[]; /* sorted by number */
};

/* The bytes that a member of the message, or an element of a list, takes. */
size_t nm_json_kind_size(nm_json_kind kind);

/* Finds a field by its JSON name, or else by its name in the .proto. NULL: there is none. */
const nm_json_field *nm_json_find_field(const nm_json_type *type, const uint8_t *name,
                                        size_t length);

/* Whether null is a value of the field, not its absence. */
static inline bool nm_json_takes_null(const nm_json_field *field)
{
    return field->is_null_value ||
           (field->kind == NM_JSON_MESSAGE && field->type->known == NM_JSON_VALUE);
}

/* A member of a message by its offset: to change it, or to read it only. */
static inline void *nm_json_at(void *message, size_t offset)
{
    return (uint8_t *)message + offset;
}

static inline const void *nm_json_in(const void *message, size_t offset)
{
    return (const uint8_t *)message + offset;
}

/* Reads a member that is a 32-bit number: a case of a oneof, an enum, nanos. */
static inline int32_t nm_json_int32_in(const void *message, size_t offset)
{
    int32_t value;
    memcpy(&value, nm_json_in(message, offset), sizeof(value));
    return value;
}

static inline int64_t nm_json_int64_in(const void *message, size_t offset)
{
    int64_t value;
    memcpy(&value, nm_json_in(message, offset), sizeof(value));
    return value;
}

static inline size_t nm_json_size_in(const void *message, size_t offset)
{
    size_t value;
    memcpy(&value, nm_json_in(message, offset), sizeof(value));
    return value;
}

static inline void *nm_json_pointer_in(const void *message, size_t offset)
{
    void *value;
    memcpy(&value, nm_json_in(message, offset), sizeof(value));
    return value;
}

#endif
