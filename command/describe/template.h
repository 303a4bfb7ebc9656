/*
 * Template: a JSON skeleton of a message, to fill in.
 */
#ifndef CMD_DESCRIBE_TEMPLATE_H
#define CMD_DESCRIBE_TEMPLATE_H

#include "base/buffer.h"
#include "schema/schema.h"

/*
 * Appends JSON that has each field once, with its default; a list has one element, a oneof its
 * first member. Where a message contains itself there is null.
 */
void cmd_write_template(const nm_schema_message *message, nm_buffer *text);

#endif
