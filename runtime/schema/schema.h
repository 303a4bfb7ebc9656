/*
 * Schema: what .proto files say of messages, enums and services, beyond protobuf-c's descriptors:
 * names as written and as in JSON, which messages are map entries, which files import which.
 *
 * A schema is made of serialized google.protobuf.FileDescriptorProto, which may come from a
 * stranger: it is checked whole when it is made, and does not change afterwards. Any thread.
 */
#ifndef NM_SCHEMA_SCHEMA_H
#define NM_SCHEMA_SCHEMA_H

#include "base/error.h"
#include "schema/find.h"
#include "schema/limits.h" /* how large a schema may be */
#include "schema/types.h"

/*
 * Makes a schema of files in any order; their bytes, not the array, must outlive it. A file that is
 * imported and not among them may be one that the library carries: the well-known types,
 * descriptor.proto, natsmicro/options.proto. The same file twice, byte for byte, counts once. A
 * type may be used from any file of the schema: that its file is imported is not checked.
 *
 * INVALID_ARGUMENT, with a text that names file, message and field: malformed bytes, an import that
 * is missing or circular, a type that is not there, a name or number taken twice, names that are
 * not protobuf's, a map entry that is none, whatever else protoc refuses and a reader of messages
 * could stumble over. Files of editions (neither proto2 nor proto3) are refused, too. Fields of
 * proto2 may share a JSON name, as protoc allows it.
 * RESOURCE_EXHAUSTED: memory is short, or the files are too large.
 */
natsmicro_status nm_schema_new(nm_schema **schema, const nm_bytes *files, size_t n_files,
                               nm_error *error);

/* Frees a schema; NULL is allowed. */
void nm_schema_free(nm_schema *schema);

size_t nm_schema_n_files(const nm_schema *schema);
const nm_schema_file *nm_schema_file_at(const nm_schema *schema, size_t index); /* imports first */
size_t nm_schema_n_messages(const nm_schema *schema);
const nm_schema_message *nm_schema_message_at(const nm_schema *schema, size_t index);
size_t nm_schema_n_enums(const nm_schema *schema);
const nm_schema_enum *nm_schema_enum_at(const nm_schema *schema, size_t index);

/* Find by full name ("shop.v1.Order"), `length` bytes of it; NULL: there is none. */
const nm_schema_message *nm_schema_find_message(const nm_schema *schema, const char *name,
                                                size_t length);
const nm_schema_enum *nm_schema_find_enum(const nm_schema *schema, const char *name, size_t length);
const nm_schema_service *nm_schema_find_service(const nm_schema *schema, const char *name,
                                                size_t length);

#endif
