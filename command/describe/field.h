/*
 * Field: a field of a message as a .proto file has it.
 */
#ifndef CMD_DESCRIBE_FIELD_H
#define CMD_DESCRIBE_FIELD_H

#include "base/buffer.h"
#include "schema/schema.h"

/* Appends "  repeated Line lines = 3;" and a newline. */
void cmd_write_field(const nm_schema_message *message, const nm_schema_field *field,
                     const char *indent, nm_buffer *text);

/* Appends the name of a type; without its package, if that is the file's. */
void cmd_write_type_name(const nm_schema_file *file, const char *full_name, nm_buffer *text);

#endif
