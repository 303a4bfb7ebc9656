/*
 * Dynamic: protobuf-c's descriptors of messages whose types are known at run time only, made from a
 * schema. With them protobuf-c, the codec and JSON treat such a message as a generated one.
 *
 * They differ from generated ones in three points. `message_init` is NULL: it is called with the
 * message alone, and cannot know its type; protobuf-c's unpack does without, but
 * protobuf_c_message_init must not be called. Members of oneofs have no default value, which
 * protobuf-c would write to the unset union then. Fields of enums have no descriptor of the enum,
 * which the schema has.
 */
#ifndef NM_DYNAMIC_DYNAMIC_H
#define NM_DYNAMIC_DYNAMIC_H

#include "schema/schema.h"

#include <protobuf-c/protobuf-c.h>

/*
 * A message of more fields has no descriptor: protobuf-c's unpack and the codec's scan pass over
 * all fields of a type for each message, however short it is.
 */
#define NM_DYNAMIC_MOST_FIELDS 10000

/* The descriptors of one schema, made when they are first asked for. Any thread. */
typedef struct nm_dynamic nm_dynamic;

/* `schema` must outlive it. Returns NULL if memory is short. */
nm_dynamic *nm_dynamic_new(const nm_schema *schema);
void nm_dynamic_free(nm_dynamic *dynamic); /* NULL is allowed */

/*
 * The descriptor of a message of the schema and, through it, of all messages in it. It lives as
 * long as `dynamic`. UNIMPLEMENTED: a group (protobuf-c has none), or a message of too many fields.
 * RESOURCE_EXHAUSTED: memory is short. Members are laid out as protoc-gen-c would with the
 * plugin's parameter `messages`, but in the order of their numbers: an `optional` of proto3 is a
 * oneof of one member.
 */
natsmicro_status nm_dynamic_descriptor(nm_dynamic *dynamic, const nm_schema_message *message,
                                       const ProtobufCMessageDescriptor **descriptor,
                                       nm_error *error);

#endif
